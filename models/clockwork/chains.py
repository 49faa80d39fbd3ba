"""Walking the chains row by row, as they stand in the table: what was changed, removed, put in or put elsewhere.

Values are read as the bytes that the database holds, because a forged row need not be one that could be read.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import JSON, LargeBinary, Row, Select, String, Text, cast, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from models.ground.db import Base, Instant, db, is_sqlite
from models.record.archive import ArchiveRecord
from models.record.deed import Deed
from models.record.entry import Entry
from models.record.event import Event
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules import deeds, journal, rounds
from models.rules.workflow import STEPS

CHANGED, REMOVED, PUT_IN, UNREADABLE, TEXT, STATE = "changed", "removed", "put_in", "unreadable", "text", "state"
TICKETS = 200  # whose rows are in memory together
_SAYING = "ask supply answer update note call step call_back wait extend cancel dispute send_back reopen"
SAYS = {STEPS[action].event for action in _SAYING.split()}  # events that never stand without their text
COMPOSED = {STEPS[action].event for action in ("assess", "postpone", "pass_test", "roll_back")}  # of other texts too
SILENCE = journal.digest_of("")
UNREAD = (ValueError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True)
class Finding:
    """What is wrong with which row. `proof` is what stands there, so that another change is another finding."""

    what: str
    row: str
    proof: str = ""

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.what}|{self.row}|{self.proof}".encode()).hexdigest()[:16]


@dataclass
class Count:
    """How much was looked at."""

    tickets: int = 0
    events: int = 0
    deeds: int = 0
    texts: int = 0


class Link(NamedTuple):
    """One row of a chain as it was read; `said` None where it can not be read."""

    name: str
    number: int
    said: dict[str, Any] | None
    chain: str
    held: Row[Any]

    @property
    def proof(self) -> str:
        return _sum(*self.held)


def walk_tickets(count: Count) -> Iterator[Finding]:
    """Every ticket's events against their chain, and the texts whose digests stand in it."""
    after: int | None = None
    while True:
        tickets = db.session.execute(_tickets(after)).all()
        until = tickets[-1].id if len(tickets) == TICKETS else None
        yield from _walk_some(tickets, after, until, count)
        if until is None:
            return
        after = until


def walk_deeds(count: Count) -> Iterator[Finding]:
    """The one chain of deeds. Its numbers follow one another without a gap."""
    rows = db.session.execute(_deeds().execution_options(yield_per=1_000))
    yield from _walk((_deed(row, count) for row in rows), "deed", deeds.link_of, {})


def numbered() -> Iterator[tuple[int, str]]:
    """Number and chain value of every event, by number."""
    after = 0
    while rows := db.session.execute(_numbered(after)).all():
        for row in rows:
            yield row.id, row.chain if isinstance(row.chain, str) else row.chain.decode(errors="replace")
        after = rows[-1].id


class _Owed(NamedTuple):
    """The text of an event: digests that it may have, and whether the event never stands without it."""

    row: str
    digests: set[str]
    always: bool


@dataclass
class _Record:
    """What the events of one ticket say of its texts."""

    texts: dict[int, _Owed] = field(default_factory=dict)  # by the event's id
    plans: dict[int, str] = field(default_factory=dict)  # plan id → its digest
    redacted_plans: dict[str, str] = field(default_factory=dict)  # plan id → what is left of it without a file
    description: str = ""
    archive: str = ""


def _walk_some(tickets: Any, after: int | None, until: int | None, count: Count) -> Iterator[Finding]:
    """The tickets with ids beyond `after` up to `until`, and events of that span that belong to none."""
    records, ends = defaultdict[int, _Record](_Record), {row.id: row for row in tickets}
    count.tickets += len(ends)
    left = set(ends)
    events = db.session.execute(_within(_events(), Event.ticket_id, after, until).execution_options(yield_per=1_000))
    for ticket_id, rows in groupby(events, key=attrgetter("ticket_id")):
        left.discard(ticket_id)
        yield from _walk_one(ticket_id, ends.get(ticket_id), rows, records[ticket_id], count)
    for ticket_id in sorted(left):
        yield Finding(REMOVED, f"{_number(ends[ticket_id])} events 1-{ends[ticket_id].seq}")
    where = f"tickets {tickets[0].id}-{tickets[-1].id}" if tickets else "tickets"
    yield from _entries(records, after, until, count)
    yield from _readable(_plans(records, after, until, count), f"plans of {where}")
    yield from _reports(records, tickets, count)
    yield from _readable(_frozen(records, after, until, count), f"frozen records of {where}")


def _walk_one(
    ticket_id: int, ticket: Row[Any] | None, rows: Iterator[Row[Any]], record: _Record, count: Count
) -> Iterator[Finding]:
    name, end = _number(ticket) if ticket else f"ticket {ticket_id}", dict[str, Any]()
    yield from _walk((_event(row, record, name, count) for row in rows), f"{name} event", journal.link_of, end)
    if ticket is None:
        yield Finding(REMOVED, name)
    elif isinstance(ticket.seq, int) and ticket.seq > end["number"]:
        yield Finding(REMOVED, f"{name} events {_span(end['number'] + 1, ticket.seq)}")
    elif ticket.seq != end["number"] or _plain(ticket.chain) not in end["befores"]:
        yield Finding(CHANGED, f"{name} end of the chain", f"{ticket.seq} {_plain(ticket.chain)}")
    elif end["said"] and end["said"]["state"] != _plain(ticket.state):
        yield Finding(STATE, name, _plain(ticket.state))


def _walk(links: Iterator[Link], name: str, link_of: Any, end: dict[str, Any]) -> Iterator[Finding]:
    """One chain. After a row that does not fit, its chain value or what that should be may go on."""
    expected, befores, said = 1, {""}, None
    for link in links:
        row = f"{name} {link.number}" + (f" ({link.name})" if link.name else "")
        if link.number < expected:
            yield Finding(PUT_IN, row, link.proof)
            continue
        if link.number > expected:
            yield Finding(REMOVED, f"{name}s {_span(expected, link.number - 1)}")
            befores = set()
        fits = {before: link_of(before, link.said) for before in befores} if link.said else {}
        if link.said is None:
            yield Finding(UNREADABLE, row, link.proof)
        elif befores and link.chain not in fits.values():
            yield Finding(CHANGED, row, link.proof)
        befores = {link.chain} if link.chain in fits.values() else {link.chain, *fits.values()}
        expected, said = link.number + 1, link.said
    end |= {"number": expected - 1, "befores": befores, "said": said}


# --- texts


def _note(row: str, event: dict[str, Any], event_id: int, record: _Record) -> None:
    """What the event keeps of texts; the chain has vouched for it, or has named the row."""
    name, details = event["name"], event["details"]
    known = {value for key in ("digest", "comment", "digest_before") if isinstance(value := details.get(key), str)}
    if {"plan", "revision", "digest"} <= details.keys():  # then it is the plan's
        known.discard(details["digest"])
        record.plans[details["plan"]] = details["digest"]
    if known - {SILENCE} and name not in COMPOSED:
        record.texts[event_id] = _Owed(row, known, name in SAYS)
    if name == "reported" or (name == "redacted" and details.get("field") == "description"):
        record.description = str(details.get("digest", ""))
    if name == "redacted":
        record.redacted_plans |= details.get("plans", {})
    if name in ("archived", "redacted"):
        record.archive = str(details.get("archive" if name == "redacted" else "digest", record.archive))


def _entries(records: dict[int, _Record], after: int | None, until: int | None, count: Count) -> Iterator[Finding]:
    """Texts against the digests of their events; what was redacted is none of them any more."""
    missing = {id_: owed.row for record in records.values() for id_, owed in record.texts.items() if owed.always}
    for entry in db.session.execute(_within(_texts(), Entry.ticket_id, after, until)):
        missing.pop(entry.event_id, None)
        owed = records[entry.ticket_id].texts.get(entry.event_id)
        if owed and entry.redacted_at is None:
            count.texts += 1
            if not owed.digests & _digests(entry.body, entry.outcome):
                yield Finding(TEXT, f"{owed.row} entry {entry.id}", _sum(entry.body, entry.outcome))
    yield from (Finding(TEXT, f"{row} has lost its text") for row in missing.values())


def _plans(records: dict[int, _Record], after: int | None, until: int | None, count: Count) -> Iterator[Finding]:
    wanted = select(Plan).options(selectinload(Plan.tasks), selectinload(Plan.choices), selectinload(Plan.files))
    for plan in db.session.scalars(_within(wanted, Plan.ticket_id, after, until).order_by(Plan.id)):
        count.texts += 1
        held = records[plan.ticket_id].plans.get(plan.id, plan.digest)
        left = records[plan.ticket_id].redacted_plans.get(str(plan.id), plan.digest)
        now = rounds.digest_of(plan, plan.files)
        if plan.digest != held or now != left:
            yield Finding(TEXT, f"plan {plan.id} ({plan.ticket.number}, revision {plan.revision})", now + plan.digest)


def _reports(records: dict[int, _Record], tickets: Any, count: Count) -> Iterator[Finding]:
    for ticket in tickets:
        count.texts += 1
        if records[ticket.id].description not in ("", *_digests(ticket.description, ticket.expected)):
            yield Finding(TEXT, f"{_number(ticket)} description", _sum(ticket.description, ticket.expected))


def _frozen(records: dict[int, _Record], after: int | None, until: int | None, count: Count) -> Iterator[Finding]:
    for frozen in db.session.scalars(_within(select(ArchiveRecord), ArchiveRecord.ticket_id, after, until)):
        count.texts += 1
        if not frozen.is_sound or frozen.digest != records[frozen.ticket_id].archive:
            yield Finding(TEXT, f"frozen record of ticket {frozen.ticket_id}", frozen.digest)


def _readable(found: Iterator[Finding], row: str) -> Iterator[Finding]:
    """What can not even be read is a finding, too."""
    try:
        yield from found
    except (*UNREAD, DBAPIError):
        yield Finding(UNREADABLE, row)


def _digests(text: Any, more: Any) -> set[str]:
    try:
        said, rest = _plain(text), _plain(more)
    except UNREAD:
        return set()
    return {journal.digest_of(said), journal.digest_of(said, rest)}


def _sum(*raw: Any) -> str:
    return hashlib.sha256(repr(raw).encode()).hexdigest()


# --- rows as bytes


def _plain(raw: Any) -> str:
    """Raises ValueError, TypeError."""
    return raw if isinstance(raw, str) else str(raw, "utf-8")


def _number(ticket: Row[Any]) -> str:
    return _plain(ticket.number) if isinstance(ticket.number, str) else ticket.number.decode(errors="replace")


def _instant(raw: Any) -> datetime:
    """As it was written, to the letter. Raises ValueError."""
    if isinstance(raw, datetime):
        return raw
    at = datetime.fromisoformat(_plain(raw))
    if at.isoformat(" ", "microseconds") != _plain(raw):
        raise ValueError("not as it was written")
    return at.replace(tzinfo=UTC)


@lru_cache(maxsize=1024)
def _json(raw: Any) -> Any:  # many rows say the same; nobody changes what they say
    """As it was written, to the letter. Raises ValueError."""
    said = json.loads(_plain(raw))
    if json.dumps(said) != _plain(raw):
        raise ValueError("not as it was written")
    return said


def _event(row: Row[Any], record: _Record, name: str, count: Count) -> Link:
    count.events += 1
    link = _link(row, row.seq, _EVENT_SAID)
    if link.said:
        link.said.pop("id")
        _note(f"{name} event {link.number} ({link.name})", link.said, row.id, record)
    return link


def _deed(row: Row[Any], count: Count) -> Link:
    count.deeds += 1
    return _link(row, row.id, _DEED_SAID)


def _link(row: Row[Any], number: Any, said: dict[str, Any]) -> Link:
    try:
        values = {name: read(held) for (name, read), held in zip(said.items(), row, strict=False)}  # the chain is last
        return Link(values["name"], number if isinstance(number, int) else 0, values, _plain(row.chain), row)
    except UNREAD:
        return Link("", number if isinstance(number, int) else 0, None, repr(row.chain), row)


def _as_it_is(value: Any) -> Any:
    return value


def _reader(column: Any) -> Any:
    """What makes the value out of what the table holds."""
    if isinstance(column.type, Instant):
        return _instant
    if isinstance(column.type, JSON):
        return _json
    return _plain if isinstance(column.type, String) else _as_it_is


def _columns(table: type[Base], names: Iterable[str]) -> list[Any]:
    return [_held(getattr(table, name)) for name in names]


def _held(column: InstrumentedAttribute[Any]) -> Any:
    """What the table holds, before anybody takes it for text, JSON or an instant."""
    if _reader(column) is _as_it_is or (_reader(column) is _instant and not is_sqlite()):
        return column
    return cast(column, LargeBinary if is_sqlite() else Text).label(column.key)


def _tickets(after: int | None) -> Select[Any]:
    names = ("id", "number", "seq", "chain", "state", "description", "expected")
    return _within(select(*_columns(Ticket, names)), Ticket.id, after, None).order_by(Ticket.id).limit(TICKETS)


def _within(wanted: Select[Any], column: Any, after: int | None, until: int | None) -> Select[Any]:
    if after is not None:
        wanted = wanted.where(column > after)
    return wanted if until is None else wanted.where(column <= until)


def _events() -> Select[Any]:
    return select(*_columns(Event, (*_EVENT_SAID, "chain"))).order_by(Event.ticket_id, Event.seq, Event.id)


def _numbered(after: int) -> Select[Any]:
    return select(*_columns(Event, ("id", "chain"))).where(Event.id > after).order_by(Event.id).limit(5_000)


def _deeds() -> Select[Any]:
    return select(*_columns(Deed, (*_DEED_SAID, "chain"))).order_by(Deed.id)


def _texts() -> Select[Any]:
    names = ("id", "ticket_id", "event_id", "body", "outcome", "redacted_at")
    return select(*_columns(Entry, names)).order_by(Entry.ticket_id, Entry.id)


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _readers(table: type[Base]) -> dict[str, Any]:
    return {column.key: _reader(column) for column in table.__table__.columns if column.key != "chain"}


_EVENT_SAID, _DEED_SAID = _readers(Event), _readers(Deed)
