"""The demonstration's past month: faults that were solved, confirmed, closed and archived while the clocks ran."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Category, Cause, Impact, PlanKind, Risk, Urgency, Verdict
from models.people.customer import Contact
from models.people.person import Person
from models.people.team import Service
from models.record.deadline import Deadline
from models.record.message import Message, mark_read
from models.record.ticket import Ticket
from models.steps import (
    approval,
    archiving,
    closing,
    comment,
    customer_verification,
    diagnosis,
    intake,
    plans,
    repair,
    triage,
)

Move = Callable[[datetime | timedelta], None]
ZONE = ZoneInfo("Asia/Shanghai")
DAYS = 30
MATRIX = {
    "P0": (Impact.ALL, Urgency.CRITICAL), "P1": (Impact.MAJORITY, Urgency.HIGH),
    "P2": (Impact.DEPARTMENT, Urgency.HIGH), "P3": (Impact.SINGLE, Urgency.LOW),
}  # fmt: skip


class Fault(NamedTuple):
    """One fault of the past: what was reported, what it was, and how long each of its stages took, in minutes."""

    severity: str
    service: str
    category: str
    text: str
    cause: str
    found: str
    fix: str
    result: str
    takes: tuple[int, int, int] = (12, 70, 60)  # until it was taken up, until the plan, until it was tested
    satisfaction: str = "satisfied"
    by_customer: bool = False
    teaches: bool = False


class Question(NamedTuple):
    """One that was answered at once (P3.9)."""

    service: str
    text: str
    answer: str
    satisfaction: str = "satisfied"
    teaches: bool = False


MONTH: tuple[Fault | Question, ...] = (
    Fault("P2", "Corporate mail", Category.PERFORMANCE, "外发邮件要等二十分钟", Cause.CAPACITY, "发件队列被群发占满",
          "群发任务改到夜间，队列上限翻倍", "外发邮件恢复到一分钟以内。", teaches=True),
    Question("Office network", "访客怎么连无线网？", "连 Office-Guest，在前台领取当天的口令。", teaches=True),
    Fault("P3", "Printers and desktops", Category.HARDWARE, "二楼打印机打印有竖线", Cause.HARDWARE, "硒鼓老化",
          "更换硒鼓", "打印清晰。", (35, 180, 200)),
    Fault("P1", "Mobile app", Category.FUNCTION, "APP 升级后收不到推送", Cause.CHANGE, "推送证书随升级被替换",
          "恢复推送证书并重发", "推送恢复，漏发的消息已补发。", (8, 45, 90), by_customer=True, teaches=True),
    Question("ERP", "忘了 ERP 密码怎么办？", "登录页点“忘记密码”，重置链接会发到公司邮箱。"),
    Fault("P2", "Office network", Category.NETWORK, "VPN 每隔十分钟断一次", Cause.CONFIGURATION, "会话超时设成了十分钟",
          "超时改回八小时", "VPN 连接稳定。", teaches=True),
    Fault("P0", "Payment interface", Category.SYSTEM, "所有支付都返回 502", Cause.CODE, "连接没有释放，网关内存耗尽",
          "重启网关并上线修复版本", "支付恢复，用时 98 分钟。", (3, 25, 60), by_customer=True, teaches=True),
    Question("Corporate mail", "怎么设置外出自动回复？", "网页邮箱“设置”→“自动回复”，可以只回内部同事。"),
    Fault("P2", "Printers and desktops", Category.HARDWARE, "三楼打印机卡纸，报 E-05", Cause.HARDWARE, "搓纸轮磨损",
          "更换搓纸轮", "连续打印五十张没有卡纸。"),
    Fault("P2", "Office network", Category.NETWORK, "VPN 又是十分钟就断", Cause.CHANGE, "网关升级把超时改回默认值",
          "固化配置并加巡检", "VPN 连接稳定，已加巡检。", (15, 90, 60), "mostly_satisfied"),
    Question("Printers and desktops", "双面打印在哪里设？", "打印窗口“布局”里选“长边翻转”。"),
    Fault("P1", "ERP", Category.PERFORMANCE, "月结跑了六小时还没完", Cause.CAPACITY, "索引失效，全表扫描",
          "重建索引并加监控", "月结四十分钟完成。", (10, 120, 260), "dissatisfied"),
    Fault("P2", "Printers and desktops", Category.HARDWARE, "三楼打印机又卡纸", Cause.HARDWARE, "纸盒导轨变形",
          "更换纸盒", "连续打印一百张没有卡纸。", (25, 60, 90)),
    Question("Mobile app", "换手机后怎么迁移账号？", "新手机登录后在旧手机上点“同意”即可。"),
    Fault("P2", "Mobile app", Category.FUNCTION, "扫码登录没有反应", Cause.THIRD_PARTY, "扫码组件与新系统不兼容",
          "换用新版组件", "扫码登录恢复。", by_customer=True, satisfaction="mostly_satisfied"),
    Fault("P2", "Office network", Category.NETWORK, "VPN 早上九点连不上", Cause.CAPACITY, "授权数用完",
          "扩容授权并清理空闲会话", "早高峰可以正常连接。", teaches=True),
)  # fmt: skip


def tell_the_past(now: datetime, go: Move, *, cast: dict[str, Person]) -> None:
    """Two faults a working day at most, one after the other; the engine sweeps whenever time moves on."""
    services = {service.name_en: service for service in db.session.scalars(select(Service))}
    contact = db.session.scalars(select(Contact).order_by(Contact.id)).first()
    days = _working_days(now)
    for nth, told in enumerate(MONTH):
        day = days[nth * len(days) // len(MONTH)]
        pass_time(go, day.replace(hour=9 if nth % 2 else 13, minute=5 + 3 * nth % 50))
        if isinstance(told, Question):
            ticket = _answer(told, go, cast, services)
        else:
            ticket = _solve(told, go, cast, services, contact if told.by_customer else None)
        if told.teaches:
            archiving.publish_article(archiving.draft_article(ticket, actor=cast["zhao"]), actor=cast["qian"])
    pass_time(go, now - timedelta(days=1))
    _read_everything(cast)


def pass_time(go: Move, to: datetime | timedelta) -> None:
    """Time passes, and the engine does what falls due, each at its time."""
    goal = clock.now() + to if isinstance(to, timedelta) else to
    while (ring := db.session.scalar(_NEXT)) and ring <= goal:
        go(max(ring, clock.now()))
        if not escalation.sweep():
            break
    go(goal)


def _answer(told: Question, go: Move, cast: dict[str, Person], services: dict[str, Service]) -> Ticket:
    asker = cast["feng"]
    ticket = intake.report_fault(actor=asker, description=told.text, service=services[told.service])
    pass_time(go, timedelta(minutes=6))
    triage.answer_ticket(ticket, actor=cast["wang"], result=told.answer)
    pass_time(go, timedelta(minutes=25))
    customer_verification.confirm_result(ticket, actor=asker, verdict=Verdict.YES, satisfaction=told.satisfaction)
    pass_time(go, timedelta(minutes=15))
    return closing.close_ticket(ticket, actor=cast["chen"])


def _solve(
    told: Fault, go: Move, cast: dict[str, Person], services: dict[str, Service], contact: Contact | None
) -> Ticket:
    """The whole road; whoever reported it says how satisfied they are."""
    wang, chen, service = cast["wang"], cast["chen"], services[told.service]
    engineer = cast["zhao" if told.severity in ("P0", "P1") else "li"]
    known: dict[str, Any] = dict(zip(("impact", "urgency"), MATRIX[told.severity], strict=True))
    if contact:
        ticket = intake.register_call(actor=wang, contact=contact, description=told.text, service=service, **known)
    else:
        ticket = intake.report_fault(actor=cast["zhang"], description=told.text, service=service, **known)
    taken, planned, tested = told.takes
    pass_time(go, timedelta(minutes=3))
    triage.triage_ticket(
        ticket, actor=wang, severity=told.severity, category=told.category, team=service.team, assignee=engineer
    )
    pass_time(go, timedelta(minutes=taken))
    diagnosis.take_ticket(ticket, actor=engineer)
    comment.post_update(ticket, actor=engineer, text="已收到，正在排查。")
    pass_time(go, timedelta(minutes=planned))
    diagnosis.log_step(ticket, actor=engineer, done="查看日志和最近的变更。", seen=f"{told.found}。")
    diagnosis.record_diagnosis(ticket, actor=engineer, root_cause=f"{told.found}。", cause=told.cause, scope=told.text)
    plan = plans.submit_plan(
        ticket, actor=engineer, risk=Risk.NORMAL, kind=PlanKind.FIX, steps=f"1. {told.fix}", effect=told.result,
        verification="与上报人一起验证", rollback="恢复原状", backup="已备份",
    )  # fmt: skip
    pass_time(go, timedelta(minutes=10))
    approval.approve_plan(plan, actor=chen)
    pass_time(go, timedelta(minutes=tested))
    repair.log_work(ticket, actor=engineer, task=plan.tasks[0], body=told.fix, result="正常")
    repair.finish_fix(ticket, actor=engineer)
    repair.pass_test(
        ticket, actor=cast["he"], findings="验证通过。", result=told.result, cause=f"{told.found}。",
        measures=f"{told.fix}。", prevention="已加巡检。",
    )  # fmt: skip
    pass_time(go, timedelta(minutes=20))
    _confirm(ticket, told, cast)
    pass_time(go, timedelta(minutes=15))
    if told.satisfaction == "dissatisfied":
        closing.record_call_back(ticket, actor=chen, text="已致电说明，并约定加监控。")
    return closing.close_ticket(ticket, actor=chen)


def _confirm(ticket: Ticket, told: Fault, cast: dict[str, Person]) -> None:
    asked = told.satisfaction if told.satisfaction == "dissatisfied" else ""
    said: dict[str, Any] = {"verdict": Verdict.YES, "satisfaction": told.satisfaction, "asked": asked}
    if ticket.reporter:
        customer_verification.confirm_result(ticket, actor=ticket.reporter, **said)
    else:
        who = ticket.contact.name if ticket.contact else ""
        customer_verification.record_spoken(ticket, actor=cast["wang"], said_by=who, how="电话", **said)


def _working_days(now: datetime) -> list[datetime]:
    """Mondays to Fridays of the month before yesterday, oldest first."""
    today = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=ago) for ago in range(DAYS, 1, -1)]
    return [day for day in days if day.weekday() < 5]


def _read_everything(cast: dict[str, Person]) -> None:
    """What was told a month ago is no news."""
    upto = db.session.scalar(select(func.max(Message.id))) or 0
    for person in cast.values():
        mark_read(person, upto=upto)


_NEXT = select(func.min(Deadline.ring_at))
