"""What is told of a known incident to people who do not see its ticket: how it stands, and nobody's name (P2.4)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, Select, bindparam, select
from sqlalchemy.orm import joinedload

from models.ground.db import db
from models.ground.vocabulary import Category, ClockKind, Kind
from models.insight.masking import mask
from models.people.customer import Contact
from models.people.person import Person
from models.record.deadline import RUNNING, Deadline
from models.record.entry import Entry
from models.record.relation import PARENT, Affected, Relation, bearer_of, is_known_incident
from models.record.resolution import Resolution
from models.record.ticket import ENDED, IS_URGENT, Ticket
from models.rules.permissions import can_see

MOST_OFFERED = 3


@dataclass(frozen=True)
class Progress:
    """How the work stands, in words that went to the customer."""

    bearer: Ticket
    next_update_at: datetime | None
    updates: list[tuple[datetime, str]]  # the newest first
    result: str


def progress_of(ticket: Ticket) -> Progress:
    """Of the ticket on which the work is done, without the names and addresses of whoever reported it."""
    bearer = bearer_of(ticket)
    updates = [(at, mask(text, bearer)) for at, text in db.session.execute(_UPDATES, {"ticket": bearer.id})]
    here = {"ticket": bearer.id, "round": bearer.round}
    result = db.session.scalar(_RESULT, here) if bearer.resolved_at else ""
    next_at = db.session.scalar(_NEXT_UPDATE, {"ticket": bearer.id}) if bearer.is_open else None
    return Progress(bearer, next_at, updates, mask(result or "", bearer))


def offered(actor: Person, most: int = MOST_OFFERED) -> list[Ticket]:
    """Known incidents that are none of the actor's own and that they have not joined, the severest first (P2.4)."""
    found: dict[int, Ticket] = {}
    for which in (IS_URGENT, Ticket.id.in_(_PARENTS)):  # asked apart: either has an index of its own, both have none
        found |= {ticket.id: ticket for ticket in db.session.scalars(_none_of(actor, most).where(which))}
    by_severity = sorted(found.values(), key=lambda ticket: (ticket.severity, -ticket.id))
    return [ticket for ticket in by_severity if is_known_incident(ticket)][:most]


def next_updates(tickets: list[Ticket]) -> dict[int, datetime]:
    """When each of them is promised to be told of next, in one read."""
    wanted = select(Deadline.ticket_id, Deadline.due_at).where(
        Deadline.ticket_id.in_([ticket.id for ticket in tickets]),
        Deadline.kind == ClockKind.UPDATE,
        Deadline.state == RUNNING,
    )
    return {row.ticket_id: row.due_at for row in db.session.execute(wanted)} if tickets else {}


def joined_by(person: Person) -> list[Ticket]:
    """What the person said that they have, too; the newest first."""
    joined = select(Ticket).join(Affected, Affected.ticket_id == Ticket.id).where(Affected.person_id == person.id)
    return list(db.session.scalars(joined.order_by(Ticket.id.desc()).limit(20)))


def _none_of(actor: Person, most: int) -> Select[Ticket]:
    joined = select(Affected.ticket_id).where(Affected.person_id == actor.id)
    return (
        select(Ticket)
        .where(
            Ticket.state.not_in(ENDED), Ticket.triaged_at.is_not(None), Ticket.resolved_at.is_(None),
            Ticket.kind == Kind.FAULT, Ticket.category != Category.SECURITY,
            Ticket.id.not_in(joined), Ticket.reporter_id.is_distinct_from(actor.id),
        )
        .options(joinedload(Ticket.team))
        .order_by(Ticket.severity, Ticket.id.desc())
        .limit(4 * most)
    )  # fmt: skip


def told_to(reader: Person | Contact, ticket: Ticket, text: str) -> str:
    """A public text of the ticket as this reader may know it: as it is, or without whom it is about."""
    knows = reader == ticket.caller or (isinstance(reader, Person) and can_see(reader, ticket))
    return text if knows else mask(text, ticket)


_PARENTS = select(Relation.to_id).where(Relation.kind == PARENT, Relation.undone_at.is_(None))
_HERE = bindparam("ticket", type_=Integer)
_UPDATES = (
    select(Entry.created_at, Entry.body)
    .where(Entry.ticket_id == _HERE, Entry.kind == "update", Entry.public, Entry.redacted_at.is_(None))
    .order_by(Entry.id.desc())
    .limit(10)
)
_RESULT = select(Resolution.result).where(Resolution.ticket_id == _HERE, Resolution.round == bindparam("round"))
_NEXT_UPDATE = select(Deadline.due_at).where(
    Deadline.ticket_id == _HERE, Deadline.kind == ClockKind.UPDATE, Deadline.state == RUNNING
)
