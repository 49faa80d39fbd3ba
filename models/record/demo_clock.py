"""The demonstration clock: one row that every process adds to real time. Outside demo mode nobody reads it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.db import Base, Instant, command, db


class DemoClock(Base):
    """How many seconds the business clock runs ahead of the real one."""

    __tablename__ = "demo_clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    offset_s: Mapped[int]
    moved_at: Mapped[datetime | None] = mapped_column(Instant)  # where the last move has landed


def advance(span: timedelta) -> None:
    """Move the business clock forward by `span`; it never goes back. Runs inside a command."""
    row = db.session.get(DemoClock, 1)
    if row is None:
        db.session.add(row := DemoClock(id=1, offset_s=0))
    row.offset_s += max(int(span.total_seconds()), 0)
    row.moved_at = clock.real_now() + timedelta(seconds=row.offset_s)
    clock.forget_offset()


@command
def advance_demo_clock(span: timedelta) -> None:
    """The same by itself, on nobody's word."""
    advance(span)


def moved_at() -> datetime | None:
    """Where the last move of the clock has landed; None when it was never moved."""
    return db.session.scalar(select(DemoClock.moved_at).where(DemoClock.id == 1))


def read_offset() -> timedelta:
    """The present offset, read beside whatever transaction is open."""
    with db.engine.connect() as connection:
        seconds = connection.scalar(select(DemoClock.offset_s).where(DemoClock.id == 1))
    return timedelta(seconds=seconds or 0)
