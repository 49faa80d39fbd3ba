"""The demonstration's day at work: faults all along the road, told backwards from now, so that their clocks run."""

from datetime import datetime, timedelta

from sqlalchemy import select

from models.demonstration_past import Move
from models.ground.db import db
from models.ground.vocabulary import Category, Cause, Impact, PlanKind, Risk, Urgency
from models.people.customer import Contact
from models.people.person import Person
from models.people.team import Service, Team
from models.steps import approval, comment, cooperation, diagnosis, intake, plans, relations, triage


def tell_the_day(now: datetime, go: Move, *, cast: dict[str, Person]) -> None:
    """What lies on the desk at this hour."""
    _tell_of_consent(now, go, cast=cast)
    _tell_of_an_incident(now, go, cast=cast)
    _tell_of_the_hour(now, go, cast=cast)


def _tell_of_consent(now: datetime, go: Move, *, cast: dict[str, Person]) -> None:
    """A plan that touches the customer: it is approved, and waits for their word (P7.4)."""
    zhao, contact = cast["zhao"], _contact()
    go(now - timedelta(minutes=230))
    ticket = intake.register_call(
        actor=cast["wang"], contact=contact, description="对账文件每天早上迟到一小时。",
        service=_service("Payment interface"), impact=Impact.DEPARTMENT, urgency=Urgency.HIGH,
        reported_at=now - timedelta(minutes=233),
    )  # fmt: skip
    triage.triage_ticket(
        ticket, actor=cast["wang"], severity="P2", category=Category.PERFORMANCE, team=_team("dev"), assignee=zhao
    )
    go(now - timedelta(minutes=220))
    diagnosis.take_ticket(ticket, actor=zhao)
    comment.post_update(ticket, actor=zhao, text="对账任务和备份任务撞在一起，正在写调整方案。")
    diagnosis.record_diagnosis(
        ticket, actor=zhao, root_cause="对账任务与备份任务同时运行。", cause=Cause.CAPACITY, scope="每日对账文件"
    )
    plan = plans.submit_plan(
        ticket, actor=zhao, risk=Risk.NORMAL, kind=PlanKind.FIX,
        steps="1. 备份任务改到 23:00\n2. 对账任务提前到 05:30", effect="对账文件 06:00 前送达",
        verification="次日核对送达时间", rollback="恢复原计划时间",
        backup="已备份任务配置", touches_customer=True, window="今晚 22:00–22:30",
        explanation="我们要调整夜间任务的时间。今晚 22:00–22:30 对账文件下载会中断，之后每天 06:00 前送达。",
    )  # fmt: skip
    go(now - timedelta(minutes=35))
    approval.approve_plan(plan, actor=cast["chen"])


def _tell_of_an_incident(now: datetime, go: Move, *, cast: dict[str, Person]) -> None:
    """Many have it: reports below it, people who joined, one report that was merged, a department that has answered."""
    wang, zhao, li, chen = (cast[name] for name in ("wang", "zhao", "li", "chen"))
    go(now - timedelta(minutes=140))
    incident = intake.report_fault(
        actor=cast["feng"], description="三楼到五楼都上不了网，有线无线都一样。", service=_service("Office network"),
        impact=Impact.MAJORITY, urgency=Urgency.HIGH,
    )  # fmt: skip
    go(now - timedelta(minutes=136))
    triage.triage_ticket(
        incident, actor=wang, severity="P1", category=Category.NETWORK, team=_team("ops"), assignee=zhao
    )
    diagnosis.take_ticket(incident, actor=zhao)
    comment.post_update(incident, actor=zhao, text="楼层交换机失去上联，机房正在更换模块。")
    asked = cooperation.ask_department(
        incident, actor=chen, contact=cast["yang"], body="请确认备用光模块的库存，需要两只。"
    )
    go(now - timedelta(minutes=125))
    cooperation.answer_cooperation(asked, actor=cast["yang"], result="done", answer="库存三只，已送到机房。")
    below = intake.report_fault(
        actor=cast["he"],
        description="测试环境连不上了。",
        service=_service("Office network"),
        impact=Impact.DEPARTMENT,
        urgency=Urgency.HIGH,
    )
    triage.triage_ticket(below, actor=wang, severity="P2", category=Category.NETWORK, team=_team("ops"), assignee=li)
    relations.relate(below, actor=wang, other=incident, kind="parent", reason="同一台楼层交换机。")
    for login in ("zhang", "qian", "zhou"):
        relations.join_incident(incident, actor=cast[login])
    same = intake.report_fault(
        actor=cast["yang"], description="四楼网络断了，电话会议全掉线。", service=_service("Office network")
    )
    go(now - timedelta(minutes=118))
    relations.merge_ticket(same, actor=wang, into=incident)
    go(now - timedelta(minutes=40))
    relations.post_update_below(incident, actor=zhao, text="三楼已恢复，四楼五楼在 30 分钟内恢复。")


def _tell_of_the_hour(now: datetime, go: Move, *, cast: dict[str, Person]) -> None:
    """The last three hours: an approval, a P0, a question, an answer, and two reports that nobody has looked at yet."""
    zhang, wang, li, zhao, chen = (cast[name] for name in ("zhang", "wang", "li", "zhao", "chen"))
    dev, ops, contact = _team("dev"), _team("ops"), _contact()
    services = {service.name_en: service for service in db.session.scalars(select(Service))}
    go(now - timedelta(minutes=170))
    ticket = intake.register_call(
        actor=wang, contact=contact, description="登录时报错“连接超时”。打开APP→“我的”→登录，每次都这样。",
        service=services["Mobile app"], impact=Impact.MAJORITY, urgency=Urgency.HIGH,
        reported_at=now - timedelta(minutes=173),
    )  # fmt: skip
    triage.triage_ticket(ticket, actor=wang, severity="P1", category=Category.FUNCTION, team=dev, assignee=zhao)
    go(now - timedelta(minutes=160))
    diagnosis.take_ticket(ticket, actor=zhao)
    comment.post_update(ticket, actor=zhao, text="已复现，正在查认证服务的连接数。")
    go(now - timedelta(minutes=120))
    diagnosis.log_step(ticket, actor=zhao, done="查看认证服务日志与连接池。", seen="连接池用满，旧连接没有释放。")
    diagnosis.record_diagnosis(
        ticket, actor=zhao, root_cause="认证服务升级后连接池上限被改回默认值。", cause=Cause.CONFIGURATION,
        scope="所有移动端登录",
    )  # fmt: skip
    plans.submit_plan(
        ticket, actor=zhao, risk=Risk.NORMAL, kind=PlanKind.FIX, steps="1. 把连接池上限调到 400\n2. 滚动重启认证服务",
        effect="登录恢复", verification="用测试账号连续登录 20 次", rollback="恢复原配置并重启",
        window="今天 20:00–20:30",
    )  # fmt: skip

    go(now - timedelta(minutes=75))
    ticket = intake.report_fault(
        actor=zhang, description="支付接口返回超时错误，客户无法付款", service=services["Payment interface"],
        impact=Impact.ALL, urgency=Urgency.CRITICAL,
    )  # fmt: skip
    go(now - timedelta(minutes=72))
    triage.triage_ticket(ticket, actor=wang, severity="P0", category=Category.SYSTEM, team=dev, assignee=zhao)
    comment.post_update(ticket, actor=zhao, text="正在处理，30 分钟内再通报。")
    go(now - timedelta(minutes=60))
    diagnosis.take_ticket(ticket, actor=zhao)
    cooperation.name_lead(ticket, actor=chen, team=dev)
    cooperation.ask_department(
        ticket, actor=chen, contact=cast["yang"], body="请核对支付前置机的网卡和专线，从 9 点起有没有告警。"
    )

    go(now - timedelta(minutes=50))
    ticket = intake.report_fault(actor=zhang, description="新员工无法激活邮箱", service=services["Corporate mail"])
    triage.triage_ticket(ticket, actor=wang, severity="P3", category=Category.ACCOUNT, team=ops, assignee=li)
    triage.ask_reporter(ticket, actor=li, question="请告诉我这位同事的工号和入职日期。")

    go(now - timedelta(minutes=40))
    ticket = intake.report_fault(
        actor=cast["feng"], description="怎么在会议室投屏？", service=services["Office network"]
    )
    triage.answer_ticket(ticket, actor=wang, result="连上 Office-Guest，按遥控器的“投屏”键，输入屏幕上的四位数字。")

    go(now - timedelta(minutes=9))
    intake.report_fault(
        actor=zhang, description="三楼打印机卡纸，清了还是报错 E-05", service=services["Printers and desktops"]
    )
    go(now - timedelta(minutes=4))
    intake.report_fault(
        actor=cast["feng"], description="VPN 每隔十分钟断一次", impact=Impact.SINGLE, urgency=Urgency.MEDIUM
    )


def _contact() -> Contact:
    return db.session.scalars(select(Contact).order_by(Contact.id)).one()


def _service(english: str) -> Service:
    return db.session.scalars(select(Service).where(Service.name_en == english)).one()


def _team(code: str) -> Team:
    return db.session.scalars(select(Team).where(Team.code == code)).one()
