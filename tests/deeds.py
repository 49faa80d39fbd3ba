"""Every action of the state machine, as somebody of the cast does it by the real command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from models.clockwork import escalation as clockwork
from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import Cause, ClockKind, State, Verdict
from models.people.person import Person
from models.people.team import Team
from models.record.article import Article
from models.record.cooperation import cooperations_of
from models.record.entry import Entry
from models.record.extension import pending_extension
from models.record.plan import StandardChange
from models.record.relation import relations_of
from models.record.ticket import ENDED, Ticket
from models.rules import planning, rounds, timekeeping, voting, workflow
from models.rules.rounds import newest_plan
from models.steps import (
    another_policy,
    approval,
    archiving,
    chasing,
    closing,
    comment,
    consent,
    cooperation,
    customer_verification,
    diagnosis,
    direction,
    escalation,
    extension,
    intake,
    plans,
    relations,
    repair,
    titles,
    triage,
    undo,
)
from tests.factories import (
    ROAD,
    a_plan,
    a_request,
    a_reviewer,
    a_standard_change,
    a_ticket,
    an_emergency,
    assess,
    carry_out,
    further,
    next_task,
    other_policy,
    person,
)

Do = Callable[[Ticket, Any], Any]


def _nothing(_ticket: Ticket) -> None:
    pass


@dataclass(frozen=True)
class Deed:
    """Who does it, how, and what there must be before it can be done ("" is the desk itself)."""

    actor: str
    do: Do
    prepare: Callable[[Ticket], Any] = _nothing
    made: Callable[[str], Ticket] = a_ticket  # of a fault, where it does not say something else


@command
def walk(ticket: Ticket, action: str, *, actor: Person | None = None, **details: Any) -> None:
    """The bare step, for what clockwork does in the middle of a sweep."""
    workflow.advance(ticket, action, actor=actor, **details)


def actor_of(action: str) -> Person | None:
    """Whoever does the action here."""
    login = DEEDS[action].actor
    return person(login) if login else None


def do(action: str, ticket: Ticket) -> Any:
    """Do it, by its usual actor."""
    return DEEDS[action].do(ticket, actor_of(action))


def _by_desk(action: str, **details: Any) -> Deed:
    return Deed("", lambda ticket, _: walk(ticket, action, **details))


def _decide(decision: Callable[..., Any]) -> Do:
    """On the newest plan; where there is none, the bare step must refuse."""

    def decided(ticket: Ticket, actor: Person) -> Any:
        plan = newest_plan(ticket)
        if plan is None:
            return walk(ticket, "approve", actor=actor)
        return decision(plan, actor)

    return decided


@command
def _owe_late_approval(ticket: Ticket, *, newest: bool, rule: str = "any") -> None:
    """As if a plan of zhao's had gone ahead on chen's word, before the others or after them (P7.5)."""
    if not ticket.is_open:
        return
    said = planning.said({"risk": "normal", "steps": "1. 切换备机"})
    plan = planning.write(ticket, person("zhao"), said, ())
    plan.outcome, plan.late, plan.rule, ticket.emergency = "emergency", "owed", rule, True
    plan.word_by, plan.word_how, plan.word_at = person("chen"), "电话", clock.now()
    plan.revision = plan.revision if newest else 0
    for slot, login in enumerate(("chen", "wu"), start=1):
        voting.new_seat(plan, person(login), slot=slot, reason="")
    timekeeping.open_clock(ticket, ClockKind.RATIFY, started_at=clock.now())


def _one_goes_ahead(ticket: Ticket, *, newest: bool = True, rule: str = "any") -> None:
    a_reviewer()
    if ticket.state != "awaiting_approval" or not newest or rule == "all":
        _owe_late_approval(ticket, newest=newest, rule=rule)


def _on_late(action: str, decision: Callable[..., Any]) -> Do:
    """On the emergency that owes its approval; where there is none, the bare step must refuse."""

    def decided(ticket: Ticket, actor: Person) -> Any:
        plan = rounds.late_plan(ticket)
        return decision(plan, actor) if plan else walk(ticket, action, actor=actor)

    return decided


def _beside(action: str, deed: Callable[..., Any]) -> Do:
    """On the plan whose round runs, else on any; where there is none, the bare step must refuse."""

    def done(ticket: Ticket, actor: Person) -> Any:
        plan = rounds.late_plan(ticket) or rounds.newest_plan(ticket)
        return deed(plan, actor) if plan else walk(ticket, action, actor=actor)

    return done


def _template() -> StandardChange:
    return db.session.scalars(select(StandardChange)).first() or a_standard_change()


def _entry_of(ticket: Ticket) -> Entry | None:
    return db.session.scalars(select(Entry).where(Entry.ticket_id == ticket.id).order_by(Entry.id)).first()


def _with_entry(ticket: Ticket) -> None:
    if _entry_of(ticket) is None:
        comment.add_note(ticket, actor=person("wang"), text="密码是 hunter2")


def _breach(ticket: Ticket) -> None:
    """Let the nearest promise be broken and told; needs a held clock."""
    if not ticket.is_open:
        return
    assert ticket.next_due_at is not None
    with clock.hold(ticket.next_due_at):
        while clockwork.sweep():
            pass
    db.session.refresh(ticket)


def _send_link(ticket: Ticket) -> None:
    if ticket.state != "archived":
        customer_verification.send_link(ticket, actor=person("wang"))


def _write_article(_ticket: Ticket) -> None:
    if not db.session.scalar(select(Article)):
        archiving.draft_article(a_ticket("closed"), actor=person("zhao"))


def _reuse(ticket: Ticket, actor: Any) -> Any:
    return diagnosis.reuse_solution(ticket, actor=actor, article=db.session.scalars(select(Article)).one())


def _begin_to_wait(ticket: Ticket) -> None:
    if ticket.state in workflow.STEPS["wait"].come_from:
        comment.wait_for(ticket, actor=person("wang"), party="vendor", reason="等备件。")


def _log_work(ticket: Ticket) -> None:
    if ticket.state == "awaiting_fix":
        carry_out(ticket)


def _follow(ticket: Ticket) -> None:
    if ticket.state != "archived":
        comment.follow_ticket(ticket, actor=person("he"))


def _owe_call_back(ticket: Ticket) -> None:
    if ticket.state in workflow.STEPS["call_back"].come_from:
        _open_call_back(ticket)


@command
def _open_call_back(ticket: Ticket) -> None:
    timekeeping.open_clock(ticket, ClockKind.CALL_BACK, started_at=clock.now())


def _in_two_weeks() -> datetime:
    return clock.now() + timedelta(days=14)


def _ask_for_time(ticket: Ticket) -> None:
    if ticket.state in workflow.STEPS["extend"].come_from:
        extension.ask_for_extension(ticket, actor=person("zhao"), reason="等厂商补丁。", until=_in_two_weeks())


def _asked_in_time(state: str) -> Ticket:
    """A ticket on which more time can have been asked for; before the customer was asked, nobody asks any more."""
    if state != "awaiting_consent":
        return a_ticket(state)
    ticket = a_ticket("awaiting_plan")
    _ask_for_time(ticket)
    plan = a_plan(ticket, touches_customer=True, explanation="停机十分钟。")
    approval.approve_plan(plan, actor=person("chen"))
    return ticket


def _on_request(action: str, decision: Callable[..., Any]) -> Do:
    """On the request that waits; where there is none, the bare step must refuse."""

    def decided(ticket: Ticket, actor: Person) -> Any:
        found = pending_extension(ticket)
        return decision(found, actor=actor, comment="知悉。") if found else walk(ticket, action, actor=actor)

    return decided


def _ask_department(ticket: Ticket) -> None:
    if ticket.state in workflow.STEPS["cooperate"].come_from:
        cooperation.ask_department(ticket, actor=person("chen"), contact=person("yang"), body="请核对发票网关的日志。")


def _asked_before(state: str) -> Ticket:
    """A ticket in this state; where one can no longer ask, the department was asked on the way."""
    if state not in ("awaiting_customer", "awaiting_review"):
        return a_ticket(state)
    ticket = a_ticket("awaiting_plan")
    _ask_department(ticket)
    for passed in ROAD[ROAD.index(State.AWAITING_PLAN) : ROAD.index(State(state))]:
        further(ticket, passed)
    return ticket


def _answer_request(ticket: Ticket, actor: Person) -> Any:
    """The last request; where there is none, the bare step must refuse."""
    asked = cooperations_of(ticket)
    if not asked:
        return walk(ticket, "answer_cooperation", actor=actor)
    return cooperation.answer_cooperation(asked[-1], actor=actor, result="done", answer="日志正常。")


def _other_of(ticket: Ticket) -> Ticket | None:
    """The newest other ticket that is open and of the same kind."""
    wanted = select(Ticket).where(Ticket.id != ticket.id, Ticket.kind == ticket.kind, Ticket.state.not_in(ENDED))
    return db.session.scalars(wanted.order_by(Ticket.id.desc())).first()


def _make_another(ticket: Ticket) -> None:
    if ticket.is_request:
        a_request()
    else:
        a_ticket(reporter=person("he"))


def _hand_over(ticket: Ticket) -> None:
    if ticket.state in workflow.STEPS["take_back"].come_from:
        triage.hand_over_ticket(ticket, actor=person("chen"), reason="休假", assignee=person("li"))


def _link(ticket: Ticket) -> None:
    _make_another(ticket)
    if ticket.state != "archived":
        relations.relate(ticket, actor=person("wang"), other=_other_of(ticket), kind="related")


def _unlink(ticket: Ticket, actor: Any) -> Any:
    """The last relation; where there is none, the bare step must refuse."""
    standing = relations_of(ticket)
    if not standing:
        return walk(ticket, "unrelate", actor=actor)
    return relations.unrelate(standing[-1], actor=actor, ticket=ticket)


def _incident(state: str) -> Ticket:
    return a_ticket(state, severity="P1")


def _join(ticket: Ticket) -> None:
    if ticket.state in workflow.STEPS["join"].come_from:
        relations.join_incident(ticket, actor=person("feng"))


def _joined(state: str) -> Ticket:
    """An incident that feng has, too; where nobody can join any more, before it went on."""
    if state in workflow.STEPS["join"].come_from or state not in workflow.STEPS["leave"].come_from:
        return _incident(state)
    ticket = _incident("awaiting_engineer")
    _join(ticket)
    if state == "merged":
        _make_another(ticket)
        return relations.merge_ticket(ticket, actor=person("wang"), into=_other_of(ticket))
    for passed in ROAD[ROAD.index(State.AWAITING_ENGINEER) : ROAD.index(State(state))]:
        further(ticket, passed)
    return ticket


DEEDS: dict[str, Deed] = {
    "triage": Deed("wang", lambda t, a: triage.triage_ticket(
        t, actor=a, severity=t.severity, category="function", team=person("zhao").team, assignee=person("zhao"))),
    "answer": Deed("wang", lambda t, a: triage.answer_ticket(t, actor=a, result="按“投屏”键。")),
    "take": Deed("zhao", lambda t, a: diagnosis.take_ticket(t, actor=a)),
    "hand_over": Deed("chen", lambda t, a: triage.hand_over_ticket(t, actor=a, reason="休假", assignee=person("li"))),
    "submit_plan": Deed("zhao", lambda t, a: a_plan(t, author=a)),
    "use_standard_change": Deed(
        "zhao", lambda t, a: plans.use_standard_change(t, actor=a, template=_template()), lambda _: _template()),
    "approve": Deed("chen", _decide(lambda plan, a: approval.approve_plan(plan, actor=a))),
    "return": Deed("chen", _decide(lambda plan, a: approval.return_plan(plan, actor=a, comment="缺回滚步骤。"))),
    "withdraw": Deed("zhao", _decide(lambda plan, a: plans.withdraw_plan(plan, actor=a))),
    "emergency": Deed("zhao", lambda t, a: an_emergency(t, author=a), made=lambda s: a_ticket(s, severity="P0")),
    "countersign": Deed("chen", _on_late("countersign", lambda plan, a: approval.approve_plan(plan, actor=a)),
        lambda t: _one_goes_ahead(t, rule="all")),
    "ratify": Deed("chen", _on_late("ratify", lambda plan, a: approval.approve_plan(plan, actor=a)),
        lambda t: _owe_late_approval(t, newest=True)),
    "refuse_ratify": Deed(
        "chen", _on_late("refuse_ratify", lambda plan, a: approval.return_plan(plan, actor=a, comment="不必如此。")),
        lambda t: _one_goes_ahead(t, newest=False)),
    "overturn": Deed(
        "chen", _on_late("overturn", lambda plan, a: approval.return_plan(plan, actor=a, comment="不必如此。")),
        lambda t: _one_goes_ahead(t) if t.state in workflow.STEPS["overturn"].come_from else None),
    "add_approver": Deed("chen", _beside("add_approver", lambda plan, a: approval.add_approver(
        plan, actor=a, person=a_reviewer(), first=False, comment="请看容量。")), _one_goes_ahead),
    "hand_over_seat": Deed("chen", _beside("hand_over_seat", lambda plan, a: approval.hand_over_seat(
        plan, actor=a, to=a_reviewer(), reason="出差")), _one_goes_ahead),
    "copy_plan": Deed("zhao", _beside("copy_plan", lambda plan, a: approval.copy_plan(
        plan, actor=a, people=[person("liu")])), _one_goes_ahead),
    "urge": Deed("zhao", _beside("urge", lambda plan, a: approval.urge_approvers(plan, actor=a)), _one_goes_ahead),
    "name_lead": Deed("chen", lambda t, a: cooperation.name_lead(
        t, actor=a, team=db.session.scalars(select(Team).where(Team.code == "ops")).one())),
    "cooperate": Deed("chen", lambda t, a: cooperation.ask_department(
        t, actor=a, contact=person("yang"), body="请核对发票网关的日志。")),
    "answer_cooperation": Deed("chen", _answer_request, _ask_department, _asked_before),
    "assess": Deed("zhou", lambda t, a: assess(t, actor=a)),
    "postpone": Deed("zhou", lambda t, a: assess(t, actor=a, verdict="not_now")),
    "agree": Deed("zhang", lambda t, a: direction.agree_direction(t, actor=a)),
    "decline": Deed("zhang", lambda t, a: direction.decline_direction(t, actor=a, reason="要按周下载。")),
    "change_delivery": Deed("zhou", lambda t, a: direction.change_delivery(
        t, actor=a, deliver_at=clock.now() + timedelta(days=40), reason="依赖的接口推迟了。"), made=a_request),
    "merge": Deed("wang", lambda t, a: relations.merge_ticket(t, actor=a, into=_other_of(t)), _make_another),
    "unmerge": Deed("wang", lambda t, a: relations.unmerge_ticket(t, actor=a)),
    "untriage": Deed("wang", lambda t, a: undo.undo_triage(t, actor=a, seq=t.seq)),
    "take_back": Deed("chen", lambda t, a: undo.undo_hand_over(t, actor=a, seq=t.seq), _hand_over),
    "put_back": Deed("zhao", lambda t, a: undo.undo_taking(t, actor=a, seq=t.seq)),
    "relate": Deed("wang", lambda t, a: relations.relate(
        t, actor=a, other=_other_of(t), kind="related", reason="同一台服务器。"), _make_another),
    "unrelate": Deed("wang", _unlink, _link),
    "split": Deed("wang", lambda t, a: relations.split_ticket(t, actor=a, description="另外，打印机也不能用。")),
    "join": Deed("feng", lambda t, a: relations.join_incident(t, actor=a), made=_incident),
    "leave": Deed("feng", lambda t, a: relations.leave_incident(t, actor=a), _join, _joined),
    "work": Deed("zhao", lambda t, a: repair.log_work(t, actor=a, task=next_task(t), body="清理缓存。")),
    "consent": Deed("zhang", lambda t, a: consent.give_consent(t, actor=a)),
    "refuse": Deed("zhang", lambda t, a: consent.refuse_consent(t, actor=a, reason="那个时间要月结。")),
    "fix": Deed("zhao", lambda t, a: repair.finish_fix(t, actor=a), _log_work),
    "roll_back": Deed("zhao", lambda t, a: repair.roll_back(t, actor=a, reason="重启失败,已恢复。")),
    "pass_test": Deed("he", lambda t, a: repair.pass_test(t, actor=a, findings="可以提交。", result="已恢复。")),
    "fail_test": Deed("he", lambda t, a: repair.fail_test(t, actor=a, findings="仍然报错。", new_plan=False)),
    "confirm": Deed("zhang", lambda t, a: customer_verification.confirm_result(t, actor=a, verdict=Verdict.YES)),
    "confirm_partly": Deed("zhang", lambda t, a: customer_verification.confirm_result(
        t, actor=a, verdict=Verdict.PARTLY, comment="导出仍然很慢。")),
    "confirm_silently": _by_desk("confirm_silently"),
    "dispute": Deed("zhang", lambda t, a: customer_verification.dispute_result(t, actor=a, reason="又出现了。")),
    "send_back": Deed("chen", lambda t, a: closing.send_back(t, actor=a, reason="缺根因。")),
    "close": Deed("chen", lambda t, a: closing.close_ticket(t, actor=a)),
    "reopen": Deed("chen", lambda t, a: closing.reopen_ticket(t, actor=a, reason="又出现了。")),
    "archive": _by_desk("archive"),
    "cancel": Deed("wang", lambda t, a: triage.cancel_ticket(t, actor=a, reason="重复。")),
    "retitle": Deed("wang", lambda t, a: titles.retitle_ticket(t, actor=a, title=f"投屏黑屏，重启 {t.seq} 次无效")),
    "note": Deed("wang", lambda t, a: comment.add_note(t, actor=a, text="已电话联系机房。")),
    "update": Deed("wang", lambda t, a: comment.post_update(t, actor=a, text="正在处理。")),
    "call": Deed("wang", lambda t, a: comment.record_call(t, actor=a, text="已与张敏通话。")),
    "step": Deed("zhao", lambda t, a: diagnosis.log_step(t, actor=a, done="看日志。", seen="504。")),
    "diagnose": Deed("zhao", lambda t, a: diagnosis.record_diagnosis(
        t, actor=a, root_cause="缓存写满。", cause=Cause.CAPACITY)),
    "reuse": Deed("wang", _reuse, _write_article),
    "ask": Deed("wang", lambda t, a: triage.ask_reporter(t, actor=a, question="几点开始的?")),
    "chase": Deed("zhang", lambda t, a: chasing.chase_ticket(t, actor=a)),
    "supply": Deed("zhang", lambda t, a: intake.supply_information(t, actor=a, text="九点开始。")),
    "wait": Deed("wang", lambda t, a: comment.wait_for(t, actor=a, party="vendor", reason="等备件。")),
    "resume": Deed("wang", lambda t, a: comment.resume_work(t, actor=a), _begin_to_wait),
    "extend": Deed("zhao", lambda t, a: extension.ask_for_extension(
        t, actor=a, reason="等厂商补丁。", until=_in_two_weeks())),
    "grant_extension": Deed(
        "chen", _on_request("grant_extension", extension.grant_extension), _ask_for_time, _asked_in_time),
    "refuse_extension": Deed(
        "chen", _on_request("refuse_extension", extension.refuse_extension), _ask_for_time, _asked_in_time),
    "call_back": Deed("chen", lambda t, a: closing.record_call_back(t, actor=a, text="已致歉并说明。"), _owe_call_back),
    "regrade": Deed("wang", lambda t, a: triage.regrade_ticket(t, actor=a, severity="P1", reason="影响扩大。")),
    "change_policy": Deed("wang", lambda t, a: another_policy.change_policy(
        t, actor=a, version=other_policy(t), severity=t.severity, reason="客户另有合同。"),
        other_policy),
    "acknowledge": Deed("chen", lambda t, a: escalation.acknowledge_escalation(t, actor=a), _breach),
    "report_up": Deed("liu", lambda t, a: escalation.report_up(t, actor=a, reason="需要加人。")),
    "warn": _by_desk("warn", people=[]),
    "escalate": _by_desk("escalate", people=[]),
    "change_calendar": _by_desk("change_calendar"),
    "follow": Deed("he", lambda t, a: comment.follow_ticket(t, actor=a)),
    "unfollow": Deed("he", lambda t, a: comment.unfollow_ticket(t, actor=a), _follow),
    "send_link": Deed("wang", lambda t, a: customer_verification.send_link(t, actor=a)),
    "revoke_link": Deed("wang", lambda t, a: customer_verification.revoke_link(t, actor=a), _send_link),
    "redact": Deed("chen", lambda t, a: comment.redact_entry(_entry_of(t), actor=a, reason="含密码"), _with_entry),
}  # fmt: skip
