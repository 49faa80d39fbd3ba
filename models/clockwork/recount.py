"""A second opinion on due times, for the auditor: from the rows as they are stored, by arithmetic of its own.

Nothing of `ground/working_time.py` or `policy/clockface.py` is used here, so that one mistake cannot hide in both.
Contents are the JSON of packs and calendars (P4.3, P4.4); instants are aware UTC.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SEARCHED = 4_000  # days ahead; a calendar that stays closed longer has no answer
Stretch = tuple[datetime, datetime]  # half-open


def due(
    policy: Mapping[str, Any],
    calendar: Mapping[str, Any],
    *,
    kind: str,
    level: str,
    start: datetime,
    pauses: Iterable[Stretch] = (),
    extended: float = 0,
    date: datetime | None = None,
    own: Mapping[str, Any] | None = None,
) -> datetime | None:
    """When a clock that began at `start` is due; None where the policy agrees none. `extended`: minutes granted;
    `date`: the one that was agreed for a delivery, in no policy; `own`: a target that goes before the policy's."""
    if kind == "deliver":
        return date if date and date > start else None
    target = own or policy["clocks"].get(kind, {}).get(level)
    if target is None:
        return None
    held = sorted(pauses)
    found = _first_due(target, calendar, start, held)
    if not extended:
        return found
    basis = "wall" if target.get("basis", "days") == "wall" else "service"
    return counted_on(calendar, found, extended * MINUTE, basis=basis, pauses=held)


def counted_on(
    calendar: Mapping[str, Any], start: datetime, left: timedelta, *, basis: str, pauses: Iterable[Stretch] = ()
) -> datetime:
    """The instant at which so much time has counted since `start`."""
    if not left:
        return start
    open_hours = [(start, start + SEARCHED * DAY)] if basis == "wall" else _open_from(calendar, start)
    for begin, end in _but(open_hours, list(pauses)):
        if left <= end - begin:
            return begin + left
        left -= end - begin
    raise ValueError("The calendar does not open again.")


def stops(policy: Mapping[str, Any], party: str, kind: str) -> bool:
    """Whether waiting on the party stops the clock (P4.5)."""
    waits = policy["pauses"].get(party)
    return bool(waits) and kind not in waits.get("but", ()) and (waits["stops"] == "all" or kind in waits["stops"])


def days_on(calendar: Mapping[str, Any], start: datetime, days: int, pauses: list[Stretch]) -> datetime:
    """So many working days on: the same time of day, within the hours of that date (P4.4)."""
    zone = ZoneInfo(calendar["tz"])
    opened = next(iter(_open_from(calendar, start)))[0]
    local = opened.astimezone(zone)
    dates = [local.date()]
    for number in range(1, SEARCHED):
        if len(dates) > days:
            break
        day = local.date() + number * DAY
        dates += [day] if _ranges(calendar, day) else []
    landed = _inside(calendar, zone, dates[days], local.time()) if days else opened
    lost = sum((end - begin for begin, end in _within(_open_from(calendar, start, landed), pauses)), timedelta())
    return counted_on(calendar, landed, lost, basis="service", pauses=pauses)


def _first_due(
    target: Mapping[str, Any], calendar: Mapping[str, Any], start: datetime, pauses: list[Stretch]
) -> datetime:
    if daily := target.get("daily"):
        return _next_daily(calendar, start, time.fromisoformat(daily))
    if days := target.get("days"):
        return days_on(calendar, start, days, pauses)
    minutes = target.get("minutes") or target["every_minutes"]
    return counted_on(calendar, start, minutes * MINUTE, basis=target["basis"], pauses=pauses)


def _next_daily(calendar: Mapping[str, Any], after: datetime, at: time) -> datetime:
    zone = ZoneInfo(calendar["tz"])
    first = after.astimezone(zone).date()
    for number in range(SEARCHED):
        day = first + number * DAY
        if _ranges(calendar, day) and (rings_at := _first_moment(zone, day, at)) > after:
            return rings_at
    raise ValueError("The calendar does not open again.")


# --- dates and hours


def _ranges(calendar: Mapping[str, Any], day: date) -> list[list[str]]:
    """The hours of a date, earliest first."""
    text = day.isoformat()
    if text in calendar.get("extra", {}):
        return sorted(calendar["extra"][text])
    return [] if text in calendar.get("closed", ()) else sorted(calendar["week"].get(WEEK[day.weekday()], ()))


def _open_from(calendar: Mapping[str, Any], start: datetime, end: datetime | None = None) -> Iterator[Stretch]:
    """The hours in service from `start` on, in order."""
    zone = ZoneInfo(calendar["tz"])
    day = start.astimezone(zone).date() - DAY
    held: list[Stretch] = []  # of the day before: clocks put back over midnight bring it back into the next
    for _ in range(SEARCHED):
        both = sorted([*held, *_hours(calendar, zone, day)])
        settled = both.index(held[-1]) + 1 if held else 0
        for opens, closes in both[:settled]:
            if closes > start and (end is None or opens < end):
                yield max(opens, start), closes if end is None else min(closes, end)
        held = both[settled:]
        day += DAY
        if end is not None and _moment(zone, day, 0) > end + 2 * DAY:
            return


def _hours(calendar: Mapping[str, Any], zone: ZoneInfo, day: date) -> list[Stretch]:
    spans = tuple((_minutes(opens), _minutes(closes)) for opens, closes in _ranges(calendar, day))
    midnight, next_midnight = _moment(zone, day, 0), _moment(zone, day + DAY, 0)
    is_usual = next_midnight - midnight == DAY and midnight.astimezone(zone).time() == time()
    if is_usual and not _comes_twice(zone, day + DAY):
        return [(_moment(zone, day, opens), _moment(zone, day, closes)) for opens, closes in spans]
    return _on_a_day_of_change(zone, day, spans, midnight - DAY, next_midnight + DAY)


@lru_cache(maxsize=512)
def _on_a_day_of_change(
    zone: ZoneInfo, day: date, spans: tuple[tuple[int, int], ...], begin: datetime, end: datetime
) -> list[Stretch]:
    """The clocks are put forward or back on this date, so every minute is asked what the wall clock shows."""
    found: list[Stretch] = []
    instant = begin
    while instant < end:
        shown = instant.astimezone(zone)
        minute = shown.hour * 60 + shown.minute
        if shown.date() == day and any(opens <= minute < closes for opens, closes in spans):
            joins = bool(found) and found[-1][1] == instant
            found[-1:] = [(found[-1][0], instant + MINUTE)] if joins else [*found[-1:], (instant, instant + MINUTE)]
        instant += MINUTE
    return found


def _inside(calendar: Mapping[str, Any], zone: ZoneInfo, day: date, at: time) -> datetime:
    """The time of day on this date; before an opening the opening, after the last closing the closing."""
    minute = at.hour * 60 + at.minute
    closes = 0
    for opens_at, closes_at in _ranges(calendar, day):
        opens, closes = _minutes(opens_at), _minutes(closes_at)
        if minute < opens:
            return _first_moment_of_minute(zone, day, opens)
        if minute < closes:
            return _first_moment(zone, day, at)
    return _first_moment_of_minute(zone, day, closes)


def _first_moment(zone: ZoneInfo, day: date, at: time) -> datetime:
    """When the wall clock first shows it; if it never does, when it first shows something later."""
    wanted = datetime.combine(day, at)
    instant = wanted.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wanted:
        return instant
    instant = _moment(zone, day, 0) - DAY
    while instant.astimezone(zone).replace(tzinfo=None) < wanted:
        instant += MINUTE
    return instant


def _comes_twice(zone: ZoneInfo, day: date) -> bool:
    """The clocks are put back just after the midnight with which the date begins, so the end of the day before too."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    return midnight.utcoffset() != midnight.replace(fold=1).utcoffset()


def _first_moment_of_minute(zone: ZoneInfo, day: date, minute: int) -> datetime:
    on, at = divmod(minute, 1440)
    return _first_moment(zone, day + on * DAY, time(at // 60, at % 60))


def _moment(zone: ZoneInfo, day: date, minute: int) -> datetime:
    on, at = divmod(minute, 1440)
    return datetime.combine(day + on * DAY, time(at // 60, at % 60), tzinfo=zone).astimezone(UTC)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


# --- stretches


def _but(stretches: Iterable[Stretch], pauses: list[Stretch]) -> Iterator[Stretch]:
    """What is left of the stretches outside the pauses; those are sorted by their begin."""
    for begin, end in stretches:
        for held_from, held_to in pauses:
            if held_to <= begin or held_from >= end:
                continue
            if held_from > begin:
                yield begin, held_from
            begin = max(begin, held_to)
        if begin < end:
            yield begin, end


def _within(stretches: Iterable[Stretch], pauses: list[Stretch]) -> Iterator[Stretch]:
    """What of the stretches lies inside the pauses, nothing twice."""
    for begin, end in stretches:
        outside = list(_but([(begin, end)], pauses))
        for left, right in zip([begin, *(e for _, e in outside)], [*(b for b, _ in outside), end], strict=True):
            if left < right:
                yield left, right
