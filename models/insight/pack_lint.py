"""What does not go together in a policy and its calendar (P4.2, P5.1, P5.3). Pure sums; nobody is asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from models.ground import working_time
from models.ground.vocabulary import ClockKind
from models.ground.working_time import Calendar
from models.insight.finding import Finding
from models.policy import clockface
from models.policy.clockface import Clock
from models.policy.pack import REQUEST, Pack

BEFORE_RESOLVING = (ClockKind.PLAN, ClockKind.APPROVE, ClockKind.TEST)
TIME_TO_ACT = timedelta(minutes=1)  # a warning that leaves less than this warns nobody
JUDGED_AT_ONCE = ClockKind.REGISTER  # it has ended before it could ring (P2.7)


@dataclass(frozen=True)
class Day:
    """A policy on a working day that has just begun: every clock is tried from there."""

    pack: Pack
    calendar: Calendar
    start: datetime

    def clock(self, kind: str, level: str, start: datetime | None = None) -> Clock:
        return Clock(self.pack, self.calendar, kind, level, start or self.start)

    def due(self, kind: str, level: str, start: datetime | None = None) -> datetime | None:
        """When it would be due; None: there is no such clock."""
        return clockface.due_at(self.clock(kind, level, start))


def findings_in(pack: Pack, calendar: Calendar, *, now: datetime) -> Iterator[Finding]:
    """Rule by rule."""
    day = Day(pack, calendar, _next_day(calendar, now))
    columns = [*(level.code for level in pack.levels), REQUEST]
    yield from (finding for rule in RULES for level in columns for finding in rule(day, level))


def clocks_of(pack: Pack, level: str) -> list[str]:
    """The clocks that there are at a level (or for requests)."""
    return [kind for kind in pack.clocks if pack.target(kind, level)]


def _without_clock(day: Day, level: str) -> Iterator[Finding]:
    """The matrix leads to a level at which nothing would ever ring."""
    proposed = {code for row in day.pack.matrix.values() for code in row.values()}
    if level in proposed and not clocks_of(day.pack, level):
        yield Finding("without_clock", is_error=True, level=level)


def _update_too_late(day: Day, level: str) -> Iterator[Finding]:
    """The first update is owed only after the fault should have been resolved."""
    resolve, update = (day.due(kind, level) for kind in (ClockKind.RESOLVE, ClockKind.UPDATE))
    if resolve and update and update > resolve:
        yield Finding("update_too_late", kind=ClockKind.RESOLVE, other=ClockKind.UPDATE, level=level)


def _warned_too_late(day: Day, level: str) -> Iterator[Finding]:
    """No warning, or none that leaves the time to act."""
    for kind in clocks_of(day.pack, level):
        due = day.due(kind, level)
        if kind == JUDGED_AT_ONCE or due is None:
            continue
        rings = [clockface.part_way(day.clock(kind, level), due, p) for p in day.pack.warn_marks(kind, level)]
        if not rings or due - rings[0] < TIME_TO_ACT:
            yield Finding("warned_too_late", kind=kind, level=level)


def _slow_to_climb(day: Day, level: str) -> Iterator[Finding]:
    """A rung has longer to answer than the clock itself allowed, and another rung waits behind it."""
    minutes = day.pack.acknowledge_within(level)
    for kind in clocks_of(day.pack, level):
        target = day.pack.target(kind, level)
        counts = target is not None and target.basis != "days" and target.amount < minutes
        if counts and len(day.pack.ladder(kind, level)) > 1:
            yield Finding("slow_to_climb", kind=kind, level=level, count=minutes)


def _more_than_resolve(day: Day, level: str) -> Iterator[Finding]:
    """Plan, approval and testing, each at its limit, end after the resolution is due."""
    resolve, until = day.due(ClockKind.RESOLVE, level), day.start
    for kind in BEFORE_RESOLVING:
        until = day.due(kind, level, until) or until
    if resolve and until > resolve:
        yield Finding("more_than_resolve", kind=ClockKind.RESOLVE, level=level)


RULES: tuple[Callable[[Day, str], Iterator[Finding]], ...] = (
    _without_clock, _update_too_late, _warned_too_late, _slow_to_climb, _more_than_resolve,
)  # fmt: skip


def _next_day(calendar: Calendar, now: datetime) -> datetime:
    """When service begins on the first working day after today."""
    tomorrow = now.astimezone(calendar.zone).date() + timedelta(days=1)
    return working_time.next_opening(calendar, datetime.combine(tomorrow, time(), calendar.zone))
