"""Extension (延期申请): more time is asked for before the due time, and granted or refused (P4.6)."""

from datetime import datetime

from models.ground import clock
from models.ground.db import command, db, lock
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import ClockKind
from models.people.person import Person
from models.policy import clockface
from models.record.deadline import RUNNING, Deadline, open_deadlines
from models.record.extension import GRANTED, REFUSED, Extension, pending_extension
from models.record.ticket import Ticket
from models.rules import journal, timekeeping, workflow
from models.rules.marks import clock_of
from models.rules.permissions import allows


@command
def ask_for_extension(ticket: Ticket, *, actor: Person, reason: str, until: datetime | None) -> Extension:
    """The engineer asks, before the due time, for a later one; the clocks run on until somebody grants it."""
    workflow.check_state(ticket, "extend")
    resolve = extensible(ticket)
    _refuse_unfit(reason, until, resolve)
    assert until is not None
    face = clock_of(resolve)
    minutes = clockface.added(face, resolve.due_at, until)
    if minutes <= 0:
        raise Invalid("Between the two times nobody works; please choose a later one.", field="until")
    extension = Extension(
        ticket_id=ticket.id,
        ticket=ticket,
        counts_from=resolve.started_at,
        was_due_at=resolve.due_at,
        until=clockface.minutes_on(face, minutes, since=resolve.due_at),  # a time at night is the closing time before
        minutes=minutes,
        reason=reason.strip(),
        asked_by=actor,
        asked_at=clock.now(),
    )
    db.session.add(extension)
    db.session.flush()
    event = workflow.advance(
        ticket, "extend", actor=actor, about=extension.id, extension=extension.id,
        was_due=resolve.due_at.isoformat(), until=extension.until.isoformat(), digest=journal.digest_of(reason),
    )  # fmt: skip
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return extension


@command
def grant_extension(extension: Extension, *, actor: Person, comment: str = "") -> Extension:
    """The supervisor agrees: what was promised to the customer moves on by the time asked for, and they are told."""
    resolve = _decide(extension, "grant_extension", actor)
    _refuse_late(resolve)
    _keep(extension, GRANTED, actor, comment)
    timekeeping.recompute(extension.ticket)
    _record(extension, "grant_extension", actor, comment, due=resolve.due_at)
    return extension


@command
def refuse_extension(extension: Extension, *, actor: Person, comment: str) -> Extension:
    """The supervisor does not agree; the due time stands."""
    if not comment.strip():
        raise Invalid("Please say why you refuse.", field="comment")
    resolve = _decide(extension, "refuse_extension", actor)
    _keep(extension, REFUSED, actor, comment)
    _record(extension, "refuse_extension", actor, comment, due=resolve.due_at)
    return extension


def extensible(ticket: Ticket) -> Deadline:
    """The clock for which more time can be asked. Raises Conflict, with the reason, when there is none."""
    resolve = resolution_clock(ticket)
    if resolve is None:
        raise Conflict("No time of resolution is running on this ticket.")
    if resolve.state != RUNNING:
        raise Conflict("The clock stands still while the ticket waits; ask when it runs on.")
    _refuse_late(resolve)
    if pending_extension(ticket):
        raise Conflict("More time has been asked for already; a supervisor has yet to decide.")
    return resolve


def resolution_clock(ticket: Ticket) -> Deadline | None:
    """The clock that an extension moves, running or standing still."""
    return next((d for d in open_deadlines(ticket) if d.kind == ClockKind.RESOLVE), None)


def _refuse_late(resolve: Deadline) -> None:
    if resolve.state == RUNNING and clock.now() >= resolve.due_at:
        raise Conflict("The due time has passed: more time is asked for before it, not afterwards.")


def _refuse_unfit(reason: str, until: datetime | None, resolve: Deadline) -> None:
    if not reason.strip():
        raise Invalid("Please say why more time is needed.", field="reason")
    if until is None:
        raise Invalid("Please give the new time.", field="until")
    if until <= resolve.due_at:
        raise Invalid("The new time must be later than the one that stands.", field="until")


def _decide(extension: Extension, action: str, actor: Person) -> Deadline:
    """The clock about which the actor may decide now; everything that speaks against it is refused."""
    ticket = extension.ticket
    lock(ticket)
    if not allows(actor, action, ticket):
        raise Refused("You may not decide on this request.")
    resolve = resolution_clock(ticket)
    if extension.outcome or resolve is None:
        raise Conflict("This request has been decided already, or has lapsed.")
    return resolve


def _keep(extension: Extension, outcome: str, actor: Person, comment: str) -> None:
    extension.outcome, extension.comment = outcome, comment.strip()
    extension.decided_by, extension.decided_at = actor, clock.now()
    db.session.flush()


def _record(extension: Extension, action: str, actor: Person, comment: str, *, due: datetime) -> None:
    ticket = extension.ticket
    event = workflow.advance(
        ticket, action, actor=actor, about=extension.id, extension=extension.id,
        was_due=extension.was_due_at.isoformat(), asked_by=extension.asked_by_id,
        due=due.isoformat(), digest=journal.digest_of(comment),
    )  # fmt: skip
    if comment.strip():
        journal.write(ticket, "reason", comment, event=event, actor=actor, public=False)
