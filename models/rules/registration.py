"""Registration: every channel ends here (P2.1). Makes the ticket, its number, its clocks, its receipt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.orm import make_transient, make_transient_to_detached
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from models.ground import clock
from models.ground.bulk import write_one
from models.ground.db import Base, db
from models.ground.errors import Invalid
from models.ground.vocabulary import Channel, Impact, Kind, Severity, State, Urgency
from models.people.customer import Customer
from models.people.person import Person
from models.people.team import Service
from models.policy.pack import REQUEST, Pack
from models.policy.version import version_in_force
from models.record import attachment, search
from models.record.link import Link, open_link
from models.record.number import next_number
from models.record.ticket import Ticket, title_of
from models.rules import journal, timekeeping, workflow

_TABLE = cast(Table, Ticket.__table__)
_INSERT = insert(_TABLE).returning(_TABLE.c.id)
_UPDATE = update(_TABLE).where(_TABLE.c.id == bindparam("of"))
LEAST = str(Severity.P3)  # the priority of a request about which nobody has said anything
_BLANK: dict[str, Any] = {  # what a new ticket's columns hold as long as nobody has said anything
    column.name: column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
    for column in _TABLE.columns
    if not column.primary_key
}


@dataclass(frozen=True)
class Draft:
    """What is known of a report before its turn to be written comes; it holds no row of the database."""

    at: datetime  # when it came: what is in force now, and today's numbers, hold for it however long the queue is
    pack: Pack
    columns: dict[str, Any]  # of the ticket
    clocks: list[timekeeping.Row]
    digest: str
    words: str  # by which it is found


def draft(
    *,
    description: str,
    kind: Kind = Kind.FAULT,
    expected: str = "",
    wished: str = "",
    channel: Channel = Channel.WEB,
    impact: str = "",
    urgency: str = "",
    service: Service | None = None,
    customer: Customer | None = None,
    reported_at: datetime | None = None,
    **known: Any,
) -> Draft:
    """Get a report ready to be registered; only reads. `known`: what else of P2.2 is known, columns and rows.

    The severity is a suggestion until triage; of a request it is the priority that is wished for. Of a request, scene
    or expected effect will do. Raises Invalid without any description.
    """
    is_request = kind == Kind.REQUEST
    now, text = clock.now(), description.strip() or (expected.strip() if is_request else "")
    if not text:
        sentence = "Please say what you need." if is_request else "Please say what happened."
        raise Invalid(sentence, field="description")
    version = version_in_force(now, customer=customer, service=service)
    severity = version.pack.suggest(impact or Impact.SINGLE, urgency or Urgency.MEDIUM)
    severity = (wished or LEAST) if is_request else severity
    level = REQUEST if is_request else severity
    clocks = timekeeping.first_clocks(version, level, workflow.FIRST_CLOCKS, started_at=now)
    columns = {
        "kind": str(kind),
        "state": State.AWAITING_TRIAGE,
        "title": title_of(text),
        "description": text,
        "expected": expected.strip(),
        "wished": wished,
        "channel": str(channel),
        "reported_at": min(reported_at or now, now),
        "created_at": now,
        "severity": severity,
        "impact": impact,
        "urgency": urgency,
        "policy_version_id": version.id,
        "next_due_at": timekeeping.nearest(clocks),
    }
    return Draft(
        at=now,
        pack=version.pack,
        columns=_BLANK | columns | _ids(known | {"service": service, "customer": customer}),
        clocks=clocks,
        digest=journal.digest_of(text, expected) if is_request else journal.digest_of(text),
        words=search.words_of(text, expected, known.get("device", ""), known.get("steps", "")),
    )


def enter(report: Draft, *, actor: Person | Link, files: list[str] | None = None) -> Ticket:
    """Register the report in the running command."""
    ticket = _insert(report.columns | {"number": next_number(report.pack, report.at, report.columns["kind"])})
    said = {
        "channel": ticket.channel, "ticket_kind": ticket.kind, "severity": ticket.severity, "digest": report.digest,
    }  # fmt: skip
    with db.session.no_autoflush:
        workflow.register(ticket, actor=actor, clocks=report.clocks, **said)
        _update(ticket, "seq", "chain")
    person_id = actor.id if isinstance(actor, Person) else None
    link_id = actor.id if isinstance(actor, Link) else None
    attachment.attach(files or [], ticket_id=ticket.id, person_id=person_id, link_id=link_id, public=True)
    if ticket.contact:
        open_link(ticket, days=report.pack.link_days)
    search.index_report(ticket, report.words)
    db.session.flush()
    return ticket


def open_ticket(*, actor: Person | Link, files: list[str] | None = None, **said: Any) -> Ticket:
    """Get ready and register in one, in the running command."""
    return enter(draft(**said), actor=actor, files=files)


def _ids(known: dict[str, Any]) -> dict[str, Any]:
    """Columns as they are, other rows as their ids; what is not known is left out."""
    said = {name: value for name, value in known.items() if value is not None}
    return {
        f"{name}_id" if isinstance(value, Base) else name: getattr(value, "id", value) for name, value in said.items()
    }


def _insert(columns: dict[str, Any]) -> Ticket:
    """A ticket as if it had just been read: the unit of work would take four times as much of everybody's turn."""
    ticket = Ticket(**columns, id=write_one(_INSERT, columns))
    make_transient_to_detached(ticket)
    db.session.add(ticket)
    return ticket


def _update(ticket: Ticket, *names: str) -> None:
    """Write what has been set on the new ticket since, in the same plain way."""
    write_one(_UPDATE, {name: getattr(ticket, name) for name in names} | {"of": ticket.id})
    make_transient(ticket)
    make_transient_to_detached(ticket)
    db.session.add(ticket)
