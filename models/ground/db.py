"""The database: engine set-up, read-only by default, and @command, the only way to write.

Outside a command every transaction is read-only (SQLite `query_only`, PostgreSQL READ ONLY), so a GET
cannot change anything whatever its code does. A command is one transaction: BEGIN IMMEDIATE on SQLite,
retried on PostgreSQL's serialization failures and deadlocks. It returns when its commit is on the disk.
"""

import functools
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from time import sleep
from typing import Any, ParamSpec, TypeVar
from zlib import crc32

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ColumnElement, Dialect, Engine, Index, MetaData, TextClause, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import DateTime, TypeDecorator

from models.ground import clock, disk
from models.ground.errors import Busy, Conflict, Missing, NoRoom
from models.ground.turns import turn

P = ParamSpec("P")
R = TypeVar("R")

WRITE = {"write": True, "postgresql_readonly": False}
READ = {"postgresql_readonly": True}
RETRIES = 4
SQLITE_BUSY_MS = 5_000
NO_ROOM = ("database or disk is full", "disk I/O error", "No space left on device")
SQLITE_CACHE_KB = 20_000  # a connection's own; the default is 2 MB, and a batch of clocks touches more pages than that

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_expected: ContextVar[int | None] = ContextVar("expected", default=None)
_afterwards: ContextVar[list[Callable[[], object]] | None] = ContextVar("afterwards", default=None)
_last_words: ContextVar[Callable[[Any], None] | None] = ContextVar("last_words", default=None)


class Base(DeclarativeBase):
    """Parent of every table; the naming convention lets migrations name every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant in both databases; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("instants are aware; this one has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def index_of_some(name: str, *columns: str, where: TextClause | ColumnElement[bool], unique: bool = False) -> Index:
    """An index of the rows for which a condition holds: the others cost nothing when they are written. The condition
    is literal, because a bound value would not be known to fit the index."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` as one write transaction; the first argument, if it is a row, is locked and read anew.

    Raises Busy when the database stays locked past its time-out, Conflict when a row's version moved.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _writing.get():
            raise RuntimeError(f"{function.__name__}: a command does not call a command")
        for attempt in range(RETRIES):
            try:
                db.session.rollback()  # ends the read; every row is read anew, rights included
                with turn(_file()), clock.one_moment():
                    result, afterwards = _once(function, args, kwargs)
                settle()
                for act in afterwards:
                    act()
                return result
            except DBAPIError as error:
                if not _worth_retrying(error) or attempt == RETRIES - 1:
                    raise _in_words(error) from error
                sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 - only keeps two retries apart
        raise AssertionError("unreachable")

    return run


def settle() -> None:
    """Wait until all that can be read is on the disk too; PostgreSQL has waited before anybody can read it."""
    disk.settle(_file())


def after_commit(act: Callable[[], object]) -> None:
    """Do this once the running command is on the disk, and never when it fails: what no rollback brings back."""
    waiting = _afterwards.get()
    if waiting is None:
        raise RuntimeError("no command is running")
    waiting.append(act)


def give_up() -> None:
    """End the transaction, even one whose server has gone."""
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session().invalidate()


def is_writing() -> bool:
    """Whether a command is running: nothing may talk to the network now."""
    return _writing.get()


@contextmanager
def last_words(words: Callable[[Any], None]) -> Iterator[None]:
    """Call `words(result)` inside the next command's transaction, just before its commit."""
    token = _last_words.set(words)
    try:
        yield
    finally:
        _last_words.reset(token)


@contextmanager
def expecting(version: int | None) -> Iterator[None]:
    """Refuse the next command with Conflict unless the row it works on is still at this version (None: any)."""
    token = _expected.set(version)
    try:
        yield
    finally:
        _expected.reset(token)


@contextmanager
def aside() -> Iterator[None]:
    """Commands inside are not the one whose last words are waited for, and expect no version."""
    with last_words(lambda _result: None), expecting(None):
        yield


def lock(row: Base) -> None:
    """Hold `row` until the command ends and read it as it is now. Raises Missing when it was removed meanwhile."""
    try:
        db.session.refresh(row, with_for_update={"of": type(row)})  # not what is joined to it, PostgreSQL refuses that
    except InvalidRequestError as error:
        raise Missing("There is no such thing.") from error


def one_at_a_time(matter: str) -> None:
    """Whoever comes to this matter second waits until the first one's command has ended, and reads what came of it."""
    if not is_sqlite():  # there writers take turns anyway
        db.session.execute(text("SELECT pg_advisory_xact_lock(:matter)"), {"matter": crc32(matter.encode())})


def is_sqlite() -> bool:
    """Whether the truth lives in SQLite (the embedded default) or in PostgreSQL."""
    return db.engine.dialect.name == "sqlite"


def prepare(engine: Engine) -> None:
    """Give the engine's connections their manners: durable, read-only unless a command."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def lift_limits(connection: Connection) -> None:
    """What prepares a database takes as long as it takes: the limits of the application are for people who wait.
    The connection is closed at its end, so that nobody else goes on without limits."""
    if connection.dialect.name == "postgresql":
        connection.detach()
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))


def _file() -> str | None:
    return db.engine.url.database if is_sqlite() else None


def _once(
    function: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[R, list[Callable[[], object]]]:
    session = db.session
    afterwards: list[Callable[[], object]] = []
    token, waiting = _writing.set(True), _afterwards.set(afterwards)
    try:
        session.connection(execution_options=WRITE)
        if args and isinstance(args[0], Base):
            lock(args[0])
            _refuse_stale(args[0])
        result = function(*args, **kwargs)
        session.flush()
        if words := _last_words.get():
            words(result)
        session.commit()
        return result, afterwards
    except StaleDataError as error:
        session.rollback()
        raise Conflict("Somebody else changed this a moment ago.") from error
    except BaseException:
        session.rollback()
        raise
    finally:
        _writing.reset(token)
        _afterwards.reset(waiting)


def _refuse_stale(row: Base) -> None:
    expected = _expected.get()
    if expected is not None and getattr(row, "version", expected) != expected:
        raise Conflict("Somebody else changed this while you were writing. Your text is kept; please look at both.")


def _worth_retrying(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in ("40001", "40P01")


def _in_words(error: DBAPIError) -> Exception:
    busy = "database is locked" in str(error.orig) or getattr(error.orig, "sqlstate", "") in (
        "40001", "40P01", "55P03", "57014",
    )  # fmt: skip
    if isinstance(error, OperationalError) and busy:
        return Busy("The database is busy. Nothing was saved; please try again.")
    if any(words in str(error.orig) for words in NO_ROOM):
        return NoRoom("The server's disk is full. Nothing was saved; please tell an administrator, and try again.")
    if error.connection_invalidated:  # perhaps after the commit: nobody knows yet
        return Busy("The database was away for a moment. Please send it once more: it counts only once.")
    return error


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the begin event below says BEGIN; the driver must not
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",  # settle() waits for the disk, after the turn
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_MS}",
        f"cache_size=-{SQLITE_CACHE_KB}",
        "query_only=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = bool(connection.get_execution_options().get("write"))
    if connection.info.get("writes", False) is not writes:
        connection.connection.cursor().execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.info["writes"] = writes
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
