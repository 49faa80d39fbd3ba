"""What somebody has to have done by when: the running clocks of what they hold, own or have to decide."""

from sqlalchemy import or_, select, union_all
from sqlalchemy.orm import contains_eager

from models.ground.db import db
from models.ground.vocabulary import ClockKind
from models.insight.approvals import box
from models.people.person import Person
from models.record.deadline import RUNNING, Deadline
from models.record.ticket import ENDED, Ticket
from models.rules.permissions import visible

MOST = 200
HELD = (
    ClockKind.RESPOND, ClockKind.PLAN, ClockKind.RESOLVE, ClockKind.RESOLVE_MAX, ClockKind.UPDATE, ClockKind.FOLLOW_UP,
    ClockKind.DELIVER,
)  # fmt: skip
OWNED = (ClockKind.ASSESS, ClockKind.DELIVER)
DECIDED = (ClockKind.APPROVE, ClockKind.RATIFY)


def due_times(person: Person) -> list[Deadline]:
    """The nearest first, each with its ticket. A clock that stands still has no due time, and so is not among them."""
    to_decide = [line.plan.ticket_id for line in box(person, "todo").lines]
    theirs = or_(
        (Ticket.assignee_id == person.id) & Deadline.kind.in_(HELD),
        (Ticket.product_manager_id == person.id) & Deadline.kind.in_(OWNED),
        Ticket.id.in_(to_decide) & Deadline.kind.in_(DECIDED),
    )
    near = select(Ticket.id).where(Ticket.state.not_in(ENDED))  # looked up first, so that no other clock is read
    near_them = union_all(
        near.where(Ticket.assignee_id == person.id),
        near.where(Ticket.product_manager_id == person.id),
        near.where(Ticket.id.in_(to_decide)),
    )
    wanted = select(Deadline).join(Deadline.ticket).options(contains_eager(Deadline.ticket))
    wanted = wanted.where(Deadline.ticket_id.in_(near_them), theirs, Deadline.state == RUNNING, visible(person))
    return list(db.session.scalars(wanted.order_by(Deadline.due_at, Deadline.id).limit(MOST)))
