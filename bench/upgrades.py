"""The whole chain of migrations on a large copy: down to the oldest tables, up again, and whether every row of theirs
is what it was (F38)."""

from collections.abc import Iterator
from time import perf_counter

import flask_migrate

from app import Settings, create_app
from bench.databases import KEY, Crowded, digests
from bench.results import Result
from models.ground.db import db

OLDEST = "0003"  # the first with people's work in it
MOST_SECONDS = 120.0


def upgrades(database: Crowded) -> Iterator[Result]:
    """Down, up, down: what the oldest tables hold is compared before and after the way up and down again."""
    settings = Settings(_env_file=None, home=database.home, database_url=database.url, env="demo", secret_key=KEY)  # type: ignore[call-arg]
    counts = ", ".join(f"{name} {count}" for name, count in database.counts().items())
    with create_app(settings).app_context():
        down = _step_down()
        before = digests()
        began = perf_counter()
        flask_migrate.upgrade()
        up = perf_counter() - began
        _step_down()
        changed = [table for table, digest in digests().items() if digest != before[table]]
        db.session.remove()
        db.engine.dispose()
    yield Result("every migration taken back", down, "s", most=MOST_SECONDS, note=f"to {OLDEST}; rows: {counts}")
    yield Result("every migration up again", up, "s", most=MOST_SECONDS)
    note = ", ".join(changed) or f"{len(before)} tables, a digest of every row, before and after the way up and down"
    yield Result("tables that are others after it", len(changed), "", most=0, note=note)


def _step_down() -> float:
    began = perf_counter()
    flask_migrate.downgrade(revision=OLDEST)
    db.session.remove()
    return perf_counter() - began
