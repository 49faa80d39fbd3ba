"""Things with a history: every ticket is made by the real commands, so none is impossible."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import Category, Cause, ClockKind, Kind, PlanKind, Risk, State, Verdict
from models.insight.progress import progress_of, work_of
from models.people.customer import Contact
from models.people.person import Person, find_person
from models.people.team import Team
from models.policy.pack import Pack, load_pack
from models.policy.version import PolicyVersion, add_edition, versions_in_force
from models.record.deadline import Deadline
from models.record.plan import Plan, PlanStep, StandardChange
from models.record.ticket import Ticket
from models.rules import rounds
from models.steps import (
    accounts,
    approval,
    assessment,
    closing,
    consent,
    customer_verification,
    diagnosis,
    direction,
    intake,
    plans,
    relations,
    repair,
    triage,
    wish,
)
from tests.shelf import told_once

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
REQUEST_ROAD = (ROAD[0], State.AWAITING_ASSESSMENT, State.AWAITING_DIRECTION, *ROAD[2:])
TOUCHING = {
    "touches_customer": True,
    "window": "周三 22:00–22:30",
    "explanation": "我们要清理报销服务的缓存并重启它。重启时有半小时不能提交报销单，已填的草稿不会丢。",
}


@told_once
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
    if state in (State.AWAITING_ASSESSMENT, State.AWAITING_DIRECTION):
        return a_request(state, contact=contact, reporter=reporter)
    impact, urgency = MATRIX[severity]
    known = {"impact": impact, "urgency": urgency, "description": description} | known
    if contact:
        ticket = intake.register_call(actor=person("wang"), contact=contact, **known)
    else:
        ticket = intake.report_fault(actor=reporter or person("zhang"), **known)
    if state == State.CANCELLED:
        return triage.cancel_ticket(ticket, actor=person("wang"), reason="已自行恢复。")
    if state == State.MERGED:
        same = a_ticket(severity=severity, reporter=person("he"))
        return relations.merge_ticket(ticket, actor=person("wang"), into=same)
    worker, touches = assignee or person("zhao"), state == State.AWAITING_CONSENT
    for passed in ROAD[: ROAD.index(State.AWAITING_FIX if touches else State(state))]:
        _FURTHER[passed](ticket, worker, severity=severity, category=category, team=team, risk=risk, touches=touches)
    return ticket


@told_once
def a_request(
    state: str = "awaiting_triage",
    *,
    contact: Contact | None = None,
    reporter: Person | None = None,
    days: int = 20,
    **known: Any,
) -> Ticket:
    """A request that has come as far as `state`: zhang makes it (or wang registers it for `contact`), wang gives it to
    zhou, who assesses it; agreed for `days` ahead, zhao builds it, and zhou accepts it with the customer (UAT)."""
    known = {"description": "每月底对账要逐张下载发票。", "expected": "可以按月批量下载发票。", "wished": "P1"} | known
    if contact:
        ticket = intake.register_call(actor=person("wang"), contact=contact, kind=Kind.REQUEST, **known)
    else:
        ticket = wish.make_request(actor=reporter or person("zhang"), **known)
    if state == State.CANCELLED:
        return triage.cancel_ticket(ticket, actor=person("wang"), reason="已有此功能。")
    touches = state == State.AWAITING_CONSENT
    for passed in REQUEST_ROAD[: REQUEST_ROAD.index(State.AWAITING_FIX if touches else State(state))]:
        do = _FURTHER_WITH_A_REQUEST.get(passed) or _FURTHER[passed]
        do(
            ticket, person("zhao"), severity="P1", category=ticket.category, team="dev", risk=Risk.NORMAL,
            touches=touches, days=days,
        )  # fmt: skip
    return ticket


def assess(
    ticket: Ticket, *, actor: Person | None = None, verdict: str = "feasible", days: int = 20, **texts: Any
) -> Any:
    """zhou assesses the request, which must be waiting for it."""
    said = {
        "report": "可以做：在发票页加“批量下载”，按月打包。",
        "development_opinion": "两周，不改接口。", "development_by": "赵磊",
        "test_opinion": "回归发票模块。", "test_by": "何雪", "product_opinion": "多家客户提过。",
    }  # fmt: skip
    if verdict == "not_now":
        return assessment.postpone_request(ticket, actor=actor or person("zhou"), **(said | texts))
    proposed = {"deliver_at": clock.now() + timedelta(days=days), "engineer": person("zhao")}
    said |= proposed | texts
    return assessment.assess_request(ticket, actor=actor or person("zhou"), verdict=verdict, **said)


def further(ticket: Ticket, passed: str) -> None:
    """One step on the road out of the state `passed`, as a_ticket() takes it."""
    worker = ticket.assignee or person("zhao")
    do = (_FURTHER_WITH_A_REQUEST if ticket.is_request else {}).get(State(passed)) or _FURTHER[State(passed)]
    do(
        ticket, worker, severity=ticket.severity, category=ticket.category or Category.FUNCTION, team="dev",
        risk=Risk.NORMAL, days=20,
    )  # fmt: skip


@told_once
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
    return plans.submit_plan(ticket, actor=author or person("zhao"), risk=risk, **texts)


def an_emergency(ticket: Ticket, *, author: Person | None = None, risk: str = Risk.NORMAL, **texts: Any) -> Plan:
    """A plan for the P0 that goes ahead on chen's word; the ticket must be waiting for a plan."""
    texts = {"steps": "1. 切换备机\n2. 验证", "backup": "备机已同步。", "rollback": "切回主机。"} | texts
    if risk == Risk.MAJOR:
        texts.setdefault("approvers", [person("chen"), person("wu")])
    return plans.declare_emergency(
        ticket, actor=author or person("zhao"), word_by=person("chen"), how="电话", risk=risk, **texts
    )


def a_reviewer(login: str = "mei") -> Person:
    """One more approver; made where there is none of this name."""
    made = find_person(login)
    return made or accounts.create_person(
        actor=person("admin"), login=login, name=login, password="demo-demo", roles=[("approver", None)]
    )


def a_standard_change() -> StandardChange:
    """A template that chen made from a plan that was carried out."""
    ticket = a_ticket("awaiting_customer")
    return plans.keep_standard_change(newest_plan(ticket), actor=person("chen"), title="清理报销缓存")


def carry_out(ticket: Ticket, worker: Person | None = None) -> None:
    """Every step of the plan that is still open, recorded as planned."""
    plan = newest_plan(ticket)
    for each in progress_of(plan, work_of(plan)):
        if not each.is_settled:
            repair.log_work(
                ticket, actor=worker or person("zhao"), task=each.task, body=each.task.body, result="正常",
                before="占用 98%", after="占用 12%",
            )  # fmt: skip


def next_task(ticket: Ticket) -> PlanStep | None:
    """The step of the plan that comes next; None where there is no plan, or nothing is left of it."""
    plan = ticket.plans[-1] if ticket.plans else None
    return next((each.task for each in progress_of(plan, work_of(plan)) if not each.is_settled), None) if plan else None


def newest_plan(ticket: Ticket) -> Plan:
    """The revision that counts."""
    plan = rounds.newest_plan(ticket)
    assert plan is not None
    return plan


def other_policy(ticket: Ticket) -> PolicyVersion:
    """A policy in force that is not the ticket's; where there is none, one that agrees the same under another name."""
    others = [v for v in versions_in_force(clock.now()) if v.pack_name != ticket.policy_version.pack_name]
    return others[0] if others else a_policy(replace(load_pack("unified"), name="another"))


@command
def a_policy(name: str | Pack, *, effective_at: datetime | None = None) -> PolicyVersion:
    """An edition of a policy that ships, or of one that a test has made: from now on, if not from a later time."""
    pack, now = load_pack(name) if isinstance(name, str) else name, clock.now()
    calendar = versions_in_force(now)[0].calendar_id
    return add_edition(pack, calendar_id=calendar, effective_at=effective_at or now)


def a_policy_of_own_words() -> PolicyVersion:
    """One that calls its levels and answers as no other does."""
    raw = load_pack("unified").dump() | {"name": "own", "title": {"zh": "自有协议", "en": "Our contract"}}
    raw["levels"][2]["title"] = {"zh": "丙等", "en": "Third class"}
    raw["satisfaction"][0]["title"] = {"zh": "好极了", "en": "Splendid"}
    return a_policy(Pack.from_dict(raw))


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


def _triage_request(ticket: Ticket, _worker: Person, **_: Any) -> None:
    owner = db.session.scalars(select(Team).where(Team.code == "dev")).one()
    wish.triage_request(
        ticket, actor=person("wang"), priority="P2", category="new_feature", team=owner, product_manager=person("zhou")
    )


def _assess(ticket: Ticket, _worker: Person, *, days: int, **_: Any) -> None:
    assess(ticket, days=days)


def _agree(ticket: Ticket, _worker: Person, **_: Any) -> None:
    if ticket.reporter:
        direction.agree_direction(ticket, actor=ticket.reporter)
    else:
        direction.record_direction(ticket, actor=person("wang"), said_by="张经理", how="电话", answer="agreed")


def _accept(ticket: Ticket, _worker: Person, **_: Any) -> None:
    repair.pass_test(
        ticket, actor=person("zhou"), findings="与客户一起验收：十二张全部正确。", result="发票可以按月批量下载。"
    )


def _take(ticket: Ticket, worker: Person, **_: Any) -> None:
    diagnosis.take_ticket(ticket, actor=worker)


def _plan(ticket: Ticket, worker: Person, *, risk: str, touches: bool = False, **_: Any) -> None:
    diagnosis.log_step(ticket, actor=worker, done="看服务日志。", seen="缓存写满。")
    diagnosis.record_diagnosis(ticket, actor=worker, root_cause="报销服务缓存写满。", cause=Cause.CAPACITY)
    a_plan(ticket, author=worker, risk=risk, **(TOUCHING if touches else {}))


def _approve(ticket: Ticket, _worker: Person, **_: Any) -> None:
    plan = newest_plan(ticket)
    for seat in list(plan.approvals) if plan.risk == Risk.MAJOR else plan.approvals[:1]:
        approval.approve_plan(plan, actor=seat.person)


def _consent(ticket: Ticket, _worker: Person, **_: Any) -> None:
    if ticket.reporter:
        consent.give_consent(ticket, actor=ticket.reporter)
    else:
        consent.record_spoken_consent(ticket, actor=person("wang"), agreed=True, said_by="张经理", how="电话")


def _carry_out(ticket: Ticket, worker: Person, **_: Any) -> None:
    carry_out(ticket, worker)
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
    State.AWAITING_CONSENT: _consent,
    State.AWAITING_FIX: _carry_out,
    State.AWAITING_TEST: _test,
    State.AWAITING_CUSTOMER: _confirm,
    State.AWAITING_REVIEW: _close,
    State.CLOSED: archive,
}
_FURTHER_WITH_A_REQUEST = {
    State.AWAITING_TRIAGE: _triage_request,
    State.AWAITING_ASSESSMENT: _assess,
    State.AWAITING_DIRECTION: _agree,
    State.AWAITING_TEST: _accept,
}
