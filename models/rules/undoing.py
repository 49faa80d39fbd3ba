"""What somebody has just done and can take back: one table from a deed to what undoes it, for ten minutes (G27)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Refused
from models.people.person import Person
from models.people.team import Team
from models.record.deadline import Pause
from models.record.event import Event, find_event, last_deed, last_deeds
from models.record.ticket import Ticket
from models.rules import workflow
from models.rules.permissions import visible

UNDOABLE_FOR = timedelta(minutes=10)
UNDONE_BY = {  # event → the action that takes it back
    "triaged": "untriage",
    "handed_over": "take_back",
    "taken": "put_back",
    "waited": "resume",
    "related": "unrelate",
    "merged": "unmerge",
}


@dataclass(frozen=True)
class Deed:
    """What was done last on a ticket, and how it is undone."""

    seq: int
    name: str
    action: str
    until: datetime
    details: dict[str, Any]
    told: list[int]


def deed_of(ticket: Ticket, actor: Person) -> Deed | None:
    """What the actor can undo on the ticket now; None when there is nothing."""
    deed = _last_of(actor, ticket, last_deed(ticket.id))
    return deed if deed and workflow.can(actor, deed.action, ticket) else None


def deeds_of(numbers: Sequence[str], actor: Person) -> dict[str, Deed]:
    """Of several tickets those on which the actor can undo something now: number → what; two questions for all."""
    tickets = db.session.scalars(select(Ticket).where(Ticket.number.in_(numbers), visible(actor))).unique().all()
    last = last_deeds([ticket.id for ticket in tickets])
    found = {ticket: _last_of(actor, ticket, last.get(ticket.id)) for ticket in tickets}
    return {t.number: deed for t, deed in found.items() if deed and t.state in workflow.STEPS[deed.action].come_from}


def check(ticket: Ticket, actor: Person, *, seq: int, action: str = "") -> Deed:
    """The deed with this number in the record, which must still be the last. Raises Refused to anybody but who did it,
    and Conflict with the reason when it is too late, or is undone by another `action`."""
    if action:
        workflow.check_state(ticket, action)
    meant, event = find_event(ticket.id, seq), last_deed(ticket.id)
    if meant is None or meant.actor_id != actor.id:
        raise Refused("Only what you did yourself can be undone here.")
    if event is None or event.seq != seq or event.version != ticket.version:
        raise Conflict("Something has happened on the ticket since, so this cannot be undone any more.")
    if event.name in UNDONE_BY and clock.now() > _deed(event).until:
        raise Conflict("This can be undone for ten minutes only.")
    deed = deed_of(ticket, actor)
    if deed is None or action not in ("", deed.action):
        raise Conflict("This cannot be undone.")
    return deed


def as_it_was(ticket: Ticket) -> dict[str, Any]:
    """What an event keeps of the ticket, so that it can be taken back: numbers and codes, no words."""
    return {field: getattr(ticket, field) for field in (*_CODES, *(f"{row}_id" for row in _ROWS))}


def restored(deed: Deed) -> dict[str, Any]:
    """The fields of the ticket as they were before the deed."""
    before = deed.details["before"]
    codes = {field: before[field] for field in _CODES}
    return codes | {row: db.session.get(kind, before[f"{row}_id"] or 0) for row, kind in _ROWS.items()}


_CODES = ("impact", "urgency", "category")
_ROWS: dict[str, type[Any]] = {"team": Team, "assignee": Person, "product_manager": Person}


def _last_of(actor: Person, ticket: Ticket, event: Event | None) -> Deed | None:
    """What the ticket's last event says was done, if it was the actor's and nothing has moved since."""
    if event is None or event.actor_id != actor.id or event.name not in UNDONE_BY:
        return None
    deed = _deed(event)
    moved = clock.now() > deed.until or event.version != ticket.version
    return None if moved or _has_replaced_a_waiting(event) else deed


def _deed(event: Event) -> Deed:
    until = event.at + UNDOABLE_FOR
    return Deed(event.seq, event.name, UNDONE_BY[event.name], until, event.details, event.told)


def _has_replaced_a_waiting(event: Event) -> bool:
    """Whom the ticket waited for before is not known any more once somebody else is waited for."""
    replaced = (Pause.ticket_id == event.ticket_id) & (Pause.ended_at == event.at)
    return event.name == "waited" and db.session.scalar(select(Pause.id).where(replaced).limit(1)) is not None
