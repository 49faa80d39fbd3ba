"""Waiting (P4.5): whom a ticket waits for, which clocks stand still meanwhile, and how far they move on."""

from datetime import datetime

from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import ClockKind, Party
from models.policy import clockface
from models.record.deadline import PAUSED, RUNNING, Pause, open_deadlines
from models.record.ticket import Ticket
from models.rules import timekeeping
from models.rules.marks import clock_of, history_of, last_mark, set_next_mark

ASKED, CONFIRMATION, APPROVAL = "asked", "confirmation", "approval"  # reasons that are no text of somebody's


def pause(ticket: Ticket, party: Party, *, reason: str, until: datetime | None = None) -> None:
    """The ticket waits on `party` from now; the clocks that the policy says stop. At `until` it ends by itself."""
    now = clock.now()
    end(ticket, at=now)
    ticket.waiting_on = str(party)
    _stand_still(ticket, party, reason, until, at=now)
    if until:
        timekeeping.open_clock(ticket, ClockKind.WAIT, started_at=now)


def pause_by_state(ticket: Ticket, *, at: datetime) -> None:
    """A state that waits on the customer, or on approvers who stop clocks, lets them stand still by itself."""
    if party := timekeeping.waited_for(ticket):
        _stand_still(ticket, party, APPROVAL if party == Party.APPROVER else CONFIRMATION, None, at=at)


def resume(ticket: Ticket, *, at: datetime) -> None:
    """What somebody was waited for has come; whom the state waits for by itself is waited for again."""
    end(ticket, at=at)
    pause_by_state(ticket, at=at)


def end(ticket: Ticket, *, at: datetime) -> None:
    """Nobody is waited for any more: paused clocks run on, due as much later as counted time was lost."""
    open_spans = select(Pause).where(Pause.ticket_id == ticket.id, Pause.ended_at.is_(None))
    for span in db.session.scalars(open_spans):
        span.ended_at = at
    ticket.waiting_on = ""
    timekeeping.cancel(ticket, [ClockKind.WAIT])
    stopped = [deadline for deadline in open_deadlines(ticket) if deadline.state == PAUSED]
    history = history_of(ticket) if stopped else None
    for deadline in stopped:
        deadline.state, deadline.paused_at = RUNNING, None
        deadline.due_at = clockface.due_at(clock_of(deadline, history)) or deadline.due_at
        set_next_mark(deadline, after=last_mark(deadline), history=history)


def _stand_still(ticket: Ticket, party: str, reason: str, until: datetime | None, *, at: datetime) -> None:
    db.session.add(Pause(ticket_id=ticket.id, party=str(party), reason=reason[:200], started_at=at, until=until))
    for deadline in open_deadlines(ticket):
        timekeeping.stop(deadline, party, at=at)
    db.session.flush()
