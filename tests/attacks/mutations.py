"""`./run attacks mutations [--count 100] [--seed 1] [--wide] [--write] [kind | file:line | trigger …]` (rule 46).

Guards are taken away one at a time, in two copies of the tree. The tests that are likely to know the guard are asked
first, then pages that are drawn from the source, then whole files, with --wide all quick tests. What fails counts only
if it holds with every guard in its place. Which shapes a guard has stands in mutants.py, which of them change nothing
in equivalents.py. Exit code 1 when fewer than 98 of 100 are noticed.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from time import perf_counter
from typing import Any

from tests.attacks import report
from tests.attacks.equivalents import EQUIVALENT
from tests.attacks.lane import ENDLESS, START
from tests.attacks.mutants import Mutant, mutants
from tests.attacks.witnesses import files_for, tests_for
from tests.house.source import ROOT

PROMISED, LANES = 0.98, 2
WIDE = ("tests/house", "tests/models", "tests/blueprints", "tests/attacks")
DRAWN = {  # what compares the source with a page or a list, and what looks at everything
    "right": ("tests/house/test_routes.py",),
    "table": ("tests/models/test_permissions.py", "tests/house/test_drawing.py"),
    "policy": ("tests/house/test_routes.py",),
    "line": (
        "tests/house/test_routes.py",
        "tests/house/test_drawing.py",
        "tests/attacks/test_attacks.py::test_holds[a28]",
    ),
    "ground": ("tests/models/test_workflow.py", "tests/house/test_answers.py", "tests/journeys/test_trouble.py"),
    "trigger": ("tests/models/test_migrations.py::test_up_from_nothing_down_and_up_again",),
}
TOLD_BY_DRAWINGS = ("test_routes", "test_drawing", "test_migrations")
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "var", "build", "*.sqlite3", "node_modules", ".*_cache")
OURS = ("app", "bench", "blueprints", "models", "tests", "workers", "__main__")
LOADED = (
    "import sys, app, tests.conftest, tests.house.world\n"
    f"print(*[name for name in sys.modules if name.split('.')[0] not in {OURS}])"
)


def main(words: list[str]) -> int:
    """Take them away and say which were noticed; 1 when too few were."""
    kinds = [word for word in words if word.isalpha()]
    every = mutants()
    stale = [key for key in EQUIVALENT if key not in {mutant.key for mutant in every}]
    places = [word for word in words if ":" in word or "_" in word]
    found = [mutant for mutant in every if not kinds or mutant.kind in kinds]
    found = [mutant for mutant in found if not places or mutant.place in places]
    chosen = _sample(found, _number(words, "--count", len(found)), _number(words, "--seed", 1))
    equal = [mutant for mutant in chosen if mutant.key in EQUIVALENT]
    print(f"{len(found)} guards found, {len(chosen)} of them looked at", flush=True)
    began = perf_counter()
    with _lanes() as lanes:
        told = _all_told(lanes, [mutant for mutant in chosen if mutant not in equal], wide="--wide" in words)
        doubted = _unsound(lanes, told.values())
        told |= _all_told(lanes, [mutant for mutant, by in told.items() if by in doubted], wide="--wide" in words)
    if "--write" in words:
        _write(told, guards=len(every), equivalent=len(equal))
    return _sum_up(told, equal, stale, perf_counter() - began)


class Lane:
    """A copy of the tree with a process that tells tests in it."""

    def __init__(self, folder: Path, modules: Path, finished: Path) -> None:
        self.folder, self.unsound = folder, list[str]()
        surroundings = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DEBUG_TEMPROOT": str(folder.parent)}
        words = [sys.executable, "-m", "tests.attacks.lane", str(modules), str(finished)]
        pipe: Any = subprocess.PIPE
        self._process = subprocess.Popen(words, cwd=folder, env=surroundings, stdin=pipe, stdout=pipe, text=True)

    def notice(self, mutant: Mutant, nodes: tuple[str, ...]) -> str:
        """The first of these tests that fails without the guard; "" when there is none."""
        if not nodes:
            return ""
        with self._without(mutant) as statements:
            by = next(iter(self.failed(nodes, "-x", *self.unsound, statements=statements)), "")
        if by == ENDLESS:  # or it was only slow: others are asked
            return ""
        if by == START and self.failed(nodes, "--collect-only"):
            raise SystemExit(f"These tests cannot be told, with every guard in its place: {nodes}")
        return by

    def failed(self, nodes: Iterable[str], *more: str, statements: Iterable[str] = ()) -> list[str]:
        """Which of them fail on the tree as it is."""
        asked = json.dumps({"nodes": [*nodes], "more": more, "statements": [*statements]})
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(asked + "\n")
        self._process.stdin.flush()
        return list(json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(30)

    @contextmanager
    def _without(self, mutant: Mutant) -> Iterator[list[str]]:
        """The file as it is without the guard; yields what the first database has to hear."""
        file = self.folder / mutant.file
        before = (file.read_bytes(), file.stat()) if file.exists() else None
        file.write_text(mutant.text, "utf-8")
        try:
            yield [f"DROP TRIGGER {mutant.guard}"] if mutant.kind == "trigger" else []
        finally:
            file.unlink()
            if before:
                file.write_bytes(before[0])
                os.utime(file, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))  # what is compiled of it stays good


@contextmanager
def _lanes() -> Iterator[list[Lane]]:
    """Copies of the tree with everything compiled, and a migrated database."""
    with tempfile.TemporaryDirectory(prefix="bihuan-mutants-", ignore_cleanup_errors=True) as name:
        first = Path(name) / "0" / "tree"
        shutil.copytree(ROOT, first, ignore=LEFT_BEHIND)
        modules, finished = Path(name) / "modules", Path(name) / "finished.sqlite3"
        modules.write_text(_said(first, "-c", LOADED))
        _said(first, "-m", "flask", "--app", "app", "db", "upgrade", DATABASE_URL=f"sqlite:///{finished}")
        _said(first, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *WIDE)
        lanes = []
        for number in range(LANES):
            folder = Path(name) / str(number) / "tree"
            if number:
                shutil.copytree(first, folder)
            lanes.append(Lane(folder, modules, finished))
        yield lanes
        for lane in lanes:
            lane.end()


def _said(folder: Path, *words: str, **more: str) -> str:
    surroundings = os.environ | {"BIHUAN_HOME": str(folder.parent / "home"), "BIHUAN_ENV": "test"} | more
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, *words], cwd=folder, env=surroundings, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words} failed: {done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout


def _all_told(lanes: list[Lane], chosen: list[Mutant], *, wide: bool) -> dict[Mutant, str]:
    """Who has noticed each of them."""
    free: Queue[Lane] = Queue()
    for lane in lanes:
        free.put(lane)
    with ThreadPoolExecutor(len(lanes)) as pool:
        return dict(zip(chosen, pool.map(lambda mutant: _told(free, mutant, wide=wide), chosen), strict=True))


def _unsound(lanes: list[Lane], noticed: Iterable[str]) -> list[str]:
    """Tests that fail with every guard in its place: what they have noticed was something else."""
    found = lanes[0].failed(dict.fromkeys(by for by in noticed if "::" in by))
    for node in found:
        print(f"fails with every guard in its place: {node}", flush=True)
        for lane in lanes:
            lane.unsound += ["--deselect", node]
    return found


def _told(free: Queue[Lane], mutant: Mutant, *, wide: bool) -> str:
    lane, began = free.get(), perf_counter()
    try:
        by = _noticed(lane, mutant, wide=wide)
    finally:
        free.put(lane)
    words = f"{'noticed' if by else 'MISSED '}  {mutant}" + (f"   by {by}" if by else "")
    print(f"{words}  ({perf_counter() - began:.0f} s)", flush=True)
    return by


def _noticed(lane: Lane, mutant: Mutant, *, wide: bool) -> str:
    """By whom; "" when by nobody."""
    by = lane.notice(mutant, tests_for(mutant)) or lane.notice(mutant, DRAWN.get(mutant.kind, ()))
    by = by or lane.notice(mutant, files_for(mutant))
    return by or (lane.notice(mutant, WIDE) if wide else "")


def _sum_up(told: dict[Mutant, str], equal: list[Mutant], stale: list[tuple[str, str]], seconds: float) -> int:
    missed = [mutant for mutant, by in told.items() if not by]
    noticed, share = len(told) - len(missed), 1 - len(missed) / max(len(told), 1)
    for mutant in missed:
        print(f"missed: {mutant}")
    for file, guard in stale:
        print(f"no guard any more, but called equivalent: {file}: {guard}")
    print(
        f"{len(told)} tried, {noticed} noticed ({_by_page(told)} of them by a page or list only): {share:.1%}", end="; "
    )
    print(f"promised {PROMISED:.0%}; {len(equal)} equivalent; {seconds / max(len(told), 1):.1f} s each")
    return 0 if share >= PROMISED and not stale else 1


def _by_page(told: dict[Mutant, str]) -> int:
    """How many were noticed by a drawn page or a list only."""
    return sum(Path(by.partition("::")[0]).stem in TOLD_BY_DRAWINGS for by in told.values())


def _write(told: dict[Mutant, str], *, guards: int, equivalent: int) -> None:
    noticed = sum(map(bool, told.values()))
    said = {"guards": guards, "tried": len(told), "noticed": noticed, "by_page": _by_page(told)}
    report.keep(report.MUTATIONS, "sqlite", equivalent=equivalent, **said)


def _sample(found: list[Mutant], most: int, seed: int) -> list[Mutant]:
    """So many of them, of each kind in turn."""
    lots = random.Random(seed)
    by_kind: dict[str, list[Mutant]] = {}
    for mutant in lots.sample(found, len(found)):
        by_kind.setdefault(mutant.kind, []).append(mutant)
    chosen: list[Mutant] = []
    while len(chosen) < min(most, len(found)):
        chosen += [of_kind.pop() for of_kind in by_kind.values() if of_kind]
    return chosen[:most]


def _number(words: list[str], name: str, otherwise: int) -> int:
    return int(words[words.index(name) + 1]) if name in words else otherwise
