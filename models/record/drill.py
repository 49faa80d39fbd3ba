"""Drills (演练): whoever is on call is told that this is one, and how long it takes until somebody says: I am here."""

from collections.abc import Iterable
from datetime import datetime
from statistics import median

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from models.ground import clock
from models.ground.db import Base, Instant, db
from models.people.person import Person
from models.people.team import Team

ANSWERED, LATE, WAITING, MISSED = "answered", "late", "waiting", "missed"


class DrillCalled(Base):
    """Who was on call, and so was told."""

    __tablename__ = "drill_called"
    drill_id: Mapped[int] = mapped_column(ForeignKey("drill.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Drill(Base):
    """One drill of one role: told when, to be answered by when, answered when and by whom."""

    __tablename__ = "drill"
    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))  # None: whoever holds the role anywhere
    started_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    told_at: Mapped[datetime] = mapped_column(Instant)
    answer_by: Mapped[datetime] = mapped_column(Instant)  # after the acknowledgement time of its policy (P5.3)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(default=1)
    team: Mapped[Team | None] = relationship()
    started_by: Mapped[Person] = relationship(foreign_keys=started_by_id)
    answered_by: Mapped[Person | None] = relationship(foreign_keys=answered_by_id)
    called: Mapped[list[Person]] = relationship(secondary="drill_called", order_by=Person.id)
    __mapper_args__ = {"version_id_col": version}

    @property
    def seconds(self) -> float | None:
        """From telling to the answer; None: there is none."""
        return (self.answered_at - self.told_at).total_seconds() if self.answered_at else None

    @property
    def outcome(self) -> str:
        """answered, late, missed, or waiting while there is still time."""
        if self.answered_at:
            return ANSWERED if self.answered_at <= self.answer_by else LATE
        return MISSED if clock.now() > self.answer_by else WAITING


def drills(limit: int = 100) -> list[Drill]:
    """The newest drills, newest first."""
    people = (joinedload(Drill.started_by), joinedload(Drill.answered_by), joinedload(Drill.team))
    wanted = select(Drill).options(*people, selectinload(Drill.called)).order_by(Drill.id.desc()).limit(limit)
    return list(db.session.scalars(wanted))


def usual_seconds(drills: Iterable[Drill]) -> float | None:
    """The median of those that were answered, late or not; None: none was."""
    answered = [drill.seconds for drill in drills if drill.seconds is not None]
    return median(answered) if answered else None
