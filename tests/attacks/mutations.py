"""`./run attacks mutations [--sample 40] [--seed 1] [--wide] [kind …]`: guards are taken away one at a time.

In a copy of the tree; the tests that are likely to know the guard must notice, with --wide all quick ones are asked
after them. Exit code 1 when fewer than 98 % are noticed. Which shapes a guard has stands in mutants.py.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.attacks.mutants import Mutant, mutants
from tests.house.source import ROOT

PROMISED = 0.98
LIKELY = 6  # files of tests that are asked first
WIDE = ("tests/house", "tests/attacks", "tests/models", "tests/blueprints")
ALWAYS = {
    "right": ("tests/house/test_routes.py",),
    "table": ("tests/house/test_drawing.py",),
    "line": ("tests/house/test_crawl.py",),
    "policy": ("tests/blueprints/test_errors.py", "tests/house/test_routes.py"),
    "trigger": ("tests/models/test_migrations.py",),
    "ground": ("tests/house/test_answers.py", "tests/models/test_accounts.py", "tests/models/test_workflow.py"),
}
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", "*.sqlite3", "node_modules")


def main(words: list[str]) -> int:
    """Take them away one at a time and say which were noticed; 1 when too few were."""
    kinds = [word for word in words if word.isalpha()]
    found = [mutant for mutant in mutants() if not kinds or mutant.kind in kinds]
    chosen = _sample(found, _number(words, "--sample", len(found)), _number(words, "--seed", 1))
    print(f"{len(found)} guards found, {len(chosen)} taken away one at a time", flush=True)
    with tempfile.TemporaryDirectory(prefix="bihuan-mutants-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        missed = [mutant for mutant in chosen if not _told(copy, mutant, wide="--wide" in words)]
    share = 1 - len(missed) / max(len(chosen), 1)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} noticed: {share:.1%} (promised {PROMISED:.0%})")
    return 0 if share >= PROMISED else 1


def _told(copy: Path, mutant: Mutant, *, wide: bool) -> bool:
    by = _noticed(copy, mutant, wide=wide)
    print(f"{'noticed' if by else 'MISSED '}  {mutant}" + (f"   by {by}" if by else ""), flush=True)
    return bool(by)


def _noticed(copy: Path, mutant: Mutant, *, wide: bool) -> str:
    """The first test that fails without the guard; "" when none does."""
    file = copy / mutant.file
    before = file.read_text("utf-8") if file.exists() else None
    file.write_text(mutant.text, "utf-8")
    try:
        by = _first_failure(copy, _likely(mutant))
        return by or (_first_failure(copy, WIDE, "-n", "2") if wide else "")
    finally:
        file.unlink() if before is None else file.write_text(before, "utf-8")


def _first_failure(copy: Path, nodes: tuple[str, ...], *more: str) -> str:
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "--no-header",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        *more,
        *nodes,
    ]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DEBUG_TEMPROOT": str(copy.parent)}
    done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)
    return failed[1] if failed else "" if done.returncode in (0, 5) else "the application, which does not start"


def _likely(mutant: Mutant) -> tuple[str, ...]:
    """Tests that always look, that are called like the file, and that speak of it most."""
    stem = Path(mutant.file).parent.name if mutant.file.startswith("blueprints/") else Path(mutant.file).stem
    asked = re.compile(rf"\b({re.escape(mutant.word or stem)}|{re.escape(stem)})\b")
    spoken = {file: len(asked.findall(text)) for file, text in _tests().items()}
    named = [file for file in spoken if Path(file).stem == f"test_{stem}"]
    most = [file for file in sorted(spoken, key=lambda file: -spoken[file]) if spoken[file]]
    always = [file for file in ALWAYS.get(mutant.kind, ()) if (ROOT / file).exists()]
    return tuple(dict.fromkeys([*always, *named, *most]))[:LIKELY] or WIDE


@cache
def _tests() -> dict[str, str]:
    """Every file of quick tests with its text."""
    rooms = ("tests/house", "tests/models", "tests/blueprints", "tests/workers")
    found = [path for room in rooms for path in (ROOT / room).glob("test_*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in found}


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
