"""The whole record of a ticket as plain values: what the archive freezes and the archive page shows (P11.3)."""

from typing import Any

from sqlalchemy import select

from models.ground.db import Base, db
from models.policy.pack_parts import Words
from models.policy.version import PolicyVersion
from models.record.approval import Approval
from models.record.assessment import assessments_of, deliveries_of
from models.record.attachment import attachments_of
from models.record.consent import Consent
from models.record.cooperation import cooperations_of
from models.record.deadline import deadlines_of
from models.record.entry import Entry
from models.record.event import Event
from models.record.plan import Plan, Verification, WorkStep
from models.record.relation import merged_in
from models.record.resolution import Check, Confirmation, Resolution
from models.record.ticket import Ticket

MERGED = ("number", "title", "description", "expected", "reported_at")  # of a report that was merged into another
REPORT = (
    "number", "kind", "title", "description", "expected", "wished", "deliver_at", "occurred_at", "device", "steps",
    "frequency", "affected", "workaround", "channel", "reported_at", "created_at", "severity", "impact", "urgency",
    "category", "category_other", "triaged_at", "round", "root_cause", "cause", "scope", "temporary_measure",
    "resolved_at", "closed_at", "review",
)  # fmt: skip
HIDDEN = ("id", "ticket_id", "event_id", "token_hash", "salt", "key")


def dossier(ticket: Ticket) -> dict[str, Any]:
    """Description, analysis, plan, implementation, verification, feedback, files and history, as JSON values."""
    return {
        "report": {field: _plain(getattr(ticket, field)) for field in REPORT},
        "policy": _words_of(ticket.policy_version),
        "people": {
            "reporter": _name(ticket.reporter),
            "contact": _name(ticket.contact),
            "customer": _name(ticket.customer),
            "registrar": _name(ticket.registrar),
            "assignee": _name(ticket.assignee),
            "product_manager": _name(ticket.product_manager),
            "team": _name(ticket.team),
            "service": _name(ticket.service),
        },
        "entries": [_row(row) | {"author": _name(row.author) or row.author_name} for row in _all(Entry, ticket)],
        "assessments": [
            _row(row) | {"person": _name(row.person), "engineer": _name(row.engineer), "taken_by": _name(row.taken_by)}
            for row in assessments_of(ticket)
        ],
        "deliveries": [_row(row) | {"person": _name(row.person)} for row in deliveries_of(ticket)],
        "plans": [
            _row(plan)
            | {"author": _name(plan.author), "word_by": _name(plan.word_by), "template": _name(plan.template)}
            | {"steps": [_row(task) | {"owner": _name(task.owner)} for task in plan.tasks]}
            | {"options": [_row(option) for option in plan.choices]}
            | {"approvals": [_seat(seat) for seat in plan.approvals]}
            | {"copies": [_name(copy.person) for copy in plan.copies]}
            | {"files": [{"name": file.name, "sha256": file.sha256} for file in plan.files]}
            for plan in _all(Plan, ticket)
        ],
        "lead": _name(ticket.lead_team),
        "cooperation": [
            _row(asked)
            | {"place": _name(asked.place), "contact": _name(asked.contact)}
            | {"asked_by": _name(asked.asked_by), "answered_by": _name(asked.answered_by)}
            for asked in cooperations_of(ticket)
        ],
        "work": [
            _row(step)
            | {"person": _name(step.person), "how": step.how, "is_planned": step.task_id is not None}
            | {"files": [file.name for file in step.files]}
            for step in _all(WorkStep, ticket)
        ],
        "verifications": [_row(test) | {"person": _name(test.person)} for test in _all(Verification, ticket)],
        "resolutions": [_row(row) for row in _all(Resolution, ticket)],
        "consents": [
            _row(row) | {"revision": row.plan.revision, "taken_by": _name(row.taken_by)}
            for row in _all(Consent, ticket)
        ],
        "checks": [_row(row) for row in _all(Check, ticket)],
        "confirmations": [_row(row) | {"taken_by": _name(row.taken_by)} for row in _all(Confirmation, ticket)],
        "merged": [_merged(one) for one in merged_in(ticket)],
        "clocks": [_row(clock) | {"clock_state": clock.clock_state} for clock in deadlines_of(ticket)],
        "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in attachments_of(ticket.id)],
        "events": [_row(event) | {"actor": _name(event.actor)} for event in events_of(ticket)],
    }


def _merged(one: Ticket) -> dict[str, Any]:
    """A report that was merged into it (P3.7): what it said, and all that was said on it."""
    return {
        **{field: _plain(getattr(one, field)) for field in MERGED},
        "reporter": _name(one.caller),
        "entries": [_row(row) | {"author": _name(row.author) or row.author_name} for row in _all(Entry, one)],
        "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in attachments_of(one.id)],
    }


def events_of(ticket: Ticket) -> list[Event]:
    """Everything that happened to the ticket, in order."""
    return list(db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.seq)))


def _seat(seat: Approval) -> dict[str, Any]:
    names = {name: _name(getattr(seat, name)) for name in ("person", "decided_by", "added_by", "handed_from")}
    return _row(seat) | names


def _words_of(version: PolicyVersion) -> dict[str, Any]:
    """Which edition it was, and what it called the levels and the answers (P3.2, P10.5), in both languages."""
    pack = version.pack
    return {
        "title": _both(pack.title),
        "name": version.pack_name,
        "edition": version.edition,
        "levels": {level.code: _both(level.title) for level in pack.levels},
        "answers": {choice.code: _both(choice.title) for choice in pack.satisfaction},
    }


def _both(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def _all(table: type[Any], ticket: Ticket) -> list[Any]:
    return list(db.session.scalars(select(table).where(table.ticket_id == ticket.id).order_by(table.id)))


def _row(row: Base) -> dict[str, Any]:
    columns = row.__table__.columns.keys()
    return {name: _plain(getattr(row, name)) for name in columns if name not in HIDDEN and not name.endswith("_id")}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _name(thing: Any) -> str:
    return thing.name if thing else ""
