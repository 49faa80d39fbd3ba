"""Policy and calendar in force, as rows: a running ticket keeps the version it started with (P4.3)."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.ground.working_time import Calendar
from models.policy.pack import Pack

T = TypeVar("T")


class CalendarRow(Base):
    """A service calendar: weekly hours, zone, closures and make-up days, in the shape of Calendar."""

    __tablename__ = "calendar"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    digest: Mapped[str] = mapped_column(String(64), default=lambda context: _digest(context))
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    @property
    def calendar(self) -> Calendar:
        return _read(_calendars, self, Calendar.from_dict)


class PolicyVersion(Base):
    """One published version of a policy pack; never changed once it is in force."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("pack_name", "edition"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    pack_name: Mapped[str] = mapped_column(String(40))
    edition: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    digest: Mapped[str] = mapped_column(String(64), default=lambda context: _digest(context))
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"))
    effective_at: Mapped[datetime] = mapped_column(Instant)
    calendar_row: Mapped[CalendarRow] = relationship(lazy="joined")

    @property
    def pack(self) -> Pack:
        return _read(_packs, self, Pack.from_dict)

    @property
    def calendar(self) -> Calendar:
        return self.calendar_row.calendar


def version_in_force(at: datetime) -> PolicyVersion:
    """The policy that a ticket reported at `at` starts with; the desk cannot work without one."""
    return db.session.scalars(
        select(PolicyVersion)
        .where(PolicyVersion.effective_at <= at)
        .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.id.desc())
        .limit(1)
    ).one()


_packs: dict[str, Pack] = {}
_calendars: dict[str, Calendar] = {}


def _read(known: dict[str, T], row: PolicyVersion | CalendarRow, read: Callable[[dict[str, Any]], T]) -> T:
    """Parse a content once a process; its digest finds it again without loading the column."""
    if row.digest not in known:
        known[row.digest] = read(row.content)
    return known[row.digest]


def _digest(context: Any) -> str:
    content = context.get_current_parameters()["content"]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
