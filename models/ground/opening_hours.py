"""Opening hours: the service calendar of one place, and its dates in local time (P4.4). Pure, no project code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Self
from zoneinfo import ZoneInfo

Range = tuple[int, int]  # local minutes of a date: 9:00 to 12:00 is (540, 720), midnight at the end is 1440

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_DATE = date(9999, 12, 30)


@dataclass(frozen=True)
class Calendar:
    """The hours of service of one place: ranges per weekday, closed dates, dates with ranges of their own."""

    tz: str
    week: tuple[tuple[Range, ...], ...]  # seven, from Monday
    closed: frozenset[date] = frozenset()
    extra: tuple[tuple[date, tuple[Range, ...]], ...] = ()  # stronger than `closed` and `week`

    def __post_init__(self) -> None:
        _refuse_nonsense(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read `{"tz", "week": {"mon": [["09:00", "12:00"]]}, "closed": [dates], "extra": {date: ranges}}`."""
        _refuse_unknown(raw, ("tz", "week", "closed", "extra"), "a calendar")
        week = raw.get("week", {})
        _refuse_unknown(week, WEEKDAYS, "the week")
        return cls(
            tz=raw.get("tz", ""),
            week=tuple(_read_ranges(week.get(name, ()), name) for name in WEEKDAYS),
            closed=frozenset(_read_date(day) for day in raw.get("closed", ())),
            extra=tuple(sorted((_read_date(day), _read_ranges(r, day)) for day, r in raw.get("extra", {}).items())),
        )

    def to_dict(self) -> dict[str, Any]:
        """Write the shape that `from_dict` reads."""
        return {
            "tz": self.tz,
            "week": {name: _write_ranges(r) for name, r in zip(WEEKDAYS, self.week, strict=True) if r},
            "closed": [day.isoformat() for day in sorted(self.closed)],
            "extra": {day.isoformat(): _write_ranges(r) for day, r in self.extra},
        }

    def ranges(self, day: date) -> tuple[Range, ...]:
        """The local ranges of a date; empty when there is no service."""
        own = self._extra.get(day)
        if own is not None:
            return own
        return () if day in self.closed else self.week[day.weekday()]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.tz)

    @cached_property
    def ends_on(self) -> date:
        """The last date that can have service: far away, unless only single dates are open."""
        return LAST_DATE if any(self.week) else max(day for day, ranges in self.extra if ranges)

    @cached_property
    def _extra(self) -> dict[date, tuple[Range, ...]]:
        return dict(self.extra)

    @cached_property
    def _hash(self) -> int:
        return hash((self.tz, self.week, self.closed, self.extra))

    def __hash__(self) -> int:  # asked for with every remembered day, so counted once
        return self._hash


# --- reading and writing


def _read_ranges(pairs: Iterable[Iterable[str]], where: str) -> tuple[Range, ...]:
    try:
        return tuple(sorted((_read_clock(begins), _read_clock(ends)) for begins, ends in pairs))
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f'The ranges of {where} must be pairs like ["09:00", "12:00"], not {pairs!r}.') from None


def _read_clock(text: str) -> int:
    hour, minute = text.split(":")
    if len(hour) != 2 or len(minute) != 2 or not 0 <= int(minute) < 60:
        raise ValueError(text)
    return int(hour) * 60 + int(minute)


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        raise ValueError(f"{text!r} is not a date like 2026-10-01.") from None


def _write_ranges(ranges: Iterable[Range]) -> list[list[str]]:
    return [[f"{minutes // 60:02}:{minutes % 60:02}" for minutes in span] for span in ranges]


# --- what is refused


def _refuse_nonsense(calendar: Calendar) -> None:
    _refuse_unknown_zone(calendar.tz)
    if len(calendar.week) != len(WEEKDAYS):
        raise ValueError("A week has seven days.")
    for name, ranges in zip(WEEKDAYS, calendar.week, strict=True):
        _refuse_ranges(ranges, name)
    for day, ranges in calendar.extra:
        _refuse_ranges(ranges, day.isoformat())
    if not any(calendar.week) and not any(ranges for _, ranges in calendar.extra):
        raise ValueError("This calendar is never open: give it at least one range.")


def _refuse_unknown_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise ValueError(f"There is no time zone named {name!r}.") from None


def _refuse_ranges(ranges: tuple[Range, ...], where: str) -> None:
    for begins, ends in ranges:
        if not 0 <= begins < ends <= 1440:
            raise ValueError(f"A range of {where} must lie between 00:00 and 24:00 and end after it begins.")
    if any(later[0] < earlier[1] for earlier, later in pairwise(ranges)):
        raise ValueError(f"The ranges of {where} overlap.")


def _refuse_unknown(raw: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    unknown = sorted(set(raw) - set(known))
    if unknown:
        raise ValueError(f"Unknown in {where}: {', '.join(unknown)}. Known are: {', '.join(known)}.")
