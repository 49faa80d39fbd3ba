"""The demonstration: people, services and tickets in every state, made by the real commands under a held clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import (
    Category,
    Cause,
    Feasibility,
    Impact,
    Kind,
    PlanKind,
    RequestType,
    Risk,
    Role,
    Urgency,
    Verdict,
)
from models.people.customer import Contact, Customer
from models.people.person import Person, RoleHeld
from models.people.team import Department, Service, Team
from models.policy.calendar import CalendarRow
from models.policy.holidays import OFFICE_WEEK, public_days
from models.policy.pack import load_pack
from models.policy.sheet import new_sheet
from models.policy.version import PolicyVersion
from models.record.ticket import Ticket
from models.steps import (
    approval,
    archiving,
    assessment,
    closing,
    comment,
    cooperation,
    customer_verification,
    diagnosis,
    direction,
    intake,
    plans,
    repair,
    rotas,
    triage,
    wish,
)

PASSWORD = "demo"  # noqa: S105 - of the demonstration only
R = Role
Move = Callable[[datetime | timedelta], None]
TEAMS = (
    ("ops", "系统运维", "System operations"),
    ("dev", "应用开发", "Application development"),
    ("hardware", "硬件支持", "Hardware support"),
    ("product", "产品", "Product"),
)
SERVICES = (
    ("ERP 系统", "ERP", "dev"),
    ("支付接口", "Payment interface", "dev"),
    ("企业邮箱", "Corporate mail", "ops"),
    ("办公网络", "Office network", "ops"),
    ("移动 APP", "Mobile app", "dev"),
    ("打印与终端", "Printers and desktops", "hardware"),
)
# login, name, mail name, roles, engineer level, team
PEOPLE = (
    ("zhang", "张敏", (), "", None),
    ("wang", "王芳", (R.FIRST_LINE,), "", "ops"),
    ("li", "李强", (R.ENGINEER,), "junior", "ops"),
    ("zhao", "赵磊", (R.ENGINEER,), "senior", "dev"),
    ("chen", "陈静", (R.SUPERVISOR, R.DUTY_LEAD), "", "dev"),
    ("liu", "刘洋", (R.TECH_MANAGER,), "", None),
    ("sun", "孙浩", (R.DIRECTOR,), "", None),
    ("zhou", "周婷", (R.PRODUCT_MANAGER,), "", "product"),
    ("wu", "吴刚", (R.APPROVER, R.SUPERVISOR), "", "ops"),
    ("he", "何雪", (R.VERIFIER,), "", None),
    ("yang", "杨帆", (R.CONTACT,), "", "hardware"),
    ("feng", "冯涛", (R.DEPT_HEAD,), "", None),
    ("qian", "钱玲", (R.KB_ADMIN,), "", None),
    ("admin", "管理员", (R.ADMIN,), "", None),
)


def load_demonstration() -> bool:
    """Fill an empty database; False when there is anybody in it already."""
    if db.session.scalar(select(Person.id).limit(1)) is not None:
        return False
    now = clock.now()
    with clock.hold(now - timedelta(days=12)) as move:
        found_desk()
        cast_people()
        _tell_stories(now, move)
    return True


@command
def found_desk() -> None:
    """What every desk needs before the first ticket: a calendar and a policy in force."""
    year = clock.now().year
    sheet = new_sheet("Asia/Shanghai", OFFICE_WEEK).with_public_days(public_days("CN", range(year - 1, year + 2)))
    calendar = CalendarRow(
        name="中国工作日 09:00–18:00",
        country="CN",
        content=sheet.calendar.to_dict(),
        names=sheet.names,
        published_at=clock.now(),
    )
    db.session.add(calendar)
    db.session.flush()
    db.session.add(
        PolicyVersion(
            pack_name="unified",
            edition=1,
            content=load_pack("unified").dump(),
            calendar_id=calendar.id,
            effective_at=datetime(2000, 1, 1, tzinfo=UTC),
            is_default=True,
        )
    )


@command
def cast_people() -> None:
    teams = {code: Team(code=code, name=name, name_en=english) for code, name, english in TEAMS}
    db.session.add_all(teams.values())
    db.session.flush()
    for name, english, team in SERVICES:
        db.session.add(Service(name=name, name_en=english, team_id=teams[team].id))
    department = Department(name="财务部", name_en="Finance")
    db.session.add(department)
    hashed = Person(epoch=0)
    hashed.set_password(PASSWORD)
    for login, name, roles, level, home in PEOPLE:
        db.session.add(
            Person(
                login=login,
                name=name,
                email=f"{login}@example.com",
                password_hash=hashed.password_hash,
                engineer_level=level,
                team=teams[home] if home else None,
                department=department if login == "zhang" else None,
                roles_held=[RoleHeld(role=str(role)) for role in (R.REPORTER, *roles)],
            )
        )
    customer = Customer(name="科技有限公司")
    customer.contacts.append(
        Contact(name="张经理", email="zhang.manager@example.com", phone="13800005678", handle="WX_zhang88")
    )
    db.session.add(customer)


def _tell_stories(now: datetime, go: Move) -> None:
    """Tickets all along the road, told backwards from now, so that their clocks look alive."""
    cast = {person.login: person for person in db.session.scalars(select(Person))}
    services = {service.name_en: service for service in db.session.scalars(select(Service))}
    contact = db.session.scalars(select(Contact)).first()
    teams = {team.code: team for team in db.session.scalars(select(Team))}
    dev, ops = teams["dev"], teams["ops"]
    zhang, wang, li, zhao, chen, he = (cast[name] for name in ("zhang", "wang", "li", "zhao", "chen", "he"))

    go(now - timedelta(days=10, hours=3))
    _plan_duty(cast)
    ticket = intake.report_fault(
        actor=zhang, description="ERP系统无法提交报销单。点提交后一直转圈，换浏览器也一样。",
        service=services["ERP"], impact=Impact.DEPARTMENT, urgency=Urgency.HIGH,
    )  # fmt: skip
    _whole_road(ticket, go, wang=wang, team=dev, engineer=zhao, supervisor=chen, verifier=he)
    archiving.publish_article(archiving.draft_article(ticket, actor=zhao), actor=cast["qian"])

    _tell_requests(now, go, cast=cast, contact=contact, team=dev, service=services["ERP"])

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


def _tell_requests(
    now: datetime, go: Move, *, cast: dict[str, Person], contact: Contact | None, team: Team, service: Service
) -> None:
    """Three requests: one is built by an agreed date, one waits for the customer's word, one for its assessment."""
    wang, zhou, zhao = cast["wang"], cast["zhou"], cast["zhao"]
    grade: dict[str, Any] = {"actor": wang, "team": team, "product_manager": zhou}
    said = {
        "development_opinion": "两周，不改接口。", "development_by": "赵磊", "test_opinion": "回归相关模块即可。",
        "test_by": "何雪", "product_opinion": "多家客户提过，值得做。", "cost": "10 人日",
    }  # fmt: skip
    evening = now.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=18, minute=0, second=0, microsecond=0)
    go(now - timedelta(days=6))
    built = wish.make_request(
        actor=cast["feng"], description="审批到期前没有提醒，常常误期。", expected="到期前一天自动提醒审批人。",
        category=RequestType.EXPERIENCE, wished="P2", service=service,
    )  # fmt: skip
    wish.triage_request(built, priority="P2", category=RequestType.EXPERIENCE, **grade)
    go(timedelta(hours=2))
    assessment.assess_request(
        built, actor=zhou, verdict=Feasibility.FEASIBLE, engineer=zhao, deliver_at=evening + timedelta(days=9),
        report="可以做：到期前一天和当天各提醒一次，可在个人设置里关闭。", **said,
    )  # fmt: skip
    go(timedelta(hours=1))
    direction.agree_direction(built, actor=cast["feng"], comment="很好，按这个做。")

    go(now - timedelta(hours=8))
    asked = intake.register_call(
        actor=wang, contact=contact, kind=Kind.REQUEST, description="每月底对账，财务要逐张下载发票，一次上百张。",
        expected="能按月、按供应商批量下载。", category=RequestType.NEW_FEATURE, wished="P1", service=service,
    )  # fmt: skip
    wish.triage_request(asked, priority="P2", category=RequestType.NEW_FEATURE, **grade)

    go(now - timedelta(hours=5))
    waits = wish.make_request(
        actor=cast["zhang"], description="报销单里的成本中心只能手输。", expected="输入两个字就能选出来。",
        category=RequestType.OPTIMISATION, service=service,
    )  # fmt: skip
    wish.triage_request(waits, priority="P3", category=RequestType.OPTIMISATION, **grade)

    go(now - timedelta(hours=3))
    for ticket, text in ((waits, "已收到，三个工作日内给出评估结论。"), (built, "方案正在设计，本周提交评审。")):
        comment.post_update(ticket, actor=ticket.assignee or zhou, text=text)
    comment.post_update(asked, actor=zhou, text="评估结论今天给出。")
    assessment.assess_request(
        asked, actor=zhou, verdict=Feasibility.NEEDS_CHANGE, engineer=zhao, deliver_at=evening + timedelta(days=20),
        report="可以做，范围略作调整：先按月批量下载，按供应商筛选放到下一版。", **said,
    )  # fmt: skip


def _plan_duty(cast: dict[str, Person]) -> None:
    """The rotas: wang in the week, chen round the clock."""
    day = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    for role, login, starts_at, lasts in (
        (R.FIRST_LINE, "wang", monday + timedelta(hours=9), timedelta(days=4, hours=9)),
        (R.DUTY_LEAD, "chen", monday, timedelta(days=7)),
    ):
        rotas.add_shift(
            actor=cast["admin"], role=role, person=cast[login], starts_at=starts_at, ends_at=starts_at + lasts,
            every_weeks=1,
        )  # fmt: skip


def _whole_road(
    ticket: Ticket, go: Move, *, wang: Person, team: Team, engineer: Person, supervisor: Person, verifier: Person
) -> None:
    """One fault from triage to the archive."""
    go(timedelta(minutes=4))
    triage.triage_ticket(ticket, actor=wang, severity="P2", category=Category.FUNCTION, team=team, assignee=engineer)
    go(timedelta(minutes=10))
    diagnosis.take_ticket(ticket, actor=engineer)
    comment.post_update(ticket, actor=engineer, text="已收到，正在排查。")
    diagnosis.log_step(ticket, actor=engineer, done="清浏览器缓存、换账号重试。", seen="所有账号一样，服务端返回 504。")
    diagnosis.record_diagnosis(
        ticket, actor=engineer, root_cause="报销服务缓存写满。", cause=Cause.CAPACITY, scope="财务部全部用户"
    )
    go(timedelta(minutes=20))
    plan = plans.submit_plan(
        ticket, actor=engineer, risk=Risk.NORMAL, kind=PlanKind.FIX, steps="1. 清理缓存\n2. 上限调高并加告警",
        effect="可以提交报销单", verification="提交一张测试单",
    )  # fmt: skip
    go(timedelta(minutes=15))
    approval.approve_plan(plan, actor=supervisor)
    go(timedelta(minutes=10))
    seen = (("缓存占用 98%", "缓存占用 12%"), ("上限 2 GB", "上限 8 GB"))
    for task, (before, after) in zip(plan.tasks, seen, strict=True):
        repair.log_work(ticket, actor=engineer, task=task, body=task.body, result="正常", before=before, after=after)
    repair.finish_fix(ticket, actor=engineer)
    go(timedelta(minutes=10))
    repair.pass_test(
        ticket, actor=verifier, findings="测试单提交成功，用时 2 秒。", result="报销单已可以正常提交。",
        cause="系统缓存写满。", measures="清理缓存并调高上限。", prevention="已加容量告警。",
    )  # fmt: skip
    go(timedelta(minutes=15))
    assert ticket.reporter is not None
    customer_verification.confirm_result(ticket, actor=ticket.reporter, verdict=Verdict.YES, satisfaction="satisfied")
    go(timedelta(minutes=10))
    closing.close_ticket(ticket, actor=supervisor)
