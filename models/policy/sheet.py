"""A calendar as a sheet that can be filled in: its hours, its single days, and what these are called (P4.4). Pure."""

from calendar import Calendar as Weeks
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from models.ground.errors import Invalid
from models.ground.opening_hours import WEEKDAYS, Calendar, Range
from models.policy.calendar import CalendarRow, Names, newest_calendars
from models.policy.holidays import PublicDays

WARNED_FROM_MONTH = 11  # November: the notice for the next year is usually out by then
Kind = Literal["week", "closed", "own"]


@dataclass(frozen=True)
class Day:
    """One date: as the week has it, closed, or with ranges of its own."""

    on: date
    kind: Kind
    ranges: tuple[Range, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)  # what it is called in each language; `of`: whose holiday
    is_made_up: bool = False  # worked although the week is closed then: 调休

    @property
    def is_open(self) -> bool:
        return bool(self.ranges)


@dataclass(frozen=True)
class Change:
    """A date that is not the same in two sheets."""

    before: Day
    after: Day


@dataclass(frozen=True)
class Sheet:
    """The calendar itself and the names of its days."""

    calendar: Calendar
    names: Names

    def day(self, on: date) -> Day:
        """What the sheet says of a date."""
        own = dict(self.calendar.extra).get(on)
        kind: Kind = "own" if own else "closed" if own == () or on in self.calendar.closed else "week"
        ranges = self.calendar.ranges(on)
        made_up = bool(ranges) and not self.calendar.week[on.weekday()]
        return Day(on, kind, ranges, self.names.get(on.isoformat(), {}), made_up)

    @property
    def usual_hours(self) -> tuple[Range, ...]:
        """The hours of the first day of the week that has any."""
        return next((ranges for ranges in self.calendar.week if ranges), ())

    def days(self) -> list[Day]:
        """Every date that is not as the week has it, or that has a name."""
        named = {date.fromisoformat(on) for on in self.names}
        dates = self.calendar.closed | {on for on, _ in self.calendar.extra} | named
        return [self.day(on) for on in sorted(dates)]

    def knows(self, year: int) -> bool:
        """Has it holidays in this year, and days worked instead of them if the year before has some?"""
        days = [day for day in self.days() if day.on.year in (year - 1, year)]
        now = {(day.kind == "closed", day.is_made_up) for day in days if day.on.year == year}
        before = any(day.is_made_up for day in days if day.on.year == year - 1)
        return (True, False) in now and ((False, True) in now or not before)

    def month(self, year: int, month: int) -> list[list[Day]]:
        """The weeks of a month, from Monday, with the days of its neighbours that fill them."""
        return [[self.day(on) for on in week] for week in Weeks().monthdatescalendar(year, month)]

    def with_days(self, days: Iterable[Day]) -> "Sheet":
        """The sheet with these dates filled in anew."""
        closed, extra, names = set(self.calendar.closed), dict(self.calendar.extra), dict(self.names)
        for day in days:
            closed.discard(day.on)
            extra.pop(day.on, None)
            names.pop(day.on.isoformat(), None)
            if day.kind == "closed":
                closed.add(day.on)
            elif day.kind == "own":
                extra[day.on] = day.ranges
            if any(day.words.values()):
                names[day.on.isoformat()] = dict(day.words)
        return Sheet(_changed(self.calendar, closed=closed, extra=extra), dict(sorted(names.items())))

    def with_week(self, tz: str, week: tuple[tuple[Range, ...], ...]) -> "Sheet":
        """The sheet with other weekly hours, in this zone. A day worked instead of another keeps usual hours."""
        _refuse_unknown_zone(tz)
        made_up = {day.on for day in self.days() if day.is_made_up and day.ranges == self.usual_hours}
        sheet = Sheet(_changed(self.calendar, tz=tz, week=week), self.names)
        usual = sheet.usual_hours
        return sheet.with_days(Day(on, "own", usual, self.names.get(on.isoformat(), {})) for on in made_up if usual)

    def with_public_days(self, days: PublicDays) -> "Sheet":
        """The public holidays of some years taken over: days off closed, days worked instead with usual hours.

        What was taken over for these years before and is no longer said goes; closures of one's own stay.
        """
        usual = self.usual_hours
        gone = [Day(day.on, "week") for day in self.days() if day.on.year in days.years and day.words.get("of")]
        off = [Day(on, "closed", words=days.words(on)) for on in days.closed - days.working]
        on_duty = [Day(on, "own", usual, days.words(on)) for on in days.working]
        return self.with_days([*gone, *off, *(on_duty if usual else [])])


def sheet_of(row: CalendarRow) -> Sheet:
    """What an edition says."""
    return Sheet(row.calendar, row.names)


def proposed_sheet(row: CalendarRow) -> Sheet | None:
    """What is to be taken over into a draft, if anything is."""
    return Sheet(Calendar.from_dict(row.proposed["content"]), row.proposed["names"]) if row.proposed else None


def missing_year(row: CalendarRow, today: date) -> int | None:
    """The year that the calendar does not know though it should: this one, and from 1 November on the next.

    A country's holidays are there, or else only its make-up days are missing, when the year before has them.
    """
    if not row.country:
        return None
    sheet = sheet_of(row)
    years = [today.year, *([today.year + 1] if today.month >= WARNED_FROM_MONTH else [])]
    return next((year for year in years if not sheet.knows(year)), None)


def calendars_behind(at: datetime) -> list[tuple[CalendarRow, int]]:
    """Calendars that count now and do not know a year that they should know, with the year."""
    seen = [(row, missing_year(row, at.astimezone(row.calendar.zone).date())) for row in newest_calendars()]
    return [(row, year) for row, year in seen if year]


def new_sheet(tz: str, week: tuple[tuple[Range, ...], ...]) -> Sheet:
    """A sheet with weekly hours and nothing else."""
    return Sheet(Calendar(tz="UTC", week=(((0, 1440),),) * len(WEEKDAYS)), {}).with_week(tz, week)


def changes(before: Sheet, after: Sheet) -> list[Change]:
    """The single dates that differ; weekly hours and the zone are seen at a glance."""
    dates = {day.on for sheet in (before, after) for day in sheet.days()}
    pairs = [Change(before.day(on), after.day(on)) for on in sorted(dates)]
    return [pair for pair in pairs if _said(pair.before) != _said(pair.after)]


def _said(day: Day) -> tuple[object, ...]:
    return day.kind, day.ranges if day.kind == "own" else (), dict(day.words)


def _changed(calendar: Calendar, **changed: Any) -> Calendar:
    if "extra" in changed:
        changed["closed"], changed["extra"] = frozenset(changed["closed"]), tuple(sorted(changed["extra"].items()))
    try:
        return replace(calendar, **changed)
    except ValueError as error:  # ranges and zone are judged before
        raise Invalid("This calendar would never be open. Give at least one day hours.") from error


def _refuse_unknown_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Invalid("There is no time zone of this name.", field="tz") from error
