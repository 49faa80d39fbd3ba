"""The four lists of whoever decides on plans: waiting for me, decided by me, started by me, copied to me (P7.3)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Decision, State
from models.people.absence import away_at, stand_in
from models.people.person import Person
from models.people.team import Team
from models.record.approval import Approval, ApprovalTemplate, PlanCopy
from models.record.plan import LATE_OWED, Plan, WorkStep
from models.record.ticket import ENDED, Ticket
from models.rules import rounds, seating
from models.rules.permissions import visible
from models.rules.standing import STAFF

BOXES = ("todo", "done", "mine", "cc")
PAGE = 50
LONGEST = 19  # digits of a number that a database takes
MOST = 100  # a number beside a list counts to this and no further


@dataclass(frozen=True)
class Line:
    """One plan in a list; for whom, if the person stands in (or stood in) for somebody."""

    plan: Plan
    for_person: Person | None = None
    seat: Approval | None = None
    copy: PlanCopy | None = None


@dataclass(frozen=True)
class Box:
    """One page of a list, and where the next one begins ("" at the end)."""

    lines: list[Line]
    next: str


def box(person: Person, name: str, *, after: str = "") -> Box:
    """One of BOXES, the newest first, from after one place on."""
    is_ours = after.isascii() and after.isdigit() and len(after) < LONGEST
    return _READ[name](person, int(after) if is_ours else 0)


def counts(person: Person) -> dict[str, int]:
    """How many stand in each list, counting to MOST; of the copies those not read yet."""
    unread = select(PlanCopy.id).where(PlanCopy.person_id == person.id, PlanCopy.read_at.is_(None))
    return {
        "todo": len(_open_lines(person, _seats_todo(person).limit(MOST))),
        "done": _count(_seats_done(person)),
        "mine": _count(select(Plan.id).where(Plan.author_id == person.id)),
        "cc": _count(unread),
    }


def would_sit(template: ApprovalTemplate, team: Team | None = None) -> list[list[Person]]:
    """For each seat of the template who could sit on it for a ticket of this team."""
    return seating.who_would_sit(template, team.id if team else None)


def stands_in_for(person: Person) -> list[int]:
    """The absent for whom the person decides now."""
    if not person.roles & STAFF:
        return []
    away = away_at(clock.now())
    return [absent for absent in away if stand_in(absent, away, {person.id}) == person.id]


def _todo(person: Person, after: int) -> Box:
    wanted = _seats_todo(person)
    wanted = wanted.where(Approval.id < after) if after else wanted
    seats = _seats(wanted.options(contains_eager(Approval.plan).selectinload(Plan.tasks)).limit(PAGE + 1))
    further = str(seats[PAGE - 1].id) if len(seats) > PAGE else ""
    return Box(_lines(person, seats[:PAGE]), further)


def _done(person: Person, after: int) -> Box:
    wanted = _seats_done(person)
    wanted = wanted.where(Approval.id < after) if after else wanted
    seats = _seats(wanted.limit(PAGE + 1))
    lines = [Line(s.plan, s.person if s.decided_by_id == person.id else None, s) for s in seats[:PAGE]]
    return Box(lines, str(seats[PAGE - 1].id) if len(seats) > PAGE else "")


def _mine(person: Person, after: int) -> Box:
    wanted = select(Plan).join(Plan.ticket).where(Plan.author_id == person.id).order_by(Plan.id.desc())
    wanted = wanted.where(Plan.id < after) if after else wanted
    wanted = wanted.options(contains_eager(Plan.ticket), *_OF_PLAN)
    plans = list(db.session.scalars(wanted.limit(PAGE + 1)).unique())
    return Box([Line(plan) for plan in plans[:PAGE]], str(plans[PAGE - 1].id) if len(plans) > PAGE else "")


def _cc(person: Person, after: int) -> Box:
    wanted = select(PlanCopy).join(PlanCopy.plan).join(Plan.ticket).where(PlanCopy.person_id == person.id)
    wanted = wanted.where(PlanCopy.id < after) if after else wanted
    wanted = wanted.options(contains_eager(PlanCopy.plan).options(contains_eager(Plan.ticket), *_OF_PLAN))
    copies = list(db.session.scalars(wanted.order_by(PlanCopy.id.desc()).limit(PAGE + 1)).unique())
    lines = [Line(copy.plan, copy=copy) for copy in copies[:PAGE]]
    return Box(lines, str(copies[PAGE - 1].id) if len(copies) > PAGE else "")


def _seats_todo(person: Person) -> Select[Approval]:
    """Undecided seats in rounds that run: the person's own, and of those for whom they stand in."""
    runs = or_(
        (Plan.outcome == "") & (Plan.late == "") & (Ticket.state == State.AWAITING_APPROVAL),
        (Plan.late == LATE_OWED) & Ticket.state.not_in(ENDED),
    )
    whose = Approval.person_id.in_([person.id, *stands_in_for(person)])
    wanted = select(Approval).join(Approval.plan).join(Plan.ticket)
    return wanted.where(whose, Approval.decision == "", runs, visible(person)).order_by(Approval.id.desc())


def _seats_done(person: Person) -> Select[Approval]:
    own = (Approval.person_id == person.id) & Approval.decided_by_id.is_(None)
    said = Approval.decision.in_([str(decision) for decision in Decision])
    wanted = select(Approval).join(Approval.plan).join(Plan.ticket)
    return wanted.where(said, or_(own, Approval.decided_by_id == person.id)).order_by(Approval.id.desc())


def _seats(wanted: Select[Approval]) -> list[Approval]:
    eager = contains_eager(Approval.plan).options(contains_eager(Plan.ticket), *_OF_PLAN)
    return list(db.session.scalars(wanted.options(eager)).unique())


def _open_lines(person: Person, wanted: Select[Approval]) -> list[Line]:
    return _lines(person, _seats(wanted))


def _lines(person: Person, seats: list[Approval]) -> list[Line]:
    """What the person really can decide now: their turn, and not their own plan or work."""
    worked = _worked_on(person, [seat.plan.ticket_id for seat in seats])
    return [
        Line(seat.plan, None if seat.person_id == person.id else seat.person, seat)
        for seat in seats
        if rounds.seat_of(seat.plan, person) is seat
        and seat in rounds.open_seats(seat.plan)
        and not rounds.has_decided(seat.plan, person)
        and person.human_id not in _involved(seat.plan)
        and seat.plan.ticket_id not in worked
    ]


def _involved(plan: Plan) -> set[int]:
    assignee = plan.ticket.assignee
    return {plan.author.human_id} | ({assignee.human_id} if assignee else set())


def _worked_on(person: Person, ticket_ids: list[int]) -> set[int]:
    if not ticket_ids:
        return set()
    same = or_(Person.id == person.human_id, Person.same_as_id == person.human_id)
    wanted = select(WorkStep.ticket_id).join(WorkStep.person).where(WorkStep.ticket_id.in_(ticket_ids), same)
    return set(db.session.scalars(wanted))


def _count(wanted: Select[Any]) -> int:
    few = wanted.order_by(None).limit(MOST).subquery()
    return db.session.scalar(select(func.count()).select_from(few)) or 0


_OF_PLAN = (
    joinedload(Plan.author),
    selectinload(Plan.approvals).joinedload(Approval.person).selectinload(Person.roles_held),
)
_READ = {"todo": _todo, "done": _done, "mine": _mine, "cc": _cc}
