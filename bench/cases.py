"""Random cases of the clock's sums, worked out three ways: by the product, by the auditor's recount, minute by minute.

`./run bench cases [100000] [--seed 1] [--only N]` prints every difference, and the seed that brings it back.
Each case stands at a day on which the zone puts its clocks forward or back, or near one that is closed or made up for.
"""

import argparse
import os
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from itertools import pairwise
from random import Random
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from models.clockwork import recount
from models.ground.working_time import Calendar, due

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BEFORE, AFTER = 8, 60  # days around the day in question that the minute counter knows
OFFICE = [["09:00", "12:00"], ["13:30", "18:00"]]
SLICE = 500
Span = tuple[datetime, datetime]


def each(names: str, ranges: list[list[str]]) -> dict[str, list[list[str]]]:
    """The same ranges on each of the named weekdays."""
    return dict.fromkeys(names.split(), ranges)


# situations that chance would rarely bring about: (zone, the day on which it happens)
TURNS = {
    "spring in Berlin": ("Europe/Berlin", date(2026, 3, 29)),
    "autumn in Berlin": ("Europe/Berlin", date(2026, 10, 25)),
    "spring in New York": ("America/New_York", date(2026, 3, 8)),
    "autumn in New York": ("America/New_York", date(2026, 11, 1)),
    "half an hour forward on Lord Howe": ("Australia/Lord_Howe", date(2026, 10, 4)),
    "half an hour back on Lord Howe": ("Australia/Lord_Howe", date(2026, 4, 5)),
    "midnight that does not exist in Havana": ("America/Havana", date(2026, 3, 8)),
    "midnight twice in Havana": ("America/Havana", date(2026, 11, 1)),
    "one minute past midnight in St John's": ("America/St_Johns", date(2010, 11, 7)),
    "a whole day skipped in Samoa": ("Pacific/Apia", date(2011, 12, 30)),
    "no turn, Shanghai": ("Asia/Shanghai", date(2026, 10, 1)),
    "no turn, Kolkata": ("Asia/Kolkata", date(2026, 2, 28)),
}
WEEKS = {
    "office": each("mon tue wed thu fri", OFFICE),
    "nights": each("mon wed fri sat sun", [["22:00", "24:00"], ["00:00", "06:00"]]),
    "always": each("mon tue wed thu fri sat sun", [["00:00", "24:00"]]),
    "small hours": each("mon thu sat sun", [["01:30", "02:15"], ["02:20", "03:10"]]),
}
EXTRAS: tuple[list[list[str]], ...] = (
    [], [["09:00", "12:00"]], [["00:00", "24:00"]], [["23:30", "24:00"], ["01:45", "02:30"]],
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One sum to be worked out; `rare` names what is unusual about it."""

    turn: str
    calendar: dict[str, Any]
    start: datetime  # a whole minute
    basis: str
    amount: int
    pauses: list[Span]
    past: timedelta  # less than a minute: the product and the recount are asked once more, so much later
    rare: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What the cases looked like, and where the three disagree."""

    rare: Counter[str]
    differences: list[str]


def check(numbers: Iterable[int], *, seed: int) -> Verdict:
    """Work out these cases of the seed."""
    rare, differences = Counter[str](), []
    for number in numbers:
        case = draw(seed, number)
        rare.update(case.rare)
        differences += [f"--seed {seed} --only {number}: {words}" for words in disagreements(case)]
    return Verdict(rare, differences)


def disagreements(case: Case) -> Iterator[str]:
    """A sentence for every answer that is not the product's."""
    calendar = Calendar.from_dict(case.calendar)
    ours = due(calendar, case.start, basis=case.basis, amount=case.amount, pauses=case.pauses)  # type: ignore[arg-type]
    counted, recounted = Minutes(case).due(), _recount(case, case.start)
    if not ours == counted == recounted:
        yield f"product {ours}, minute counter {counted}, recount {recounted}; {case}"
    start = case.start + case.past
    ours = due(calendar, start, basis=case.basis, amount=case.amount, pauses=case.pauses)  # type: ignore[arg-type]
    if ours != (recounted := _recount(case, start)):
        yield f"{case.past} later product {ours}, recount {recounted}; {case}"


def draw(seed: int, number: int) -> Case:
    """The case of this number; the same whenever it is asked for."""
    chance = Random(f"{seed}/{number}")
    turn = chance.choice(list(TURNS))
    zone, day = TURNS[turn]
    near = [(day + n * DAY).isoformat() for n in range(-2, 5)]
    calendar = {
        "tz": zone,
        "week": WEEKS[chance.choice(list(WEEKS))],
        "closed": chance.sample(near, chance.randrange(4)),
        "extra": {chance.choice(near): chance.choice(EXTRAS) for _ in range(chance.randrange(1, 3))},
    }
    start = datetime.combine(day, time(), UTC) + chance.randrange(-2 * 1440, 1440) * MINUTE
    basis = chance.choice(("wall", "service", "days"))
    amount = chance.choice((chance.randrange(4), chance.randrange(9))) if basis == "days" else chance.randrange(1501)
    pauses = [pause for kind in PAUSES if chance.random() < 0.4 for pause in kind(start, chance)]
    chance.shuffle(pauses)
    past = timedelta(microseconds=chance.randrange(1, 60_000_000))
    return Case(turn, calendar, start, basis, amount, pauses, past, tuple(_rare(calendar, turn, basis, start, pauses)))


def _over_the_start(start: datetime, chance: Random) -> list[Span]:
    return [(start - chance.randrange(1, 600) * MINUTE, start + chance.randrange(1, 300) * MINUTE)]


def _overlapping(start: datetime, chance: Random) -> list[Span]:
    later = start + chance.randrange(2 * 1440) * MINUTE
    return [(later, later + 200 * MINUTE), (later + 90 * MINUTE, later + chance.randrange(91, 900) * MINUTE)]


def _touching(start: datetime, chance: Random) -> list[Span]:
    first = start + chance.randrange(4 * 1440) * MINUTE
    second, third = first + chance.randrange(1, 400) * MINUTE, first + chance.randrange(400, 900) * MINUTE
    return [(first, second), (second, third), (third, third)]


PAUSES = (_over_the_start, _overlapping, _touching)


def _rare(calendar: dict[str, Any], turn: str, basis: str, start: datetime, pauses: list[Span]) -> Iterator[str]:
    if not turn.startswith("no turn"):
        yield "the zone's clocks are put forward or back"
    if any(ranges and _is_free(calendar, day) for day, ranges in calendar["extra"].items()):
        yield "a make-up day"
    if any(begin < start < end for begin, end in pauses):
        yield "a pause over the start"
    ordered = sorted(pauses)
    if any(later[0] < earlier[1] for earlier, later in pairwise(ordered)):
        yield "pauses that overlap"
    if basis == "days" and pauses:
        yield "working days with pauses"


def _is_free(calendar: dict[str, Any], day: str) -> bool:
    return day in calendar["closed"] or date.fromisoformat(day).strftime("%a").lower() not in calendar["week"]


def _recount(case: Case, start: datetime) -> datetime:
    held = sorted(case.pauses)
    if case.basis == "days":
        return recount.days_on(case.calendar, start, case.amount, held)
    return recount.counted_on(case.calendar, start, case.amount * MINUTE, basis=case.basis, pauses=held)


# --- the minute counter: the rules of tests/data/README.md, read word by word and nothing else


class Minutes:
    """Looks at every minute from the start on. Shares no code with what it judges."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._zero, self._days, self._minutes = _wall_clock(case.turn)
        self._rests = bytearray(len(self._minutes))
        for begin, end in case.pauses:
            for minute in range(self._number(begin), self._number(end)):
                self._rests[minute] = 1
        self._hours: dict[int, bytes] = {}

    def due(self) -> datetime:
        start = self._number(self._case.start)
        if self._case.basis == "days":
            return self._at(self._on_working_days(start, self._case.amount))
        return self._at(self._on(start, self._case.amount, self._case.basis))

    def _on(self, minute: int, amount: int, basis: str) -> int:
        while amount:
            amount -= not self._rests[minute] and (basis == "wall" or self._serves(minute))
            minute += 1
        return minute

    def _on_working_days(self, start: int, amount: int) -> int:
        opened = start
        while not self._serves(opened):
            opened += 1
        day, shown = self._days[opened], self._minutes[opened]
        while amount:
            day += 1
            amount -= any(self._hours_of(day))
        landed = self._first_showing(day, self._brought_inside(day, shown), opened)
        paused = sum(self._rests[n] and self._serves(n) for n in range(start, landed))
        return self._on(landed, paused, "service")

    def _brought_inside(self, day: int, shown: int) -> int:
        """The time itself while open, else the next opening of the date, else its last closing."""
        hours = self._hours_of(day)
        return next((n for n in range(shown, 1440) if hours[n]), hours.rindex(1) + 1)

    def _first_showing(self, day: int, shown: int, minute: int) -> int:
        wanted = (day + shown // 1440, shown % 1440)
        while (self._days[minute], self._minutes[minute]) < wanted:
            minute += 1
        return minute

    def _serves(self, minute: int) -> int:
        return self._hours_of(self._days[minute])[self._minutes[minute]]

    def _hours_of(self, day: int) -> bytes:
        """The 1440 minutes of a local date, 1 where it is open."""
        found = self._hours.get(day)
        if found is None:
            found = self._hours[day] = _opened(self._ranges(date.fromordinal(day)))
        return found

    def _ranges(self, day: date) -> tuple[tuple[int, int], ...]:
        raw, text = self._case.calendar, day.isoformat()
        found = raw["extra"].get(text)
        if found is None:
            found = [] if text in raw["closed"] else raw["week"].get(day.strftime("%a").lower(), [])
        return tuple((_minute_of(opens), _minute_of(closes)) for opens, closes in found)

    def _number(self, at: datetime) -> int:
        return (at - self._zero) // MINUTE

    def _at(self, minute: int) -> datetime:
        return self._zero + minute * MINUTE


@lru_cache(maxsize=len(TURNS))
def _wall_clock(turn: str) -> "tuple[datetime, array[int], array[int]]":
    """What the wall clock shows in every minute around the day: the first minute, local dates, minutes of the day."""
    name, day = TURNS[turn]
    zone, zero = ZoneInfo(name), datetime.combine(day, time(), UTC) - BEFORE * DAY
    shown = [(zero + n * MINUTE).astimezone(zone) for n in range((BEFORE + AFTER) * 1440)]
    return zero, array("L", (at.toordinal() for at in shown)), array("H", (at.hour * 60 + at.minute for at in shown))


@lru_cache(maxsize=64)
def _opened(ranges: tuple[tuple[int, int], ...]) -> bytes:
    return bytes(any(opens <= minute < closes for opens, closes in ranges) for minute in range(1440))


def _minute_of(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


# --- the command


def main(words: list[str]) -> int:
    """Draw, work out, print; 1 when there is a difference."""
    reader = argparse.ArgumentParser(prog="./run bench cases", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    reader.add_argument("cases", nargs="?", type=int, default=100_000)
    reader.add_argument("--seed", type=int, default=Random().randrange(1_000_000), help="brings the same cases back")
    reader.add_argument("--only", type=int, help="the number of one case")
    asked, began = reader.parse_args(words), perf_counter()
    numbers = range(asked.cases) if asked.only is None else [asked.only]
    rare, differences = Counter[str](), []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for verdict in pool.map(partial(check, seed=asked.seed), _slices(numbers)):
            rare += verdict.rare
            differences += verdict.differences
            print(*verdict.differences, sep="\n", end="\n" if verdict.differences else "", flush=True)
    for name, count in sorted(rare.items()):
        print(f"  {count:>7} with {name}")
    load = f"load {os.getloadavg()[0]:.1f}, {perf_counter() - began:.0f} s"
    print(f"{len(numbers)} cases of --seed {asked.seed}: {len(differences)} differences ({load})")
    return 1 if differences else 0


def _slices(numbers: Iterable[int]) -> Iterator[list[int]]:
    rest = list(numbers)
    yield from (rest[n : n + SLICE] for n in range(0, len(rest), SLICE))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
