"""Days and months of a service calendar in words."""

from datetime import date

from babel import Locale
from babel.dates import format_skeleton, get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString

from models.ground.opening_hours import WEEKDAYS
from models.policy.holidays import countries
from models.policy.hours import write_hours
from models.policy.sheet import Day


def said(day: Day) -> str:
    """What holds on a date: `as the week`, `closed`, or its hours; and what it is called."""
    state = {"closed": _("closed"), "week": _("as the week")}.get(day.kind, write_hours(day.ranges))
    parts = (state, _("Make-up working day") if day.is_made_up else "", name_of(day))
    return " · ".join(part for part in parts if part)


def name_of(day: Day) -> str:
    """What a date is called, in the reader's language."""
    return day.words.get(str(get_locale()), "")


def month_name(first: date) -> str:
    """`November 2026`."""
    return str(format_skeleton("yMMMM", first, locale=get_locale()))


def date_name(on: date) -> str:
    """`Tuesday, December 1, 2026`."""
    return str(format_skeleton("yMMMMEEEEd", on, locale=get_locale()))


def day_names(width: str = "abbreviated") -> list[str]:
    """Monday to Sunday."""
    names = get_day_names(width, locale=get_locale())
    return [names[number] for number in range(len(WEEKDAYS))]


def lazy_day_name(number: int) -> LazyString:
    """A weekday, as the label of a field."""
    return LazyString(lambda: day_names("wide")[number])


def country_choices() -> list[tuple[str, str]]:
    """Countries whose holidays are known, in the reader's language; China first."""
    names = Locale.parse(str(get_locale())).territories
    known = sorted(((code, names.get(code, code)) for code in countries() if code != "CN"), key=lambda pair: pair[1])
    return [("CN", names["CN"]), *known]
