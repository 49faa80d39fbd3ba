"""Everybody whom the record of a ticket names, in one read: whoever acted, was given the work, or has a seat."""

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.orm import lazyload, load_only

from models.ground.db import db
from models.people.person import Person
from models.record.approval import Approval, PlanCopy
from models.record.event import Event
from models.record.plan import Plan, PlanStep
from models.record.ticket import Ticket


def cast_of(ticket: Ticket) -> list[Person]:
    """The people, by their number; the session knows them from now on, so that naming them reads nothing more."""
    return list(db.session.scalars(_CAST, {"ticket": ticket.id}))


_here, _planned = Event.ticket_id == bindparam("ticket"), Plan.ticket_id == bindparam("ticket")
_NAMED = union_all(
    select(Event.actor_id).where(_here),
    select(Event.details["assignee"].as_integer()).where(_here),
    select(Approval.person_id).join(Plan).where(_planned),
    select(PlanStep.owner_id).join(Plan, Plan.id == PlanStep.plan_id).where(_planned),
    select(PlanCopy.person_id).join(Plan).where(_planned),
    select(Plan.word_by_id).where(_planned),
)
_ONLY_NAMES = (load_only(Person.name), lazyload(Person.team))
_CAST = select(Person).where(Person.id.in_(_NAMED)).order_by(Person.id).options(*_ONLY_NAMES)
