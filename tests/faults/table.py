"""F01–F44: what each fault is, and where it is told. A case that is not built says so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults import doorbell, kills, locks, mail, soak, surroundings, together, versions
from tests.faults.verdict import Verdict


@dataclass(frozen=True)
class Fault:
    """A row. `run` makes a Verdict with real houses, `told` are tests, `bench` words of the benchmarks that tell it."""

    name: str
    words: str
    run: Callable[..., Verdict] | None = None
    long: tuple[tuple[str, Any], ...] = ()  # what --full gives to `run`
    told: tuple[str, ...] = ()  # pytest's arguments
    told_in_full: tuple[str, ...] = ()  # more of them, with --full
    rounds: int = 0  # with --full, of a test that can be told any number of times
    usual: int = 0  # how often without --full, of a benchmark that is asked to do it so often
    bench: tuple[str, ...] = ()
    tells: str = ""  # what the line of the benchmark says that has the figure; "": its last one has
    only: str = ""  # the one database that it concerns


def built(name: str, words: str, run: Callable[..., Verdict], *tests: str, only: str = "", **long: Any) -> Fault:
    """`long` is what --full gives to `run`."""
    return Fault(name, words, run, tuple(long.items()), told=tests, only=only)


def told(name: str, words: str, *tests: str, only: str = "", rounds: int = 0) -> Fault:
    return Fault(name, words, told=tests, only=only, rounds=rounds)


def benched(name: str, words: str, *bench: str, tells: str = "", usual: int = 0, rounds: int = 0) -> Fault:
    return Fault(name, words, bench=bench, tells=tells, usual=usual, rounds=rounds)


ALWAYS_FAILS = tuple(
    f"tests/{name}.py" for name in ("models/test_sweep_trouble", "workers/test_delivery", "workers/test_jobs")
)
SHORT, BACKUP = "tests/faults/test_faults.py", "tests/workers/test_backup.py"
FAULTS: tuple[Fault, ...] = (
    built("F01", "kill -9 a web process during a POST", kills.f01, times=1_000),
    told("F02", "crash at every statement of every command", "tests/faults/test_crashes.py", "--full"),
    built("F03", "kill -9 in mid-escalation", kills.f03, times=1_000),
    built("F04", "kill -9 the ticker, then everybody", kills.f04, times=20),
    built("F05", "a sweeper stopped and woken", kills.f05, times=200, pauses=(5, 30, 66), beside=5),
    built("F06", "whole copies of the application at once", kills.f06, others=4),
    built("F07", "Redis FLUSHALL under load", doorbell.f07, times=100),
    built("F08", "Redis down", doorbell.f08, seconds=3_600),
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
    built("F19", "the clock is set", surroundings.f19, f"{SHORT}::test_a_clock_that_steps", times=10),
    built("F20", "the machine sleeps two hours", surroundings.f20),
    benched("F21", "summer time in five zones", "cases", "20000"),
    built("F22", "another zone and locale of the host", surroundings.f22),
    built("F23", "SMTP down", mail.f23, seconds=3_600),
    built("F24", "SMTP slow, then hanging", mail.f24, pause=30.0),
    built("F25", "SMTP refusing, dying after 250", mail.f25),
    built("F26", "bounces and automatic answers", mail.f26, times=1_000),
    built("F27", "every job three times, out of order", doorbell.f27),
    built("F28", "a letter that kills its sender; a mark, a job that always fails", kills.f28, *ALWAYS_FAILS),
    benched("F29", "ten thousand due in one second", "clocks", "--open", "10000", tells=" due at once "),
    told("F30", "answered at the moment of firing", f"{SHORT}::test_answered_at_the_moment_of_firing", rounds=10_000),
    Fault(
        "F31",
        "a form sent fifty times at once; every form twice more",
        together.f31,
        (("times", 500),),
        told_in_full=("-p", "tests.faults.twice", "tests/blueprints", "tests/journeys"),
    ),
    told("F32", "sent again, in two tabs, too late", "tests/journeys/test_trouble.py"),
    benched("F33", "two decide at once", "races", usual=4_000, rounds=40_000),
    built("F34", "eight edit one ticket", together.f34, rounds=600),
    told("F35", "half-sent bodies and silent callers", "tests/workers/test_live.py", "-k", "bodies or callers"),
    built("F36", "two versions at once", versions.f36, letters=1_000),
    told("F37", "restore from a backup made under load", BACKUP, "-k", "under_load"),
    Fault(
        "F38",
        "all migrations, killed at every statement and on a million rows",
        told=("tests/models/test_migrations.py", "tests/faults/test_upgrades.py", "--full"),
        bench=("upgrade",),
        tells="every migration taken back",
    ),
    told("F39", "damage", BACKUP, "-k", "damaged"),
    built("F40", "soak under random faults", soak.f40, minutes=20, every=30),
    built("F41", "starved of processor and files", surroundings.f41, seconds=60),
    told("F42", "an escalation removed behind the desk's back", "tests/models/test_auditor.py"),
    built("F43", "silence of ticker and workers", kills.f43),
    told("F44", "nobody there to be told", "tests/models/test_on_call.py"),
)
