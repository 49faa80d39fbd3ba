"""The first steps of an installation: who administers it, in which teams, by which policy, at which hours."""

from collections.abc import Iterable
from itertools import count

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.opening_hours import WEEKDAYS
from models.ground.vocabulary import Role
from models.people import claim, organisation
from models.people.password import refuse_weak
from models.people.person import Person, RoleHeld
from models.people.session import open_session
from models.people.team import Team
from models.policy.calendar import CalendarRow, editions_of
from models.policy.holidays import countries, public_days
from models.policy.hours import read_hours
from models.policy.pack import SHIPPED, load_pack
from models.policy.sheet import new_sheet
from models.policy.version import PolicyVersion, add_edition, version_in_force
from models.record.ticket import Ticket
from models.rules.deeds import record, recorded, said_of
from models.rules.permissions import allows


@command
def claim_desk(*, login: str, name: str, email: str, password: str, browser: str) -> tuple[Person, str]:
    """The first account, an administrator's, and the token of its session; the route has checked the code.

    Raises Conflict when there is one.
    """
    if not claim.is_unclaimed():
        raise Conflict("This installation has an administrator already.")
    refuse_weak(password, names=(login, name, email.partition("@")[0]))
    person = Person(login=login.strip().lower(), name=name.strip(), email=email.strip().lower())
    person.set_password(password)
    person.roles_held = [RoleHeld(role=str(role)) for role in (Role.REPORTER, Role.ADMIN)]
    db.session.add(person)
    db.session.flush()
    record("desk_claimed", actor=person, thing=person, after=said_of(person))
    return person, open_session(person, browser=browser)


@command
def describe_organisation(actor: Person, *, name: str, locale: str, time_zone: str, teams: Iterable[str]) -> list[Team]:
    """What it is called, the administrator's language and zone, and the technical domains that tickets are given to,
    by name; one that is there already stays as it is."""
    _need_right(actor)
    row = organisation.call_it(name)
    record("organisation_named", actor=actor, thing=row, after={"name": row.name})
    actor.locale, actor.time_zone = locale, time_zone
    known = set(db.session.scalars(select(Team.name)))
    codes = set(db.session.scalars(select(Team.code)))
    free = (f"team{n}" for n in count(1) if f"team{n}" not in codes)
    wanted = dict.fromkeys(" ".join(team.split())[:80] for team in teams)
    new = [Team(code=next(free), name=team, name_en="") for team in wanted if team and team not in known]
    db.session.add_all(new)
    db.session.flush()
    for team in new:
        record("record_added", actor=actor, thing=team, after=said_of(team))
    return new


@command
@recorded("policy_chosen")
def choose_policy(pack_name: str, *, actor: Person) -> PolicyVersion:
    """The policy that stands from now on. Later ones take two people (P1); there is only one yet."""
    _need_right(actor)
    _refuse_with_tickets()
    if pack_name not in SHIPPED:
        raise Invalid("There is no policy with this name.", field="pack_name")
    present = version_in_force(clock.now())
    if present.pack_name == pack_name:
        return present
    return _publish(load_pack(pack_name).name, present.calendar_id, actor)


@command
@recorded("calendar_chosen")
def choose_calendar(
    *, actor: Person, name: str, tz: str, hours: str, days: Iterable[str], country: str
) -> PolicyVersion:
    """The hours in which clocks run from now on, with a country's public holidays. Raises Invalid."""
    _need_right(actor)
    _refuse_with_tickets()
    ranges, open_days = read_hours(hours, field="hours"), set(days)
    if editions_of(name):
        raise Invalid("There is one with this name already.", field="name")
    if not ranges or not open_days:
        raise Invalid("This calendar would never be open. Give at least one day hours.", field="hours")
    sheet = new_sheet(tz, tuple(ranges if day in open_days else () for day in WEEKDAYS))
    if country in countries():
        year = clock.now().astimezone(sheet.calendar.zone).year
        sheet = sheet.with_public_days(public_days(country, range(year - 1, year + 2)))
    row = CalendarRow(
        name=name, country=country, content=sheet.calendar.to_dict(), names=sheet.names, published_at=clock.now(),
        published_by_id=actor.id,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return _publish(version_in_force(clock.now()).pack_name, row.id, actor)


def _publish(pack_name: str, calendar_id: int, actor: Person) -> PolicyVersion:
    return add_edition(
        load_pack(pack_name),
        calendar_id=calendar_id,
        effective_at=clock.now(),
        is_default=True,
        proposed_by_id=actor.id,
        confirmed_by_id=actor.id,
    )


def _need_right(actor: Person) -> None:
    if not allows(actor, "administer"):
        raise Refused("Only an administrator does this.")


def _refuse_with_tickets() -> None:
    """Raise Conflict once clocks may be running by what stands."""
    if db.session.scalar(select(Ticket.id).limit(1)) is not None:
        raise Conflict("There are tickets already. Change it under Administration instead.")
