"""`./run faults [F07 …] [--full] [--seed N] [--database sqlite|postgresql|both] [--write]`: faults injected.

Each case prints one line: its name, the fault, the figure that was reached, and whether the invariants hold. Without
names all are told; --write puts what was shown into the table of the docs. The exit code is 1 when one does not hold.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

from tests import postgres
from tests.faults import report
from tests.faults.figures import counted_in
from tests.faults.house import Houses
from tests.faults.table import FAULTS, Fault
from tests.faults.verdict import Verdict, together

ROUNDS = 40  # of a test that can be told any number of times, without --full
SQLITE, POSTGRESQL, BOTH = "sqlite", "postgresql", "both"


def main(words: list[str]) -> int:
    """Tell the cases that were asked for on each database."""
    asked = _read(words)
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"  seed {seed}", flush=True)
    bad = injected = 0
    for database in (SQLITE, POSTGRESQL) if asked.database == BOTH else (asked.database,):
        programs = postgres.find_programs() if database == POSTGRESQL else None
        if database == POSTGRESQL and not programs:
            print("  PostgreSQL is not installed: apt install postgresql", flush=True)
            bad += 1
            continue
        with postgres.private(programs) if programs else nullcontext("") as url:
            houses = Houses(random.Random(seed), url)
            try:
                for fault in _wanted(asked):
                    verdict = _told(fault, houses, database, url, full=asked.full)
                    bad += _say(fault, verdict, database)
                    injected += verdict.injected if verdict else 0
                    if verdict and asked.write:
                        results = report.kept()  # others may be at it
                        report.keep(results, fault, verdict, database=database, seed=seed, full=asked.full)
                        report.write(results)
            finally:
                houses.end()
    print(f"  {injected} faults injected, {bad} do not hold, seed {seed}", flush=True)
    return 1 if bad else 0


def _told(fault: Fault, houses: Houses, database: str, url: str, *, full: bool) -> Verdict | None:
    """None: there is nothing to tell here."""
    if fault.only and fault.only != database:
        return None
    try:
        parts = [fault.run(houses, **(dict(fault.long) if full else {}))] if fault.run else []
        rounds = fault.rounds if full else fault.usual or ROUNDS
        parts += [_by_others(fault, words, url, rounds, full=full) for words in _ways(fault, url, rounds, full=full)]
        return together(parts)
    except Exception as error:
        place = [each for each in traceback.extract_tb(error.__traceback__) if each.name != "eventually"][-1]
        return Verdict("stopped", 1, [f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"])


def _ways(fault: Fault, url: str, rounds: int, *, full: bool) -> Iterator[list[str]]:
    """What else tells the fault, in words of the command line: a benchmark, tests."""
    if fault.bench:
        server = ["--postgres", url] if url and fault.bench[0] != "cases" else []
        yield ["bench.run", *fault.bench, *([str(rounds)] if fault.usual else []), *server]
    if told := (*fault.told, *(fault.told_in_full if full else ())):
        yield ["pytest", "-q", "-n", "2", *told]


def _by_others(fault: Fault, words: list[str], url: str, rounds: int, *, full: bool) -> Verdict:
    """A test or a benchmark that tells the same fault."""
    began = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        surroundings = dict(os.environ) | {
            "FAULTS_FOLDER": folder,
            "FAULTS_ROUNDS": str(rounds),
            "FAULTS_FULL": "1" * full,
        }
        if words[0] == "pytest" and url:
            surroundings["BIHUAN_TEST_DB"] = url
        done = subprocess.run([sys.executable, "-m", *words], env=surroundings, capture_output=True, text=True)
        points, figure = counted_in(Path(folder))
    lines = done.stdout.strip().splitlines() or [""]
    telling = next((line.split(None, 1)[1] for line in lines if fault.tells and fault.tells in line), lines[-1])
    figure = figure or telling.strip("= ")[:90]
    complaints = [] if done.returncode == 0 else [line for line in lines if "FAIL" in line][:5]
    complaints = complaints if done.returncode == 0 else complaints or [done.stderr[-300:] or done.stdout[-300:]]
    points = points or (rounds if fault.rounds else 1)
    return Verdict(f"{figure}, {perf_counter() - began:.0f} s", points, complaints)


def _say(fault: Fault, verdict: Verdict | None, database: str) -> int:
    """One line, and one for each complaint; 1 when it is bad."""
    if verdict is None:
        print(f"  {fault.name}  {fault.words:<46} {'':<70} only {fault.only}", flush=True)
        return 0
    outcome = "holds" if verdict.holds else "DOES NOT HOLD"
    print(f"  {fault.name}  {fault.words:<46} {verdict.figure:<70} {outcome}  [{database}]", flush=True)
    for words in verdict.complaints:
        print(f"         {words}", flush=True)
    return int(not verdict.holds)


def _wanted(asked: argparse.Namespace) -> list[Fault]:
    return [fault for fault in FAULTS if not asked.names or fault.name in asked.names]


def _read(words: list[str]) -> argparse.Namespace:
    reader: Any = argparse.ArgumentParser(prog="./run faults")
    reader.add_argument("names", nargs="*", metavar="F07", help="all when none is named")
    reader.add_argument("--full", action="store_true", help="as often as the design promises; takes hours")
    reader.add_argument("--seed", type=int, help="of what is random: a printed one tells the same again")
    reader.add_argument("--database", choices=(SQLITE, POSTGRESQL, BOTH), default=SQLITE)
    reader.add_argument("--write", action="store_true", help="into docs/FAULTS.md and README.md")
    asked = reader.parse_args(words)
    if unknown := set(asked.names) - {fault.name for fault in FAULTS}:
        reader.error(f"there is no {', '.join(sorted(unknown))}")
    return asked  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
