"""F01–F44: what each fault is, and where it is told. A case that is not built says so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults import doorbell, kills, locks, mail, soak, surroundings, together
from tests.faults.verdict import Verdict

NOT_BUILT = "not built"


@dataclass(frozen=True)
class Fault:
    """A row. `run` makes a Verdict with real houses; else `told` are tests, or `bench` words, that tell it."""

    name: str
    words: str
    run: Callable[..., Verdict] | None = None
    long: tuple[tuple[str, Any], ...] = ()  # what --full gives to `run`
    told: tuple[str, ...] = ()  # pytest's arguments
    bench: tuple[str, ...] = ()
    only: str = ""  # the one database that it concerns
    part: str = ""  # what of the design's figure is not told

    @property
    def is_built(self) -> bool:
        return bool(self.run or self.told or self.bench)


def built(name: str, words: str, run: Callable[..., Verdict], *, only: str = "", part: str = "", **long: Any) -> Fault:
    return Fault(name, words, run, tuple(long.items()), only=only, part=part)


def told(name: str, words: str, *tests: str, only: str = "", part: str = "") -> Fault:
    return Fault(name, words, told=tests, only=only, part=part)


def benched(name: str, words: str, *bench: str, only: str = "", part: str = "") -> Fault:
    return Fault(name, words, bench=bench, only=only, part=part)


def missing(name: str, words: str) -> Fault:
    return Fault(name, words)


SHORT, BACKUP = "tests/faults/test_faults.py", "tests/workers/test_backup.py"
FAULTS = (
    built("F01", "kill -9 a web process during a POST", kills.f01, times=1_000),
    told("F02", "crash at every statement of every command", "tests/faults/test_crashes.py", "--full"),
    built("F03", "kill -9 in mid-escalation", kills.f03, times=1_000),
    built("F04", "kill -9 the ticker, then everybody", kills.f04, times=20),
    built("F05", "a sweeper stopped and woken", kills.f05, times=200, pauses=(5, 30, 66)),
    built("F06", "whole copies of the application at once", kills.f06, others=4),
    built("F07", "Redis FLUSHALL under load", doorbell.f07, times=100),
    built("F08", "Redis down", doorbell.f08, seconds=600),
    built("F09", "Redis full", doorbell.f09),
    built("F10", "Redis slow, half-open connections", doorbell.f10),
    built("F11", "Redis with stale jobs", doorbell.f11, jobs=10_000),
    built("F12", "Redis with strange jobs", doorbell.f12),
    built("F13", "the file held by another process", locks.f13, only="sqlite"),
    built("F14", "sixteen writers and readers", locks.f14, only="sqlite", seconds=300),
    built("F15", "disk full", surroundings.f15, only="sqlite", times=20),
    told("F16", "power loss", "tests/models/test_disk.py", only="sqlite"),
    built("F17", "PostgreSQL killed and recovering", surroundings.f17, only="postgresql", times=20),
    built("F18", "serialization failures forced", surroundings.f18, only="postgresql", times=400),
    told("F19", "the clock steps", f"{SHORT}::test_a_clock_that_steps", part="that a step is noticed and shown"),
    built("F20", "the machine sleeps two hours", surroundings.f20),
    benched("F21", "summer time in five zones", "cases", "20000"),
    built("F22", "another zone and locale of the host", surroundings.f22),
    built("F23", "SMTP down", mail.f23, seconds=600),
    built("F24", "SMTP slow, then hanging", mail.f24, pause=30.0),
    built("F25", "SMTP refusing, dying after 250", mail.f25),
    missing("F26", "bounces and automatic answers"),
    built("F27", "every job three times, out of order", doorbell.f27),
    told(
        "F28",
        "a mark, a letter, a job that always fails",
        "tests/models/test_sweep_trouble.py",
        "tests/workers/test_delivery.py",
        "tests/workers/test_jobs.py",
        part="one that kills its worker",
    ),
    benched("F29", "ten thousand due in one second", "clocks", "--open", "10000"),
    told("F30", "answered at the moment of firing", f"{SHORT}::test_answered_at_the_moment_of_firing", part="10,000"),
    built("F31", "a form sent fifty times at once", together.f31, part="every other form", times=500),
    told("F32", "sent again, in two tabs, too late", "tests/journeys/test_trouble.py"),
    benched("F33", "two decide at once", "races", "4000"),
    built("F34", "eight edit one ticket", together.f34, rounds=600),
    told("F35", "half-sent bodies and silent callers", "tests/workers/test_live.py", "-k", "bodies or callers"),
    missing("F36", "workers of another version"),
    told("F37", "restore from a backup made under load", BACKUP, "-k", "under_load"),
    told("F38", "the migrations up and down with data", "tests/models/test_migrations.py", part="kills, 1 M rows"),
    told("F39", "damage", BACKUP, "-k", "damaged"),
    built("F40", "soak under random faults", soak.f40, minutes=20, every=30),
    built("F41", "starved of processor and files", surroundings.f41, seconds=60),
    told("F42", "an escalation removed behind the desk's back", "tests/models/test_auditor.py"),
    built("F43", "silence of ticker and workers", kills.f43),
    told("F44", "nobody there to be told", "tests/models/test_on_call.py"),
)
