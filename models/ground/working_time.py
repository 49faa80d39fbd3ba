"""Working time: when is something due, and which minutes count (P4.3, P4.4, P4.5). Pure sums.

An instant is in service when the local wall clock shows a time inside a range of that local date: a repeated
hour counts twice, a skipped one not at all.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import Literal, NamedTuple, get_args

from models.ground.instants import (
    DAY,
    END_OF_TIME,
    MINUTE,
    clock_of,
    instant_of,
    local_instant,
    local_of,
    moment_of,
    offset_at,
    turn_between,
)
from models.ground.opening_hours import Calendar as Calendar

Basis = Literal["wall", "service", "days"]
BASES = get_args(Basis)
Pauses = Sequence[tuple[datetime, datetime]]  # [from, to), in any order; they may overlap and begin before the start
Span = tuple[int, int]  # two instants, half-open

FIRST_DATE = date(1970, 1, 1)


class Counted(NamedTuple):
    """One stretch of time that counted, for a clock that explains itself (P4.7)."""

    start: datetime
    end: datetime
    minutes: int | float


def due(calendar: Calendar, start: datetime, *, basis: Basis, amount: float, pauses: Pauses = ()) -> datetime:
    """The instant (UTC) at which `amount` minutes, or working days for `days`, have gone by since `start` (P4.3–P4.5).

    Raises ValueError on a naive instant, a negative amount, an unknown basis and a calendar that does not open again.
    """
    _refuse_amount(amount, basis)
    begin, rests = instant_of(start), _rests(pauses)
    if basis == "days":
        return moment_of(_due_in_days(calendar, begin, int(amount), rests))
    return moment_of(_due_in_minutes(calendar, begin, round(amount * MINUTE), rests, basis))


def part_way(
    calendar: Calendar, start: datetime, end: datetime, *, basis: Basis, percent: float, pauses: Pauses = ()
) -> datetime:
    """The instant (UTC) at which `percent` of the time that counts between two instants has gone by (P5.1)."""
    spans = list(_counting(calendar, instant_of(start), instant_of(end), _rests(pauses), basis))
    left = round(sum(e - s for s, e in spans) * percent / 100)
    for s, e in spans:
        if left <= e - s:
            return moment_of(s + left)
        left -= e - s
    return end.astimezone(UTC)


def service_minutes(calendar: Calendar, start: datetime, end: datetime, pauses: Pauses = ()) -> int | float:
    """How many minutes in service and outside pauses lie between two instants; 0 when `end` is not after `start`."""
    return _minutes(_service_total(calendar, instant_of(start), instant_of(end), _rests(pauses)))


def explain(
    calendar: Calendar, start: datetime, end: datetime, *, basis: Basis, pauses: Pauses = ()
) -> Iterator[Counted]:
    """Yield the stretches that counted between two instants (P4.7). For `wall` and `service` those up to the due time
    add up to the amount; for `days` they are the hours in service, and `working_dates` names the dates."""
    spans = _counting(calendar, instant_of(start), instant_of(end), _rests(pauses), basis)
    for s, e in _joined(spans):
        yield Counted(moment_of(s), moment_of(e), _minutes(e - s))


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Is this instant in service?"""
    instant = instant_of(at)
    return any(s <= instant < e for s, e in _open_spans(calendar, instant // DAY))


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """The earliest instant in service from `at` on (UTC); `at` itself while open."""
    return moment_of(_opening(calendar, instant_of(at)))


def next_cadence(calendar: Calendar, after: datetime, *, at: time = time(17, 0)) -> datetime:
    """The next instant (UTC) strictly after `after` that is `at` local time on a date with service (P4.2, daily)."""
    begin = instant_of(after)
    for day in working_dates(calendar, local_of(begin, calendar.zone).date()):
        instant = local_instant(day, clock_of(at), calendar.zone)
        if instant > begin:
            return moment_of(instant)
    raise _never_again(calendar)


def working_dates(calendar: Calendar, first: date) -> Iterator[date]:
    """The local dates that have ranges, from `first` on, itself included."""
    day = first
    while day <= calendar.ends_on:
        if calendar.ranges(day):
            yield day
        day += timedelta(days=1)


# --- two ways to fall due


def _due_in_minutes(calendar: Calendar, start: int, left: int, rests: list[Span], basis: Basis) -> int:
    if left == 0:
        return start
    for s, e in _counting(calendar, start, END_OF_TIME, rests, basis):
        if left <= e - s:
            return s + left
        left -= e - s
    raise _never_again(calendar)


def _due_in_days(calendar: Calendar, start: int, amount: int, rests: list[Span]) -> int:
    opened = _opening(calendar, start)
    landed = _landing(calendar, opened, amount) if amount else opened
    if not rests:
        return landed
    paused = _service_total(calendar, start, landed, []) - _service_total(calendar, start, landed, rests)
    return _due_in_minutes(calendar, landed, paused, rests, "service")


def _landing(calendar: Calendar, opened: int, amount: int) -> int:
    """Same local time on the `amount`-th following date with service, brought inside that date's hours (P4.4)."""
    local = local_of(opened, calendar.zone)
    following = working_dates(calendar, local.date() + timedelta(days=1))
    day = next(islice(following, amount - 1, None), None)
    if day is None:
        raise _never_again(calendar)
    clock, ends = clock_of(local.time()), 0
    for begins, ends in calendar.ranges(day):
        if clock < timedelta(minutes=ends):
            return local_instant(day, max(clock, timedelta(minutes=begins)), calendar.zone)
    return local_instant(day, timedelta(minutes=ends), calendar.zone)


# --- the spans that count


def _counting(calendar: Calendar, start: int, end: int, rests: list[Span], basis: Basis) -> Iterator[Span]:
    """The spans between two instants that count: all of them for `wall`, otherwise those in service; never a pause."""
    _refuse_basis(basis)
    spans = iter([(start, end)] if start < end else []) if basis == "wall" else _service(calendar, start, end)
    return _without(spans, rests) if rests else spans


def _service(calendar: Calendar, start: int, end: int) -> Iterator[Span]:
    last = min(end // DAY, (calendar.ends_on - FIRST_DATE).days + 2)
    for number in range(start // DAY, last + 1):
        for s, e in _open_spans(calendar, number):
            if e > start and s < end:
                yield max(s, start), min(e, end)


def _without(spans: Iterator[Span], rests: list[Span]) -> Iterator[Span]:
    for s, e in spans:
        for rest_from, rest_to in rests:
            if rest_to <= s:
                continue
            if rest_from >= e:
                break
            if rest_from > s:
                yield s, rest_from
            s = min(rest_to, e)
        if s < e:
            yield s, e


def _service_total(calendar: Calendar, start: int, end: int, rests: list[Span]) -> int:
    return sum(e - s for s, e in _counting(calendar, start, end, rests, "service"))


def _opening(calendar: Calendar, instant: int) -> int:
    for s, _ in _service(calendar, instant, END_OF_TIME):
        return s
    raise _never_again(calendar)


@lru_cache(maxsize=8192)
def _open_spans(calendar: Calendar, number: int) -> tuple[Span, ...]:
    """What is open of one UTC day: unlike a local one it has no gap and no repeated hour, so spans stay sorted."""
    begin, end = number * DAY, (number + 1) * DAY
    turn = turn_between(begin, end, calendar.zone)
    pieces = [(begin, end)] if turn is None else [(begin, turn), (turn, end)]
    return tuple(span for piece in pieces for span in _open_in_piece(calendar, *piece))


def _open_in_piece(calendar: Calendar, begin: int, end: int) -> Iterator[Span]:
    """The open spans of a piece of time whose distance from UTC does not change."""
    offset = offset_at(begin, calendar.zone)
    for number in range((begin + offset) // DAY, (end + offset - 1) // DAY + 1):
        midnight = number * DAY - offset
        for begins, ends in calendar.ranges(FIRST_DATE + timedelta(days=number)):
            s, e = max(begin, midnight + begins * MINUTE), min(end, midnight + ends * MINUTE)
            if s < e:
                yield s, e


def _rests(pauses: Pauses) -> list[Span]:
    spans = sorted((instant_of(begin), instant_of(end)) for begin, end in pauses)
    for begin, end in spans:
        if begin > end:
            raise ValueError(f"The pause from {moment_of(begin)} ends before it begins.")
    return spans


def _joined(spans: Iterator[Span]) -> Iterator[Span]:
    """Sorted spans, with those that touch made one: a day of UTC ends in the middle of a day elsewhere."""
    held: Span | None = None
    for s, e in spans:
        if held and s != held[1]:
            yield held
        held = (held[0], e) if held and s == held[1] else (s, e)
    if held:
        yield held


def _minutes(span: int) -> int | float:
    return span // MINUTE if span % MINUTE == 0 else span / MINUTE


# --- what is refused


def _refuse_amount(amount: float, basis: Basis) -> None:
    _refuse_basis(basis)
    if not isfinite(amount) or amount < 0:
        raise ValueError(f"An amount of time must be zero or more, not {amount}.")
    if basis == "days" and amount != int(amount):
        raise ValueError(f"Working days are counted whole, not {amount}.")


def _refuse_basis(basis: Basis) -> None:
    if basis not in BASES:
        raise ValueError(f"Unknown basis {basis!r}: time is counted by {', '.join(BASES)}.")


def _never_again(calendar: Calendar) -> ValueError:
    return ValueError(f"There is not enough time left in this calendar ({calendar.tz}): it does not open again.")
