"""What the desk owes itself: reminders and confirmation by silence (P10.4), archiving after seven days (P11.3),
going on when a waiting was to end (P4.5)."""

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import ClockKind, Means, State, Verdict
from models.insight.dossier import dossier
from models.record.archive import ArchiveRecord, freeze
from models.record.deadline import Deadline
from models.record.resolution import Confirmation
from models.record.ticket import Ticket
from models.rules import journal, timekeeping, waiting, workflow


def fire(deadline: Deadline) -> str:
    """Do what has come due; returns who it concerned."""
    ticket = deadline.ticket
    if deadline.kind == ClockKind.ARCHIVE:
        return _archive(ticket)
    if deadline.kind == ClockKind.WAIT:
        return _go_on(deadline)
    if deadline.mark <= ticket.policy_version.pack.silence.reminders:
        journal.record(ticket, "reminded", actor=None, state=ticket.state, reminder=deadline.mark)
        return "customer"
    return _confirm_silently(ticket)


def _confirm_silently(ticket: Ticket) -> str:
    """Silence is never satisfaction: it is its own kind of confirmation and says so."""
    if ticket.state != State.AWAITING_CUSTOMER:
        return "desk"
    db.session.add(
        Confirmation(ticket_id=ticket.id, round=ticket.round, means=Means.SILENCE, verdict=Verdict.YES, at=clock.now())
    )
    workflow.advance(ticket, "confirm_silently", actor=None)
    return "supervisor"


def _go_on(deadline: Deadline) -> str:
    """The planned end has come: the clocks run on from there, even if nobody looked for a while."""
    ticket = deadline.ticket
    workflow.advance(ticket, "resume", actor=None, party=ticket.waiting_on)
    timekeeping.meet(ticket, [ClockKind.WAIT], at=deadline.due_at)
    waiting.resume(ticket, at=deadline.due_at)
    return "desk"


def _archive(ticket: Ticket) -> str:
    """Freeze the record; nothing in it changes any more."""
    if ticket.state not in (State.CLOSED, State.CANCELLED):
        return "desk"
    record: ArchiveRecord = freeze(ticket, dossier(ticket))
    db.session.add(record)
    workflow.advance(ticket, "archive", actor=None, digest=record.digest)
    return "desk"
