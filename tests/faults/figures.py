"""What the crash matrix has counted."""

import ast
import json
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"


def crashes_in(folder: Path) -> tuple[int, str]:
    """Points and a sentence, of what the processes of one run have written down; 0 and "" when it was another run."""
    files = list(folder.glob("crashes-*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    points, tried = sum(count for _, count, _ in lines), {command for command, _, _ in lines}
    untried = sorted(commands() - tried)
    left = f"; not tried: {', '.join(name.partition('.')[2] for name in untried)}" if untried else ""
    return (points, f"{points} points of {len(tried & commands())} commands{left}") if lines else (0, "")


def commands() -> set[str]:
    """Every function that is a command."""
    return {
        ".".join(("models", *path.relative_to(MODELS).with_suffix("").parts, node.name))
        for path in MODELS.rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and "command" in map(ast.unparse, node.decorator_list)
    }
