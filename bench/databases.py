"""The crowded databases of one run: made, asked a few things, thrown away."""

import platform
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from time import perf_counter

from sqlalchemy import URL, create_engine, inspect, make_url, text

from app import Settings, create_app
from bench.crowd import TALKATIVE, YOUNG, gather
from models.clockwork import anchor
from models.ground.db import db, is_sqlite

KEY = "bench" * 10
COUNTED = ("ticket", "event", "message", "deadline", "search_text")


@dataclass(frozen=True)
class Crowded:
    """A database full of tickets, and the data folder that goes with it."""

    home: Path
    url: str

    def talked_about(self, most: int) -> list[str]:
        """Numbers of open tickets with ten entries that are being carried out."""
        wanted = "SELECT number FROM ticket WHERE state = 'awaiting_fix' AND id % :each = 0 ORDER BY id LIMIT :most"
        with create_engine(self.url).connect() as connection:
            return list(connection.scalars(text(wanted), {"each": TALKATIVE, "most": most}))

    def counts(self) -> dict[str, int]:
        """How many rows each table of a report has."""
        with create_engine(self.url).connect() as connection:
            return {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in COUNTED}


@contextmanager
def crowded(folder: Path, tickets: int, *, postgres: str, young: float = YOUNG) -> Iterator[Crowded]:
    """A database with so many tickets, in a file, or on the PostgreSQL server at the address given."""
    home = folder / f"{tickets}-{young:g}"
    home.mkdir()
    url = f"sqlite:///{home / 'bihuan.sqlite3'}"
    if postgres:
        url = _say_to(postgres, "CREATE", str(tickets))
    began = perf_counter()
    settings = Settings(_env_file=None, home=home, database_url=url, env="demo", secret_key=KEY)  # type: ignore[call-arg]
    gather(app := create_app(settings), tickets, young=young)
    with app.app_context():
        while anchor.checkpoint():  # as in a desk that has run for a while
            pass
    print(f"  {'crowd':<13} {tickets} tickets in {perf_counter() - began:.0f} s", flush=True)
    try:
        yield Crowded(home, settings.database_url)
    finally:
        if postgres:
            _say_to(postgres, "DROP", str(tickets))


def digests() -> dict[str, str]:
    """Table → digest of all its rows, of whatever tables there are; the search's own on SQLite are its affair."""
    db.session.rollback()
    found = inspect(db.engine)
    names = (name for name in found.get_table_names() if not name.startswith("search_text_"))
    digests = {name: _digest(name, found.get_pk_constraint(name)["constrained_columns"]) for name in sorted(names)}
    db.session.rollback()  # no migration waits for who has read
    return digests


@contextmanager
def bare(folder: Path, postgres: str) -> Iterator[str]:
    """The address of an empty database: a file in the folder, or one on the PostgreSQL server at the address given."""
    if not postgres:
        yield f"sqlite:///{folder / 'bihuan.sqlite3'}"
        return
    url = _say_to(postgres, "CREATE", own := token_hex(4))  # several processes may want one
    try:
        yield url
    finally:
        _say_to(postgres, "DROP", own)


def engine(url: str) -> str:
    """Which database, and its version."""
    if url.startswith("sqlite"):
        return f"SQLite {sqlite3.sqlite_version}"
    with create_engine(_address(url)).connect() as connection:
        return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"


def machine() -> str:
    """The processor, and how many of it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{len(models)} × {models[0] if models else platform.machine()}"


def _digest(table: str, key: list[str]) -> str:
    said = blake2b()
    order = ", ".join(key) or ("rowid" if is_sqlite() else "1")
    wanted = text(f"SELECT * FROM {table} ORDER BY {order}")
    for row in db.session.execute(wanted, execution_options={"yield_per": 5_000}):
        said.update(repr(tuple(row)).encode())
    return said.hexdigest()


def _say_to(server: str, verb: str, name: str) -> str:
    """Make or drop the database of this name among those of the benchmarks; its address."""
    where = _address(server)
    name = f"bihuan_bench_{name}"
    more = " WITH (FORCE)" if verb == "DROP" else ""
    with create_engine(where, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f'{verb} DATABASE "{name}"{more}'))
    return where.set(database=name).render_as_string(hide_password=False)


def _address(server: str) -> URL:
    return make_url(server.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+psycopg")
