"""The face of one clock: when it is due, what rings next and when (P4.2–P4.6, P5.1–P5.3). Pure sums, no rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.ground import working_time
from models.ground.vocabulary import HOUSEKEEPING, ClockKind
from models.ground.working_time import Basis, Calendar, Pauses
from models.policy.pack import Pack, Target

BREACH = 100  # marks: 50 and 80 per cent warn, 100 is the breach and rung 1, 200 rung 2, 300 rung 3 …
ASK_AGAIN = 1000  # 1001, 1002 …: an acknowledged escalation that is still unresolved asks again (P5.3)
EXTENDED = (ClockKind.RESOLVE, ClockKind.RESOLVE_MAX)  # what an extension moves, both alike (P4.6)
REMINDER_EVERY_DAYS = 1  # working days between two reminders of an unanswered confirmation (P10.4)


@dataclass(frozen=True)
class Limit:
    """What was agreed for one round of approval in place of the policy (P7.2)."""

    target: Target | None  # None: the time is as the policy says
    climb: tuple[str, ...]  # who is told at the breach, in order; (): as the policy says


@dataclass(frozen=True)
class Clock:
    """All that one clock is computed from."""

    pack: Pack
    calendar: Calendar
    kind: str
    level: str
    started_at: datetime
    pauses: Pauses = ()  # the spans that stopped it and are over (P4.5)
    extended: float = 0  # minutes granted, on its own basis (P4.6)
    planned_end: datetime | None = None  # of a waiting, for the kind `wait`; the date agreed, for `deliver`
    limit: Limit | None = None  # that goes before the policy's

    @property
    def target(self) -> Target | None:
        own = self.limit.target if self.limit else None
        return own or self.pack.target(self.kind, self.level)

    @property
    def warn_marks(self) -> tuple[int, ...]:
        return warn_marks(self.pack, self.kind, self.level, self.limit)

    @property
    def ladder(self) -> tuple[str, ...]:
        return ladder(self.pack, self.kind, self.level, self.limit)

    @property
    def minute_basis(self) -> Basis:
        """How minutes beside this clock run."""
        return self.target.minute_basis if self.target else "wall"


def warn_marks(pack: Pack, kind: str, level: str, limit: Limit | None = None) -> tuple[int, ...]:
    """Per cent of its time at which a clock warns (P5.1)."""
    return pack.marks_of(limit.target) if limit and limit.target else pack.warn_marks(kind, level)


def ladder(pack: Pack, kind: str, level: str, limit: Limit | None = None) -> tuple[str, ...]:
    """Who is told at breach, in order (P5.2); a limit where the policy has no such clock tells the supervisor."""
    agreed = limit.climb if limit else ()
    return agreed or pack.ladder(kind, level) or (("supervisor",) if limit else ())


def due_at(clock: Clock) -> datetime | None:
    """When the clock is due (UTC); None: the policy agrees no such clock."""
    if clock.kind in HOUSEKEEPING:
        return _housekeeping_due(clock)
    if clock.kind == ClockKind.DELIVER:
        return _agreed_date(clock)
    if clock.target is None:
        return None
    due = clock.target.due(clock.calendar, clock.started_at, clock.pauses)
    return _on(clock, clock.extended, since=due, pauses=clock.pauses) if clock.extended else due


def next_mark(
    clock: Clock, due: datetime, *, after: int, now: datetime, acknowledged: bool = False
) -> tuple[int, datetime | None]:
    """The mark that fires after `after` (0: none has) and when; warnings that are already past are left out.

    None: nothing more will ring.
    """
    if clock.kind in HOUSEKEEPING:
        return after + 1, _housekeeping_ring(clock, due, after + 1)
    if after >= BREACH:
        return _next_rung(clock, after, now, acknowledged)
    for percent in clock.warn_marks:
        if percent > after and (rings_at := part_way(clock, due, percent)) > now:
            return percent, rings_at
    return BREACH, due


def part_way(clock: Clock, due: datetime, percent: float) -> datetime:
    """When `percent` of the time up to `due` has gone by (P5.1)."""
    basis = clock.target.basis if clock.target else "wall"
    return working_time.part_way(
        clock.calendar, clock.started_at, due, basis=basis, percent=percent, pauses=clock.pauses
    )


def minutes_on(clock: Clock, minutes: float, *, since: datetime) -> datetime:
    """`minutes` after `since` on the clock's own basis: acknowledgement time (P5.3)."""
    return _on(clock, minutes, since=since)


def added(clock: Clock, was_due: datetime, until: datetime) -> float:
    """The minutes that count between a due time and a later one: what an extension grants (P4.6)."""
    if clock.minute_basis == "wall":
        return (until - was_due) / timedelta(minutes=1)
    return working_time.service_minutes(clock.calendar, was_due, until)


def _on(clock: Clock, minutes: float, *, since: datetime, pauses: Pauses = ()) -> datetime:
    return working_time.due(clock.calendar, since, basis=clock.minute_basis, amount=minutes, pauses=pauses)


def _next_rung(clock: Clock, after: int, now: datetime, acknowledged: bool) -> tuple[int, datetime | None]:
    """After a rung has been told: the next one if nobody acknowledges; asking again if somebody has."""
    if acknowledged:
        again = clock.pack.ask_again(clock.level)
        mark = after + 1 if after > ASK_AGAIN else ASK_AGAIN + 1
        return mark, _on(clock, again, since=now) if again else None
    if after // BREACH >= len(clock.ladder) or after > ASK_AGAIN:
        return after, None
    return after + BREACH, _on(clock, clock.pack.acknowledge_within(clock.level), since=now)


def _agreed_date(clock: Clock) -> datetime | None:
    """A delivery is due at the date that was agreed; one that has gone by needs another (P8.3)."""
    return clock.planned_end if clock.planned_end and clock.planned_end > clock.started_at else None


# --- what the desk owes itself


def _housekeeping_due(clock: Clock) -> datetime | None:
    if clock.kind == ClockKind.ARCHIVE:
        return clock.started_at + timedelta(days=clock.pack.archive_days)
    if clock.kind == ClockKind.SILENCE:
        return _days_on(clock, clock.pack.silence.days)
    return clock.planned_end


def _housekeeping_ring(clock: Clock, due: datetime, mark: int) -> datetime | None:
    """Silence rings for each reminder and then at its end; everything else once."""
    reminders = clock.pack.silence.reminders if clock.kind == ClockKind.SILENCE else 0
    if mark <= reminders:
        return _days_on(clock, REMINDER_EVERY_DAYS * mark)
    return due if mark == reminders + 1 else None


def _days_on(clock: Clock, days: int) -> datetime:
    return working_time.due(clock.calendar, clock.started_at, basis="days", amount=days)
