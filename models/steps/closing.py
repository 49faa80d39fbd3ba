"""Closing (关闭): the supervisor reviews the record; what is missing is listed and blocks (P11.1)."""

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import ClockKind
from models.people.person import Person
from models.record.deadline import open_deadlines
from models.record.plan import Plan, Verification, WorkStep
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import Ticket
from models.rules import journal, workflow


@command
def close_ticket(ticket: Ticket, *, actor: Person, review: str = "") -> Ticket:
    """Close after review; the notice goes to all parties (P11.2). Raises Conflict while pieces are missing."""
    workflow.check_state(ticket, "close")
    if missing_pieces(ticket):
        raise Conflict("The record is not complete; it cannot be closed yet.")
    event = workflow.advance(
        ticket,
        "close",
        actor=actor,
        change={"closed_at": clock.now(), "review": review.strip()},
        digest=journal.digest_of(review),
    )
    if review.strip():
        journal.write(ticket, "review", review, event=event, actor=actor, public=False)
    return ticket


@command
def send_back(ticket: Ticket, *, actor: Person, reason: str) -> Ticket:
    """The review found a gap: back to the engineer (P11.1)."""
    if not reason.strip():
        raise Invalid("Please say what is missing.", field="reason")
    event = workflow.advance(
        ticket, "send_back", actor=actor,
        change={"resolved_at": None, "round": ticket.round + 1}, digest=journal.digest_of(reason),
    )  # fmt: skip
    journal.write(ticket, "review", reason, event=event, actor=actor, public=False)
    return ticket


@command
def record_call_back(ticket: Ticket, *, actor: Person, text: str) -> Ticket:
    """The supervisor has called somebody who was not satisfied, and notes what was said (P10.5)."""
    if not text.strip():
        raise Invalid("Please write something.", field="text")
    workflow.check_state(ticket, "call_back")
    if not owes_call_back(ticket):
        raise Conflict("Nobody waits to be called back.")
    event = workflow.advance(ticket, "call_back", actor=actor, digest=journal.digest_of(text))
    journal.write(ticket, "call", text, event=event, actor=actor, public=False)
    return ticket


@command
def reopen_ticket(ticket: Ticket, *, actor: Person, reason: str) -> Ticket:
    """Back to work within the days that the policy gives, with a new round of clocks (P11.5)."""
    if not reason.strip():
        raise Invalid("Please give the reason.", field="reason")
    event = workflow.advance(
        ticket, "reopen", actor=actor,
        change={"resolved_at": None, "closed_at": None, "round": ticket.round + 1}, digest=journal.digest_of(reason),
    )  # fmt: skip
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return ticket


def missing_pieces(ticket: Ticket) -> list[str]:
    """What the record still lacks, as codes in the order of the road; an answer at once needs no plan (P3.9)."""
    at_once = not _has(Plan, ticket) and not _has(Verification, ticket)
    lacks = []
    if not ticket.category:
        lacks.append("category")
    if not at_once:
        lacks += [
            code
            for code, there in (
                ("root_cause", bool(ticket.root_cause)),
                ("plan", _has(Plan, ticket)),
                ("implementation", _has(WorkStep, ticket)),
                ("verification", _has(Verification, ticket)),
            )
            if not there
        ]
    if not _in_round(Resolution, ticket):
        lacks.append("result")
    if not _in_round(Confirmation, ticket):
        lacks.append("confirmation")
    if owes_call_back(ticket):
        lacks.append("call_back")
    return lacks


def owes_call_back(ticket: Ticket) -> bool:
    """Whether somebody who was not satisfied still waits to be called back (P10.5)."""
    return any(deadline.kind == ClockKind.CALL_BACK for deadline in open_deadlines(ticket))


def _has(table: type[Plan] | type[WorkStep] | type[Verification], ticket: Ticket) -> bool:
    return db.session.scalar(select(table.id).where(table.ticket_id == ticket.id).limit(1)) is not None


def _in_round(table: type[Resolution] | type[Confirmation], ticket: Ticket) -> bool:
    there = select(table.id).where(table.ticket_id == ticket.id, table.round == ticket.round)
    return db.session.scalar(there.limit(1)) is not None
