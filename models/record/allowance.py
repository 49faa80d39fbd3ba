"""How often something was done under one key, so that it is not done too often. Keys hold digests, never what was
typed."""

from datetime import datetime, timedelta
from typing import NamedTuple, cast

from sqlalchemy import Integer, String, Table, bindparam, case, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.db import Base, Instant, command, db, is_sqlite

KEPT_FOR = timedelta(days=2)


class Allowance(Base):
    """A counter: of a window that began at `since`, or of tries of which the last was at `since`."""

    __tablename__ = "allowance"
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    used: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(Instant)


class Used(NamedTuple):
    """How often, and since when."""

    used: int
    since: datetime


def count_in_window(key: str, *, within: timedelta) -> Used:
    """One more, this one included; a window that has passed begins anew. Runs inside a command."""
    now = clock.real_now()
    found = db.session.connection().execute(_count(is_sqlite()), {"key": key, "now": now, "over": now - within}).one()
    return Used(*found)


def hold(key: str) -> Used:
    """What was counted so far, held until the command ends, however many ask at the same time."""
    now = clock.real_now()
    start = _insert(is_sqlite()).values(key=key, used=0, since=now).on_conflict_do_nothing()
    db.session.execute(start)
    held = select(_TABLE.c.used, _TABLE.c.since).where(_TABLE.c.key == key).with_for_update()
    return Used(*db.session.execute(held).one())


def put(key: str, used: int) -> None:
    """So often by now; runs inside a command that holds the key."""
    db.session.execute(update(_TABLE).where(_TABLE.c.key == key).values(used=used, since=clock.real_now()))


def give_back(key: str) -> None:
    """One less: it was no trouble after all; runs inside a command."""
    db.session.execute(update(_TABLE).where(_TABLE.c.key == key, _TABLE.c.used > 0).values(used=_TABLE.c.used - 1))


def forget(*keys: str) -> None:
    """As if nothing had been; runs inside a command."""
    db.session.execute(delete(_TABLE).where(_TABLE.c.key.in_(keys)))


@command
def remove_stale() -> int:
    """Counters that nobody has touched for two days; returns how many."""
    gone = db.session.execute(delete(_TABLE).where(_TABLE.c.since < clock.real_now() - KEPT_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]


_TABLE = cast(Table, Allowance.__table__)


def _insert(on_sqlite: bool):  # type: ignore[no-untyped-def]
    return (sqlite if on_sqlite else postgresql).insert(_TABLE)


def _statement(on_sqlite: bool):  # type: ignore[no-untyped-def]
    now, over = bindparam("now", type_=Instant), bindparam("over", type_=Instant)
    is_over = _TABLE.c.since <= over
    first = _insert(on_sqlite).values(key=bindparam("key"), used=literal(1), since=now)
    again = {"used": case((is_over, 1), else_=_TABLE.c.used + 1), "since": case((is_over, now), else_=_TABLE.c.since)}
    return first.on_conflict_do_update(index_elements=[_TABLE.c.key], set_=again).returning(
        _TABLE.c.used, _TABLE.c.since
    )


_STATEMENTS = {on_sqlite: _statement(on_sqlite) for on_sqlite in (True, False)}


def _count(on_sqlite: bool):  # type: ignore[no-untyped-def]
    return _STATEMENTS[on_sqlite]
