"""Closing (关闭): the supervisor reviews the record; what is missing is listed and blocks (P11.1)."""

from sqlalchemy import ColumnElement, Exists, Integer, bindparam, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import ClockKind, Decision, Verdict
from models.people.person import Person
from models.record.consent import Consent
from models.record.cooperation import UNSETTLED, Cooperation
from models.record.deadline import PAUSED, RUNNING, Deadline, open_deadlines
from models.record.plan import DONE, LATE_OWED, LEFT_OUT, Plan, PlanStep, Verification, WorkStep
from models.record.relation import OPEN_BELOW, SPLIT, Relation
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import Ticket
from models.rules import journal, registration, workflow
from models.rules.permissions import allows
from models.rules.rounds import VALID


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
        ticket, "send_back", actor=actor, to=workflow.back_to(ticket),
        change={"resolved_at": None, "round": ticket.round + 1}, digest=journal.digest_of(reason),
    )  # fmt: skip
    journal.write(ticket, "review", reason, event=event, actor=actor, public=False)
    return ticket


@command
def follow_up_leftovers(ticket: Ticket, *, actor: Person) -> Ticket:
    """What the test left over becomes a ticket of its own, with the same people and the same owner (P8.2)."""
    workflow.check_state(ticket, "close")
    if not allows(actor, "follow_up_leftovers", ticket):
        raise Refused("You may not do this on this ticket.")
    if not (left := leftovers_of(ticket)) or "leftovers" not in missing_pieces(ticket):
        raise Conflict("Nothing is left over that has no ticket yet.")
    handler = ticket.assignee if ticket.assignee and ticket.assignee.active else None
    kept = {field: getattr(ticket, field) for field in ("reporter", "contact", "customer", "service", "team")}
    return registration.open_ticket(
        actor=actor, description=left, parent_id=ticket.id, assignee=handler or actor, **kept
    )


@command
def record_call_back(ticket: Ticket, *, actor: Person, text: str) -> Ticket:
    """The supervisor has called somebody who was not satisfied, and notes what was said (P10.5)."""
    if not text.strip():
        raise Invalid("Please write something.", field="text")
    workflow.check_state(ticket, "call_back")
    refuse_call_back(ticket)
    event = workflow.advance(ticket, "call_back", actor=actor, digest=journal.digest_of(text))
    journal.write(ticket, "call", text, event=event, actor=actor, public=False)
    return ticket


def refuse_call_back(ticket: Ticket) -> None:
    """Raise Conflict unless somebody who was not satisfied waits to be called back."""
    if not owes_call_back(ticket):
        raise Conflict("Nobody waits to be called back.")


@command
def reopen_ticket(ticket: Ticket, *, actor: Person, reason: str) -> Ticket:
    """Back to work within the days that the policy gives, with a new round of clocks (P11.5)."""
    if not reason.strip():
        raise Invalid("Please give the reason.", field="reason")
    event = workflow.advance(
        ticket, "reopen", actor=actor, to=workflow.back_to(ticket),
        change={"resolved_at": None, "closed_at": None, "round": ticket.round + 1}, digest=journal.digest_of(reason),
    )  # fmt: skip
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return ticket


def missing_pieces(ticket: Ticket) -> list[str]:
    """What the record still lacks, as codes in the order of the road; an answer at once needs no plan (P3.9)."""
    there = db.session.execute(_PIECES, {"ticket": ticket.id, "round": ticket.round}).one()
    at_once = not there.plan and not there.verification
    lacks = (
        ("category", not ticket.category),
        ("root_cause", not at_once and not ticket.is_request and not ticket.root_cause),
        ("plan", not at_once and not there.plan),
        ("late_approval", there.late_approval),
        ("consent", there.no_consent),
        ("implementation", not at_once and not there.implementation),
        ("steps", there.implementation and there.open_step),
        ("uat" if ticket.is_request else "verification", not at_once and not there.verification),
        ("cooperation", there.unanswered),
        ("leftovers", (there.leftovers or there.partly) and not there.follow_up),
        ("children", there.children),
        ("result", not there.result),
        ("confirmation", not there.confirmation),
        ("call_back", there.call_back),
    )
    return [code for code, is_missing in lacks if is_missing]


def leftovers_of(ticket: Ticket) -> str:
    """What the test that counts left over; "" when it left nothing."""
    passed = select(Verification.leftovers).where(
        Verification.ticket_id == ticket.id, Verification.round == ticket.round, Verification.passed
    )
    return db.session.scalar(passed.order_by(Verification.id.desc()).limit(1)) or ""


def owes_call_back(ticket: Ticket) -> bool:
    """Whether somebody who was not satisfied still waits to be called back (P10.5)."""
    return any(deadline.kind == ClockKind.CALL_BACK for deadline in open_deadlines(ticket))


def _newest_plan(*conditions: ColumnElement[bool] | InstrumentedAttribute[bool]) -> Exists:
    """Whether this holds of the revision that counts."""
    newest = select(func.max(Plan.revision)).where(Plan.ticket_id == _HERE).scalar_subquery()
    return exists().where(Plan.ticket_id == _HERE, Plan.revision == newest, *conditions)


_HERE, _ROUND = bindparam("ticket", type_=Integer), bindparam("round", type_=Integer)
_RECORDED = exists().where(WorkStep.task_id == PlanStep.id, WorkStep.outcome.in_((DONE, LEFT_OUT)))
_OPEN_STEP = exists().where(PlanStep.plan_id == Plan.id, ~_RECORDED).correlate(Plan)
_BY_STEP = exists().where(WorkStep.plan_id == Plan.id, WorkStep.task_id.is_not(None))  # not so before 0012
_AGREED = exists().where(Consent.plan_id == Plan.id, Consent.agreed)
_OF_ROUND = (Verification.ticket_id == _HERE, Verification.round == _ROUND, Verification.passed)
_ANSWERS = (Confirmation.ticket_id == _HERE, Confirmation.round == _ROUND)
_SPLIT_OFF = select(Relation.from_id).where(
    Relation.to_id == _HERE, Relation.kind == SPLIT, Relation.undone_at.is_(None)
)
_FOLLOWS = (Ticket.parent_id == _HERE) | Ticket.id.in_(
    _SPLIT_OFF
)  # each asks an index; correlated, it read every ticket
_PIECES = select(  # one read, built once: the page of every ticket in review asks it
    exists().where(Plan.ticket_id == _HERE).label("plan"),
    exists().where(Plan.ticket_id == _HERE, Plan.late == LATE_OWED).label("late_approval"),
    _newest_plan(Plan.outcome == Decision.APPROVED, Plan.touches_customer, ~_AGREED).label("no_consent"),
    exists().where(WorkStep.ticket_id == _HERE).label("implementation"),
    _newest_plan(Plan.outcome.in_(VALID), _BY_STEP, _OPEN_STEP).label("open_step"),
    exists().where(Verification.ticket_id == _HERE).label("verification"),
    exists().where(*_OF_ROUND, Verification.leftovers != "").label("leftovers"),
    exists().where(*_ANSWERS, Confirmation.verdict == Verdict.PARTLY).label("partly"),
    exists().where(_FOLLOWS, Ticket.assignee_id.is_not(None)).label("follow_up"),
    exists().where(Cooperation.ticket_id == _HERE, Cooperation.result.in_(UNSETTLED)).label("unanswered"),
    OPEN_BELOW.label("children"),
    exists().where(Resolution.ticket_id == _HERE, Resolution.round == _ROUND).label("result"),
    exists().where(*_ANSWERS).label("confirmation"),
    exists()
    .where(Deadline.ticket_id == _HERE, Deadline.kind == ClockKind.CALL_BACK, Deadline.state.in_((RUNNING, PAUSED)))
    .label("call_back"),
)
