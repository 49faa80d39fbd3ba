"""Which tests are likely to know a guard: those that speak of what stands around it, rare words before common ones."""

import ast
import re
from collections import Counter, defaultdict
from functools import cache
from math import log
from pathlib import Path

from tests.attacks.mutants import Mutant
from tests.house.source import ROOT, files, tree

ROOMS = ("house", "models", "blueprints", "workers", "journeys", "faults")
SLOW = (
    "test_supervisor", "test_processes", "test_engine", "test_run", "test_live", "test_backup", "test_crawl",
    "test_crowd", "test_crashes", "test_upgrades", "test_open_forms", "test_demonstration",
)  # fmt: skip
DRAWN = ("test_drawing.py", "test_routes.py", "test_permissions_page.py", "test_migrations.py", "test_words.py")
WORD = re.compile(r"_?[A-Za-z][A-Za-z0-9]{2,}(?:_[A-Za-z0-9]+)*")
CALLERS, FILES, IMPORTING = 12, 1, 12
TESTS: dict[str, int] = defaultdict(lambda: 12, right=5, table=5, policy=3, line=5)  # where a page tells the rest
REFUSES = re.compile(r"_(may|nobody|only|refus\w*|not|never|no|wrong|without|neither|twice|again|forged|stale)_")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tests_for(mutant: Mutant) -> tuple[str, ...]:
    """The tests, by their pytest names, best first; none that compares a drawn page."""
    ranked = _ranked(mutant)
    return tuple(node for node in ranked if not Path(node.partition("::")[0]).name.endswith(DRAWN))[
        : TESTS[mutant.kind]
    ]


def files_for(mutant: Mutant) -> tuple[str, ...]:
    """Whole files: those that are called like the guard's or like whoever uses its function, those of the best tests,
    and those that import its module."""
    best = [node.partition("::")[0] for node in tests_for(mutant)]
    own = (mutant.file, *_users(mutant))
    named = sorted({node.partition("::")[0] for node in _told() if any(_is_called_like(node, file) for file in own)})
    return tuple(
        dict.fromkeys([*named, *(file for file, _ in Counter(best).most_common(FILES)), *_importing(mutant.file)])
    )


def _users(mutant: Mutant) -> list[str]:
    """The files of the product that import the function in which the guard stands; none where many do."""
    path = ROOT / mutant.file
    around = _around(path, mutant.line) if path.exists() else None
    if around is None:
        return []
    module = mutant.file.removesuffix(".py").replace("/", ".")
    said = re.compile(rf"^from {re.escape(module)} import .*\b{around.name}\b", re.MULTILINE)
    every = [file for file in files("models", "blueprints", "workers") if said.search(file.read_text("utf-8"))]
    return [file.relative_to(ROOT).as_posix() for file in every] if len(every) <= CALLERS else []


def _importing(file: str) -> list[str]:
    """The shortest files of tests that import this module."""
    package, _, name = file.removesuffix(".py").replace("/", ".").rpartition(".")
    said = re.compile(rf"^from {re.escape(package)}(\.{name} import | import .*\b{name}\b)", re.MULTILINE)
    told = {node.partition("::")[0] for node in _told()}
    found = {each: text for each in told if said.search(text := (ROOT / each).read_text("utf-8"))}
    return sorted(found, key=lambda each: (len(found[each]), each))[:IMPORTING]


def _is_called_like(node: str, guarded: str) -> bool:
    """Whether the test stands in the file that is called like this file or its room."""
    file = Path(guarded)
    stem = file.parent.name if guarded.startswith("blueprints/") and file.parent.name != "blueprints" else file.stem
    return Path(node.partition("::")[0]).stem in (f"test_{stem}", f"test_{stem}s")


def _ranked(mutant: Mutant) -> list[str]:
    asked, told, often = _words_around(mutant), _told(), _often()
    worth = {word: weight * log(len(told) / often[word]) for word, weight in asked.items() if often[word]}
    scores = {node: sum(worth.get(word, 0) for word in words) * _ease(node, words) for node, words in told.items()}
    scores |= {node: score * 1.5 for node, score in scores.items() if _is_called_like(node, mutant.file)}
    scores |= {node: score * 1.4 for node, score in scores.items() if REFUSES.search(node)}
    return [node for node in sorted(scores, key=lambda node: -scores[node]) if scores[node] > 0]


def _ease(node: str, words: set[str]) -> float:
    """Tests that tell everything, or start a whole house, come later."""
    return (0.4 if any(slow in node for slow in SLOW) else 1.0) / log(30 + len(words))


def _words_around(mutant: Mutant) -> dict[str, float]:
    """What is written at the guard, who it belongs to, and who calls that."""
    found: dict[str, float] = {}

    def add(words: set[str], weight: float) -> None:
        for word in words:
            found[word] = max(found.get(word, 0), weight)

    path = ROOT / mutant.file
    line = path.read_text("utf-8").splitlines()[mutant.line - 1] if path.exists() else ""
    add(set(WORD.findall(f"{mutant.guard} {line}")), 1)
    add(set(WORD.findall(mutant.word)), 3)
    if mutant.kind == "trigger":
        add(_said_by_migrations(mutant.guard), 1)
        return found
    around = _around(path, mutant.line)
    add({word for helper in _helpers(path, mutant.guard) for word in _said(helper)}, 1.5)
    if around:
        add(_said(around), 0.7)
        add({around.name.strip("_")}, 3)
        add(_callers(path, around.name), 2)
        add({word for node in _raised(around, mutant.line) for word in _said(node)}, 2)
    add({Path(mutant.file).stem, Path(mutant.file).parent.name}, 0.7)
    return found


def _around(path: Path, line: int) -> Function | None:
    """The function in which the line stands, its decorators included."""
    inside = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, Function)
        and min([node.lineno, *(each.lineno for each in node.decorator_list)]) <= line <= (node.end_lineno or 0)
    ]
    return max(inside, key=lambda node: node.lineno, default=None)


def _helpers(path: Path, guard: str) -> list[Function]:
    """Functions of the same file that the guard calls."""
    return [node for node in tree(path).body if isinstance(node, Function) and node.name in WORD.findall(guard)]


def _raised(around: Function, line: int) -> list[ast.stmt]:
    """What is done behind the guard: the sentence that is said there is what a test looks for."""
    return [node for part in ast.walk(around) if isinstance(part, ast.If) and part.lineno == line for node in part.body]


def _callers(path: Path, name: str) -> set[str]:
    """Who calls it: in the same file over several steps, from elsewhere when the name is rare."""
    inside = {node.name: _said(node) for node in ast.walk(tree(path)) if isinstance(node, Function)}
    found, new = set[str](), {name}
    while new:
        new = {other for other, words in inside.items() if words & new} - found - {name}
        found |= new
    public = {other for other in (*found, name) if not other.startswith("_")}
    elsewhere = {other for each in public for other in _callers_elsewhere().get(each, ())}
    return found | (elsewhere if len(elsewhere) <= CALLERS else set())


@cache
def _callers_elsewhere() -> dict[str, set[str]]:
    """Name → functions anywhere that speak of it."""
    found: dict[str, set[str]] = {}
    for path in files("models", "blueprints", "workers"):
        for node in ast.walk(tree(path)):
            if isinstance(node, Function):
                for word in _said(node):
                    found.setdefault(word, set()).add(node.name)
    return found


def _said_by_migrations(guard: str) -> set[str]:
    texts = [path.read_text("utf-8") for path in (ROOT / "migrations/versions").glob("*.py")]
    around = [text[at.start() :][:600] for text in texts for at in re.finditer(guard, text)]
    return {word for text in around for word in WORD.findall(text)}


@cache
def _told() -> dict[str, set[str]]:
    """Every test by its pytest name, and the words that it and what it uses in its file say."""
    found: dict[str, set[str]] = {}
    for room in ROOMS:
        for path in sorted((ROOT / "tests" / room).glob("test_*.py")):
            parts = {node.name: node for node in tree(path).body if isinstance(node, Function)}
            for name in [name for name in parts if name.startswith("test_")]:
                found[f"{path.relative_to(ROOT).as_posix()}::{name}"] = _with_helpers(parts, name)
    return found


def _with_helpers(parts: dict[str, Function], name: str) -> set[str]:
    words, new, seen = set[str](), {name}, set[str]()
    while new:
        said = {word for each in new for word in _said(parts[each])}
        seen |= new
        words |= said
        new = {each for each in said & set(parts) if not each.startswith("test_")} - seen
    return words


@cache
def _often() -> Counter[str]:
    return Counter(word for words in _told().values() for word in words)


@cache
def _said(node: ast.stmt) -> set[str]:
    """Every name and every word of a string in it."""
    found = {node.name, *node.name.split("_")} if isinstance(node, Function) else set[str]()
    for each in ast.walk(node):
        text = next((getattr(each, kind) for kind in ("id", "attr", "arg", "value") if hasattr(each, kind)), None)
        if isinstance(text, str):
            found |= {text} if text.isidentifier() else set(WORD.findall(text))
    return found
