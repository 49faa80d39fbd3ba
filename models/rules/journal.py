"""The one pen: writes an event into the chain, and what everybody is owed because of it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, insert, inspect

from models.ground import clock, tokens
from models.ground.db import db
from models.people.person import Person
from models.record.entry import Entry
from models.record.event import Event
from models.record.link import Link
from models.record.ticket import Ticket
from models.rules import notices

_TABLE = cast(Table, Event.__table__)
_INSERT = insert(_TABLE).returning(_TABLE.c.id)


@dataclass(frozen=True)
class Recorded:
    """The event that has just been written."""

    id: int
    at: datetime
    name: str


def record(ticket: Ticket, name: str, *, actor: Person | Link | None, state: str, **details: Any) -> Recorded:
    """Append the event, chained to the one before, and owe its messages. The only writer of both.

    It is in the table before the ticket's row changes: the database refuses a change of state without it.
    Texts never go into `details`; they are entries, and the chain covers their digests.
    """
    session = db.session
    session.add(ticket)
    if not inspect(ticket).persistent:
        session.flush()
    with session.no_autoflush:
        told = notices.told_of(ticket, name, actor=actor, details=details)
        ticket.seq += 1
        now = clock.now()
        row = {
            "ticket_id": ticket.id,
            "seq": ticket.seq,
            "name": name,
            "at": now,
            "actor_id": actor.id if isinstance(actor, Person) else None,
            "link_id": actor.id if isinstance(actor, Link) else None,
            "version": ticket.version,
            "state": str(state),
            "details": details,
            "told": sorted({notice.person.id for notice in told if notice.person}),
        }
        row["chain"] = ticket.chain = link_of(ticket.chain, row)
        event_id = session.execute(_INSERT, row).scalar_one()
        notices.owe(ticket, event_id, name, told)
    return Recorded(id=event_id, at=now, name=name)


def write(ticket: Ticket, kind: str, body: str, *, event: Recorded, actor: Person | Link | None, **more: Any) -> Entry:
    """Keep a text that belongs to an event. `more`: public, outcome, author_name."""
    entry = Entry(
        ticket_id=ticket.id,
        event_id=event.id,
        kind=kind,
        author_id=actor.id if isinstance(actor, Person) else None,
        body=body.strip(),
        created_at=event.at,
        **more,
    )
    db.session.add(entry)
    return entry


def digest_of(*texts: str) -> str:
    """What an event keeps of a text, so that the chain still verifies after a redaction."""
    return hashlib.sha256("\0".join(text.strip() for text in texts).encode()).hexdigest()


def link_of(before: str, row: dict[str, Any]) -> str:
    """The chain value of an event row after `before`: HMAC(key, before ‖ row)."""
    at = row["at"].astimezone(UTC).isoformat()
    said = json.dumps(row | {"at": at}, sort_keys=True, ensure_ascii=False, default=str)
    return tokens.mac("event-chain", (before + said).encode()).hex()


def verify(ticket: Ticket, events: list[Event]) -> int | None:
    """The seq of the first event that does not fit the chain; None when the whole record is sound."""
    before = ""
    for expected, event in enumerate(events, start=1):
        row = {key: getattr(event, key) for key in _CHAINED}
        if event.seq != expected or event.chain != (before := link_of(before, row)):
            return expected
    return None if len(events) == ticket.seq and before == ticket.chain else len(events) + 1


_CHAINED = (
    "ticket_id", "seq", "name", "at", "actor_id", "link_id", "version", "state", "details", "told",
)  # fmt: skip
