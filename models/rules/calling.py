"""Who is called for a role: by the rota, else whoever is on duty; the absent through their delegates (P1, P5.4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import lazyload, load_only

from models.ground import clock
from models.ground.asked import once
from models.ground.db import db
from models.ground.vocabulary import Category, Role
from models.people.absence import Absence, away_at, stand_in
from models.people.person import Person, holders
from models.people.rota import Shift, on_call
from models.record.ticket import Ticket
from models.rules.permissions import allows, can_see

ABSENT, VACANT = "absent", "vacant"  # why somebody, or a whole role, is passed over
UNSEEN = (Role.DUTY_LEAD, Role.ADMIN)  # called to a ticket about security although they do not see it yet (P2.11)

# What telling somebody takes; the rest of a person is read only if somebody asks.
ADDRESS = (
    load_only(Person.name, Person.email, Person.active, Person.on_duty, Person.engineer_level, Person.team_id),
    lazyload("*"),
)


_ANYTHING = select(
    exists().where(Absence.ends_at > bindparam("at"), Absence.starts_at <= bindparam("at")),
    exists().where(Shift.role == bindparam("role")),
)


@dataclass(frozen=True)
class Called:
    """Who hears it, and who was passed over: `{"role", "person" (an id, or None: nobody holds it), "why"}` each."""

    people: list[Person] = field(default_factory=list)
    passed_over: list[dict[str, Any]] = field(default_factory=list)


def called(role: Role | str, ticket: Ticket, *, at: datetime | None = None) -> Called:
    """Who is there for the role on this ticket at that moment; nobody when all who hold it are away.

    Asked in this order until somebody is there: the rota, those on duty, everybody who holds the role.
    """
    if ticket.category == Category.SECURITY:  # who may see it differs from ticket to ticket
        return _there(role, _holders(role, ticket), ticket, at)
    return once((called, role, team_id(ticket), at), lambda: _there(role, _holders(role, ticket), ticket, at))


def people_of(ids: Iterable[int]) -> list[Person]:
    """These people, as far as telling them something takes."""
    asked = tuple(ids)
    return once(asked, lambda: [p for id_ in asked if (p := db.session.get(Person, id_, options=ADDRESS))])


def holding(role: Role | str, ticket: Ticket, *, at: datetime | None = None) -> list[Person]:
    """As `called`; where nobody is there, everybody who holds the role: better late than never."""
    return called(role, ticket, at=at).people or _holders(role, ticket)


def seniors(ticket: Ticket, *, at: datetime | None = None) -> list[Person]:
    """The second line that a P0 calls (P3.4); of a ticket about security only that of the owning team (P2.11)."""
    found = [person for person in _all_holders(Role.ENGINEER, ticket) if person.engineer_level == "senior"]
    if ticket.category == Category.SECURITY:
        found = [person for person in found if person.team_id == team_id(ticket)]
    return _there(Role.ENGINEER, found, ticket, at).people


def last_resort(ticket: Ticket) -> list[Person]:
    """Every administrator, on duty or not, away or not (P5.4)."""
    return _all_holders(Role.ADMIN, ticket)


def in_place_of(person: Person, role: Role | str, ticket: Ticket, *, at: datetime | None = None) -> Called:
    """One person who has to act, or their delegate, who must be allowed to read the ticket."""
    away = away_at(at or clock.now())
    if person.id not in away:
        return Called([person])
    able = {p.id: p for p in _people(away.values()) if p.active and allows(p, "view_internal", ticket)}
    found = stand_in(person.id, away, able)
    return Called([able[found]]) if found else Called([], [_over(role, person.id, ABSENT)])


def together(parts: list[Called]) -> Called:
    """Several calls made one: everybody once."""
    people = {person.id: person for part in parts for person in part.people}
    return Called(list(people.values()), [over for part in parts for over in part.passed_over])


def vacant(role: Role | str) -> list[dict[str, Any]]:
    """Nobody holds the role."""
    return [_over(role, None, VACANT)]


def _there(role: Role | str, found: list[Person], ticket: Ticket, at: datetime | None) -> Called:
    away, on = _away_and_on_call(role, ticket, at or clock.now()) if found else ({}, set())
    able = {person.id: person for person in found}
    passed_over: dict[int, dict[str, Any]] = {}
    for asked in (lambda p: p.id in on, lambda p: p.on_duty, lambda _: True):
        there: dict[int, Person] = {}
        for person in filter(asked, found):
            here = stand_in(person.id, away, able) if person.id in away else person.id
            if here is None:
                passed_over[person.id] = _over(role, person.id, ABSENT)
            else:
                there[here] = able[here]
        if there:
            return Called(list(there.values()), list(passed_over.values()))
    return Called([], list(passed_over.values()) or vacant(role))


def _away_and_on_call(role: Role | str, ticket: Ticket, at: datetime) -> tuple[dict[int, int | None], set[int]]:
    """Who is absent, and whom the rota names; one look suffices where there is neither."""
    somebody_away, has_rota = db.session.execute(_ANYTHING, {"role": str(role), "at": at}).one()
    away = away_at(at) if somebody_away else {}
    return away, set(on_call(role, team_id(ticket), at)) if has_rota else set()


def _holders(role: Role | str, ticket: Ticket) -> list[Person]:
    found = _all_holders(role, ticket)
    if ticket.category == Category.SECURITY and role not in UNSEEN:
        found = [person for person in found if can_see(person, ticket)]
    return found


def _all_holders(role: Role | str, ticket: Ticket) -> list[Person]:
    return list(db.session.scalars(_holding(str(role), team_id(ticket))))


@lru_cache(maxsize=256)
def _holding(role: str, team_id: int | None) -> Select[Person]:
    """Built once for each role and team: building it takes longer than asking."""
    return holders(role, team_id).options(*ADDRESS)


def _people(ids: Any) -> list[Person]:
    return list(db.session.scalars(select(Person).where(Person.id.in_([id_ for id_ in ids if id_]))))


def team_id(ticket: Ticket) -> int | None:
    """Of a command that has just given it a team, too: the column follows when it is written."""
    return ticket.team.id if ticket.team else None


def _over(role: Role | str, person_id: int | None, why: str) -> dict[str, Any]:
    return {"role": str(role), "person": person_id, "why": why}
