"""Public holidays and make-up working days 调休 of the countries that the `holidays` package knows (P4.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import holidays

from models.ground.opening_hours import Calendar, Range
from models.policy.calendar import Names

OFFICE_HOURS: tuple[Range, ...] = ((540, 720), (810, 1080))
OFFICE_WEEK = (*[OFFICE_HOURS] * 5, (), ())
ANNOUNCED_YEARLY = ("CN",)  # by a notice late in the year before
NATIVE = {"zh": ("zh_CN",), "en": ("en_US", "en_GB")}


@dataclass(frozen=True)
class PublicDays:
    """What a country says of some years: closed days, days worked instead, and what they are called."""

    country: str
    years: frozenset[int]
    closed: frozenset[date]
    working: frozenset[date]
    names: Names

    def words(self, on: date) -> dict[str, str]:
        """What a date is called, and whose holiday it is."""
        return self.names.get(on.isoformat(), {}) | {"of": self.country}


def countries() -> list[str]:
    """The ISO codes of every country that the package knows."""
    return sorted(code for code in holidays.list_supported_countries(include_aliases=False) if len(code) == 2)


def public_days(country: str, years: Iterable[int]) -> PublicDays:
    """Days off, substituted and observed days included, and the days worked instead of them.

    Of a year not yet announced (`is_year_known`) only the statutory days are in it.
    """
    years = frozenset(years)
    said = {locale: _days(country, years, languages) for locale, languages in NATIVE.items()}
    days = said["zh"]
    return PublicDays(
        country=country,
        years=years,
        closed=frozenset(day for day in days if day.year in years),
        working=frozenset(day for day in days.weekend_workdays if day.year in years),
        names={day.isoformat(): {locale: said[locale][day] for locale in said} for day in days if day.year in years},
    )


def china_calendar(year_from: int, year_to: int) -> dict[str, Any]:
    """Office hours in China, as `Calendar.from_dict` reads them, with the holidays and make-up days of these years."""
    days = public_days("CN", range(year_from, year_to + 1))
    extra = tuple((day, OFFICE_HOURS) for day in sorted(days.working))
    return Calendar(tz="Asia/Shanghai", week=OFFICE_WEEK, closed=days.closed, extra=extra).to_dict()


def is_year_known(year: int, country: str = "CN") -> bool:
    """Has the notice for this year reached the package? In China days are worked instead of others every year; without
    them the year is not announced yet, and there is no error: whoever relies on the year must be warned."""
    days = public_days(country, [year])
    return bool(days.working if country in ANNOUNCED_YEARLY else days.closed)


def _days(country: str, years: frozenset[int], languages: tuple[str, ...]) -> holidays.HolidayBase:
    spoken = holidays.country_holidays(country).supported_languages
    language = next((one for one in (*languages, "en_US") if one in spoken), None)
    return holidays.country_holidays(country, years=years, language=language)
