"""Direction and delivery (方向、交付时间): what the customer agrees to, by when, and another date (P8.3)."""

from datetime import datetime

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import ClockKind, Means, Severity
from models.insight.suggestion import suggest_assignee
from models.people.person import Person
from models.record.assessment import AGREED, DECLINED, Assessment, Delivery, newest_assessment
from models.record.link import Link
from models.record.ticket import Ticket
from models.rules import journal, timekeeping, workflow
from models.rules.journal import Recorded
from models.rules.permissions import allows


@command
def agree_direction(ticket: Ticket, *, actor: Person | Link, comment: str = "") -> Ticket:
    """The customer wants it so, by that date: whoever was named begins to plan, and the date is a promise (P8.3)."""
    return _agree(ticket, actor, comment, means=Means.LINK if isinstance(actor, Link) else Means.PORTAL)


@command
def decline_direction(ticket: Ticket, *, actor: Person | Link, reason: str) -> Ticket:
    """The customer does not want it so: it is assessed anew."""
    return _decline(ticket, actor, reason, means=Means.LINK if isinstance(actor, Link) else Means.PORTAL)


@command
def record_direction(
    ticket: Ticket, *, actor: Person, said_by: str, how: str, answer: str, comment: str = ""
) -> Ticket:
    """What the customer said aloud: who, when, by what means, taken down by whom (P10.7)."""
    if not allows(actor, "record_direction", ticket):
        raise Refused("You may not record an answer on this ticket.")
    if not said_by.strip() or not how.strip():
        raise Invalid("Please say who said it and by what means.", field="said_by" if not said_by.strip() else "how")
    if answer not in (AGREED, DECLINED):
        raise Invalid("Please choose an answer.", field="answer")
    say = _agree if answer == AGREED else _decline
    return say(ticket, actor, comment, means=Means.SPOKEN, said_by=said_by, how=how)


@command
def change_delivery(ticket: Ticket, *, actor: Person, deliver_at: datetime | None, reason: str) -> Ticket:
    """Another delivery date, with a reason that the customer is told; the old one stays on record."""
    workflow.check_state(ticket, "change_delivery")
    if ticket.deliver_at is None:
        raise Conflict("No delivery date has been agreed for this ticket.")
    if not reason.strip():
        raise Invalid("Please give the reason; the customer reads it.", field="reason")
    if deliver_at is None or deliver_at <= clock.now() or deliver_at == ticket.deliver_at:
        raise Invalid("Please give another date that lies ahead.", field="deliver_at")
    timekeeping.cancel(ticket, [ClockKind.DELIVER])
    was = ticket.deliver_at
    _promise(ticket, deliver_at, by=actor, reason=reason)
    event = workflow.advance(
        ticket,
        "change_delivery",
        actor=actor,
        change={"deliver_at": deliver_at},
        deliver_at=deliver_at.isoformat(),
        was_date=was.isoformat(),
        digest=journal.digest_of(reason),
    )
    journal.write(ticket, "update", reason, event=event, actor=actor, public=True)
    return ticket


def _agree(ticket: Ticket, actor: Person | Link, comment: str, *, means: Means, **said: str) -> Ticket:
    workflow.check_state(ticket, "agree")
    asked = _asked(ticket)
    assert asked.deliver_at is not None
    if asked.deliver_at <= clock.now():
        raise Conflict("The proposed delivery date has gone by. Please decline, so that a new one is proposed.")
    builder = asked.engineer if asked.engineer and asked.engineer.active else None
    builder = builder or suggest_assignee(ticket.team_id, Severity.P0)
    _promise(ticket, asked.deliver_at, by=actor)
    event = workflow.advance(
        ticket,
        "agree",
        actor=actor,
        right="record_direction" if means == Means.SPOKEN else "",
        change={"deliver_at": asked.deliver_at, "assignee": builder},
        deliver_at=asked.deliver_at.isoformat(),
        nth=asked.nth,
        means=str(means),
        assignee=builder.id if builder else None,
        digest=journal.digest_of(comment),
    )
    _note_answer(asked, AGREED, ticket, actor, comment, event, means=means, **said)
    return ticket


def _decline(ticket: Ticket, actor: Person | Link, reason: str, *, means: Means, **said: str) -> Ticket:
    workflow.check_state(ticket, "decline")
    if not reason.strip():
        raise Invalid("Please say what should be different.", field="comment")
    asked = _asked(ticket)
    event = workflow.advance(
        ticket,
        "decline",
        actor=actor,
        right="record_direction" if means == Means.SPOKEN else "",
        nth=asked.nth,
        means=str(means),
        digest=journal.digest_of(reason),
    )
    _note_answer(asked, DECLINED, ticket, actor, reason, event, means=means, **said)
    return ticket


def _asked(ticket: Ticket) -> Assessment:
    found = newest_assessment(ticket)
    assert found is not None, "who is asked for the direction has read an assessment"
    return found


def _promise(ticket: Ticket, due_at: datetime, *, by: Person | Link, reason: str = "") -> None:
    """Written before its clock begins, which is due by it."""
    person_id = by.id if isinstance(by, Person) else None
    db.session.add(
        Delivery(ticket_id=ticket.id, due_at=due_at, at=clock.now(), person_id=person_id, reason=reason.strip())
    )
    db.session.flush()


def _note_answer(
    asked: Assessment,
    answer: str,
    ticket: Ticket,
    actor: Person | Link,
    comment: str,
    event: Recorded,
    *,
    means: Means,
    said_by: str = "",
    how: str = "",
) -> None:
    caller = ticket.caller.name if ticket.caller else ""
    asked.answer, asked.means, asked.answered_at, asked.comment = answer, str(means), event.at, comment.strip()
    asked.said_by, asked.how = (said_by.strip() or caller)[:80], how.strip()[:80]
    asked.taken_by_id = actor.id if means == Means.SPOKEN and isinstance(actor, Person) else None
    if comment.strip():
        name = caller if isinstance(actor, Link) else ""
        journal.write(ticket, "feedback", comment, event=event, actor=actor, public=True, author_name=name)
