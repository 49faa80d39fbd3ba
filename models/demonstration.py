"""The demonstration: a desk, its people, a month behind it and a day at work, made by the real commands."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from models.demonstration_now import tell_the_day
from models.demonstration_past import tell_the_past
from models.demonstration_requests import tell_requests, tell_the_oldest_request
from models.ground import clock, disk
from models.ground.db import command, db
from models.ground.vocabulary import Role
from models.people.customer import Contact, Customer
from models.people.person import Person, RoleHeld
from models.people.team import Department, Service, Team
from models.policy.calendar import CalendarRow
from models.policy.holidays import OFFICE_WEEK, public_days
from models.policy.pack import load_pack
from models.policy.sheet import new_sheet
from models.policy.version import PolicyVersion
from models.steps import rotas

PASSWORD = "demo"  # noqa: S105 - of the demonstration only
R = Role
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
    with disk.waited_for_once(db.engine.url.database), clock.hold(now - timedelta(days=32)) as go:
        found_desk()
        cast_people()
        cast = {person.login: person for person in db.session.scalars(select(Person))}
        _plan_duty(cast)
        tell_the_oldest_request(now, go, cast=cast)
        tell_the_past(now, go, cast=cast)
        tell_requests(now, go, cast=cast)
        tell_the_day(now, go, cast=cast)
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
