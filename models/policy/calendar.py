"""Service calendars in editions (P4.4): what is published stands for ever, the next edition is a draft beside it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.ground.working_time import Calendar
from models.people.person import Person
from models.policy.content import digest_at_insert, read_once

Names = dict[str, dict[str, str]]  # a date in ISO → what it is called in each language; `of`: whose holiday it is


class CalendarRow(Base):
    """One edition: hours, zone, closures and make-up days in the shape of Calendar, and what the days are called."""

    __tablename__ = "calendar"
    __table_args__ = (UniqueConstraint("name", "edition"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    edition: Mapped[int] = mapped_column(default=1)
    country: Mapped[str] = mapped_column(String(2), default="")  # whose public holidays; "": nobody's
    content: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    digest: Mapped[str] = mapped_column(String(64), default=digest_at_insert)
    names: Mapped[Names] = mapped_column(JSON, default=dict, deferred=True)
    proposed: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), deferred=True
    )  # not taken over yet
    published_at: Mapped[datetime | None] = mapped_column(Instant)  # None: a draft
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    moves_tickets: Mapped[bool] = mapped_column(default=False)  # tickets of older editions still have to follow
    version: Mapped[int] = mapped_column(default=1)
    published_by: Mapped[Person | None] = relationship()
    __mapper_args__ = {"version_id_col": version}

    @property
    def calendar(self) -> Calendar:
        return read_once(_calendars, self, Calendar.from_dict)

    @property
    def is_draft(self) -> bool:
        return self.published_at is None


_calendars: dict[str, Calendar] = {}


def newest_calendars() -> list[CalendarRow]:
    """The published edition of each calendar that counts now, by name."""
    newest_last = select(CalendarRow).where(CalendarRow.published_at.is_not(None)).order_by(CalendarRow.edition)
    return sorted({row.name: row for row in db.session.scalars(newest_last)}.values(), key=lambda row: row.name)


def calendar_drafts() -> list[CalendarRow]:
    """Every edition that is not published yet, by name."""
    return list(
        db.session.scalars(select(CalendarRow).where(CalendarRow.published_at.is_(None)).order_by(CalendarRow.name))
    )


def editions_of(name: str) -> list[CalendarRow]:
    """Every edition of a calendar, the newest first; a draft among them."""
    mine = select(CalendarRow).where(CalendarRow.name == name)
    return list(db.session.scalars(mine.order_by(CalendarRow.edition.desc())))


def edition_before(row: CalendarRow) -> CalendarRow | None:
    """The newest published edition of the same calendar that is older than this one."""
    older = (each for each in editions_of(row.name) if each.edition < row.edition and not each.is_draft)
    return next(older, None)
