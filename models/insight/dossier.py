"""The whole record of a ticket as plain values: what the archive freezes and the archive page shows (P11.3)."""

from typing import Any

from sqlalchemy import select

from models.ground.db import Base, db
from models.record.attachment import attachments_of
from models.record.deadline import deadlines_of
from models.record.entry import Entry
from models.record.event import Event
from models.record.plan import Plan, Verification, WorkStep
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import Ticket

REPORT = (
    "number", "title", "description", "occurred_at", "device", "steps", "frequency", "affected", "workaround",
    "channel", "reported_at", "created_at", "severity", "impact", "urgency", "category", "category_other",
    "triaged_at", "round", "root_cause", "cause", "scope", "temporary_measure", "resolved_at", "closed_at", "review",
)  # fmt: skip
HIDDEN = ("id", "ticket_id", "event_id", "token_hash", "key")


def dossier(ticket: Ticket) -> dict[str, Any]:
    """Description, analysis, plan, implementation, verification, feedback, files and history, as JSON values."""
    return {
        "report": {field: _plain(getattr(ticket, field)) for field in REPORT},
        "people": {
            "reporter": _name(ticket.reporter),
            "contact": _name(ticket.contact),
            "customer": _name(ticket.customer),
            "registrar": _name(ticket.registrar),
            "assignee": _name(ticket.assignee),
            "team": _name(ticket.team),
            "service": _name(ticket.service),
        },
        "entries": [_row(row) | {"author": _name(row.author) or row.author_name} for row in _all(Entry, ticket)],
        "plans": [
            _row(plan)
            | {"author": _name(plan.author)}
            | {"approvals": [_row(seat) | {"person": _name(seat.person)} for seat in plan.approvals]}
            for plan in _all(Plan, ticket)
        ],
        "work": [_row(step) | {"person": _name(step.person)} for step in _all(WorkStep, ticket)],
        "verifications": [_row(test) | {"person": _name(test.person)} for test in _all(Verification, ticket)],
        "resolutions": [_row(row) for row in _all(Resolution, ticket)],
        "confirmations": [_row(row) | {"taken_by": _name(row.taken_by)} for row in _all(Confirmation, ticket)],
        "clocks": [_row(clock) | {"clock_state": clock.clock_state} for clock in deadlines_of(ticket)],
        "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in attachments_of(ticket.id)],
        "events": [_row(event) | {"actor": _name(event.actor)} for event in events_of(ticket)],
    }


def events_of(ticket: Ticket) -> list[Event]:
    """Everything that happened to the ticket, in order."""
    return list(db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.seq)))


def _all(table: type[Any], ticket: Ticket) -> list[Any]:
    return list(db.session.scalars(select(table).where(table.ticket_id == ticket.id).order_by(table.id)))


def _row(row: Base) -> dict[str, Any]:
    columns = row.__table__.columns.keys()
    return {name: _plain(getattr(row, name)) for name in columns if name not in HIDDEN and not name.endswith("_id")}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _name(thing: Any) -> str:
    return thing.name if thing else ""
