"""The story of a ticket: its events with their texts and files, as each reader may see them (P6.6)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from models.ground.db import db
from models.insight.cast import cast_of
from models.people.person import Person
from models.policy.version import PolicyVersion, find_edition
from models.record.attachment import Attachment, attachments_of
from models.record.entry import Entry
from models.record.event import Event
from models.record.ticket import Ticket
from models.rules.workflow import STEPS

# What a customer may know that it happened; everything else is the desk's own business.
PUBLIC = (
    "reported", "triaged", "answered", "asked", "supplied", "chased", "updated", "fixed", "test_passed", "confirmed",
    "partly_confirmed", "silently_confirmed", "disputed", "reopened", "closed", "cancelled", "regraded",
    "extension_granted", "consented", "consent_refused", "assessed", "postponed", "direction_agreed",
    "direction_declined", "delivery_changed",
)  # fmt: skip
CHANGED = STEPS["change_policy"].event
NEWEST = 200  # moments that a page shows
SYSTEM = (
    "calendar_changed",
    "warned",
    "escalated",
    "followed",
    "unfollowed",
    "reminded",
    "link_sent",
    "link_revoked",
    "archived",
)


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
    policy_version: PolicyVersion | None = None  # by which a level was meant then (P3.2)
    files: list[Attachment] = field(default_factory=list)

    @property
    def policy_version_id(self) -> int | None:
        return self.policy_version.id if self.policy_version else None


def story(ticket: Ticket, *, internal: bool) -> list[Moment]:
    """The newest moments of the ticket, the latest first; without `internal` only what the customer may see."""
    cast = {person.id: person for person in cast_of(ticket)} if internal else None
    entries: dict[int | None, list[Entry]] = {}
    for entry in db.session.scalars(_ENTRIES, {"ticket": ticket.id}):
        if internal or entry.public:
            entries.setdefault(entry.event_id, []).append(entry)
    files: dict[int | None, list[Attachment]] = {}
    for file in attachments_of(ticket.id):
        if internal or file.public:
            files.setdefault(file.entry_id, []).append(file)
    events = db.session.scalars(_ALL if internal else _PUBLIC, {"ticket": ticket.id})
    moments = [_moment(event, entries.get(event.id, []), files, cast) for event in events]
    _put_under_their_policies(moments, ticket)
    return moments


def newest_question(ticket: Ticket) -> str:
    """What the reporter was asked last; "" when nothing was."""
    asked = select(Entry.body).where(Entry.ticket_id == ticket.id, Entry.kind == "question")
    return db.session.scalar(asked.order_by(Entry.id.desc()).limit(1)) or ""


def _moment(
    event: Event, entries: list[Entry], files: dict[int | None, list[Attachment]], cast: dict[int, Person] | None
) -> Moment:
    """Without a cast as the customer may know it: that it happened, not who it was and why."""
    first = entries[0] if entries else None
    texts = [f"{entry.body}\n→ {entry.outcome}" if entry.outcome else entry.body for entry in entries]
    return Moment(
        id=event.id,
        at=event.at,
        name=event.name,
        audience=_audience(event, first),
        who=cast.get(event.actor_id or 0) if cast else None,
        who_name=first.author_name if first else "",
        details={} if cast is None else _named(event.details, cast),
        text="\n\n".join(texts),
        entry_id=first.id if first else None,
        redacted=bool(first and first.redacted_at),
        files=[file for entry in entries for file in files.get(entry.id, [])],
    )


def _put_under_their_policies(moments: list[Moment], ticket: Ticket) -> None:
    """From the newest back: what came before another policy was graded in the words of the one before."""
    version: PolicyVersion | None = ticket.policy_version
    for moment in moments:
        moment.policy_version = version
        if moment.name == CHANGED and moment.details:
            version = find_edition(moment.details["was_policy"], moment.details["was_edition"])


def _named(details: dict[str, Any], cast: dict[int, Person]) -> dict[str, Any]:
    """Details hold the number of who was given the work; the reader wants the name."""
    given = cast.get(details.get("assignee") or 0)
    return details | {"assignee_name": given.name} if given else details


def _audience(event: Event, entry: Entry | None) -> str:
    if event.name in SYSTEM:
        return "system"
    if entry is not None:
        return "customer" if entry.public else "internal"
    return "customer" if event.name in PUBLIC else "internal"


_HERE = select(Event).where(Event.ticket_id == bindparam("ticket")).order_by(Event.seq.desc()).limit(NEWEST)
_ALL, _PUBLIC = _HERE, _HERE.where(Event.name.in_(PUBLIC))
_ENTRIES = select(Entry).where(Entry.ticket_id == bindparam("ticket")).order_by(Entry.id)
