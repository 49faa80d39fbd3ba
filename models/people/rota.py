"""Rotas (值班表): who is on call for a role, hour by hour; single shifts, weekly turns, and what was handed over."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, String, bindparam, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from models.ground import clock
from models.ground.db import Base, Instant, db
from models.ground.vocabulary import Role
from models.people.person import Person
from models.people.team import Team

ROLES = (Role.FIRST_LINE, Role.DUTY_LEAD, Role.ENGINEER, Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR)
LONGEST = timedelta(days=14)


class Shift(Base):
    """Somebody is on call from–to; `every_weeks` > 0: again and again at the same local time, until it is ended."""

    __tablename__ = "shift"
    __table_args__ = (Index(None, "role", "starts_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))  # None: for every team without its own rota
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)  # of the first turn
    every_weeks: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime | None] = mapped_column(Instant)  # nothing of it counts from here on
    time_zone: Mapped[str] = mapped_column(String(64))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    team: Mapped[Team | None] = relationship()
    handovers: Mapped[list["Handover"]] = relationship(order_by="Handover.id")
    __mapper_args__ = {"version_id_col": version}

    @property
    def owner_id(self) -> int:
        """Who may give it away."""
        return self.person_id


class Handover(Base):
    """A part of a shift goes to somebody else; both are named (P1)."""

    __tablename__ = "handover"
    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), index=True)
    giver_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    taker_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    giver: Mapped[Person] = relationship(foreign_keys=giver_id)
    taker: Mapped[Person] = relationship(foreign_keys=taker_id)


class Stint(NamedTuple):
    """One stretch of time in which one person is on call; `giver` is whose turn it was at first."""

    starts_at: datetime
    ends_at: datetime
    person: Person
    giver: Person | None
    shift: Shift


_SHIFTS = select(Shift).options(selectinload(Shift.handovers))
_NEAR = _SHIFTS.where(
    Shift.role == bindparam("role"),
    Shift.starts_at <= bindparam("at"),
    or_(Shift.until.is_(None), Shift.until > bindparam("at")),
    or_(Shift.ends_at > bindparam("at"), Shift.every_weeks > 0),
).order_by(Shift.id)


def on_call(role: Role | str, team_id: int | None, at: datetime) -> list[int]:
    """The ids of those on call: by the team's own rota if it has somebody on, else by the one for all teams.

    Without a team every rota of the role counts.
    """
    shifts = db.session.scalars(_NEAR, {"role": str(role), "at": at}).all()
    own = [shift for shift in shifts if team_id is None or shift.team_id == team_id]
    return _on(own, at) or _on([shift for shift in shifts if shift.team_id is None], at)


def holder_of(shift: Shift, at: datetime) -> int | None:
    """Whose turn it is at that moment, hand-overs followed in the order in which they were agreed."""
    if not any(starts <= at < ends for starts, ends in occurrences(shift, at, at + timedelta(seconds=1))):
        return None
    holder = shift.person_id
    for given in shift.handovers:
        if given.giver_id == holder and given.starts_at <= at < given.ends_at:
            holder = given.taker_id
    return holder


def occurrences(shift: Shift, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When the shift takes place, as far as it touches [start, end): the same local hours in each turn."""
    zone, step = ZoneInfo(shift.time_zone), timedelta(weeks=shift.every_weeks)
    first, last = (moment.astimezone(zone).replace(tzinfo=None) for moment in (shift.starts_at, shift.ends_at))
    number = max(0, (start - shift.ends_at) // step) if step else 0
    while True:
        begins, ends = (_instant(local + number * step, zone) for local in (first, last))
        if begins >= end or (shift.until and begins >= shift.until):
            return
        ends = min(ends, shift.until) if shift.until else ends
        if ends > start:
            yield begins, ends
        if not step:
            return
        number += 1


def stints(shifts: Sequence[Shift], start: datetime, end: datetime) -> list[Stint]:
    """Every stretch of these shifts between two instants, cut where it changes hands, in the order of time."""
    found = [stint for shift in shifts for span in occurrences(shift, start, end) for stint in _cut(shift, *span)]
    found = [stint for stint in found if stint.ends_at > start and stint.starts_at < end]
    return sorted(found, key=lambda stint: (stint.starts_at, stint.shift.id))


def gaps(stints: Sequence[Stint], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Where nobody is on call between two instants."""
    found, covered = [], start
    for stint in stints:
        if stint.starts_at > covered:
            found.append((covered, min(stint.starts_at, end)))
        covered = max(covered, stint.ends_at)
    return [*found, (covered, end)] if covered < end else found


def shifts_between(start: datetime, end: datetime, *, person: Person | None = None) -> list[Shift]:
    """Every shift that may have a turn in [start, end), or only those that are or become one person's."""
    wanted = _SHIFTS.options(joinedload(Shift.person), joinedload(Shift.team)).where(
        Shift.starts_at < end,
        or_(Shift.until.is_(None), Shift.until > start),
        or_(Shift.ends_at > start, Shift.every_weeks > 0),
    )
    if person:
        taken = select(Handover.shift_id).where(Handover.taker_id == person.id)
        wanted = wanted.where(or_(Shift.person_id == person.id, Shift.id.in_(taken)))
    return list(db.session.scalars(wanted.order_by(Shift.role, Shift.team_id, Shift.id)).unique())


def stints_of(person: Person, start: datetime, end: datetime) -> list[Stint]:
    """When one person is on call, taken over or their own."""
    found = stints(shifts_between(start, end, person=person), start, end)
    return [stint for stint in found if stint.person.id == person.id]


def _on(shifts: list[Shift], at: datetime) -> list[int]:
    holders = [holder_of(shift, at) for shift in shifts]
    return list(dict.fromkeys(holder for holder in holders if holder is not None))


def _cut(shift: Shift, begins: datetime, ends: datetime) -> Iterator[Stint]:
    people = {shift.person_id: shift.person} | {given.taker_id: given.taker for given in shift.handovers}
    edges = {edge for given in shift.handovers for edge in (given.starts_at, given.ends_at) if begins < edge < ends}
    cuts = [begins, *sorted(edges), ends]
    for start, end in pairwise(cuts):
        holder = people[holder_of(shift, start) or shift.person_id]
        yield Stint(start, end, holder, None if holder is shift.person else shift.person, shift)


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
