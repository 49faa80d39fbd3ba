"""The ladder (P5.1–P5.4): who hears of a clock at its warnings, at the breach, and at each rung after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from models.ground import clock
from models.ground.asked import once
from models.ground.db import db
from models.ground.vocabulary import Category, ClockKind, Role
from models.people.person import Person
from models.policy import clockface
from models.record.cooperation import Cooperation
from models.record.deadline import ASK_AGAIN, BREACH, Deadline, Firing
from models.record.ticket import Ticket
from models.rules import calling, marks, rounds
from models.rules.calling import Called, called, team_id
from models.rules.marks import History

CLIMB = (Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR, Role.ADMIN)  # a role that is not there passes it on
RESPONSIBLE = "assignee"  # what a firing calls whoever has to act


@dataclass(frozen=True)
class Rung:
    """One step: its number on the clock's own ladder, the role that was reached, who is told, who was passed over."""

    number: int
    role: Role
    people: list[Person]
    passed_over: list[dict[str, Any]]

    @property
    def height(self) -> int:
        """How high an escalation stands: 1 supervisor, 2 technical manager, 3 director, 4 the last resort."""
        return CLIMB.index(self.role) + 1


def warned(deadline: Deadline, mark: int, *, at: datetime | None = None) -> Called:
    """Whoever has to act, and from a certain mark on the supervisor too; the supervisor when nobody else is there.

    Of a round whose template says to whom it climbs, the first of those in the supervisor's place (P7.2).
    """
    parts = [_responsible(deadline, at)]
    if mark >= deadline.version.pack.warnings.supervisor_from or not parts[0].people:
        first = deadline.limit.climb[:1] if deadline.limit else ()
        parts.append(called(Role(first[0]) if first else Role.SUPERVISOR, deadline.ticket, at=at))
    return calling.together(parts)


def rung(deadline: Deadline, mark: int, *, at: datetime | None = None) -> Rung:
    """The breach, a further rung, or asking again: the next living recipient, at the very last every administrator."""
    if mark > ASK_AGAIN or deadline.ticket.category == Category.SECURITY:  # it differs from ticket to ticket
        return _rung(deadline, mark, at)
    agreed = (deadline.version, deadline.kind, deadline.severity, deadline.limit)
    same = (rung, *agreed, mark, team_id(deadline.ticket), at)
    return once(same, lambda: _rung(deadline, mark, at))


def _rung(deadline: Deadline, mark: int, at: datetime | None) -> Rung:
    number = _number(deadline, mark)
    steps = marks.rungs(deadline)
    if mark > ASK_AGAIN and deadline.acknowledged_by and deadline.acknowledged_by.active:
        role = Role(steps[number - 1])
        asked = calling.in_place_of(deadline.acknowledged_by, role, deadline.ticket, at=at)
        if asked.people:
            return Rung(number, role, asked.people, asked.passed_over)
    return living(number, Role(steps[number - 1]), deadline.ticket, at=at)


def living(number: int, role: Role, ticket: Ticket, *, at: datetime | None = None) -> Rung:
    """The first on the ladder from this role on where somebody is there; at the very last every administrator."""
    passed_over: list[dict[str, Any]] = []
    for reached in CLIMB[CLIMB.index(role) : -1]:
        found = called(reached, ticket, at=at)
        passed_over += found.passed_over
        if found.people:
            return Rung(number, reached, found.people, passed_over)
    return Rung(number, Role.ADMIN, calling.last_resort(ticket), passed_over)


def due_at_once(deadline: Deadline, history: History | None = None) -> list[tuple[int, datetime]]:
    """The marks from the present one on that are due by now, each with its time: several when nobody swept for long.

    Further rungs are never among them: each is measured from when the one before it was told (P5.3).
    """
    ahead = [*warnings_ahead(deadline, history), (BREACH, deadline.due_at)]
    return [(mark, at) for mark, at in ahead if at <= clock.now()]


def warnings_ahead(deadline: Deadline, history: History | None = None) -> list[tuple[int, datetime]]:
    """The warnings from the present mark on, each with the time at which it rings."""
    percents = [percent for percent in marks.warn_marks(deadline) if deadline.mark <= percent]
    face = marks.clock_of(deadline, history) if percents else None
    return [(percent, clockface.part_way(face, deadline.due_at, percent)) for percent in percents if face]


def _number(deadline: Deadline, mark: int) -> int:
    """Asking again climbs no further than the rung that was told last."""
    if mark > ASK_AGAIN:
        told = select(func.max(Firing.mark)).where(Firing.deadline_id == deadline.id, Firing.mark < ASK_AGAIN)
        mark = db.session.scalar(told) or BREACH
    return min(mark // BREACH, len(marks.rungs(deadline)))


def _responsible(deadline: Deadline, at: datetime | None) -> Called:
    """Who has to act so that this clock is met."""
    ticket = deadline.ticket
    match deadline.kind:
        case ClockKind.TRIAGE:
            return called(Role.FIRST_LINE, ticket, at=at)
        case ClockKind.CLOSE | ClockKind.CALL_BACK:
            return called(Role.SUPERVISOR, ticket, at=at)
        case ClockKind.TEST:
            found = _tester(ticket, at)
        case ClockKind.COOPERATE:
            return _asked(deadline, at)
        case ClockKind.APPROVE | ClockKind.RATIFY:
            found = _undecided(deadline, at)
        case _:
            found = Called()
    if found.people:
        return found
    if ticket.assignee:
        own = calling.in_place_of(ticket.assignee, RESPONSIBLE, ticket, at=at)
    else:
        own = called(Role.FIRST_LINE, ticket, at=at)
    return calling.together([found, own])


def _asked(deadline: Deadline, at: datetime | None) -> Called:
    """The contact of the department that was asked (P6.4); who asked can do nothing but wait."""
    request = db.session.get(Cooperation, deadline.about_id or 0)
    if request is None or not request.contact.active:
        return Called()
    return calling.in_place_of(request.contact, Role.CONTACT, deadline.ticket, at=at)


def _tester(ticket: Ticket, at: datetime | None) -> Called:
    """Whoever verifies; of a request its product manager, with the customer (UAT, P8.3)."""
    if ticket.is_request and ticket.product_manager:
        return calling.in_place_of(ticket.product_manager, Role.PRODUCT_MANAGER, ticket, at=at)
    return called(Role.VERIFIER, ticket, at=at)


def _undecided(deadline: Deadline, at: datetime | None) -> Called:
    """Whose decision is waited for now; about an extension the supervisor decides (P4.6)."""
    if deadline.kind == ClockKind.APPROVE and deadline.about_id:
        return called(Role.SUPERVISOR, deadline.ticket, at=at)
    finds = rounds.late_plan if deadline.kind == ClockKind.RATIFY else rounds.newest_plan
    plan = finds(deadline.ticket)
    seats = [seat.person for seat in rounds.open_seats(plan)] if plan else []
    return calling.together([calling.in_place_of(person, Role.APPROVER, deadline.ticket, at=at) for person in seats])
