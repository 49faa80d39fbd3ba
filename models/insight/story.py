"""The story of a ticket: its events with their texts and files, as each reader may see them (P6.6)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.people.person import Person
from models.record.attachment import Attachment
from models.record.entry import Entry
from models.record.event import Event
from models.record.ticket import Ticket

# What a customer may know that it happened; everything else is the desk's own business.
PUBLIC = (
    "reported", "triaged", "answered", "asked", "supplied", "updated", "fixed", "test_passed", "confirmed",
    "partly_confirmed", "silently_confirmed", "disputed", "reopened", "closed", "cancelled", "regraded",
)  # fmt: skip
SYSTEM = ("warned", "escalated", "followed", "unfollowed", "reminded", "link_sent", "link_revoked", "archived")


@dataclass
class Moment:
    """One line of the timeline."""

    id: int
    at: datetime
    name: str
    audience: str  # customer, internal, system
    who: Person | None
    who_name: str
    details: dict[str, Any]
    text: str = ""
    entry_id: int | None = None
    redacted: bool = False
    files: list[Attachment] = field(default_factory=list)


def story(ticket: Ticket, *, internal: bool, newest: int = 200) -> list[Moment]:
    """The newest moments of the ticket, the latest first; without `internal` only what the customer may see."""
    wanted = select(Event).where(Event.ticket_id == ticket.id).order_by(Event.seq.desc()).limit(newest)
    if not internal:
        wanted = wanted.where(Event.name.in_(PUBLIC))
    events = list(db.session.scalars(wanted))
    entries: dict[int | None, list[Entry]] = {}
    for entry in db.session.scalars(select(Entry).where(Entry.ticket_id == ticket.id).order_by(Entry.id)):
        if internal or entry.public:
            entries.setdefault(entry.event_id, []).append(entry)
    files: dict[int | None, list[Attachment]] = {}
    for file in db.session.scalars(select(Attachment).where(Attachment.ticket_id == ticket.id)):
        if internal or file.public:
            files.setdefault(file.entry_id, []).append(file)
    moments = [_moment(event, entries.get(event.id, []), files, internal) for event in events]
    _name_assignees(moments)
    return moments


def _name_assignees(moments: list[Moment]) -> None:
    """Details hold ids; the reader wants names."""
    ids = {moment.details["assignee"] for moment in moments if moment.details.get("assignee")}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    names = {row.id: row.name for row in rows}
    for moment in moments:
        if moment.details.get("assignee") in names:
            moment.details = moment.details | {"assignee_name": names[moment.details["assignee"]]}


def newest_question(ticket: Ticket) -> str:
    """What the reporter was asked last; "" when nothing was."""
    asked = select(Entry.body).where(Entry.ticket_id == ticket.id, Entry.kind == "question")
    return db.session.scalar(asked.order_by(Entry.id.desc()).limit(1)) or ""


def _moment(event: Event, entries: list[Entry], files: dict[int | None, list[Attachment]], internal: bool) -> Moment:
    first = entries[0] if entries else None
    texts = [f"{entry.body}\n→ {entry.outcome}" if entry.outcome else entry.body for entry in entries]
    return Moment(
        id=event.id,
        at=event.at,
        name=event.name,
        audience=_audience(event, first),
        who=event.actor if internal else None,
        who_name=first.author_name if first else "",
        details=event.details if internal else {},
        text="\n\n".join(texts),
        entry_id=first.id if first else None,
        redacted=bool(first and first.redacted_at),
        files=[file for entry in entries for file in files.get(entry.id, [])],
    )


def _audience(event: Event, entry: Entry | None) -> str:
    if event.name in SYSTEM:
        return "system"
    if entry is not None:
        return "customer" if entry.public else "internal"
    return "customer" if event.name in PUBLIC else "internal"
