"""Why a plan has to be written again: what sent the ticket back, who said so, when, and which step failed (P7.3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import Decision, State
from models.record.entry import Entry
from models.record.event import Event
from models.record.plan import FAILED, Plan, PlanStep, Verification, WorkStep
from models.record.ticket import Ticket

BACK = (
    "returned", "rolled_back", "consent_refused", "test_failed", "disputed", "sent_back", "reopened",
    "ratification_refused", "overturned",
)  # fmt: skip
FORTH = ("plan_submitted", "standard_change_used", "emergency_declared")
FIRST_LINES, FIRST_WORDS = 3, 240  # lines and characters that are shown at once


@dataclass(frozen=True)
class Setback:
    """What happened last on the way back to the plan."""

    event: str
    at: datetime
    who: str
    reason: str
    step: PlanStep | None = None  # that failed
    result: str = ""  # of that step

    @property
    def head(self) -> str:
        """The first lines of the reason."""
        lines = "\n".join(self.reason.splitlines()[:FIRST_LINES])
        return lines if len(lines) <= FIRST_WORDS else lines[:FIRST_WORDS] + "…"

    @property
    def is_long(self) -> bool:
        return self.head != self.reason


def setback_of(ticket: Ticket) -> Setback | None:
    """What sent the ticket back; None on the way to a first plan, or while the newest is still being decided on."""
    goes = Event.name.in_(FORTH) | (Event.name.in_(BACK) & (Event.state == State.AWAITING_PLAN))
    last = select(Event).where(Event.ticket_id == ticket.id, goes).order_by(Event.seq.desc())
    event = db.session.scalar(last.limit(1))
    if event is None or event.name in FORTH:
        return None
    failed = _failed_in(ticket.plans[-1]) if event.name == "rolled_back" else None
    return Setback(
        event=event.name,
        at=event.at,
        who=_who(event),
        reason=_reason(event),
        step=failed.task if failed else None,
        result=failed.result if failed else "",
    )


def _who(event: Event) -> str:
    said = _entry_of(event)
    return event.actor.name if event.actor else said.author_name if said else ""


def _reason(event: Event) -> str:
    """Where each of them keeps its words."""
    if event.name == "test_failed":
        test = select(Verification).where(Verification.ticket_id == event.ticket_id, Verification.at == event.at)
        found = db.session.scalar(test.order_by(Verification.id.desc()).limit(1))
        return "\n".join(filter(None, (found.findings, found.new_problems))) if found else ""
    if "plan" in event.details and event.name in ("returned", "ratification_refused", "overturned"):
        seats = db.session.get_one(Plan, event.details["plan"]).approvals
        return "\n".join(seat.comment for seat in seats if seat.decision == Decision.RETURNED)
    said = _entry_of(event)
    return said.body if said else ""


def _entry_of(event: Event) -> Entry | None:
    return db.session.scalar(select(Entry).where(Entry.event_id == event.id).order_by(Entry.id).limit(1))


def _failed_in(plan: Plan) -> WorkStep | None:
    failed = select(WorkStep).where(WorkStep.plan_id == plan.id, WorkStep.outcome == FAILED)
    return db.session.scalar(failed.order_by(WorkStep.id.desc()).limit(1))
