"""How a person stands to a ticket: every relation that the table in permissions.py names."""

from collections.abc import Callable

from sqlalchemy import bindparam, or_, select

from models.ground.bulk import read
from models.ground.db import db
from models.ground.vocabulary import Role, State
from models.people.person import Person
from models.record.approval import Approval, PlanCopy
from models.record.cooperation import was_asked
from models.record.event import last_deed
from models.record.extension import pending_extension
from models.record.plan import Plan, WorkStep
from models.record.relation import is_affected, parent_of
from models.record.ticket import Ticket
from models.rules import rounds

STAFF = frozenset(Role) - {Role.REPORTER, Role.CONTACT, Role.KB_ADMIN, Role.ADMIN}


def has_sat(actor: Person, ticket: Ticket) -> bool:
    sat = select(Approval.id).join(Plan).where(Plan.ticket_id == ticket.id, Approval.person_id == actor.id)
    return db.session.scalar(sat.limit(1)) is not None


def has_copy(actor: Person, ticket: Ticket) -> bool:
    sent = select(PlanCopy.id).join(Plan).where(Plan.ticket_id == ticket.id, PlanCopy.person_id == actor.id)
    return db.session.scalar(sent.limit(1)) is not None


def is_in_rounds(actor: Person) -> bool:
    """On any ticket."""
    held = (select(table.id).where(table.person_id == actor.id).exists() for table in (Approval, PlanCopy))
    return bool(db.session.scalar(select(or_(*held))))


def carried_out(actor: Person, ticket: Ticket) -> bool:
    """Whether the actor works on it, or has carried out a step of it, by whichever of their accounts."""
    if ticket.assignee and ticket.assignee.human_id == actor.human_id:
        return True
    return read(_DONE, {"ticket": ticket.id, "human": actor.human_id}).first() is not None


_DONE = (  # every page of a ticket asks, so it is built once
    select(WorkStep.id)
    .join(WorkStep.person)
    .where(WorkStep.ticket_id == bindparam("ticket"))
    .where(or_(Person.id == bindparam("human"), Person.same_as_id == bindparam("human")))
    .limit(1)
)


def _open_plan(ticket: Ticket) -> Plan | None:
    return ticket.plans[-1] if ticket.plans else None


def _has_seat(actor: Person, ticket: Ticket) -> bool:
    return _sits_over(_open_plan(ticket), actor)


def _has_late_seat(actor: Person, ticket: Ticket) -> bool:
    return bool(ticket.emergency) and _sits_over(rounds.late_plan(ticket), actor)


def _sits_over(plan: Plan | None, actor: Person) -> bool:
    """A seat of their own, or of somebody absent for whom they stand in; that takes being on the staff."""
    seat = rounds.seat_of(plan, actor) if plan else None
    return seat is not None and (seat.person_id == actor.id or bool(actor.roles & STAFF))


def _submitted_plan(actor: Person, ticket: Ticket) -> bool:
    plan = _open_plan(ticket)
    return plan is not None and plan.author_id == actor.id


def _wrote_plan(actor: Person, ticket: Ticket) -> bool:
    plan = _open_plan(ticket)
    return plan is not None and plan.author.human_id == actor.human_id


def _wrote_late_plan(actor: Person, ticket: Ticket) -> bool:
    plan = rounds.late_plan(ticket) if ticket.emergency else None
    return plan is not None and plan.author.human_id == actor.human_id


def _asked_for_time(actor: Person, ticket: Ticket) -> bool:
    waiting = pending_extension(ticket)
    return waiting is not None and waiting.asked_by.human_id == actor.human_id


def _handles_the_incident(actor: Person, ticket: Ticket) -> bool:
    """Whoever works on the incident above may pass its news on to the reports below (P3.8)."""
    incident = parent_of(ticket)
    return incident is not None and incident.assignee_id == actor.id


def _was_told(actor: Person, ticket: Ticket) -> bool:
    """On the ladder: the rungs that a ticket can climb, each in its own role (P5.3)."""
    climbed = (Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR)
    if ticket.escalation > len(climbed) and actor.holds(Role.ADMIN):
        return True  # the last resort was told, so it may take charge (P5.4)
    return ticket.escalation > 0 and any(actor.holds(role, ticket.team_id) for role in climbed)


RELATIONS: dict[str, Callable[[Person, Ticket], bool]] = {
    "reporter": lambda actor, ticket: ticket.reporter_id == actor.id,
    "reporter_before_triage": lambda actor, ticket: (
        ticket.reporter_id == actor.id and ticket.state == State.AWAITING_TRIAGE
    ),
    "registrar": lambda actor, ticket: ticket.registrar_id == actor.id,
    "assignee": lambda actor, ticket: ticket.assignee_id == actor.id,
    "own_product_manager": lambda actor, ticket: ticket.is_request and ticket.product_manager_id == actor.id,
    "seat": _has_seat,
    "late_seat": _has_late_seat,
    "copied": has_copy,
    "author": _submitted_plan,
    "own_plan": _wrote_plan,
    "own_late_plan": _wrote_late_plan,
    "own_request": _asked_for_time,
    "implementer": carried_out,
    "told": _was_told,
    "incident_assignee": _handles_the_incident,
    "doer": lambda actor, ticket: (deed := last_deed(ticket.id)) is not None and deed.actor_id == actor.id,
    "affected": lambda actor, ticket: is_affected(actor.id, ticket.id),
    "asked_contact": lambda actor, ticket: was_asked(actor.id, ticket.id),
}
