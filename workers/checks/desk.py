"""What the desk agreed with itself: zones, holidays, policies, and somebody at the end of every ladder."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from app import Settings
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Role
from models.insight.policy_lint import lint
from models.people.person import Person, holders
from models.policy.sheet import calendars_behind
from models.policy.version import versions_in_force
from workers.checks.finding import Finding, unless


def zones(_settings: Settings) -> Finding:
    """Without its data a zone is another one, or none."""
    used = {
        *db.session.scalars(select(Person.time_zone).distinct()),
        *(v.calendar.tz for v in versions_in_force(clock.now())),
    }
    unknown = sorted(name for name in used if name and not _is_known(name))
    fine = f"The data of all {len(used)} time zones in use is there."
    return unless(not unknown, f"Unknown time zones: {', '.join(unknown)}.", fine, do="Install tzdata.")


def holidays(_settings: Settings) -> Finding:
    behind = [f"{row.name} of {year}" for row, year in calendars_behind(clock.now())]
    do = "On the calendar's page, draft the next edition and take the holidays over."
    return unless(
        not behind, f"Holidays are missing: {', '.join(behind)}.", "The holidays are known.", do=do, is_error=False
    )


def policies(_settings: Settings) -> Finding:
    wrong = {version.pack_name for version in versions_in_force(clock.now()) for f in lint(version) if f.is_error}
    sentence = f"Somebody would not be told, under {', '.join(sorted(wrong))}."
    return unless(not wrong, sentence, "Every ladder of every policy has its people.", do="./run policy lint NAME")


def last_rung(_settings: Settings) -> Finding:
    """At the very end of every ladder stand the administrators (P5.4)."""
    reached = [person.login for person in db.session.scalars(holders(Role.ADMIN)) if person.email]
    fine = f"At the end of every ladder: {', '.join(reached[:5])}."
    do = "Give an administrator an e-mail address."
    return unless(bool(reached), "No administrator can be reached by mail.", fine, do=do)


def _is_known(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return False
