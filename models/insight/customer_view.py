"""What the holder of a link may see, as plain values: never a row, so that nothing internal can slip out (P6.6)."""

from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import Party, State
from models.insight.promise import promise_of
from models.insight.story import newest_question, story
from models.people.person import masked_name
from models.record.deadline import RUNNING, Deadline
from models.record.link import Link
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import ENDED, Ticket

ANSWERED = (State.AWAITING_REVIEW, State.CLOSED, State.ARCHIVED)


def customer_view(ticket: Ticket) -> dict[str, Any]:
    """The progress of the ticket, and what the holder of its link can do now."""
    told = [_line(moment) for moment in story(ticket, internal=False)]
    answer = _answer(ticket)
    asked = ticket.waiting_on in (Party.REPORTER, Party.CUSTOMER) and ticket.state not in ENDED
    return {
        "number": ticket.number,
        "title": ticket.title,
        "status": ticket.status,
        "handler": masked_name(ticket.assignee.name) if ticket.assignee else "",
        "last": next((line for line in told if line["name"] in ("updated", "asked", "answered", "test_passed")), None),
        "next_update_at": _next_update(ticket),
        "promise": promise_of(ticket) if ticket.is_open else None,
        "result": _result(ticket),
        "answer": answer,
        "question": newest_question(ticket) if asked else "",
        "follow_ups": list(db.session.scalars(select(Ticket.number).where(Ticket.parent_id == ticket.id))),
        "story": told,
        "can_confirm": ticket.state == State.AWAITING_CUSTOMER,
        "can_supply": ticket.state not in (*ANSWERED, State.CANCELLED, State.AWAITING_CUSTOMER),
        "can_dispute": ticket.state in ANSWERED,
        "scale": [
            (choice.code, {"zh": choice.title.zh, "en": choice.title.en})
            for choice in ticket.policy_version.pack.satisfaction
        ],
    }


def dead_view(link: Link) -> dict[str, Any]:
    """What may be said behind a link that no longer works: why, and what its holder answered with it."""
    ticket = link.ticket
    given = select(Confirmation).where(Confirmation.ticket_id == ticket.id, Confirmation.round == link.round)
    answer = db.session.scalar(given.order_by(Confirmation.id.desc()).limit(1))
    return {
        "number": ticket.number,
        "death": link.death,
        "status": ticket.status,
        "answer": _plain(answer) if answer else None,
        "back_to_work": link.death == "superseded" and ticket.resolved_at is None,
    }


def _line(moment: Any) -> dict[str, Any]:
    return {
        "at": moment.at,
        "name": moment.name,
        "text": moment.text,
        "files": [{"key": file.key, "name": file.name, "size": file.size} for file in moment.files],
    }


def _next_update(ticket: Ticket) -> Any:
    running = select(Deadline.due_at).where(
        Deadline.ticket_id == ticket.id, Deadline.kind == "update", Deadline.state == RUNNING
    )
    return db.session.scalar(running.limit(1)) if ticket.state not in ENDED else None


def _result(ticket: Ticket) -> dict[str, str] | None:
    if ticket.resolved_at is None:
        return None
    newest = select(Resolution).where(Resolution.ticket_id == ticket.id, Resolution.round == ticket.round)
    found = db.session.scalar(newest)
    names = ("result", "cause", "measures", "prevention")
    return {name: getattr(found, name) for name in names} if found else None


def _answer(ticket: Ticket) -> dict[str, Any] | None:
    given = select(Confirmation).where(Confirmation.ticket_id == ticket.id, Confirmation.round == ticket.round)
    found = db.session.scalar(given.order_by(Confirmation.id.desc()).limit(1))
    return _plain(found) if found else None


def _plain(answer: Confirmation) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in ("verdict", "satisfaction", "comment", "means", "at")}
