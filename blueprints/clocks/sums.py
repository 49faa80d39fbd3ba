"""The sum of a clock in words: what is allowed, date by date what counted, and what it comes to (P4.7)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from models.insight.explanation import Explanation
from models.insight.reckoning import CLOSED, MADE_UP, PAUSED, WEEKLY, WORKED, Line, Step
from models.policy.pack import Target

MINUTE = timedelta(minutes=1)
Show = Callable[[datetime], str]  # an instant in the calendar's zone


@dataclass(frozen=True)
class Row:
    """One line of a sum: the date, what counted of it or why nothing did, and how much that is."""

    day: str
    what: str
    amount: str


@dataclass(frozen=True)
class Sum:
    """One step: what is allowed from when, its lines, what they come to, and where that ends."""

    title: str
    rows: list[Row]
    total: str
    until: str


def sum_in_words(why: Explanation, step: Step, show: Show) -> Sum:
    """One step, line by line."""
    titles = {
        "target": _("From %(start)s", start=show(step.since)),
        "paused": _("The service time that was lost by waiting is added"),
        "extended": _("An extension was granted"),
        "agreed": _("From %(start)s to the date that was agreed", start=show(step.since)),
    }
    lines = [_row(why, line, show, nth) for line, nth in _numbered(step)]
    total = _days(step.counted) if isinstance(step.counted, int) else amount(step.counted)
    return Sum(titles[step.name], lines, total, show(step.until))


def amount(span: timedelta) -> str:
    """A span, exact to the second: `3 h 30 min`."""
    minutes, seconds = divmod(round(span / timedelta(seconds=1)), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, _("%(h)s h", h=hours)), (minutes, _("%(m)s min", m=minutes)), (seconds, _("%(s)s s", s=seconds)))
    return " ".join(said for number, said in parts if number) or _("%(m)s min", m=0)


def target_in_words(target: Target) -> str:
    """What is allowed, with the basis on which it counts."""
    if target.daily:
        return _("every working day at %(time)s", time=target.daily.strftime("%H:%M"))
    if target.days:
        return ngettext("%(num)s working day", "%(num)s working days", target.days)
    span = amount(target.amount * MINUTE)
    if target.every_minutes:
        span = _("every %(span)s", span=span)
    if target.basis == "wall":
        return _("%(span)s, counted round the clock", span=span)
    return _("%(span)s, counted in the hours of service", span=span)


def shown(at: datetime, zone: Any) -> str:
    """In the calendar's zone; seconds only where there are some."""
    local = at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def of_language(words: Any) -> str:
    """The Chinese or English of words that stand in a policy or a calendar."""
    both = words if isinstance(words, dict) else {"zh": words.zh, "en": words.en}
    return str(both.get(str(get_locale() or "en")[:2], ""))


def _days(number: int) -> str:
    return ngettext("%(num)s working day", "%(num)s working days", number)


def _numbered(step: Step) -> Iterator[tuple[Line, int]]:
    """Each line with the number of its working day; 0 where minutes are counted, or nothing."""
    nth = 0
    for line in step.lines:
        counts = step.in_days and line.what in (WORKED, MADE_UP)
        nth += counts
        yield line, nth if counts else 0


def _row(why: Explanation, line: Line, show: Show, nth: int) -> Row:
    day = _day(line.first) if line.first == line.last else f"{_day(line.first)} – {_day(line.last)}"
    made_up = _("made-up working day") if line.what == MADE_UP else ""
    if nth:
        number = _("working day %(number)s", number=nth)
        return Row(day, " · ".join(filter(None, (number, made_up))), "1")
    if not line.counted:
        return Row(day, _why_not(why, line), "–")
    spans = ", ".join(f"{_clock(show, span.start)}–{_clock(show, span.end, line.first)}" for span in line.counted)
    return Row(day, " · ".join(filter(None, (spans, made_up))), amount(line.span))


def _why_not(why: Explanation, line: Line) -> str:
    if line.what == CLOSED:
        days = [line.first + timedelta(days=n) for n in range((line.last - line.first).days + 1)]
        names = dict.fromkeys(filter(None, (of_language(why.name_of(day)) for day in days)))
        return _(", ").join(names) or _("closed on this date")
    words = {
        WEEKLY: _("closed every week"),
        PAUSED: _("stood still"),
        WORKED: _("outside the hours of service"),
        MADE_UP: _("outside the hours of service"),
    }
    return words[line.what]


def _day(day: date) -> str:
    return str(format_date(day, "y-MM-dd EEE", locale=get_locale() or "en"))


def _clock(show: Show, at: datetime, day: date | None = None) -> str:
    """The time of day; midnight at the end of a date is 24:00."""
    said = show(at)
    is_midnight = day is not None and said[11:] == "00:00" and said[:10] != day.isoformat()
    return "24:00" if is_midnight else said[11:]
