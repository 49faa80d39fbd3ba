"""Who is away among those whose decision is waited for, until when, and who decides for them (P5.4, P7.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.people.absence import Absence, away_at, stand_in
from models.people.person import Person
from models.record.approval import Approval
from models.record.plan import Plan
from models.rules import rounds
from models.rules.permissions import allows


@dataclass(frozen=True)
class Away:
    """Until when somebody is absent, and who stands in; None: nobody does."""

    until: datetime
    by: Person | None


def away_from(plan: Plan) -> dict[int, Away]:
    """Of the seats that wait in the plan's round, those whose holders are absent, by their ids."""
    return away_from_all([plan])


def away_from_all(plans: Iterable[Plan]) -> dict[int, Away]:
    """The same of several rounds, with one look at the absences."""
    waiting = [seat for plan in plans if rounds.is_undecided(plan) for seat in _waiting(plan)]
    until = _until({seat.person_id for seat in waiting}) if waiting else {}
    if not until:
        return {}
    away = away_at(clock.now())
    return {seat.id: Away(until[seat.person_id], _who(seat, away)) for seat in waiting if seat.person_id in until}


def _waiting(plan: Plan) -> list[Approval]:
    return [seat for slot in rounds.slots_of(plan) if not slot.decision for seat in slot.seats]


def _until(people: set[int]) -> dict[int, datetime]:
    now = clock.now()
    there = select(Absence.person_id, Absence.ends_at).where(Absence.starts_at <= now, Absence.ends_at > now)
    ends = db.session.execute(there.where(Absence.person_id.in_(people)).order_by(Absence.ends_at))
    return {row.person_id: row.ends_at for row in ends}


def _who(seat: Approval, away: Mapping[int, int | None]) -> Person | None:
    """The delegate who would be let in to decide in this seat."""
    delegates = {id_ for id_ in away.values() if id_}
    able = {id_ for id_ in delegates if (person := db.session.get(Person, id_)) and _can_decide(person, seat)}
    found = stand_in(seat.person_id, away, able)
    return db.session.get(Person, found) if found else None


def _can_decide(person: Person, seat: Approval) -> bool:
    plan = seat.plan
    has_seat = person.active and rounds.seat_of(plan, person) is seat and not rounds.has_decided(plan, person)
    return has_seat and allows(person, "countersign" if plan.is_emergency else "approve", plan)
