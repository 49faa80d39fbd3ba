"""Confirmation (客户确认): the customer says whether it is solved, by link, on the page or aloud (P10)."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Gone, Invalid, Refused
from models.ground.vocabulary import ClockKind, Means, State, Verdict
from models.people.person import Person
from models.record import attachment, search
from models.record.entry import Entry
from models.record.event import Event
from models.record.link import Link, living_link, open_link
from models.record.resolution import Confirmation
from models.record.ticket import Ticket
from models.rules import journal, registration, timekeeping, workflow
from models.rules.permissions import allows

RENEWABLE = ("expired", "superseded")
RENEW_EVERY = timedelta(minutes=10)


@command
def confirm_result(
    ticket: Ticket,
    *,
    actor: Person | Link,
    verdict: str,
    satisfaction: str = "",
    comment: str = "",
    files: list[str] | None = None,
) -> Ticket:
    """Answer once: yes, partly (with what remains, which becomes a linked ticket) or no (back to work) (P10.2)."""
    means = Means.LINK if isinstance(actor, Link) else Means.PORTAL
    _answer(ticket, actor, verdict, satisfaction, comment, means=means)
    attachment.attach(
        files or [],
        ticket_id=ticket.id,
        person_id=None if isinstance(actor, Link) else actor.id,
        link_id=actor.id if isinstance(actor, Link) else None,
        public=True,
    )
    return ticket


@command
def record_spoken(
    ticket: Ticket, *, actor: Person, said_by: str, how: str, verdict: str, satisfaction: str = "", comment: str = ""
) -> Ticket:
    """The first line or the assignee records what was said: who, when, by what means, taken by whom (P10.4, P10.7)."""
    if not allows(actor, "record_spoken", ticket):
        raise Refused("You may not record a confirmation on this ticket.")
    if not said_by.strip() or not how.strip():
        raise Invalid("Please say who said it and by what means.", field="said_by" if not said_by.strip() else "how")
    return _answer(
        ticket, actor, verdict, satisfaction, comment, means=Means.SPOKEN, said_by=said_by.strip(), how=how.strip(),
    )  # fmt: skip


@command
def dispute_result(ticket: Ticket, *, actor: Person | Link, reason: str) -> Ticket:
    """A change of mind: not solved after all. Before closing it goes back to work, after it is reopened (P10.4)."""
    if not reason.strip():
        raise Invalid("Please say what is not solved.", field="reason")
    was_closed = ticket.state == State.CLOSED
    _back_to_work(ticket, actor, reason, "reopen" if was_closed else "dispute")
    if was_closed:
        _owe_call_back(ticket)
    return ticket


@command
def follow_up_archived(ticket: Ticket, *, actor: Person | Link, reason: str) -> Ticket:
    """Not solved, but archived already: a new ticket, linked to the old one (P10.4, P11.5)."""
    if ticket.state != State.ARCHIVED:
        raise Conflict("The ticket is not archived; it can be reopened.")
    return _linked_ticket(ticket, actor, reason)


@command
def send_link(ticket: Ticket, *, actor: Person) -> Link:
    """Send the customer their link (again); a dead one is replaced (P10.3)."""
    link = open_link(ticket, days=ticket.policy_version.pack.link_days)
    workflow.advance(ticket, "send_link", actor=actor, link=link.id)
    return link


@command
def revoke_link(ticket: Ticket, *, actor: Person) -> Ticket:
    """The present link no longer opens anything (P10.3)."""
    link = living_link(ticket)
    if link is None:
        raise Conflict("There is no link that could be revoked.")
    workflow.advance(ticket, "revoke_link", actor=actor, link=link.id)
    link.revoked_at = clock.real_now()
    return ticket


@command
def renew_link(link: Link) -> Link:
    """The holder of an outdated link asks for a fresh one; it goes to the contact on record, not to whoever asks."""
    if link.death not in RENEWABLE:
        raise Gone("This link cannot be renewed.")
    fresh = open_link(link.ticket, days=link.ticket.policy_version.pack.link_days)
    if not _sent_lately(link.ticket):
        journal.record(link.ticket, "link_sent", actor=None, state=link.ticket.state, link=fresh.id, renewed=link.id)
    return fresh


def _sent_lately(ticket: Ticket) -> bool:
    """Asking again and again fills nobody's mailbox."""
    lately = clock.now() - RENEW_EVERY
    sent = select(Event.id).where(Event.ticket_id == ticket.id, Event.name == "link_sent", Event.at > lately)
    return db.session.scalar(sent.limit(1)) is not None


def _answer(
    ticket: Ticket, actor: Person | Link, verdict: str, satisfaction: str, comment: str, *, means: Means, **said: str
) -> Ticket:
    _judge(ticket, verdict, satisfaction, comment)
    if verdict == Verdict.NO:
        _keep(ticket, actor, verdict, satisfaction, comment, means=means, **said)
        _back_to_work(ticket, actor, comment, "dispute", spoken=means == Means.SPOKEN)
        return ticket
    action = "confirm" if verdict == Verdict.YES else "confirm_partly"
    event = workflow.advance(
        ticket,
        action,
        actor=actor,
        right="record_spoken" if means == Means.SPOKEN else "",
        means=str(means),
        satisfaction=satisfaction,
        digest=journal.digest_of(comment),
    )
    _keep(ticket, actor, verdict, satisfaction, comment, means=means, **said)
    if comment.strip():
        _write(ticket, actor, "feedback", comment, event)
    if verdict == Verdict.PARTLY:
        _linked_ticket(ticket, actor, comment)
    if satisfaction and ticket.policy_version.pack.choice(satisfaction).call_back:
        _owe_call_back(ticket)
    return ticket


def _judge(ticket: Ticket, verdict: str, satisfaction: str, comment: str) -> None:
    workflow.check_state(ticket, "confirm")
    if verdict not in list(Verdict):
        raise Invalid("Please choose an answer.", field="verdict")
    if verdict != Verdict.YES and not comment.strip():
        raise Invalid("Please say what is not solved.", field="comment")
    scale = [choice.code for choice in ticket.policy_version.pack.satisfaction]
    if satisfaction and satisfaction not in scale:
        raise Invalid("Please choose an answer.", field="satisfaction")


def _back_to_work(ticket: Ticket, actor: Person | Link, reason: str, action: str, *, spoken: bool = False) -> None:
    event = workflow.advance(
        ticket,
        action,
        actor=actor,
        right="record_spoken" if spoken else "",
        change={"resolved_at": None, "closed_at": None, "round": ticket.round + 1},
        digest=journal.digest_of(reason),
    )
    _write(ticket, actor, "feedback", reason, event)
    search.index_ticket(ticket, reason)
    timekeeping.note_next(ticket)


def _owe_call_back(ticket: Ticket) -> None:
    """Whoever is not satisfied is called back by the supervisor (P10.5)."""
    timekeeping.open_clock(ticket, ClockKind.CALL_BACK, started_at=clock.now())
    timekeeping.note_next(ticket)


def _keep(
    ticket: Ticket, actor: Person | Link, verdict: str, satisfaction: str, comment: str, *, means: Means, **said: str
) -> None:
    caller = ticket.caller
    db.session.add(
        Confirmation(
            ticket_id=ticket.id,
            round=ticket.round,
            link_id=actor.id if isinstance(actor, Link) else None,
            means=means,
            verdict=verdict,
            satisfaction=satisfaction,
            scale="/".join(choice.code for choice in ticket.policy_version.pack.satisfaction),
            comment=comment.strip(),
            said_by=said.get("said_by") or (caller.name if caller else ""),
            how=said.get("how", ""),
            taken_by_id=actor.id if means == Means.SPOKEN and isinstance(actor, Person) else None,
            at=clock.now(),
        )
    )


def _linked_ticket(ticket: Ticket, actor: Person | Link, description: str) -> Ticket:
    """What remains becomes a ticket of its own, with the same people and the same service."""
    kept: dict[str, Any] = {
        field: getattr(ticket, field) for field in ("reporter", "contact", "customer", "service", "device")
    }
    return registration.open_ticket(actor=actor, description=description, parent_id=ticket.id, **kept)


def _write(ticket: Ticket, actor: Person | Link, kind: str, text: str, event: Any) -> Entry:
    name = ticket.caller.name if isinstance(actor, Link) and ticket.caller else ""
    return journal.write(ticket, kind, text, event=event, actor=actor, public=True, author_name=name)
