"""Policy and calendar in force, as rows: a running ticket keeps the version it started with (P4.3)."""

import functools
import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.ground.working_time import Calendar
from models.policy.pack import Pack


class CalendarRow(Base):
    """A service calendar: weekly hours, zone, closures and make-up days, in the shape of Calendar."""

    __tablename__ = "calendar"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    @property
    def calendar(self) -> Calendar:
        return _calendar(json.dumps(self.content, sort_keys=True))


class PolicyVersion(Base):
    """One published version of a policy pack; never changed once it is in force."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("pack_name", "edition"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    pack_name: Mapped[str] = mapped_column(String(40))
    edition: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"))
    effective_at: Mapped[datetime] = mapped_column(Instant)
    calendar_row: Mapped[CalendarRow] = relationship(lazy="joined")

    @property
    def pack(self) -> Pack:
        return _pack(json.dumps(self.content, sort_keys=True))

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


@functools.lru_cache(maxsize=64)
def _pack(content: str) -> Pack:
    return Pack.from_dict(json.loads(content))


@functools.lru_cache(maxsize=64)
def _calendar(content: str) -> Calendar:
    return Calendar.from_dict(json.loads(content))
