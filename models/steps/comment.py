"""What is said beside the road: notes, updates, calls, waiting, following, redaction (P6.6, P11.7)."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import update

from models.ground import clock
from models.ground.db import after_commit, command, db, lock
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import Party
from models.people.person import Person
from models.record import attachment, search
from models.record.archive import ArchiveRecord, redact
from models.record.assessment import Assessment, Delivery
from models.record.attachment import Attachment
from models.record.consent import Consent
from models.record.cooperation import Cooperation
from models.record.deadline import Pause
from models.record.entry import Entry
from models.record.extension import Extension
from models.record.plan import Plan, WorkStep
from models.record.relation import bearer_of
from models.record.resolution import Check, Confirmation, Resolution
from models.record.ticket import Follower, Ticket, title_of
from models.rules import journal, rounds, timekeeping, waiting, workflow
from models.rules.saying import say

REDACTED = "▇▇▇"
WORK_TEXTS = ("body", "result", "before", "after", "deviation")
SHORTEST_SECRET = 4  # characters; shorter parts would be taken out of innocent words of the archive
COPIES: tuple[tuple[Any, Any], ...] = (
    (Pause, Pause.reason),
    (Extension, Extension.reason),
    (Extension, Extension.comment),
    (Cooperation, Cooperation.body),
    (Cooperation, Cooperation.answer),
    (Resolution, Resolution.result),
    (Confirmation, Confirmation.comment),
    (Consent, Consent.comment),
    (Assessment, Assessment.report),
    (Assessment, Assessment.comment),
    (Delivery, Delivery.reason),
    (WorkStep, WorkStep.body),
)


@command
def add_note(ticket: Ticket, *, actor: Person, text: str, files: list[str] | None = None) -> Entry:
    """An internal note: the customer never sees it (P6.6)."""
    return say(ticket, actor=actor, action="note", text=text, files=files, public=False)


@command
def post_update(ticket: Ticket, *, actor: Person, text: str, files: list[str] | None = None) -> Entry:
    """Tell the customer how it stands; this keeps the promise of the next update (P4.2, P6.6)."""
    return say(ticket, actor=actor, action="update", text=text, files=files, public=True)


@command
def record_call(ticket: Ticket, *, actor: Person, text: str) -> Entry:
    """A conversation with the reporter goes on record: the response, or the follow-up (P6.1, P10.4)."""
    return say(ticket, actor=actor, action="call", text=text, public=False)


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
    parts = _answers_in(ticket, entry.body)
    files = _with_copies(ticket, [file for file in attachment.attachments_of(ticket.id) if file.entry_id == entry.id])
    secrets = [entry.body, entry.outcome, *(row.comment for row in parts), *_long_names(files)]
    _redact(ticket, actor, reason, secrets, entry=entry.id, **_take_away(files))
    _forget_copies(ticket, entry.body)
    for row in parts:
        row.comment = REDACTED
    entry.body, entry.outcome = REDACTED, ""
    entry.redacted_at, entry.redacted_by_id = clock.now(), actor.id
    entry.redaction_reason = reason.strip()[:200]
    _index_anew(ticket)
    return entry


@command
def redact_work(step: WorkStep, *, actor: Person, reason: str) -> WorkStep:
    """Take a secret out of the implementation record (P8.1, P11.7): texts and files are gone, how it went stays."""
    if not reason.strip():
        raise Invalid("Please give the reason for the redaction.", field="reason")
    ticket = db.session.get_one(Ticket, step.ticket_id, with_for_update=True)
    if step.redacted_at:
        raise Conflict("This has been redacted already.")
    secrets, files = [getattr(step, field) for field in WORK_TEXTS], _with_copies(ticket, step.files)
    told = [each for each in secrets if len(each) >= SHORTEST_SECRET] + _long_names(files)
    _redact(ticket, actor, reason, told, work=step.id, **_take_away(files))
    for field, secret in zip(WORK_TEXTS, secrets, strict=True):
        if secret:
            _forget_copies(ticket, secret)
            _forget_entries(ticket, secret, actor, reason)
            setattr(step, field, REDACTED)
    step.redacted_at, step.redacted_by_id, step.redaction_reason = clock.now(), actor.id, reason.strip()[:200]
    _index_anew(ticket)
    return step


@command
def redact_description(
    ticket: Ticket, *, actor: Person, replacement: str, reason: str, files: Collection[str] = ()
) -> Ticket:
    """Replace the reported text by one without the secret (P11.7); of a request it stands for scene and effect.

    `files`: keys of those that go along, of `own_files()`. A text that is left as it is stays: only they held it.
    """
    if not reason.strip() or not replacement.strip():
        raise Invalid(
            "Please give the new text and the reason.", field="reason" if replacement.strip() else "replacement"
        )
    chosen = _with_copies(ticket, [file for file in own_files(ticket) if file.key in files])
    names, gone = _long_names(chosen), _take_away(chosen)
    if chosen and replacement.split() == reported_text(ticket).split():
        _redact(ticket, actor, reason, names, field="files", **gone)
        return ticket
    titles = [entry.body for entry in db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="title")]
    _redact(
        ticket,
        actor,
        reason,
        [ticket.description, ticket.expected, ticket.title, *titles, *names],
        change={"description": replacement.strip(), "expected": "", "title": title_of(replacement)},
        field="description",
        digest=journal.digest_of(replacement),
        **gone,
    )
    for title in titles:  # the first of them was made of the text
        _forget_entries(ticket, title, actor, reason)
    _index_anew(ticket)
    return ticket


def reported_text(ticket: Ticket) -> str:
    """What was reported; of a request often two texts."""
    return "\n\n".join(dict.fromkeys(filter(None, (ticket.description, ticket.expected))))


def own_files(ticket: Ticket) -> list[Attachment]:
    """Files that no text and no step of the work takes along: of the report, of a confirmation, of plans."""
    files = attachment.attachments_of(ticket.id)
    return [file for file in files if file.entry_id is None and file.work_step_id is None and file.name != REDACTED]


def _with_copies(ticket: Ticket, files: Collection[Attachment]) -> list[Attachment]:
    """The files, and others of the ticket that hold the same: each revision of a plan has copies of its own."""
    same = {file.sha256 for file in files}
    return [file for file in attachment.attachments_of(ticket.id) if file.sha256 in same]


def _long_names(files: Collection[Attachment]) -> list[str]:
    return [file.name for file in files if len(file.name) >= SHORTEST_SECRET]


def _take_away(files: Collection[Attachment]) -> dict[str, Any]:
    """What was said of them goes at once, the bytes once that is on the disk. Returns what the event keeps: what plans
    are that had them, which are no longer what was decided on."""
    for file in files:
        file.name, file.shows, file.size = REDACTED, "", 0
    after_commit(partial(attachment.unlink, [file.path for file in files]))
    plans = sorted({file.plan_id for file in files if file.plan_id})
    digests = {str(plan): rounds.digest_of_plan(db.session.get_one(Plan, plan)) for plan in plans}
    return {"plans": digests} if digests else {}


def _redact(ticket: Ticket, actor: Person, reason: str, secrets: list[str], **details: Any) -> None:
    """Write the redaction into the journal, the frozen record included: its new digest stands in the event."""
    frozen = db.session.get(ArchiveRecord, ticket.id)
    with db.session.no_autoflush:
        for secret in filter(None, secrets) if frozen else ():
            details["archive"] = redact(frozen, secret, REDACTED)  # type: ignore[arg-type]
        workflow.advance(ticket, "redact", actor=actor, reason=reason.strip()[:200], **details)
        if ticket.merged_into_id:
            _redact_where_it_is_merged(bearer_of(ticket), actor, reason, secrets)


def _redact_where_it_is_merged(bearer: Ticket, actor: Person, reason: str, secrets: list[str]) -> None:
    """The frozen record of the ticket under which the work was done has the texts of the merged ones too (P3.7)."""
    if frozen := db.session.get(ArchiveRecord, bearer.id):
        lock(bearer)
        digests = [redact(frozen, secret, REDACTED) for secret in filter(None, secrets)]
        journal.record(
            bearer, "redacted", actor=actor, state=bearer.state, reason=reason.strip()[:200], archive=digests[-1]
        )


def _forget_copies(ticket: Ticket, secret: str) -> None:
    """Some texts stand a second time where a page needs them: there they go too."""
    if ticket.review == secret:
        ticket.review = REDACTED
    for table, column in COPIES:
        copies = (table.ticket_id == ticket.id) & column.in_([secret, secret[:200]])
        db.session.execute(update(table).where(copies).values({column.key: REDACTED}))


def _forget_entries(ticket: Ticket, secret: str, actor: Person, reason: str) -> None:
    """What was rolled back stands in the timeline, too, in the same words."""
    for entry in db.session.query(Entry).filter_by(ticket_id=ticket.id, body=secret):
        entry.body, entry.redacted_at, entry.redacted_by_id = REDACTED, clock.now(), actor.id
        entry.redaction_reason = reason.strip()[:200]


def _answers_in(ticket: Ticket, text: str) -> list[Confirmation | Check]:
    """An answer with a sheet is one text of several parts, which stand with their answers too (P10.6)."""
    rows: list[Confirmation | Check] = [
        *db.session.query(Confirmation).filter_by(ticket_id=ticket.id),
        *db.session.query(Check).filter_by(ticket_id=ticket.id),
    ]
    return [row for row in rows if len(row.comment) >= SHORTEST_SECRET and row.comment in text]


def _index_anew(ticket: Ticket) -> None:
    db.session.flush()
    search.forget_ticket(ticket)
    search.index_report(ticket, search.words_of(ticket.description, ticket.expected, ticket.device, ticket.steps))
    entries = db.session.query(Entry).filter_by(ticket_id=ticket.id, redacted_at=None).all()
    search.index_ticket(ticket, *(entry.body for entry in entries if entry.public))
    search.index_internal(
        ticket, ticket.root_cause, *(f"{entry.body} {entry.outcome}" for entry in entries if not entry.public)
    )
