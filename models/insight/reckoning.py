"""How one clock comes to its due time, step by step and day by day, until the sum adds up (P4.7). No rows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from typing import NamedTuple

from models.ground import working_time
from models.ground.instants import MINUTE, TICK, local_instant, moment_of
from models.ground.vocabulary import ClockKind
from models.ground.working_time import Basis, Calendar, Pauses
from models.policy import clockface
from models.policy.clockface import Clock

WORKED, MADE_UP, PAUSED, CLOSED, WEEKLY = "worked", "made_up", "paused", "closed", "weekly"  # what a date is
IDLE = (PAUSED, CLOSED, WEEKLY)


class Stretch(NamedTuple):
    """A piece of one date that counted, half-open."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Line:
    """One date of the calendar, or several alike of which nothing counted: what counted, or why nothing did."""

    first: date
    last: date
    what: str
    counted: tuple[Stretch, ...] = ()

    @property
    def span(self) -> timedelta:
        return sum((stretch.end - stretch.start for stretch in self.counted), timedelta())


@dataclass(frozen=True)
class Step:
    """One span that is allowed: the target itself, what pauses add to working days, what was granted later."""

    name: str  # target, paused, extended; agreed: a date
    allows: timedelta | int  # a span, or working days
    since: datetime
    until: datetime
    lines: tuple[Line, ...]

    @property
    def in_days(self) -> bool:
        return isinstance(self.allows, int)

    @property
    def counted(self) -> timedelta | int:
        """What the lines come to; it must be what the step allows."""
        if self.in_days:
            return sum(line.what in (WORKED, MADE_UP) for line in self.lines)
        return sum((line.span for line in self.lines), timedelta())


@dataclass(frozen=True)
class Reckoning:
    """The steps from the start to the due time; none where no such clock is agreed."""

    clock: Clock
    steps: tuple[Step, ...]

    @property
    def due_at(self) -> datetime | None:
        return self.steps[-1].until if self.steps else None

    @property
    def adds_up(self) -> bool:
        """Does what was counted in every step come to what it allows?"""
        return all(step.counted == step.allows for step in self.steps)

    def proves(self, due_at: datetime) -> bool:
        """Is this due time what the parts come to?"""
        return self.adds_up and self.due_at == due_at


def reckon(clock: Clock) -> Reckoning:
    """Work a clock's due time out anew from its parts, keeping every stretch and every date that was looked at."""
    return Reckoning(clock, tuple(_steps(clock)))


def _steps(clock: Clock) -> Iterator[Step]:
    if clock.kind == ClockKind.DELIVER and clockface.due_at(clock):
        yield _by_date(clock)
    if clock.target is None:
        return
    step = _by_days(clock) if clock.target.basis == "days" else _by_minutes(clock, "target", clock.target.amount)
    yield step
    if step.in_days and not clock.target.daily and (paused := _paused_minutes(clock, step.until)):
        step = _by_minutes(clock, "paused", paused, step.until)
        yield step
    if clock.extended:
        yield _by_minutes(clock, "extended", clock.extended, step.until)


def _by_minutes(clock: Clock, name: str, amount: float, since: datetime | None = None) -> Step:
    """Minutes on the clock's own basis, from its start or from where the step before has ended."""
    calendar, basis, since = clock.calendar, clock.minute_basis, since or clock.started_at
    until = working_time.due(calendar, since, basis=basis, amount=amount, pauses=clock.pauses)
    lines = tuple(_lines(calendar, since, until, basis=basis, pauses=clock.pauses))
    return Step(name, TICK * round(amount * MINUTE), since, until, lines)


def _by_days(clock: Clock) -> Step:
    """The dates after the one on which counting begins, up to the due date; of a daily cadence, up to the next one."""
    target, calendar = clock.target, clock.calendar
    assert target is not None
    since = clock.started_at if target.daily else working_time.next_opening(calendar, clock.started_at)
    first = _local(calendar, since).date()
    if not target.daily or _is_past(clock, first, target.daily):
        first += timedelta(days=1)
    *_, last = islice(working_time.working_dates(calendar, first), target.amount)
    lines = (Line(day, day, _what(calendar, day, "days")) for day in _dates(first, last))
    return Step("target", target.amount, since, target.due(calendar, clock.started_at), tuple(_merged(lines)))


def _by_date(clock: Clock) -> Step:
    """Up to the date that was agreed, round the clock (P8.3)."""
    since, until = clock.started_at, clock.planned_end
    assert until is not None
    lines = tuple(_lines(clock.calendar, since, until, basis="wall", pauses=()))
    return Step("agreed", until - since, since, until, lines)


def _is_past(clock: Clock, day: date, at: time) -> bool:
    """Has the cadence of this date gone by when the clock starts?"""
    span = timedelta(hours=at.hour, minutes=at.minute)
    return moment_of(local_instant(day, span, clock.calendar.zone)) <= clock.started_at


def _paused_minutes(clock: Clock, landed: datetime) -> float:
    """Service minutes inside pauses between the start and the day's landing (P4.5)."""
    whole = working_time.service_minutes(clock.calendar, clock.started_at, landed)
    return whole - working_time.service_minutes(clock.calendar, clock.started_at, landed, clock.pauses)


# --- the lines


def _lines(calendar: Calendar, since: datetime, until: datetime, *, basis: Basis, pauses: Pauses) -> Iterator[Line]:
    """What counted between two instants, date by date of the calendar's zone."""
    counted: dict[date, list[Stretch]] = defaultdict(list)
    for stretch in working_time.explain(calendar, since, until, basis=basis, pauses=pauses):
        for piece in _at_midnight(calendar, Stretch(stretch.start, stretch.end)):
            counted[_local(calendar, piece.start).date()].append(piece)
    first, last = _local(calendar, since).date(), _local(calendar, max(since, until - TICK)).date()
    last = max([last, *counted])  # where midnight comes twice, a date can end after the next one has begun
    return _merged(
        Line(day, day, _what(calendar, day, basis), tuple(counted[day]))
        if day in counted
        else Line(day, day, _why_nothing(calendar, day, basis, pauses))
        for day in _dates(first, last)
    )


def _merged(lines: Iterable[Line]) -> Iterator[Line]:
    """Neighbouring dates of which nothing counts, for the same reason, are one line."""
    for what, held in groupby(lines, lambda line: line.what if line.what in IDLE and not line.counted else line.first):
        alike = list(held)
        yield Line(alike[0].first, alike[-1].last, what) if isinstance(what, str) else alike[0]


def _what(calendar: Calendar, day: date, basis: Basis) -> str:
    """A date as the calendar has it: worked, made up for another, closed for itself, or closed every week."""
    if basis == "wall":
        return WORKED
    if calendar.ranges(day):
        return WORKED if calendar.week[day.weekday()] else MADE_UP
    return CLOSED if calendar.week[day.weekday()] else WEEKLY


def _why_nothing(calendar: Calendar, day: date, basis: Basis, pauses: Pauses) -> str:
    begins, ends = (moment_of(local_instant(day, timedelta(days=n), calendar.zone)) for n in (0, 1))
    is_paused = any(start < ends and end > begins for start, end in pauses)
    return PAUSED if is_paused else _what(calendar, day, basis)


def _at_midnight(calendar: Calendar, stretch: Stretch) -> Iterator[Stretch]:
    """A stretch cut where the calendar's date turns."""
    begins, ends = stretch
    while begins < ends:
        midnight = moment_of(local_instant(_local(calendar, begins).date(), timedelta(days=1), calendar.zone))
        turns = min(midnight, ends) if midnight > begins else ends  # where midnight comes twice, only the first cuts
        yield Stretch(begins, turns)
        begins = turns


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _local(calendar: Calendar, at: datetime) -> datetime:
    return at.astimezone(calendar.zone)
