"""Confirmation (客户确认): the customer says whether it is solved, by link, on the page or aloud (P10)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Gone, Invalid, Refused
from models.ground.vocabulary import ClockKind, Means, State, Verdict
from models.people.person import Person
from models.record import attachment
from models.record.entry import Entry
from models.record.event import Event
from models.record.link import Link, living_links, open_link, purpose_in, round_of
from models.record.resolution import Confirmation, sheet_of
from models.record.ticket import Ticket
from models.rules import answers, journal, registration, timekeeping, workflow
from models.rules.answers import Answer
from models.rules.permissions import allows

RENEWABLE = ("expired", "superseded")
RENEW_EVERY = timedelta(minutes=10)
Checks = Mapping[int, tuple[str, str]]  # of the sheet: position → (yes or no, what is wrong)


@command
def confirm_result(
    ticket: Ticket,
    *,
    actor: Person | Link,
    verdict: str,
    satisfaction: str = "",
    comment: str = "",
    checks: Checks | None = None,
    asked: str = "",
    files: list[str] | None = None,
) -> Ticket:
    """Answer once: yes, partly (what remains becomes a linked ticket) or no (back to work) (P10.2, P10.6).

    Raises Unclear for an answer that contradicts itself; `asked` says that its author was asked, so it counts.
    """
    means = Means.LINK if isinstance(actor, Link) else Means.PORTAL
    _answer(ticket, actor, Answer(verdict, satisfaction, comment, checks or {}, asked), means=means)
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
    ticket: Ticket,
    *,
    actor: Person,
    said_by: str,
    how: str,
    verdict: str,
    satisfaction: str = "",
    comment: str = "",
    checks: Checks | None = None,
    asked: str = "",
) -> Ticket:
    """The first line or the assignee records what was said: who, when, by what means, taken by whom (P10.4, P10.7)."""
    if not allows(actor, "record_spoken", ticket):
        raise Refused("You may not record a confirmation on this ticket.")
    if not said_by.strip() or not how.strip():
        raise Invalid("Please say who said it and by what means.", field="said_by" if not said_by.strip() else "how")
    answer = Answer(verdict, satisfaction, comment, checks or {}, asked)
    return _answer(ticket, actor, answer, means=Means.SPOKEN, said_by=said_by.strip(), how=how.strip())


@command
def dispute_result(ticket: Ticket, *, actor: Person | Link, reason: str) -> Ticket:
    """A change of mind: not solved after all. Before closing it goes back to work, after it is reopened (P10.4)."""
    if not reason.strip():
        raise Invalid("Please say what is not right.", field="reason")
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
    """Send the customer the link to what they are asked now, or to the progress; a dead one is replaced (P10.3)."""
    purpose = purpose_in(ticket.state)
    link = open_link(ticket, days=ticket.policy_version.pack.link_days, purpose=purpose)
    workflow.advance(ticket, "send_link", actor=actor, link=link.id, purpose=purpose)
    return link


@command
def revoke_link(ticket: Ticket, *, actor: Person) -> Ticket:
    """No link to the ticket opens anything any more, whatever it was for (P10.3)."""
    links = living_links(ticket)
    if not links:
        raise Conflict("There is no link that could be revoked.")
    workflow.advance(ticket, "revoke_link", actor=actor, links=[link.id for link in links])
    for link in links:
        link.revoked_at = clock.real_now()
    return ticket


@command
def renew_link(link: Link) -> Link:
    """The holder of an outdated link asks for a fresh one; it goes to the contact on record, not to whoever asks."""
    if link.death not in RENEWABLE:
        raise Gone("This link cannot be renewed.")
    return _send_anew(link)


@command
def ask_again(link: Link) -> Link:
    """Whoever follows the progress asks for the letter with the open question again; it goes where it went (P10.3)."""
    if link.death:
        raise Gone("This link no longer works.")
    if purpose_in(link.ticket.state) == link.purpose:
        raise Conflict("We have no other question to you at the moment.")
    return _send_anew(link)


def _send_anew(link: Link) -> Link:
    """The link to what is asked now, by letter. A link that was revoked is not replaced behind the desk's back."""
    ticket = link.ticket
    purpose = purpose_in(ticket.state)
    if _is_revoked(ticket, purpose):
        raise Gone("This link cannot be renewed.")
    fresh = open_link(ticket, days=ticket.policy_version.pack.link_days, purpose=purpose)
    if not _sent_lately(ticket):
        journal.record(
            ticket, "link_sent", actor=None, state=ticket.state, link=fresh.id, renewed=link.id, purpose=purpose
        )
    return fresh


def _is_revoked(ticket: Ticket, purpose: str) -> bool:
    """Whether the newest link of this purpose and round was revoked: the desk has sent none since."""
    here = (Link.ticket_id == ticket.id, Link.purpose == purpose, Link.round == round_of(ticket, purpose))
    return db.session.scalar(select(Link.revoked_at).where(*here).order_by(Link.id.desc()).limit(1)) is not None


def _sent_lately(ticket: Ticket) -> bool:
    """Asking again and again fills nobody's mailbox."""
    lately = clock.now() - RENEW_EVERY
    sent = select(Event.id).where(Event.ticket_id == ticket.id, Event.name == "link_sent", Event.at > lately)
    return db.session.scalar(sent.limit(1)) is not None


def _answer(ticket: Ticket, actor: Person | Link, answer: Answer, *, means: Means, **said: str) -> Ticket:
    sheet = sheet_of(ticket)
    answers.judge(ticket, answer, sheet)
    rest = answers.rest_of(answer, sheet)
    how: dict[str, Any] = {"asked": answers.asked_about(answer), "means": str(means)}
    right = "record_spoken" if means == Means.SPOKEN else ""
    _keep(ticket, actor, answer, means=means, **said)
    for check in sheet:
        check.answer, remark = answer.of(check)
        check.comment = remark.strip()[:500] if check.answer == answers.FAILS else ""
    if answer.verdict == Verdict.NO:
        _back_to_work(ticket, actor, rest, "dispute", right=right, **how)
        return ticket
    action = "confirm" if answer.verdict == Verdict.YES else "confirm_partly"
    event = workflow.advance(
        ticket,
        action,
        actor=actor,
        right=right,
        satisfaction=answer.satisfaction,
        digest=journal.digest_of(rest),
        **how,
    )
    if rest:
        _write(ticket, actor, "feedback", rest, event)
    if answer.verdict == Verdict.PARTLY:
        _linked_ticket(ticket, actor, rest, **_owners(ticket))
    if answer.satisfaction and ticket.policy_version.pack.choice(answer.satisfaction).call_back:
        _owe_call_back(ticket)
    return ticket


def _owners(ticket: Ticket) -> dict[str, Any]:
    """What remains stays with whoever knows it; triage decides (P10.6)."""
    handler = ticket.assignee
    return {"team": ticket.team, "assignee": handler if handler and handler.active else None}


def _back_to_work(
    ticket: Ticket, actor: Person | Link, reason: str, action: str, *, right: str = "", **details: Any
) -> None:
    event = workflow.advance(
        ticket,
        action,
        actor=actor,
        to=workflow.back_to(ticket),
        right=right,
        change={"resolved_at": None, "closed_at": None, "round": ticket.round + 1},
        digest=journal.digest_of(reason),
        **details,
    )
    _write(ticket, actor, "feedback", reason, event)
    timekeeping.note_next(ticket)


def _owe_call_back(ticket: Ticket) -> None:
    """Whoever is not satisfied is called back by the supervisor (P10.5)."""
    timekeeping.open_clock(ticket, ClockKind.CALL_BACK, started_at=clock.now())
    timekeeping.note_next(ticket)


def _keep(ticket: Ticket, actor: Person | Link, answer: Answer, *, means: Means, **said: str) -> None:
    caller = ticket.caller
    db.session.add(
        Confirmation(
            ticket_id=ticket.id,
            round=ticket.round,
            link_id=actor.id if isinstance(actor, Link) else None,
            means=means,
            verdict=answer.verdict,
            satisfaction=answer.satisfaction,
            scale="/".join(choice.code for choice in ticket.policy_version.pack.satisfaction),
            comment=answer.comment.strip(),
            said_by=said.get("said_by") or (caller.name if caller else ""),
            how=said.get("how", ""),
            taken_by_id=actor.id if means == Means.SPOKEN and isinstance(actor, Person) else None,
            at=clock.now(),
            asked=answers.asked_about(answer),
        )
    )


def _linked_ticket(ticket: Ticket, actor: Person | Link, description: str, **more: Any) -> Ticket:
    """What remains becomes a ticket of its own, with the same people and the same service."""
    kept: dict[str, Any] = {
        field: getattr(ticket, field) for field in ("reporter", "contact", "customer", "service", "device")
    }
    return registration.open_ticket(actor=actor, description=description, parent_id=ticket.id, **kept, **more)


def _write(ticket: Ticket, actor: Person | Link, kind: str, text: str, event: Any) -> Entry:
    name = ticket.caller.name if isinstance(actor, Link) and ticket.caller else ""
    return journal.write(ticket, kind, text, event=event, actor=actor, public=True, author_name=name)
