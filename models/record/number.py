"""Ticket numbers: unique under concurrency, never reused; the sequence of the day widens past 999 (P2.5)."""

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import String, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.ground.bulk import write_one
from models.ground.db import Base, is_sqlite
from models.policy.pack import Pack


class NumberCounter(Base):
    """How far a sequence has counted; one row a day and template."""

    __tablename__ = "number_counter"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int]


def next_number(pack: Pack, at: datetime, kind: Literal["fault", "request"] = "fault") -> str:
    """Take the next number; two callers never get the same, because the row is locked till they commit."""
    day = at.astimezone(ZoneInfo(pack.number_tz)).date()
    key = pack.format_number(0, day, kind=kind)  # everything but the sequence: one counter for each
    count = _COUNT_SQLITE if is_sqlite() else _COUNT_POSTGRESQL
    return pack.format_number(write_one(count, {"key": key, "value": 1}), day, kind=kind)


def _counting(insert: Any) -> Any:
    """One statement that starts a counter at 1 or moves it on, and tells where it stands."""
    value = NumberCounter.__table__.c.value
    return (
        insert(NumberCounter.__table__)
        .on_conflict_do_update(index_elements=["key"], set_={"value": value + literal_column("1")})
        .returning(value)
    )


_COUNT_SQLITE, _COUNT_POSTGRESQL = _counting(sqlite.insert), _counting(postgresql.insert)
