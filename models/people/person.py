"""Persons and their roles (P1). One person can hold several roles, everywhere or in one team."""

from datetime import datetime
from typing import Any, cast

from flask_login import UserMixin
from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from models.ground import clock
from models.ground.db import Base, Instant, db
from models.ground.vocabulary import Role
from models.ground.words import holding
from models.people import password as passwords
from models.people.team import Department, Team

Held = tuple[str, int | None]  # a role, and the team in which it is held; None: everywhere
PER_TEAM = (
    Role.FIRST_LINE, Role.ENGINEER, Role.DUTY_LEAD, Role.SUPERVISOR, Role.TECH_MANAGER, Role.PRODUCT_MANAGER,
    Role.VERIFIER, Role.APPROVER,
)  # fmt: skip


class RoleHeld(Base):
    """That somebody holds a role; without a team, everywhere. Roles that are not PER_TEAM are held everywhere."""

    __tablename__ = "role_held"
    __table_args__ = (UniqueConstraint("person_id", "role", "team_id"), Index(None, "role"))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team | None] = relationship()


class Person(UserMixin, Base):
    """Somebody with an account. `epoch` rises to end every session at once."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254), default="", index=True)
    phone: Mapped[str] = mapped_column(String(40), default="")
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(8), default="zh")
    time_zone: Mapped[str] = mapped_column(String(64), default="Asia/Shanghai")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    density: Mapped[str] = mapped_column(String(8), default="default")  # of lists: compact, default or comfy
    shortcuts: Mapped[bool] = mapped_column(default=True)  # whether single keys do something
    unmailed: Mapped[list[str]] = mapped_column(JSON, default=list)  # subjects (rules/subjects.py) without letters
    quiet_from: Mapped[str] = mapped_column(String(5), default="")  # "22:00", in their zone; "" without quiet hours
    quiet_until: Mapped[str] = mapped_column(String(5), default="")
    collects: Mapped[bool] = mapped_column(default=False)  # whether news (rules/subjects.py) come as one letter a day
    engineer_level: Mapped[str] = mapped_column(String(8), default="")  # junior, senior or ""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # their first account, if this is another
    on_duty: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    deactivated_at: Mapped[datetime | None] = mapped_column(Instant)
    epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)
    team: Mapped[Team | None] = relationship(lazy="joined")
    department: Mapped[Department | None] = relationship()
    same_as: Mapped["Person | None"] = relationship(remote_side="Person.id")
    roles_held: Mapped[list[RoleHeld]] = relationship(cascade="all, delete-orphan")
    __mapper_args__ = {"version_id_col": version}

    session_token = ""  # set while signing in; what Flask-Login keeps in the cookie
    session_ends = ""  # the same: when it is over, as the page says it
    session_seen = session_proved = None  # when something was done in it last, and the password was typed in it last
    __eq__, __hash__ = object.__eq__, object.__hash__  # UserMixin's would call all who are not signed in the same

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def human_id(self) -> int:
        """Who it is, whichever of their accounts they use: nobody decides twice, or over themselves (P7.3)."""
        return self.same_as_id or self.id

    @property
    def first_login(self) -> str:
        """The user name of their first account; "" where this is it."""
        return self.same_as.login if self.same_as else ""

    @property
    def roles(self) -> frozenset[str]:
        """Every role held, in whatever team."""
        return frozenset(held.role for held in self.roles_held)

    def get_id(self) -> str:
        """What the session cookie remembers: the session's token, not the person."""
        return self.session_token

    def holds(self, role: str, team_id: int | None = None) -> bool:
        """Whether the role is held everywhere or, given a team, in that team."""
        return any(
            held.role == role and (held.team_id is None or team_id is None or held.team_id == team_id)
            for held in self.roles_held
        )

    def set_password(self, password: str) -> None:
        """Keep the argon2 hash and end every session of this person."""
        self.password_hash = passwords.hashed(password)
        self.epoch = (self.epoch or 0) + 1  # a person just made has none yet


_KNOWN_BY = (Person.name, Person.login, Person.email)


def masked_name(name: str) -> str:
    """张敏 → 张*, WX_zhangmin → WX_zhang*: enough to recognise, not to identify (P2.9)."""
    return name[0] + "*" if not name.isascii() else name[: max(1, len(name) - 3)] + "*"


def password_matches(person: Person | None, password: str) -> bool:
    """Whether the password is right; takes as long for a stranger as for a colleague."""
    return passwords.fits(person.password_hash if person and person.active else "", password)


def read_standing(person: Person) -> None:
    """Read anew, in the running command, whether the account is active; anything else is read when it is asked for.

    Reporting asks no more, and reading the whole person would take much of everybody's turn to write.
    """
    identity = inspect(person).identity  # even `id` would be asked for, of a row that is to be read anew
    assert identity, "only who is in the database can stand anywhere"
    set_committed_value(person, "id", identity[0])
    set_committed_value(person, "active", db.session.connection().execute(_ACTIVE, {"person": identity[0]}).scalar())


def find_person(login: str) -> Person | None:
    """The account with this login, or with this e-mail address, active or not; one question, whatever is found."""
    wanted = login.strip().lower()
    known = select(Person).where((Person.login == wanted) | ((Person.email == wanted) & (Person.email != "")))
    return db.session.scalar(known.order_by((Person.login == wanted).desc(), Person.id).limit(1))


def known_by(login: str) -> tuple[int, str, int]:
    """Number, hash and epoch behind a login or an address; (0, "", 0) where nobody is let in by it.

    Plain values, so that it takes as long for a stranger as for a colleague.
    """
    wanted = login.strip().lower()
    said = (_TABLE.c.login == wanted) | ((_TABLE.c.email == wanted) & (_TABLE.c.email != ""))
    known = select(_TABLE.c.id, _TABLE.c.password_hash, _TABLE.c.epoch).where(said, _TABLE.c.active)
    found = db.session.execute(known.order_by((_TABLE.c.login == wanted).desc(), _TABLE.c.id).limit(1)).one_or_none()
    return (found.id, found.password_hash, found.epoch) if found else (0, "", 0)


def everybody(*, q: str = "", after: str = "", limit: int = 50) -> list[Person]:
    """People by user name, from after one; with `q`, those whose name, user name or address holds it."""
    wanted = select(Person).where(Person.login > after).order_by(Person.login).limit(limit)
    roles = selectinload(Person.roles_held).joinedload(RoleHeld.team)
    return list(db.session.scalars(holding(wanted, q, *_KNOWN_BY).options(roles)))


def find_colleagues(q: str, *, limit: int) -> list[Person]:
    """Active people whose name, user name, address or telephone hold every word, the shortest names first."""
    wanted = select(Person).where(Person.active).order_by(func.length(Person.name), Person.name, Person.id)
    return list(db.session.scalars(holding(wanted, q, *_KNOWN_BY, Person.phone).limit(limit)))


def holders(role: Role | str, team_id: int | None = None) -> Select[Person]:
    """Active people who hold the role everywhere or in the given team, in a steady order."""
    held: Any = (RoleHeld.team_id.is_(None)) | (RoleHeld.team_id == team_id) if team_id else True
    return (
        select(Person)
        .where(Person.active, Person.roles_held.any((RoleHeld.role == str(role)) & held))
        .order_by(Person.on_duty.desc(), Person.id)
    )


_TABLE = cast(Table, Person.__table__)
_ACTIVE = select(_TABLE.c.active).where(_TABLE.c.id == bindparam("person"))
