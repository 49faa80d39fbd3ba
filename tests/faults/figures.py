"""What tests have counted: the crash matrix, forms that were sent twice."""

import ast
import json
from collections import Counter
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"


def counted_in(folder: Path) -> tuple[int, str]:
    """What the processes of one run have written down: how many injected, and a sentence; 0 and "" for other runs."""
    return _forms_in(folder) if any(folder.glob("forms-*.json")) else _crashes_in(folder)


def commands() -> set[str]:
    """Every function that is a command."""
    return {
        ".".join(("models", *path.relative_to(MODELS).with_suffix("").parts, node.name))
        for path in MODELS.rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and "command" in map(ast.unparse, node.decorator_list)
    }


def _forms_in(folder: Path) -> tuple[int, str]:
    found = [json.loads(file.read_text()) for file in folder.glob("forms-*.json")]
    pressed, acting = Counter[str](), set[str]()
    for each in found:
        pressed.update(each["pressed"])
        acting |= set(each["acting"])
    times = sum(pressed.values())
    left = sorted(acting - pressed.keys())
    words = f"; not pressed: {', '.join(left)}" if left else ""
    return 2 * times, f"{times} forms at {len(acting & pressed.keys())} of {len(acting)} addresses twice more{words}"


def _crashes_in(folder: Path) -> tuple[int, str]:
    """Points and a sentence, of what the processes of one run have written down; 0 and "" when it was another run."""
    files = list(folder.glob("crashes-*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    points, tried = sum(count for _, count, _ in lines), {command for command, _, _ in lines}
    untried = sorted(commands() - tried) if tried & commands() else []
    left = f"; not tried: {', '.join(name.partition('.')[2] for name in untried)}" if untried else ""
    return (points, f"{points} points of {len(tried & commands()) or 'the'} commands{left}") if lines else (0, "")
