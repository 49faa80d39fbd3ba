"""The demonstration's requests (客户需求): one in each stage of their road, from the wish to the close (P8.3)."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from models.demonstration_past import Move
from models.ground.db import db
from models.ground.vocabulary import Feasibility, Kind, PlanKind, RequestType, Risk, State, Verdict
from models.people.customer import Contact
from models.people.person import Person
from models.people.team import Service, Team
from models.record.ticket import Ticket
from models.steps import (
    approval,
    assessment,
    closing,
    comment,
    customer_verification,
    direction,
    intake,
    plans,
    repair,
    wish,
)

SAID = {
    "development_opinion": "两周，不改接口。", "development_by": "赵磊", "test_opinion": "回归相关模块即可。",
    "test_by": "何雪", "product_opinion": "多家客户提过，值得做。", "cost": "10 人日",
    "technology": "沿用现有框架，无新组件。", "resources": "开发一人，测试一人。",
}  # fmt: skip


class Wish(NamedTuple):
    """Scene and effect, and how far it has come."""

    state: State
    scene: str
    effect: str
    type: str = RequestType.OPTIMISATION
    priority: str = "P2"
    by_customer: bool = False


OPEN = (
    Wish(State.AWAITING_PLAN, "审批到期前没有提醒，常常误期。", "到期前一天自动提醒审批人。", RequestType.EXPERIENCE),
    Wish(State.AWAITING_APPROVAL, "导出的报表没有页码。", "每页显示页码和导出时间。"),
    Wish(State.AWAITING_FIX, "手机上看不了审批附件。", "附件可以在手机上预览。", RequestType.NEW_FEATURE, "P1"),
    Wish(State.AWAITING_TEST, "供应商名录只能按名称查。", "可以按编码和税号查。"),
    Wish(State.AWAITING_CUSTOMER, "付款失败没有原因。", "写明原因和下一步。", RequestType.EXPERIENCE, "P1", True),
    Wish(State.AWAITING_REVIEW, "会议室预订看不到设备。", "列表上标明投影和电话。"),
    Wish(State.CLOSED, "报销单不能复制。", "可以从旧单复制一张。"),
    Wish(State.AWAITING_DIRECTION, "每月底对账，财务要逐张下载发票，一次上百张。", "能按月、按供应商批量下载。",
         RequestType.NEW_FEATURE, "P2", True),
    Wish(State.AWAITING_ASSESSMENT, "报销单里的成本中心只能手输。", "输入两个字就能选出来。", priority="P3"),
    Wish(State.AWAITING_TRIAGE, "出差补贴要自己算。", "按行程自动算出补贴。", RequestType.NEW_FEATURE),
)  # fmt: skip


def tell_requests(now: datetime, go: Move, *, cast: dict[str, Person]) -> None:
    """One was put off; the others wait at each station of the road."""
    made = [_tell(told, now - timedelta(days=6 - nth * 0.5), now, go, cast) for nth, told in enumerate(OPEN)]
    go(now - timedelta(hours=4))
    _put_off(go, now, cast)
    go(now - timedelta(hours=3))
    for ticket in made:
        if ticket.is_open and ticket.resolved_at is None and ticket.state != State.AWAITING_TRIAGE:
            comment.post_update(ticket, actor=ticket.assignee or cast["zhou"], text="按约定时间推进，有变化会告诉您。")


def tell_the_oldest_request(now: datetime, go: Move, *, cast: dict[str, Person]) -> None:
    """Built, accepted and closed a month ago; the engine archives it while the month passes."""
    told = Wish(State.CLOSED, "采购单看不到审批进度。", "列表上显示当前审批人。", RequestType.EXPERIENCE, "P1")
    _tell(told, now - timedelta(days=31), now, go, cast)


def _tell(told: Wish, begins: datetime, now: datetime, go: Move, cast: dict[str, Person]) -> Ticket:
    """As far as it has come; each station takes an hour."""
    go(begins)
    ticket = _make(told, cast)
    for state in ROAD[: ROAD.index(told.state)]:
        go(timedelta(hours=1))
        _FURTHER[state](ticket, told, now, cast)
    return ticket


def _make(told: Wish, cast: dict[str, Person]) -> Ticket:
    known: dict[str, Any] = {
        "description": told.scene, "expected": told.effect, "category": told.type, "wished": told.priority,
        "service": db.session.scalars(select(Service).order_by(Service.id)).first(),
    }  # fmt: skip
    if told.by_customer:
        contact = db.session.scalars(select(Contact).order_by(Contact.id)).first()
        return intake.register_call(actor=cast["wang"], contact=contact, kind=Kind.REQUEST, **known)
    return wish.make_request(actor=cast["feng"], **known)


def _triage(ticket: Ticket, told: Wish, _now: datetime, cast: dict[str, Person]) -> None:
    team = db.session.scalars(select(Team).where(Team.code == "dev")).one()
    wish.triage_request(
        ticket, actor=cast["wang"], team=team, product_manager=cast["zhou"], priority=told.priority, category=told.type
    )


def _assess(ticket: Ticket, told: Wish, now: datetime, cast: dict[str, Person]) -> None:
    evening = now.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=18, minute=0, second=0, microsecond=0)
    assessment.assess_request(
        ticket, actor=cast["zhou"], verdict=Feasibility.FEASIBLE, engineer=cast["zhao"],
        deliver_at=evening + timedelta(days=9), report=f"可以做：{told.effect}先在测试环境给您看。", **SAID,
    )  # fmt: skip


def _agree(ticket: Ticket, _told: Wish, _now: datetime, cast: dict[str, Person]) -> None:
    if ticket.reporter:
        direction.agree_direction(ticket, actor=ticket.reporter, comment="很好，按这个做。")
    else:
        direction.record_direction(ticket, actor=cast["wang"], said_by="张经理", how="电话", answer="agreed")


def _plan(ticket: Ticket, told: Wish, _now: datetime, cast: dict[str, Person]) -> None:
    plans.submit_plan(
        ticket, actor=cast["zhao"], risk=Risk.NORMAL, kind=PlanKind.FIX, steps=f"1. 开发：{told.effect}\n2. 灰度上线",
        effect=told.effect, verification="与提出人一起验收", rollback="关闭开关", backup="不涉及数据",
    )  # fmt: skip


def _approve(ticket: Ticket, _told: Wish, _now: datetime, cast: dict[str, Person]) -> None:
    approval.approve_plan(ticket.plans[-1], actor=cast["chen"])


def _build(ticket: Ticket, _told: Wish, _now: datetime, cast: dict[str, Person]) -> None:
    for task in ticket.plans[-1].tasks:
        repair.log_work(ticket, actor=cast["zhao"], task=task, body=task.body, result="完成")
    repair.finish_fix(ticket, actor=cast["zhao"])


def _accept(ticket: Ticket, told: Wish, _now: datetime, cast: dict[str, Person]) -> None:
    repair.pass_test(
        ticket, actor=cast["zhou"], findings="与提出人一起验收，符合约定。", result=f"已上线：{told.effect}",
        checks=("功能符合约定", "结果正确", "速度符合预期"),
    )  # fmt: skip


def _confirm(ticket: Ticket, _told: Wish, _now: datetime, _cast: dict[str, Person]) -> None:
    assert ticket.reporter is not None
    customer_verification.confirm_result(ticket, actor=ticket.reporter, verdict=Verdict.YES, satisfaction="satisfied")


def _close(ticket: Ticket, _told: Wish, _now: datetime, cast: dict[str, Person]) -> None:
    closing.close_ticket(ticket, actor=cast["chen"])


def _put_off(go: Move, now: datetime, cast: dict[str, Person]) -> None:
    """Not now, with the reasons; whoever asked has yet to say whether they leave it at that."""
    told = Wish(
        State.AWAITING_ASSESSMENT, "希望 APP 能识别手写发票。", "拍照后自动填好金额。", RequestType.NEW_FEATURE, "P3"
    )
    ticket = _tell(told, now - timedelta(hours=7), now, go, cast)
    go(timedelta(hours=1))
    assessment.postpone_request(
        ticket, actor=cast["zhou"], product_opinion="识别率不够，明年再评估。",
        report="暂不实施：手写识别的准确率还达不到财务要求，明年六月重新评估。",
    )  # fmt: skip


_FURTHER = {
    State.AWAITING_TRIAGE: _triage,
    State.AWAITING_ASSESSMENT: _assess,
    State.AWAITING_DIRECTION: _agree,
    State.AWAITING_PLAN: _plan,
    State.AWAITING_APPROVAL: _approve,
    State.AWAITING_FIX: _build,
    State.AWAITING_TEST: _accept,
    State.AWAITING_CUSTOMER: _confirm,
    State.AWAITING_REVIEW: _close,
}
ROAD = (*_FURTHER, State.CLOSED)
