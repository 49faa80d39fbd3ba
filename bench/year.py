"""A year's database for the replay: lives (bench/lives.py) by several processes, each in a file of its own, and then
brought together, as often as it takes to have so many tickets: what a replay reads of them, each time under other ids.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import Connection, RowMapping, Table, create_engine, func, insert, select

from app import Settings, create_app
from bench.crowd import DAY, SEED, hurry, prove, tidy
from bench.lives import Crew, live
from models import demonstration
from models.ground import clock, disk
from models.ground.db import WRITE, db
from models.ground.vocabulary import Role
from models.people.person import find_person
from models.record.deadline import Deadline, Firing, Pause
from models.record.entry import Entry
from models.record.event import Event
from models.record.extension import Extension
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.steps import rotas
from workers import prepare

SPAN = timedelta(days=365)
# What a replay reads, parents first.
READ = [cast(Table, each.__table__) for each in (Ticket, Extension, Plan, Pause, Event, Entry, Deadline, Firing)]
BATCH = 2_000  # rows


@dataclass(frozen=True)
class Share:
    """What one process lives: which of how many lives, until when, and where."""

    numbers: range
    of: int
    until: datetime
    home: Path


def fill(app: Flask, *, lives: int, tickets: int, until: datetime, processes: int | None = None) -> None:
    """Make the tables and fill them with at least so many tickets out of so many lives, a year until then."""
    with tempfile.TemporaryDirectory(prefix="bihuan-lives-") as folder:
        homes = _live_all(Path(folder), lives, until, processes or os.cpu_count() or 1)
        with app.app_context():
            with clock.hold(until - SPAN):
                prepare.migrate(app)
                _found()
            db.session.remove()
            with db.engine.connect().execution_options(**WRITE) as connection:
                hurry(connection)
                _bring_all(connection, homes, tickets)
                prove(connection)
                tidy(connection)
            db.engine.dispose()


def _live_all(folder: Path, lives: int, until: datetime, processes: int) -> list[Path]:
    shares = [Share(range(number, lives, processes), lives, until, folder / str(number)) for number in range(processes)]
    if processes == 1:
        return [_live(share) for share in shares]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(_live, shares))


def _live(share: Share) -> Path:
    """Each life is drawn by its own number, so it is the same however many processes there are."""
    share.home.mkdir()
    settings = Settings(_env_file=None, home=share.home, database_url=_url(share.home), env="demo", secret_key="b" * 40)  # type: ignore[call-arg]
    app = create_app(settings)
    with app.app_context(), clock.hold(share.until - SPAN) as go:
        with disk.waited_for_once(db.engine.url.database):
            prepare.migrate(app)
            _found()
            crew = Crew()
            for number in share.numbers:
                random = Random(f"{SEED}/{number}")
                go(share.until - SPAN * (1 - (number + random.random()) / share.of))
                live(crew, random, go, share.until)
        db.session.remove()
        db.engine.dispose()
    return share.home


def _found() -> None:
    """The desk of the demonstration, with somebody on call; the same ids in every file."""
    demonstration.found_desk()
    demonstration.cast_people()
    chen, admin = find_person("chen"), find_person("admin")
    assert chen
    assert admin
    midnight = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
    rotas.add_shift(
        actor=admin, role=Role.DUTY_LEAD, person=chen, starts_at=midnight, ends_at=midnight + timedelta(days=4),
        every_weeks=1,
    )  # fmt: skip


# --- brought together


def _bring_all(connection: Connection, homes: list[Path], tickets: int) -> None:
    moved = Counter[str]()  # by how much the ids of each table are moved on
    while moved["ticket"] < tickets:
        for home in homes:
            with _reading(home) as source:
                _bring(connection, source, moved)
                moved.update({table.name: source.scalar(select(func.max(table.c.id))) or 0 for table in READ})
    connection.commit()


def _bring(connection: Connection, source: Connection, moved: Counter[str]) -> None:
    for table in READ:
        for rows in source.execute(select(table).order_by(table.c.id)).mappings().partitions(BATCH):
            connection.execute(insert(table), [_move(table, row, moved) for row in rows])


def _move(table: Table, row: RowMapping, moved: Counter[str]) -> dict[str, Any]:
    """The row under other ids, and what refers to it too."""
    found = dict(row)
    for column in table.c:
        of = table.name if column.primary_key else next((key.column.table.name for key in column.foreign_keys), "")
        if found[column.name] is not None and of in moved:
            found[column.name] += moved[of]
    if table.name == "ticket":
        found["number"] = f"{found['number'][:DAY]}{found['id']:05}"
    if table.name == "deadline" and found["about_id"]:
        found["about_id"] += moved["extension"]
    if table.name == "event" and "extension" in found["details"]:
        found["details"] = found["details"] | {"extension": found["details"]["extension"] + moved["extension"]}
    return found


@contextmanager
def _reading(home: Path) -> Iterator[Connection]:
    engine = create_engine(_url(home))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _url(home: Path) -> str:
    return f"sqlite:///{home / 'lives.sqlite3'}"
