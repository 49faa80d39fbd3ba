"""The benchmarks: the whole product beside a bare Flask route, in one run on one machine; writes bench/RESULTS.md.

`./run bench [pages|live|reports|screens|clocks|letters|replay|backup|upgrade …] [--large 100000] [--postgres URL] …`
Parts that are named are measured alone, and their table goes to bench/RESULTS-<parts>.md. `./run bench cases 100000`
measures nothing: it works out random cases of the clock's sums three ways (bench/cases.py); `./run bench scanner 10000`
lets mail scanners loose on customers' links (bench/scanner.py); `./run bench races 40000` has people decide on one
plan at the same moment (bench/races.py).
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter

if not __package__:  # started as a file: the project's root is not on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import (
    backups,
    cases,
    clocks,
    databases,
    letters,
    measures,
    pace,
    races,
    replays,
    results,
    scanner,
    screens,
    upgrades,
)
from bench.results import Result
from bench.stack import running

OF_PEOPLE = ("pages", "live", "reports", "screens")
OF_THE_WHOLE = {"backup": backups.backups, "upgrade": upgrades.upgrades}  # of a database that nobody needs after them
PARTS = (*OF_PEOPLE, "clocks", "letters", "replay", *OF_THE_WHOLE)
Make = Callable[..., AbstractContextManager[databases.Crowded]]


def main(words: list[str]) -> int:
    """Build, start, measure, print; 1 when a promise is not kept."""
    if words[:1] == ["cases"]:
        return cases.main(words[1:])
    if words[:1] == ["scanner"]:
        return scanner.main(words[1:])
    if words[:1] == ["races"]:
        return races.main(words[1:])
    asked, began = _read(words), perf_counter()
    found: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-") as folder, pace.watched() as took:
        make = partial(databases.crowded, Path(folder), postgres=asked.postgres)
        if set(asked.parts) & set(OF_PEOPLE):
            found += _of_people(make, asked)
        if "clocks" in asked.parts:
            found += _of_clocks(make, asked)
        if "letters" in asked.parts:
            found += _of_letters(make, asked)
        if set(asked.parts) & set(OF_THE_WHOLE):
            found += _of_the_whole(make, asked)
        if "replay" in asked.parts:
            found += _of_the_replay(Path(folder) / "replay", asked)
    engine = databases.engine(asked.postgres or "sqlite://")
    run, whole = f"{engine}, {perf_counter() - began:.0f} s in all", asked.parts == list(PARTS)
    text = results.write(found, asked, run=run, pace=pace.said(took), whole=whole)
    print(text)
    return 0 if all(result.is_good for result in found) else 1


def _of_people(make: Make, asked: argparse.Namespace) -> Iterator[Result]:
    """What people wait for, with few and with many tickets."""
    with ExitStack() as stack:
        small, large = (stack.enter_context(make(tickets)) for tickets in (asked.small, asked.large))
        if "pages" in asked.parts:
            yield from measures.at_rest(large, asked)
        with running("bare", large) as bare, running("ours", small) as ours_small, running("ours", large) as ours_large:
            if "pages" in asked.parts:
                yield from measures.boards(bare, ours_small, ours_large, asked)
                yield from measures.pages(ours_small, ours_large, asked)
            if "live" in asked.parts:
                yield from measures.live(ours_large, asked)
            if "reports" in asked.parts:
                yield from measures.reports(ours_small, ours_large, asked)
            if "screens" in asked.parts:
                yield from screens.screens(ours_large, asked)


def _of_clocks(make: Make, asked: argparse.Namespace) -> Iterator[Result]:
    """The engine, on tickets that are nearly all open."""
    with make(asked.open, young=1.0) as database:
        yield from _said("clocks", clocks.clocks(database))


def _of_letters(make: Make, asked: argparse.Namespace) -> Iterator[Result]:
    """The sender, beside as many tickets as a small desk has."""
    with make(asked.small) as database:
        yield from _said("letters", letters.letters(database))


def _of_the_whole(make: Make, asked: argparse.Namespace) -> Iterator[Result]:
    """Copies of everything, then all migrations back and forth."""
    with make(asked.kept, young=0.5) as database:
        for part in (part for part in OF_THE_WHOLE if part in asked.parts):
            yield from _said(part, OF_THE_WHOLE[part](database))


def _of_the_replay(folder: Path, asked: argparse.Namespace) -> Iterator[Result]:
    """A policy against a year of tickets that were lived by the real commands."""
    folder.mkdir()
    found = replays.replays(folder, lives=asked.lives, tickets=asked.replayed, postgres=asked.postgres)
    yield from _said("replay", found)


def _said(part: str, found: Iterator[Result]) -> Iterator[Result]:
    """Each as it comes: a part takes minutes."""
    for result in found:
        print(f"  {part:<13} {result.name} {result.value:.3g} {result.unit}", flush=True)
        yield result


def _read(words: list[str]) -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="./run bench", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    reader.add_argument("parts", nargs="*", default=list(PARTS), help=f"of {', '.join(PARTS)}; all when none is named")
    reader.add_argument("--small", type=int, default=10_000, help="tickets")
    reader.add_argument("--large", type=int, default=100_000, help="tickets")
    reader.add_argument("--open", type=int, default=70_000, help="tickets, nearly all open, for the clocks")
    reader.add_argument("--kept", type=int, default=100_000, help="tickets, for backup, restore and the migrations")
    reader.add_argument("--replayed", type=int, default=10_000, help="tickets, for the replay")
    reader.add_argument("--lives", type=int, default=1_000, help="of them that are different")
    reader.add_argument("--rounds", type=int, default=3, help="of each load, in turns")
    reader.add_argument("--seconds", type=float, default=4, help="of one load")
    reader.add_argument("--clients", type=int, default=8, help="at once")
    reader.add_argument("--each", type=int, default=100, help="reports of one client in one round")
    reader.add_argument("--changes", type=int, default=20, help="that are waited for on another's screen")
    reader.add_argument("--rest", type=float, default=30, help="seconds before memory is measured")
    reader.add_argument("--postgres", default="", help="a PostgreSQL server on which databases may be made and dropped")
    asked = reader.parse_args(words)
    if unknown := set(asked.parts) - set(PARTS):
        reader.error(f"there is no part {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
