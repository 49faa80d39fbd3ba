"""The check of a policy: what nobody would notice before an emergency. Reads only."""

from datetime import datetime

from models.ground import clock
from models.insight.cover_lint import findings_among
from models.insight.finding import Finding
from models.insight.pack_lint import findings_in
from models.policy.calendar import CalendarRow
from models.policy.sheet import missing_year
from models.policy.version import PolicyVersion


def lint(version: PolicyVersion, *, at: datetime | None = None) -> list[Finding]:
    """Everything that was found in the policy, its calendar and the people of its ladders, the errors first."""
    now = at or clock.now()
    found = [
        *_in_the_pack(version, now),
        *_calendar_behind(version.calendar_row, now),
        *findings_among(version.pack, now=now),
    ]
    return sorted(found, key=lambda finding: not finding.is_error)


def _in_the_pack(version: PolicyVersion, now: datetime) -> list[Finding]:
    """Where the calendar ends before a clock does, nothing can be reckoned, and that is the finding."""
    try:
        return list(findings_in(version.pack, version.calendar, now=now))
    except ValueError:
        return [Finding("calendar_ends", is_error=True, calendar=version.calendar_row)]


def _calendar_behind(row: CalendarRow, now: datetime) -> list[Finding]:
    """The holidays and make-up days of this year are missing, or from November on those of the next (P4.4)."""
    today = now.astimezone(row.calendar.zone).date()
    year = missing_year(row, today)
    return [Finding("no_holidays", is_error=year == today.year, calendar=row, count=year)] if year else []
