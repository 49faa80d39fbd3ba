"""The default calendar for China: office hours, public holidays and the adjusted working days 调休 (P4.4)."""

from typing import Any

import holidays

OFFICE_HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
OFFICE_DAYS = ("mon", "tue", "wed", "thu", "fri")


def china_calendar(year_from: int, year_to: int) -> dict[str, Any]:
    """The calendar, as `Calendar.from_dict` reads it, with the holidays and make-up days of these years.

    Of a year not yet announced (`is_year_known`) only the statutory days are in it.
    """
    years = range(year_from, year_to + 1)
    china = holidays.country_holidays("CN", years=years)
    made_up = sorted(day for day in china.weekend_workdays if day.year in years)
    return {
        "tz": "Asia/Shanghai",
        "week": dict.fromkeys(OFFICE_DAYS, OFFICE_HOURS),
        "closed": [day.isoformat() for day in sorted(china)],
        "extra": {day.isoformat(): OFFICE_HOURS for day in made_up},
    }


def is_year_known(year: int) -> bool:
    """Has the State Council's notice for this year reached the package? Without it there are no make-up days,
    and no error either: whoever relies on the year must be warned."""
    return any(day.year == year for day in holidays.country_holidays("CN", years=year).weekend_workdays)
