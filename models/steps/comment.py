"""What is said beside the road: notes, updates, calls, files, waiting, following, redaction (P6.6, P11.7)."""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import Party
from models.people.person import Person
from models.record import attachment, search
from models.record.archive import ArchiveRecord, redact
from models.record.deadline import Pause
from models.record.entry import Entry
from models.record.extension import Extension
from models.record.link import Link
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import Follower, Ticket, title_of
from models.rules import journal, timekeeping, waiting, workflow

REDACTED = "▇▇▇"
COPIES: tuple[tuple[Any, Any], ...] = (
    (Pause, Pause.reason),
    (Extension, Extension.reason),
    (Extension, Extension.comment),
    (Resolution, Resolution.result),
    (Confirmation, Confirmation.comment),
)


@command
def add_note(ticket: Ticket, *, actor: Person, text: str, files: list[str] | None = None) -> Entry:
    """An internal note: the customer never sees it (P6.6)."""
    return _write(ticket, actor, "note", "note", text, files, public=False)


@command
def post_update(ticket: Ticket, *, actor: Person, text: str, files: list[str] | None = None) -> Entry:
    """Tell the customer how it stands; this keeps the promise of the next update (P4.2, P6.6)."""
    return _write(ticket, actor, "update", "update", text, files, public=True)


@command
def record_call(ticket: Ticket, *, actor: Person, text: str) -> Entry:
    """A conversation with the reporter goes on record: the response, or the follow-up (P6.1, P10.4)."""
    return _write(ticket, actor, "call", "call", text, None, public=False)


@command
def attach_files(ticket: Ticket, *, actor: Person | Link, files: list[str]) -> Ticket:
    """Add files to the ticket; the customer's and reporter's own are visible to them, others are internal."""
    from_outside = isinstance(actor, Link) or actor.id == ticket.reporter_id
    found = attachment.attach(
        files,
        ticket_id=ticket.id,
        person_id=None if isinstance(actor, Link) else actor.id,
        link_id=actor.id if isinstance(actor, Link) else None,
        public=from_outside,
    )
    if not found:
        raise Invalid("Please choose a file.", field="files")
    workflow.advance(ticket, "attach", actor=actor, files=[file.sha256 for file in found])
    return ticket


@command
def wait_for(ticket: Ticket, *, actor: Person, party: str, reason: str, until: datetime | None = None) -> Ticket:
    """The ticket waits on somebody outside, with a reason; the policy says which clocks stop (P4.5).

    With `until`, a window for example, the waiting ends there by itself.
    """
    if not reason.strip():
        raise Invalid("Please say what is waited for.", field="reason")
    if until and until <= clock.now():
        raise Invalid("Please give a time that is still to come.", field="until")
    planned: dict[str, Any] = {"until": until.isoformat()} if until else {}
    event = workflow.advance(ticket, "wait", actor=actor, party=party, digest=journal.digest_of(reason), **planned)
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    waiting.pause(ticket, Party(party), reason=reason.strip(), until=until)
    timekeeping.note_next(ticket)
    return ticket


@command
def resume_work(ticket: Ticket, *, actor: Person) -> Ticket:
    """The waiting is over; the clocks run on."""
    if not ticket.waiting_on:
        raise Conflict("The ticket is not waiting for anybody.")
    workflow.advance(ticket, "resume", actor=actor, party=ticket.waiting_on)
    waiting.resume(ticket, at=clock.now())
    timekeeping.note_next(ticket)
    return ticket


@command
def follow_ticket(ticket: Ticket, *, actor: Person) -> Ticket:
    """Be told of what happens to the ticket (P3.10)."""
    if db.session.get(Follower, (ticket.id, actor.id)) is None:
        workflow.advance(ticket, "follow", actor=actor)
        db.session.add(Follower(ticket_id=ticket.id, person_id=actor.id))
    return ticket


@command
def unfollow_ticket(ticket: Ticket, *, actor: Person) -> Ticket:
    """No longer be told of what happens to the ticket."""
    if held := db.session.get(Follower, (ticket.id, actor.id)):
        workflow.advance(ticket, "unfollow", actor=actor)
        db.session.delete(held)
    return ticket


@command
def redact_entry(entry: Entry, *, actor: Person, reason: str) -> Entry:
    """Take a secret out of the record: the text is gone everywhere, the fact stays (P11.7)."""
    if not reason.strip():
        raise Invalid("Please give the reason for the redaction.", field="reason")
    ticket = db.session.get_one(Ticket, entry.ticket_id, with_for_update=True)
    _redact(ticket, actor, reason, [entry.body, entry.outcome], entry=entry.id)
    _forget_copies(ticket, entry.body)
    entry.body, entry.outcome = REDACTED, ""
    entry.redacted_at, entry.redacted_by_id = clock.now(), actor.id
    entry.redaction_reason = reason.strip()[:200]
    for file in attachment.attachments_of(ticket.id):
        if file.entry_id == entry.id:
            file.path.unlink(missing_ok=True)
            file.name, file.size = REDACTED, 0
    _index_anew(ticket)
    return entry


@command
def redact_description(ticket: Ticket, *, actor: Person, replacement: str, reason: str) -> Ticket:
    """Replace the reported text by one without the secret (P11.7)."""
    if not reason.strip() or not replacement.strip():
        raise Invalid(
            "Please give the new text and the reason.", field="reason" if replacement.strip() else "replacement"
        )
    _redact(
        ticket,
        actor,
        reason,
        [ticket.description, ticket.title],
        change={"description": replacement.strip(), "title": title_of(replacement)},
        field="description",
        digest=journal.digest_of(replacement),
    )
    _index_anew(ticket)
    return ticket


def _redact(ticket: Ticket, actor: Person, reason: str, secrets: list[str], **details: Any) -> None:
    """Write the redaction into the journal, the frozen record included: its new digest stands in the event."""
    frozen = db.session.get(ArchiveRecord, ticket.id)
    with db.session.no_autoflush:
        for secret in filter(None, secrets) if frozen else ():
            details["archive"] = redact(frozen, secret, REDACTED)  # type: ignore[arg-type]
        workflow.advance(ticket, "redact", actor=actor, reason=reason.strip()[:200], **details)


def _forget_copies(ticket: Ticket, secret: str) -> None:
    """Some texts stand a second time where a page needs them: there they go too."""
    if ticket.review == secret:
        ticket.review = REDACTED
    for table, column in COPIES:
        copies = (table.ticket_id == ticket.id) & column.in_([secret, secret[:200]])
        db.session.execute(update(table).where(copies).values({column.key: REDACTED}))


def _write(
    ticket: Ticket, actor: Person, action: str, kind: str, text: str, files: list[str] | None, *, public: bool
) -> Entry:
    if not text.strip():
        raise Invalid("Please write something.", field="text")
    event = workflow.advance(ticket, action, actor=actor, digest=journal.digest_of(text))
    entry = journal.write(ticket, kind, text, event=event, actor=actor, public=public)
    db.session.flush()
    attachment.attach(
        files or [], ticket_id=ticket.id, person_id=actor.id, link_id=None, public=public, entry_id=entry.id
    )
    search.index_ticket(ticket, text)
    return entry


def _index_anew(ticket: Ticket) -> None:
    db.session.flush()
    search.forget_ticket(ticket)
    entries = db.session.query(Entry).filter_by(ticket_id=ticket.id, redacted_at=None)
    texts = [ticket.number, ticket.description, ticket.device, ticket.steps, ticket.root_cause]
    search.index_ticket(ticket, *texts, *(f"{entry.body} {entry.outcome}" for entry in entries))
