"""Things with a history: every ticket is made by the real commands, so none is impossible."""

from typing import Any

from sqlalchemy import select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Category, Cause, ClockKind, PlanKind, Risk, State, Verdict
from models.people.customer import Contact
from models.people.person import Person, find_person
from models.people.team import Team
from models.record.deadline import Deadline
from models.record.plan import Plan, StandardChange
from models.record.ticket import Ticket
from models.steps import approval, closing, customer_verification, diagnosis, intake, repair, triage

# Impact and urgency for which the matrix of the default policy suggests the severity (P3.3).
MATRIX = {
    "P0": ("all", "critical"),
    "P1": ("majority", "high"),
    "P2": ("department", "high"),
    "P3": ("single", "low"),
}
ROAD = (
    State.AWAITING_TRIAGE, State.AWAITING_ENGINEER, State.AWAITING_PLAN, State.AWAITING_APPROVAL, State.AWAITING_FIX,
    State.AWAITING_TEST, State.AWAITING_CUSTOMER, State.AWAITING_REVIEW, State.CLOSED, State.ARCHIVED,
)  # fmt: skip


def a_ticket(
    state: str = "awaiting_triage",
    *,
    severity: str = "P2",
    category: str = Category.FUNCTION,
    team: str = "dev",
    assignee: Person | None = None,
    contact: Contact | None = None,
    reporter: Person | None = None,
    risk: str = Risk.NORMAL,
    description: str = "ERP 报销单点提交后一直转圈。",
    **known: Any,
) -> Ticket:
    """A fault that has come as far as `state`: zhang reports (or wang registers for `contact`), wang triages, zhao
    works on it, chen approves and closes, he tests. `known` goes to the report.

    On the way to `archived` the clock stands at the archiving day while everything that is due is swept.
    """
    impact, urgency = MATRIX[severity]
    known = {"impact": impact, "urgency": urgency, "description": description} | known
    if contact:
        ticket = intake.register_call(actor=person("wang"), contact=contact, **known)
    else:
        ticket = intake.report_fault(actor=reporter or person("zhang"), **known)
    if state == State.CANCELLED:
        return triage.cancel_ticket(ticket, actor=person("wang"), reason="已自行恢复。")
    worker = assignee or person("zhao")
    for passed in ROAD[: ROAD.index(State(state))]:
        _FURTHER[passed](ticket, worker, severity=severity, category=category, team=team, risk=risk)
    return ticket


def further(ticket: Ticket, passed: str) -> None:
    """One step on the road out of the state `passed`, as a_ticket() takes it."""
    worker = ticket.assignee or person("zhao")
    _FURTHER[State(passed)](
        ticket, worker, severity=ticket.severity, category=ticket.category or Category.FUNCTION, team="dev",
        risk=Risk.NORMAL,
    )  # fmt: skip


def an_answered_ticket(severity: str = "P3", *, contact: Contact | None = None) -> Ticket:
    """A question that the first line answered at once (P3.9); it waits for the customer."""
    ticket = a_ticket(severity=severity, contact=contact)
    return triage.answer_ticket(ticket, actor=person("wang"), result="按遥控器的“投屏”键。")


def a_plan(ticket: Ticket, *, author: Person | None = None, risk: str = Risk.NORMAL, **texts: Any) -> Plan:
    """A plan submitted for the ticket, which must be waiting for one."""
    texts = {
        "kind": PlanKind.FIX,
        "steps": "1. 清理缓存\n2. 上限调高并加告警",
        "effect": "可以提交报销单",
        "verification": "提交一张测试单",
        "backup": "已备份配置。",
        "rollback": "恢复原配置并重启。",
    } | texts
    if risk == Risk.MAJOR:
        texts.setdefault("approvers", [person("chen"), person("wu")])
    return approval.submit_plan(ticket, actor=author or person("zhao"), risk=risk, **texts)


def a_standard_change() -> StandardChange:
    """A template that chen made from a plan that was carried out."""
    ticket = a_ticket("awaiting_customer")
    return approval.keep_standard_change(newest_plan(ticket), actor=person("chen"), title="清理报销缓存")


def newest_plan(ticket: Ticket) -> Plan:
    """The revision that counts."""
    plan = approval.newest_plan(ticket)
    assert plan is not None
    return plan


def deadline(ticket: Ticket, kind: str) -> Deadline | None:
    """The newest clock of this kind on the ticket, read anew."""
    db.session.rollback()
    newest = select(Deadline).where(Deadline.ticket_id == ticket.id, Deadline.kind == kind)
    return db.session.scalars(newest.order_by(Deadline.round.desc())).first()


def person(login: str) -> Person:
    """Somebody of the cast."""
    found = find_person(login)
    assert found is not None, login
    return found


def _triage(ticket: Ticket, worker: Person, *, severity: str, category: str, team: str, **_: Any) -> None:
    owner = db.session.scalars(select(Team).where(Team.code == team)).one()
    more = {"category_other": "别的"} if category == Category.OTHER else {}
    triage.triage_ticket(
        ticket, actor=person("wang"), severity=severity, category=category, team=owner, assignee=worker, **more
    )


def _take(ticket: Ticket, worker: Person, **_: Any) -> None:
    diagnosis.take_ticket(ticket, actor=worker)


def _plan(ticket: Ticket, worker: Person, *, risk: str, **_: Any) -> None:
    diagnosis.log_step(ticket, actor=worker, done="看服务日志。", seen="缓存写满。")
    diagnosis.record_diagnosis(ticket, actor=worker, root_cause="报销服务缓存写满。", cause=Cause.CAPACITY)
    a_plan(ticket, author=worker, risk=risk)


def _approve(ticket: Ticket, _worker: Person, **_: Any) -> None:
    plan = newest_plan(ticket)
    for seat in list(plan.approvals) if plan.risk == Risk.MAJOR else plan.approvals[:1]:
        approval.approve_plan(plan, actor=seat.person)


def _carry_out(ticket: Ticket, worker: Person, **_: Any) -> None:
    repair.log_work(ticket, actor=worker, body="清理缓存并调高上限。", evidence="占用 98% → 12%")
    repair.finish_fix(ticket, actor=worker)


def _test(ticket: Ticket, worker: Person, *, category: str, **_: Any) -> None:
    tester = worker if category == Category.SECURITY else person("he")  # P2.11: a verifier does not see it
    repair.pass_test(
        ticket, actor=tester, findings="测试单提交成功。", result="报销单已可以正常提交。", cause="系统缓存写满。",
        measures="清理缓存并调高上限。", prevention="已加容量告警。",
    )  # fmt: skip


def _confirm(ticket: Ticket, _worker: Person, **_: Any) -> None:
    if ticket.reporter:
        customer_verification.confirm_result(ticket, actor=ticket.reporter, verdict=Verdict.YES)
    else:
        customer_verification.record_spoken(
            ticket, actor=person("wang"), said_by="张经理", how="电话", verdict=Verdict.YES
        )


def _close(ticket: Ticket, _worker: Person, **_: Any) -> None:
    closing.close_ticket(ticket, actor=person("chen"), review="记录完整。")


def archive(ticket: Ticket, *_: Any, **__: Any) -> None:
    """Let the archiving day come."""
    due = deadline(ticket, ClockKind.ARCHIVE)
    assert due is not None
    with clock.hold(due.due_at):
        while escalation.sweep():
            pass
    db.session.refresh(ticket)


_FURTHER = {
    State.AWAITING_TRIAGE: _triage,
    State.AWAITING_ENGINEER: _take,
    State.AWAITING_PLAN: _plan,
    State.AWAITING_APPROVAL: _approve,
    State.AWAITING_FIX: _carry_out,
    State.AWAITING_TEST: _test,
    State.AWAITING_CUSTOMER: _confirm,
    State.AWAITING_REVIEW: _close,
    State.CLOSED: archive,
}
