"""Guards found in the source by their shape, and the source without one of them."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from models.ground.guards import GUARDS
from tests.house.source import ROOT, dotted, files, name, tree

REFUSALS = {"Refused", "Conflict", "Missing", "Invalid", "TooLarge", "Busy", "SystemExit", "NotSent"}
SECRET = re.compile(r"digest|sha256|token|chain\b|\bmac\(|body")
LINES = {  # file → what a line must look like to be a guard that can simply be left out
    "blueprints/safety.py": r'\s+"[A-Z][\w-]+": .+,$|\s+app\.(before|after)_request\(\w+\)$|\s+csrf\.init_app',
    "models/rules/permissions.py": r'\s+"\w+": \((".+", ?)+"?.*\),$',
    "app.py": r"\s+(SESSION_COOKIE_\w+|MAX_\w+)=.*,$",
    "blueprints/tickets/view.py": r'\s+response\.headers\["[\w-]+"\] = .+$',
    "blueprints/customer_verification/behind_link.py": r'\s+response\.headers\["[\w-]+"\] = .+$',
    "workers/live.py": r'\s+\(b"[\w-]+", b".+"\),$',
}
WORDS = {  # file → (what is written, what stands there instead)
    "models/ground/db.py": (
        ("query_only=ON", "query_only=OFF"),
        ("            lock(args[0])\n", ""),
        ('"BEGIN IMMEDIATE" if', '"BEGIN" if'),
        ("            _refuse_stale(args[0])\n", ""),
        ("foreign_keys=ON", "foreign_keys=OFF"),
    ),
    "blueprints/access.py": (
        (", visible(me()))", ")"),
        ("found is None or not can_see(me(), found)", "found is None"),
        ("    login_manager.session_protection = None\n", "    login_manager.session_protection = None\n    return\n"),
    ),
    "blueprints/pages.py": (("    if token is None:", "    if False:"), ("expecting(_version())", "expecting(None)")),
}

DROPS = '''"""A mutant."""

from alembic import op

revision = "mutant"
down_revision = "{head}"


def upgrade():
    op.execute("DROP TRIGGER {guard}")


def downgrade():
    pass
'''


@dataclass(frozen=True)
class Mutant:
    """One guard that is gone: in which file, in which line, of which kind; and the file without it."""

    kind: str
    file: str
    line: int
    guard: str
    text: str
    word: str = ""  # what tests that know it speak of

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by while lines move."""
        return self.file, self.guard

    @property
    def place(self) -> str:
        """What it is asked for by."""
        return self.guard if self.kind == "trigger" else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.kind:<8} {self.file}:{self.line}  {self.guard[:80]}"


def mutants() -> list[Mutant]:
    """Every guard that has one of the shapes, in the order of the files."""
    found = [mutant for finder in FINDERS for mutant in finder()]
    return sorted(found, key=lambda mutant: (mutant.kind, mutant.file, mutant.line))


def _rights() -> Iterator[Mutant]:
    """A route that everybody with an account may use."""
    for path in files("blueprints"):
        text = path.read_text("utf-8")
        for found in re.finditer(r'@requires\("(\w+)"', text):
            if found[1] not in ("use_account", "view_article"):
                view = re.search(r"def (\w+)\(", text[found.end() :])
                other = text[: found.start()] + '@requires("use_account"' + text[found.end() :]
                yield Mutant("right", name(path), _line(text, found.start()), found[0], other, view[1] if view else "")


def _table() -> Iterator[Mutant]:
    """A row of the table of rights that holds for everybody."""
    path = ROOT / "models/rules/permissions.py"
    text = path.read_text("utf-8")
    for found in re.finditer(r'^    "(\w+)": "([^"]+)",', text, re.M):
        if "anyone" not in found[2] and "desk" not in found[2]:
            other = text[: found.end() - 2] + " anyone" + text[found.end() - 2 :]
            yield Mutant("table", name(path), _line(text, found.start()), found[0].strip(), other, found[1])


def _refusals() -> Iterator[Mutant]:
    """`if …: raise Refused(…)` that never raises."""
    for path in files("models/steps", "models/rules", "models/people", "blueprints", "workers/channels", "app.py"):
        for node in ast.walk(tree(path)):
            raises = (
                isinstance(node, ast.If)
                and len(node.body) == 1
                and isinstance(node.body[0], ast.Raise)
                and not node.orelse
            )
            if raises and dotted(getattr(node.body[0].exc, "func", node)) in REFUSALS:
                yield _replaced("refusal", path, node.test, "False")


def _comparisons() -> Iterator[Mutant]:
    """A digest, token or link of a chain that is taken for the right one."""
    for path in files("models", "blueprints", "workers"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                is_fixed = any(isinstance(part, ast.Constant) for part in (node.left, *node.comparators))
                if SECRET.search(ast.unparse(node)) and not is_fixed:
                    yield _replaced("digest", path, node, str(isinstance(node.ops[0], ast.Eq)))


def _conditions() -> Iterator[Mutant]:
    """An UPDATE that no longer asks whether the row is as it was (compare-and-set)."""
    for path in files("models", "workers"):
        for node in ast.walk(tree(path)):
            is_where = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "where"
            if (
                is_where
                and len(node.args) > 1
                and "update(" in ast.unparse(node.func)
                and not isinstance(node.args[-1], ast.Starred)
            ):
                yield _replaced("compare", path, node.args[-1], "True == True")


def _lines() -> Iterator[Mutant]:
    for file, pattern in LINES.items():
        text = (ROOT / file).read_text("utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if re.fullmatch(pattern, line):
                other = "\n".join(part for at, part in enumerate(text.splitlines(), 1) if at != number) + "\n"
                yield Mutant("line", file, number, line.strip(), other, re.findall(r"[\w-]+", line)[0])


def _policy() -> Iterator[Mutant]:
    """A directive that the content security policy no longer has."""
    file = "blueprints/safety.py"
    text = (ROOT / file).read_text("utf-8")
    for found in re.finditer(r"[a-z-]+ (?:'none'|'self'|'script'|htmx)(?: data:)?(?:; |(?=\"))", text):
        yield Mutant(
            "policy", file, _line(text, found.start()), found[0], text[: found.start()] + text[found.end() :], "unsafe"
        )


def _words() -> Iterator[Mutant]:
    for file, pairs in WORDS.items():
        text = (ROOT / file).read_text("utf-8")
        for written, instead in pairs:
            for found in re.finditer(re.escape(written), text):
                other = text[: found.start()] + instead + text[found.end() :]
                yield Mutant("ground", file, _line(text, found.start()), written.strip(), other)


def _triggers() -> Iterator[Mutant]:
    """A trigger that the newest migration drops again."""
    head = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    for guard in sorted(GUARDS):
        text = DROPS.format(head=head, guard=guard)
        yield Mutant("trigger", "migrations/versions/mutant.py", 1, guard, text, guard.rsplit("_", 1)[0])


FINDERS: tuple[Callable[[], Iterator[Mutant]], ...] = (
    _rights,
    _table,
    _refusals,
    _comparisons,
    _conditions,
    _lines,
    _policy,
    _words,
    _triggers,
)


def _replaced(kind: str, path: Path, node: ast.expr, instead: str) -> Mutant:
    text = path.read_text("utf-8")
    lines = text.encode().splitlines(keepends=True)
    begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or node.lineno) - 1])) + (node.end_col_offset or 0)
    raw = text.encode()
    other = (raw[:begin] + b"(" + instead.encode() + b")" + raw[end:]).decode()
    return Mutant(kind, name(path), node.lineno, ast.unparse(node), other, _around(path, node.lineno))


def _around(path: Path, line: int) -> str:
    """The function in which it stands."""
    inside = [
        n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef) and n.lineno <= line <= (n.end_lineno or 0)
    ]
    return max(inside, key=lambda n: n.lineno).name if inside else ""


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
