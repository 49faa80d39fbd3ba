"""Carrying out (实施) and testing (测试): nothing happens without a valid approval (P7.6, P8)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import Category, Means, State, Verdict
from models.insight.progress import has_failed, is_carried_out, progress_of, work_of
from models.people.person import Person
from models.record import attachment, search
from models.record.link import open_link
from models.record.plan import DONE, FAILED, LEFT_OUT, UNDONE, Plan, PlanStep, Verification, WorkStep
from models.record.resolution import Confirmation, Resolution, write_sheet
from models.record.ticket import Ticket
from models.rules import journal, workflow
from models.rules.answers import HOLDS
from models.rules.rounds import valid_plan
from models.rules.standing import carried_out


class Undone(NamedTuple):
    """One thing that was rolled back, and when."""

    body: str
    at: datetime | None = None


@command
def log_work(
    ticket: Ticket,
    *,
    actor: Person,
    body: str,
    task: PlanStep | None = None,
    outcome: str = DONE,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    result: str = "",
    before: str = "",
    after: str = "",
    deviation: str = "",
    files: list[str] | None = None,
) -> WorkStep:
    """One step of the implementation record: of the plan, or beyond it (P8.1). A step of the plan that is left out
    is recorded too, with its reason."""
    if not body.strip():
        raise Invalid("Please write what was carried out.", field="body")
    started_at, ended_at = _times(started_at, ended_at)
    workflow.check_state(ticket, "work")
    plan = valid_plan(ticket)
    if outcome not in (DONE, FAILED, LEFT_OUT) or (task and task.plan_id != plan.id):
        raise Invalid("Please choose a step of the plan that is in force.", field="outcome")
    if not deviation.strip():
        _refuse_in_silence(plan, task, outcome)
    workflow.advance(
        ticket, "work", actor=actor, plan=plan.id, task=task.position if task else None, outcome=outcome,
        failed=outcome == FAILED, digest=journal.digest_of(body, result, before, after, deviation),
    )  # fmt: skip
    step = _keep(
        plan, actor, body, task=task, outcome=outcome, started_at=started_at, ended_at=ended_at, result=result.strip(),
        before=before.strip(), after=after.strip(), deviation=deviation.strip(),
    )  # fmt: skip
    found = attachment.attach(files or [], ticket_id=ticket.id, person_id=actor.id, link_id=None, public=False)
    for file in found:
        file.work_step_id = step.id
    return step


@command
def finish_fix(ticket: Ticket, *, actor: Person) -> Ticket:
    """Every step of the plan has been carried out, or left out for a reason; now it is tested."""
    workflow.check_state(ticket, "fix")
    plan = valid_plan(ticket)
    work = work_of(plan)
    if missing := [step.task.body for step in progress_of(plan, work) if not step.is_settled]:
        raise Conflict("Not yet carried out or left out: %(steps)s", steps=" · ".join(missing))
    if has_failed(work):
        raise Conflict("The last step failed: record how it went on, or roll back.")
    if not is_carried_out(plan, work):
        raise Invalid("Please record at least one step that was carried out.", field="body")
    workflow.advance(ticket, "fix", actor=actor, plan=plan.id)
    return ticket


@command
def roll_back(ticket: Ticket, *, actor: Person, reason: str, undone: Sequence[Undone] = ()) -> Ticket:
    """A step failed: the rollback plan was carried out, each part with its time, and a new plan is needed (P8.1)."""
    if not reason.strip():
        raise Invalid("Please say what failed and what was rolled back.", field="reason")
    workflow.check_state(ticket, "roll_back")
    plan = valid_plan(ticket)
    parts = [part for part in undone if part.body.strip()] or [Undone(reason)]
    times = [_times(part.at, part.at) for part in parts]
    event = workflow.advance(
        ticket, "roll_back", actor=actor, plan=plan.id,
        digest=journal.digest_of(reason, *(part.body for part in parts)),
    )  # fmt: skip
    for part, (started_at, ended_at) in zip(parts, times, strict=True):
        _keep(plan, actor, part.body, outcome=UNDONE, started_at=started_at, ended_at=ended_at)
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
    checks: Sequence[str] = (),
) -> Ticket:
    """The fix holds (问题验证报告, P8.2); the customer is told in plain words and asked (P10.1).

    `confirmed_by` names the reporter when they tested together and said yes: they are not asked twice. `checks` are
    the lines of the joint verification sheet, three to seven or none (P10.6).
    """
    for field, text in (("findings", findings), ("result", result)):
        if not text.strip():
            raise Invalid("This must be filled in.", field=field)
    joint = bool(confirmed_by.strip())
    if not joint and _tests_alone(ticket, actor):
        raise Invalid(
            "Whoever carried it out tests it together with the reporter; alone, a verifier does.", field="confirmed_by"
        )
    event = workflow.advance(
        ticket,
        "pass_test",
        actor=actor,
        to=State.AWAITING_REVIEW if joint else State.AWAITING_CUSTOMER,
        change={"resolved_at": clock.now(), "escalation": 0},
        joint=joint,
        digest=journal.digest_of(findings, result, cause, measures, prevention, *checks),
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
    write_sheet(ticket, list(checks), answer=HOLDS if joint else "")
    journal.write(ticket, "result", result, event=event, actor=actor, public=True)
    search.index_ticket(ticket, cause)
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


def _tests_alone(ticket: Ticket, actor: Person) -> bool:
    """Nobody verifies their own work (P8.2), but where it is about security: verifiers do not see it (P2.11)."""
    is_seen = ticket.category != Category.SECURITY
    return is_seen and workflow.can(actor, "pass_test", ticket) and carried_out(actor, ticket)


def _times(started_at: datetime | None, ended_at: datetime | None) -> tuple[datetime, datetime]:
    now = clock.now()
    started_at, ended_at = started_at or ended_at or now, ended_at or now
    if ended_at < started_at or ended_at > now:
        raise Invalid("The step must end after it started, and not in the future.", field="ended_at")
    return started_at, ended_at


def _refuse_in_silence(plan: Plan, task: PlanStep | None, outcome: str) -> None:
    """Whatever is not as planned needs a word (P8.1)."""
    if task is None:
        raise Invalid("This step is not in the plan. Please say why it was needed.", field="deviation")
    if outcome == LEFT_OUT:
        raise Invalid("Please say why this step is left out.", field="deviation")
    work = work_of(plan)
    if has_failed(work):
        raise Invalid("The last step failed. Please say why it goes on all the same.", field="deviation")
    if any(step.is_settled for step in progress_of(plan, work) if step.task.id == task.id):
        raise Invalid("This step has been recorded already. Please say why it was done again.", field="deviation")


def _keep(plan: Plan, actor: Person, body: str, **known: Any) -> WorkStep:
    step = WorkStep(plan_id=plan.id, ticket_id=plan.ticket_id, person_id=actor.id, body=body.strip(), **known)
    db.session.add(step)
    db.session.flush()
    return step


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
