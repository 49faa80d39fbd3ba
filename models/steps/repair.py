"""Carrying out (实施) and testing (测试): nothing happens without a valid approval (P7.6, P8)."""

from datetime import datetime

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import Decision, Means, State, Verdict
from models.people.person import Person
from models.record import search
from models.record.link import open_link
from models.record.plan import Plan, Verification, WorkStep
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import Ticket
from models.rules import journal, workflow


@command
def log_work(
    ticket: Ticket,
    *,
    actor: Person,
    body: str,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    failed: bool = False,
    evidence: str = "",
    deviation: str = "",
) -> WorkStep:
    """One step of the implementation record, with start, end, result, evidence and deviation (P8.1)."""
    if not body.strip():
        raise Invalid("Please write what was carried out.", field="body")
    now = clock.now()
    started_at, ended_at = started_at or now, ended_at or now
    if ended_at < started_at or ended_at > now:
        raise Invalid("The step must end after it started, and not in the future.", field="ended_at")
    plan = approved_plan(ticket)
    step = WorkStep(
        plan_id=plan.id,
        ticket_id=ticket.id,
        person_id=actor.id,
        body=body.strip(),
        evidence=evidence.strip(),
        deviation=deviation.strip(),
        failed=failed,
        started_at=started_at,
        ended_at=ended_at,
    )
    workflow.advance(
        ticket, "work", actor=actor, plan=plan.id, failed=failed, digest=journal.digest_of(body, evidence, deviation)
    )
    db.session.add(step)
    db.session.flush()
    return step


@command
def finish_fix(ticket: Ticket, *, actor: Person) -> Ticket:
    """The plan has been carried out; now it is tested."""
    workflow.check_state(ticket, "fix")
    plan = approved_plan(ticket)
    if not db.session.scalar(select(WorkStep.id).where(WorkStep.plan_id == plan.id, ~WorkStep.failed).limit(1)):
        raise Invalid("Please record at least one step that was carried out.", field="body")
    workflow.advance(ticket, "fix", actor=actor, plan=plan.id)
    return ticket


@command
def roll_back(ticket: Ticket, *, actor: Person, reason: str) -> Ticket:
    """A step failed: the rollback plan was carried out, and a new plan is needed (P8.1)."""
    if not reason.strip():
        raise Invalid("Please say what failed and what was rolled back.", field="reason")
    workflow.check_state(ticket, "roll_back")
    plan = approved_plan(ticket)
    event = workflow.advance(ticket, "roll_back", actor=actor, plan=plan.id, digest=journal.digest_of(reason))
    plan.outcome, plan.decided_at = "rolled_back", event.at
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return ticket


@command
def pass_test(
    ticket: Ticket,
    *,
    actor: Person,
    findings: str,
    result: str,
    cause: str = "",
    measures: str = "",
    prevention: str = "",
    new_problems: str = "",
    leftovers: str = "",
    confirmed_by: str = "",
) -> Ticket:
    """The fix holds (问题验证报告, P8.2); the customer is told in plain words and asked (P10.1).

    `confirmed_by` names the reporter when they tested together and said yes: they are not asked twice.
    """
    for field, text in (("findings", findings), ("result", result)):
        if not text.strip():
            raise Invalid("This must be filled in.", field=field)
    joint = bool(confirmed_by.strip())
    event = workflow.advance(
        ticket,
        "pass_test",
        actor=actor,
        to=State.AWAITING_REVIEW if joint else State.AWAITING_CUSTOMER,
        change={"resolved_at": clock.now(), "escalation": 0},
        joint=joint,
        digest=journal.digest_of(findings, result, cause, measures, prevention),
    )
    _verify(ticket, actor, passed=True, findings=findings, new_problems=new_problems, leftovers=leftovers, joint=joint)
    db.session.add(
        Resolution(
            ticket_id=ticket.id,
            round=ticket.round,
            result=result.strip(),
            cause=cause.strip(),
            measures=measures.strip(),
            prevention=prevention.strip(),
            person_id=actor.id,
            at=event.at,
        )
    )
    journal.write(ticket, "result", result, event=event, actor=actor, public=True)
    search.index_ticket(ticket, result, cause)
    if joint:
        _note_joint(ticket, actor, confirmed_by.strip())
    else:
        open_link(ticket, days=ticket.policy_version.pack.link_days)
    return ticket


@command
def fail_test(ticket: Ticket, *, actor: Person, findings: str, new_plan: bool, new_problems: str = "") -> Ticket:
    """The fix does not hold: back to carrying out the same plan, or to a new one (P8.2)."""
    if not findings.strip():
        raise Invalid("Please write what was found.", field="findings")
    workflow.advance(
        ticket,
        "fail_test",
        actor=actor,
        to=State.AWAITING_PLAN if new_plan else State.AWAITING_FIX,
        new_plan=new_plan,
        digest=journal.digest_of(findings, new_problems),
    )
    _verify(ticket, actor, passed=False, findings=findings, new_problems=new_problems, leftovers="", joint=False)
    return ticket


def approved_plan(ticket: Ticket) -> Plan:
    """The plan that may be carried out now; raises Conflict when there is none (P7.6)."""
    newest = select(Plan).where(Plan.ticket_id == ticket.id).order_by(Plan.revision.desc()).limit(1)
    plan = db.session.scalar(newest)
    if plan is None or plan.outcome != Decision.APPROVED:
        raise Conflict("There is no approved plan that could be carried out.")
    return plan


def _verify(
    ticket: Ticket, actor: Person, *, passed: bool, findings: str, new_problems: str, leftovers: str, joint: bool
) -> None:
    plan = db.session.scalar(select(Plan.id).where(Plan.ticket_id == ticket.id).order_by(Plan.revision.desc()).limit(1))
    db.session.add(
        Verification(
            ticket_id=ticket.id,
            plan_id=plan,
            round=ticket.round,
            person_id=actor.id,
            passed=passed,
            with_reporter=joint,
            findings=findings.strip(),
            new_problems=new_problems.strip(),
            leftovers=leftovers.strip(),
            at=clock.now(),
        )
    )


def _note_joint(ticket: Ticket, actor: Person, said_by: str) -> None:
    db.session.add(
        Confirmation(
            ticket_id=ticket.id,
            round=ticket.round,
            means=Means.JOINT_TEST,
            verdict=Verdict.YES,
            said_by=said_by[:80],
            taken_by_id=actor.id,
            at=clock.now(),
        )
    )
