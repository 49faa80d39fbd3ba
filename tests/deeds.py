"""Every action of the state machine, as somebody of the cast does it by the real command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from models.clockwork import escalation as clockwork
from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import Cause, ClockKind, Verdict
from models.people.person import Person
from models.record.article import Article
from models.record.entry import Entry
from models.record.extension import pending_extension
from models.record.plan import StandardChange
from models.record.ticket import Ticket
from models.rules import timekeeping, workflow
from models.steps import (
    approval,
    archiving,
    closing,
    comment,
    customer_verification,
    diagnosis,
    escalation,
    extension,
    intake,
    repair,
    triage,
)
from tests.factories import a_plan, a_standard_change, a_ticket, person

Do = Callable[[Ticket, Any], Any]


def _nothing(_ticket: Ticket) -> None:
    pass


@dataclass(frozen=True)
class Deed:
    """Who does it, how, and what there must be before it can be done ("" is the desk itself)."""

    actor: str
    do: Do
    prepare: Callable[[Ticket], Any] = _nothing


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
        plan = approval.newest_plan(ticket)
        if plan is None:
            return walk(ticket, "approve", actor=actor)
        return decision(plan, actor)

    return decided


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
        repair.log_work(ticket, actor=person("zhao"), body="清理缓存。")


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


def _on_request(action: str, decision: Callable[..., Any]) -> Do:
    """On the request that waits; where there is none, the bare step must refuse."""

    def decided(ticket: Ticket, actor: Person) -> Any:
        found = pending_extension(ticket)
        return decision(found, actor=actor, comment="知悉。") if found else walk(ticket, action, actor=actor)

    return decided


def _attach(ticket: Ticket, actor: Person) -> Any:
    kept = intake.keep_file(actor=actor, name="screenshot.png", content=b"\x89PNG\r\n\x1a\n")
    return comment.attach_files(ticket, actor=actor, files=[kept.key])


DEEDS: dict[str, Deed] = {
    "triage": Deed("wang", lambda t, a: triage.triage_ticket(
        t, actor=a, severity=t.severity, category="function", team=person("zhao").team, assignee=person("zhao"))),
    "answer": Deed("wang", lambda t, a: triage.answer_ticket(t, actor=a, result="按“投屏”键。")),
    "take": Deed("zhao", lambda t, a: diagnosis.take_ticket(t, actor=a)),
    "hand_over": Deed("chen", lambda t, a: triage.hand_over_ticket(t, actor=a, reason="休假", assignee=person("li"))),
    "submit_plan": Deed("zhao", lambda t, a: a_plan(t, author=a)),
    "use_standard_change": Deed(
        "zhao", lambda t, a: approval.use_standard_change(t, actor=a, template=_template()), lambda _: _template()),
    "approve": Deed("chen", _decide(lambda plan, a: approval.approve_plan(plan, actor=a))),
    "return": Deed("chen", _decide(lambda plan, a: approval.return_plan(plan, actor=a, comment="缺回滚步骤。"))),
    "withdraw": Deed("zhao", _decide(lambda plan, a: approval.withdraw_plan(plan, actor=a))),
    "work": Deed("zhao", lambda t, a: repair.log_work(t, actor=a, body="清理缓存。")),
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
    "note": Deed("wang", lambda t, a: comment.add_note(t, actor=a, text="已电话联系机房。")),
    "update": Deed("wang", lambda t, a: comment.post_update(t, actor=a, text="正在处理。")),
    "call": Deed("wang", lambda t, a: comment.record_call(t, actor=a, text="已与张敏通话。")),
    "step": Deed("zhao", lambda t, a: diagnosis.log_step(t, actor=a, done="看日志。", seen="504。")),
    "diagnose": Deed("zhao", lambda t, a: diagnosis.record_diagnosis(
        t, actor=a, root_cause="缓存写满。", cause=Cause.CAPACITY)),
    "reuse": Deed("wang", _reuse, _write_article),
    "ask": Deed("wang", lambda t, a: triage.ask_reporter(t, actor=a, question="几点开始的?")),
    "supply": Deed("zhang", lambda t, a: intake.supply_information(t, actor=a, text="九点开始。")),
    "wait": Deed("wang", lambda t, a: comment.wait_for(t, actor=a, party="vendor", reason="等备件。")),
    "resume": Deed("wang", lambda t, a: comment.resume_work(t, actor=a), _begin_to_wait),
    "extend": Deed("zhao", lambda t, a: extension.ask_for_extension(
        t, actor=a, reason="等厂商补丁。", until=_in_two_weeks())),
    "grant_extension": Deed("chen", _on_request("grant_extension", extension.grant_extension), _ask_for_time),
    "refuse_extension": Deed("chen", _on_request("refuse_extension", extension.refuse_extension), _ask_for_time),
    "call_back": Deed("chen", lambda t, a: closing.record_call_back(t, actor=a, text="已致歉并说明。"), _owe_call_back),
    "regrade": Deed("wang", lambda t, a: triage.regrade_ticket(t, actor=a, severity="P1", reason="影响扩大。")),
    "attach": Deed("zhang", _attach),
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
