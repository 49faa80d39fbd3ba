"""Editions of policies: immutable once published; a running ticket keeps the one it started with (P4.3)."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, bindparam, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from models.ground import clock
from models.ground.db import Base, Instant, db
from models.ground.working_time import Calendar
from models.people.customer import Customer
from models.people.person import Person
from models.people.team import Service, Team
from models.policy.calendar import CalendarRow
from models.policy.content import digest_at_insert, read_once
from models.policy.pack import Pack


class Edition(NamedTuple):
    """What clocks are reckoned by: a policy with its calendar, published or only thought of."""

    pack: Pack
    calendar: Calendar


class PolicyVersion(Base):
    """One published edition of a policy pack. The database refuses every change of it."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("pack_name", "edition"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    pack_name: Mapped[str] = mapped_column(String(40))
    edition: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    digest: Mapped[str] = mapped_column(String(64), default=digest_at_insert)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"))
    effective_at: Mapped[datetime] = mapped_column(Instant)
    is_default: Mapped[bool] = mapped_column(default=False)  # from then on its pack serves everybody else
    note: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    calendar_row: Mapped[CalendarRow] = relationship(lazy="joined")
    proposed_by: Mapped[Person | None] = relationship(foreign_keys=proposed_by_id)
    confirmed_by: Mapped[Person | None] = relationship(foreign_keys=confirmed_by_id)

    @property
    def pack(self) -> Pack:
        return read_once(_packs, self, Pack.from_dict)

    @property
    def calendar(self) -> Calendar:
        return self.calendar_row.calendar


def version_in_force(
    at: datetime, *, customer: Customer | None = None, service: Service | None = None, team: Team | None = None
) -> PolicyVersion:
    """The edition that a ticket reported at `at` starts with: of the customer's own policy, else the service's, else
    its team's, else of the default. The desk cannot work without one."""
    own = (customer and customer.policy_name) or (service and service.policy_name)
    team_id = team.id if team else service.team_id if service else None
    return db.session.scalars(_IN_FORCE, {"at": at, "own": own or None, "team_id": team_id}).one()


def versions_in_force(at: datetime) -> list[PolicyVersion]:
    """The edition of each policy that is in force at `at`, by name."""
    found = select(PolicyVersion).where(PolicyVersion.effective_at <= at)
    newest_last = db.session.scalars(found.order_by(PolicyVersion.effective_at, PolicyVersion.id))
    return sorted({version.pack_name: version for version in newest_last}.values(), key=lambda v: v.pack_name)


def versions_scheduled(at: datetime) -> list[PolicyVersion]:
    """Editions that are published and come into force after `at`, the next first."""
    later = select(PolicyVersion).where(PolicyVersion.effective_at > at)
    return list(db.session.scalars(later.order_by(PolicyVersion.effective_at, PolicyVersion.id)))


def versions() -> list[PolicyVersion]:
    """Every edition of every policy, by name, the newest first."""
    return list(
        db.session.scalars(select(PolicyVersion).order_by(PolicyVersion.pack_name, PolicyVersion.edition.desc()))
    )


def editions_of(pack_name: str) -> list[PolicyVersion]:
    """Every edition of a policy, the newest first."""
    mine = select(PolicyVersion).where(PolicyVersion.pack_name == pack_name)
    return list(db.session.scalars(mine.order_by(PolicyVersion.edition.desc())))


def find_edition(pack_name: str, edition: int) -> PolicyVersion | None:
    """One edition of one policy."""
    wanted = select(PolicyVersion).where(PolicyVersion.pack_name == pack_name, PolicyVersion.edition == edition)
    return db.session.scalar(wanted)


def add_edition(pack: Pack, *, calendar_id: int, effective_at: datetime, **more: Any) -> PolicyVersion:
    """The next edition of a pack, in the running command; `more`: is_default, note and who answers for it."""
    counted = select(func.max(PolicyVersion.edition)).where(PolicyVersion.pack_name == pack.name)
    version = PolicyVersion(
        pack_name=pack.name,
        edition=(db.session.scalar(counted) or 0) + 1,
        content=pack.dump(),
        calendar_id=calendar_id,
        effective_at=effective_at,
        **more,
    )
    db.session.add(version)
    db.session.flush()
    return version


def republish_with_calendar(
    old_calendar_id: int, new_calendar_id: int, *, effective_at: datetime, actor: Person | None = None, note: str = ""
) -> list[PolicyVersion]:
    """Another edition of each policy that uses the old calendar, with the new one, in the running command.

    What is scheduled for later is followed by its like at its own time, so that the old calendar does not come back.
    """
    used = [*versions_in_force(effective_at), *versions_scheduled(effective_at)]
    return [
        add_edition(
            version.pack,
            calendar_id=new_calendar_id,
            effective_at=max(version.effective_at, effective_at),
            is_default=version.is_default and version.effective_at > effective_at,
            note=note,
            proposed_by_id=actor.id if actor else None,
            confirmed_by_id=actor.id if actor else None,
        )
        for version in used
        if version.calendar_id == old_calendar_id
    ]


def like_with_calendar(version: PolicyVersion, calendar_id: int) -> PolicyVersion:
    """The edition that says the same with another calendar, in the running command; made when there is none, and in
    force at no time that the one it follows was not."""
    like = select(PolicyVersion).where(
        PolicyVersion.pack_name == version.pack_name,
        PolicyVersion.digest == version.digest,
        PolicyVersion.calendar_id == calendar_id,
    )
    found = db.session.scalars(like.order_by(PolicyVersion.id.desc())).first()
    return found or add_edition(version.pack, calendar_id=calendar_id, effective_at=version.effective_at)


_packs: dict[str, Pack] = {}

_Default = aliased(PolicyVersion, flat=True)
_TEAMS_OWN = select(Team.policy_name).where(Team.id == bindparam("team_id")).scalar_subquery()
_DEFAULT = (
    select(_Default.pack_name)
    .where(_Default.effective_at <= bindparam("at"), _Default.is_default)
    .order_by(_Default.effective_at.desc(), _Default.id.desc())
    .limit(1)
    .scalar_subquery()
)
_IN_FORCE = (
    select(PolicyVersion)
    .where(
        PolicyVersion.pack_name == func.coalesce(bindparam("own", type_=String), _TEAMS_OWN, _DEFAULT),
        PolicyVersion.effective_at <= bindparam("at"),
    )
    .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.id.desc())
    .limit(1)
)
