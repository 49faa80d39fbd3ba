"""Requests to cooperate (P6.4) in the boxes of the contact who was asked."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.ground.db import db
from models.ground.vocabulary import ClockKind
from models.people.person import Person
from models.record.cooperation import UNSETTLED, Cooperation
from models.record.deadline import RUNNING, Deadline
from models.record.ticket import ENDED, Ticket

MOST = 50
BOXES = ("todo", "done")


def requests_to(person: Person, box: str) -> list[Cooperation]:
    """What the contact has yet to answer, the oldest first (`todo`); what is answered or has ended, newest first."""
    wanted = select(Cooperation).join(Ticket).where(Cooperation.contact_id == person.id).limit(MOST)
    wanted = wanted.options(joinedload(Cooperation.ticket), joinedload(Cooperation.asked_by))
    owed = Cooperation.result.in_(UNSETTLED) & Ticket.state.not_in(ENDED)
    if box == "todo":
        return list(db.session.scalars(wanted.where(owed).order_by(Cooperation.id)))
    return list(db.session.scalars(wanted.where(~owed).order_by(Cooperation.id.desc())))


def clocks_of(requests: list[Cooperation]) -> dict[int, Deadline]:
    """The clock that runs for each request, by its number."""
    wanted = select(Deadline).where(
        Deadline.ticket_id.in_({request.ticket_id for request in requests}),
        Deadline.kind == ClockKind.COOPERATE,
        Deadline.about_id.in_([request.id for request in requests]),
        Deadline.state == RUNNING,
    )
    return {deadline.about_id or 0: deadline for deadline in db.session.scalars(wanted)} if requests else {}
