"""F40: a long time under random faults, while the clock runs ahead."""

import signal
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

from tests.faults.house import P0, House, Houses, eventually
from tests.faults.sink import ACCEPT, LATER
from tests.faults.verdict import Verdict, held

KILLED = ("web 1", "web 2", "sweep", "deliver", "job", "ticker")
WAL = 64 * 1024 * 1024  # bytes


def f40(houses: Houses, minutes: float = 1.0, every: float = 6.0, ahead: timedelta = timedelta(hours=8)) -> Verdict:
    """A fault every few seconds, a jump of the clock with each; at the end nothing is lost, doubled or left open."""
    with houses.house() as house:
        visitor, rounds, until = house.visitor("zhang"), 0, monotonic() + 60 * minutes
        files = _open_files(house)
        largest = 0
        while monotonic() < until:
            rounds += 1
            house.sent_again(visitor.report("全部停了", **P0), visitor)
            _some_fault(house)
            house.jump(ahead * house.chance.random())
            sleep(every)
            house.sink.mood = ACCEPT
            largest = max(largest, _log_size(house))
        eventually(lambda: set(KILLED) <= house.processes().keys(), 60)
        eventually(house.is_quiet, 300)
        grown = _open_files(house) - files
        figure = f"{minutes:.0f} min, {rounds} faults, files {grown:+d}, log of SQLite ≤ {largest / 1e6:.0f} MB"
        complaints = house.judged(bound=60)
        return held(figure, complaints, injected=rounds, few_files=grown < 40, small_log=largest <= WAL)


def _some_fault(house: House) -> None:
    kind = house.chance.randrange(4)
    with suppress(AssertionError, ProcessLookupError):
        if kind == 0:
            house.signal(house.chance.choice(KILLED))
        elif kind == 1:
            house.redis().flushall()
        elif kind == 2:
            house.sink.mood = LATER
        else:
            name = house.chance.choice(KILLED)
            pid = house.signal(name, signal.SIGSTOP)
            sleep(house.chance.uniform(0.5, 3))
            if house.processes().get(name) == pid:
                house.signal(name, signal.SIGCONT)


def _open_files(house: House) -> int:
    found = 0
    for pid in house.processes().values():
        with suppress(OSError):
            found += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return found


def _log_size(house: House) -> int:
    log = Path(house.store.path + "-wal")
    return log.stat().st_size if house.store.is_sqlite and log.exists() else 0
