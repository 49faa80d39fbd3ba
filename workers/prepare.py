"""What must be true before the first request: newest tables, and something to begin with."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import select, text

from models import demonstration
from models.ground.db import db, is_sqlite, lift_limits
from models.policy.version import PolicyVersion

LOCK = 0x62_69_68_75_61_6E  # any number, the same for every copy of the application


def migrate(app: Flask) -> bool:
    """Bring the tables to the newest version; False when they were there already."""
    scripts = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    if set(present) == set(scripts.get_heads()):
        return False
    flask_migrate.upgrade()
    return True


def found_desk() -> bool:
    """Give an empty database the standard policy and calendar; False when it has one."""
    if db.session.scalar(select(PolicyVersion.id).limit(1)) is not None:
        return False
    demonstration.found_desk()
    return True


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Wait until no other process prepares this database."""
    if is_sqlite():
        with (home / "preparing").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    # Outside a transaction: one that idles through a long migration would be ended.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lift_limits(connection)
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        yield
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
