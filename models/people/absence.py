"""Absences (休假、出差 …) with their dates, and who stands in meanwhile (P1, P5.4)."""

from collections.abc import Container, Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, bindparam, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock
from models.ground.db import Base, Instant, db
from models.people.person import Person

LONGEST_CHAIN = 3  # delegates of delegates that are asked; whoever comes after them is not (P5.4)


class Absence(Base):
    """Somebody is away from–to. Ended early, or called off, it simply ends sooner."""

    __tablename__ = "absence"
    __table_args__ = (Index(None, "ends_at", "starts_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(12))
    delegate_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    delegate: Mapped[Person | None] = relationship(foreign_keys=delegate_id)
    __mapper_args__ = {"version_id_col": version}


_AWAY = select(Absence.person_id, Absence.delegate_id).where(
    Absence.ends_at > bindparam("at"), Absence.starts_at <= bindparam("at")
)


def away_at(at: datetime) -> dict[int, int | None]:
    """Everybody who is absent at that moment → their delegate, if they named one."""
    return {row.person_id: row.delegate_id for row in db.session.execute(_AWAY, {"at": at})}


def stand_in(person_id: int, away: Mapping[int, int | None], able: Container[int]) -> int | None:
    """Who acts for somebody absent: the first delegate of the chain who is there, if they are able to.

    None: nobody. At most three delegations are followed, so a circle ends by itself.
    """
    here: int | None = person_id
    for _ in range(LONGEST_CHAIN):
        here = away.get(here) if here is not None else None
        if here is None or here not in away:
            return here if here is not None and here in able else None
    return None


def absences(start: datetime, *, end: datetime | None = None, person: Person | None = None) -> list[Absence]:
    """Absences that are not over at `start`, until `end` if given; of one person if given. In the order of time."""
    wanted = select(Absence).where(Absence.ends_at > start, Absence.ends_at > Absence.starts_at)
    wanted = wanted.where(Absence.starts_at < end) if end else wanted
    wanted = wanted.where(Absence.person_id == person.id) if person else wanted
    people = (joinedload(Absence.person), joinedload(Absence.delegate))
    return list(db.session.scalars(wanted.options(*people).order_by(Absence.starts_at, Absence.id).limit(200)))
