"""The one pen: writes an event into the chain, and what everybody is owed because of it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, inspect, select, text, update

from models.ground import clock, tokens
from models.ground.bulk import write_many, write_one
from models.ground.db import db, is_sqlite
from models.people.person import Person
from models.record import search
from models.record.entry import Entry
from models.record.event import Event
from models.record.link import Link
from models.record.ticket import Ticket
from models.rules import notices

_TABLE, _TICKETS = cast(Table, Event.__table__), cast(Table, Ticket.__table__)
_INSERT = insert(_TABLE).returning(_TABLE.c.id)
_INSERT_MANY = insert(_TABLE)
_ADVANCE = update(_TICKETS).where(_TICKETS.c.id == bindparam("ticket")).values(
    seq=bindparam("now_seq"), chain=bindparam("now_chain"), escalation=bindparam("now_escalation")
)  # fmt: skip
_NUMBERS = text("SELECT nextval(pg_get_serial_sequence('event', 'id')) FROM generate_series(1, :most)")


@dataclass(frozen=True)
class Recorded:
    """The event that has just been written."""

    id: int
    at: datetime
    name: str


@dataclass
class _Waiting:
    """Events that are written together at the end of a block, and the numbers that were put aside for them."""

    numbers: Iterator[int]
    rows: list[dict[str, Any]] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)


_waiting: ContextVar[_Waiting | None] = ContextVar("events", default=None)
_in_order = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str).encode


def record(ticket: Ticket, name: str, *, actor: Person | Link | None, state: str, **details: Any) -> Recorded:
    """Append the event, chained to the one before, and owe its messages. The only writer of both.

    It is in the table before the ticket's row changes: the database refuses a change of state without it.
    Texts never go into `details`; they are entries, and the chain covers their digests.
    """
    session, waiting = db.session(), _waiting.get()
    if waiting is None and not inspect(ticket).persistent:
        session.add(ticket)
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
            "told": sorted({notice.row["person_id"] for notice in told if notice.person}),
        }
        row["chain"] = ticket.chain = link_of(ticket.chain, row)
        event_id = _put(row, ticket)
        notices.owe(ticket, event_id, name, told)
    return Recorded(id=event_id, at=now, name=name)


@contextmanager
def written_together(most: int) -> Iterator[None]:
    """Inside, `most` events that change no state are gathered and written in one statement at the end, and so are
    what is owed because of them, and `seq`, `chain` and `escalation` of their tickets: a sweep writes hundreds.

    Outlines may stand in for the tickets. Nothing else of a ticket may change inside; rows that were read before are
    read anew afterwards. A number too many is never used: on PostgreSQL those who follow the events wait for it.
    """
    waiting = _Waiting(_numbers(most))
    token = _waiting.set(waiting)
    try:
        with db.session.no_autoflush, notices.written_at_once():
            yield
            _write_all(waiting)
    finally:
        _waiting.reset(token)


def write(ticket: Ticket, kind: str, body: str, *, event: Recorded, actor: Person | Link | None, **more: Any) -> Entry:
    """Keep a text that belongs to an event, and let it be found. `more`: public, outcome, author_name."""
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
    (search.index_ticket if entry.public else search.index_internal)(ticket, entry.body, entry.outcome or "")
    return entry


def digest_of(*texts: str) -> str:
    """What an event keeps of a text, so that the chain still verifies after a redaction."""
    return hashlib.sha256("\0".join(text.strip() for text in texts).encode()).hexdigest()


def link_of(before: str, row: dict[str, Any]) -> str:
    """The chain value of an event row after `before`: HMAC(key, before ‖ row)."""
    said = _in_order(row | {"at": row["at"].astimezone(UTC).isoformat()})
    return tokens.mac("event-chain", (before + said).encode()).hex()


def verify(ticket: Ticket, events: list[Event]) -> int | None:
    """The seq of the first event that does not fit the chain; None when the whole record is sound."""
    before = ""
    for expected, event in enumerate(events, start=1):
        row = {key: getattr(event, key) for key in _CHAINED}
        if event.seq != expected or event.chain != (before := link_of(before, row)):
            return expected
    return None if len(events) == ticket.seq and before == ticket.chain else len(events) + 1


def _put(row: dict[str, Any], ticket: Ticket) -> int:
    """Into the table, or to those that wait to be written together; the number of the event."""
    waiting = _waiting.get()
    if waiting is None:
        return int(write_one(_INSERT, row))
    assert row["state"] == ticket.state, "an event that changes the state is written at once"
    row["id"] = next(waiting.numbers)
    waiting.rows.append(row)
    waiting.tickets[ticket.id] = ticket
    return int(row["id"])


def _write_all(waiting: _Waiting) -> None:
    write_many(_INSERT_MANY, waiting.rows)
    now = [{"ticket": t.id, "now_seq": t.seq, "now_chain": t.chain, "now_escalation": t.escalation}
           for t in waiting.tickets.values()]  # fmt: skip
    write_many(_ADVANCE, now)


def _numbers(most: int) -> Iterator[int]:
    """The next numbers of events: nobody else can take them, in SQLite because there is one writer."""
    if is_sqlite():
        newest = db.session.scalar(select(func.max(Event.id))) or 0
        return iter(range(newest + 1, newest + 1 + most))
    return iter(db.session.scalars(_NUMBERS, {"most": most}).all())


_CHAINED = (
    "ticket_id", "seq", "name", "at", "actor_id", "link_id", "version", "state", "details", "told",
)  # fmt: skip
