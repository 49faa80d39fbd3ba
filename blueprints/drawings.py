"""Keeps docs/ARCHITECTURE.md drawn from the table: `flask docs` writes it, a test compares."""

import re
from pathlib import Path

from models.rules.drawing import actions_as_table, states_as_mermaid

PAGE = Path(__file__).parent.parent / "docs" / "ARCHITECTURE.md"
HEADING = "## The states, drawn from the table\n"


def drawn(page: str) -> str:
    """The page with its last chapter drawn anew."""
    head = re.split(re.escape(HEADING), page)[0]
    return f"{head}{HEADING}\n```mermaid\n{states_as_mermaid()}\n```\n\n{actions_as_table()}\n"


def redraw() -> None:
    """Write the chapter into the page."""
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
