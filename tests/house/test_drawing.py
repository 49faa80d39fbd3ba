"""docs/ARCHITECTURE.md and docs/PERMISSIONS.md are drawn from the tables themselves."""

import pytest

from blueprints import drawings
from models.rules.permissions import MAY

pytestmark = pytest.mark.once


def test_the_drawings_are_the_tables():
    for page, text in drawings.drawn().items():
        assert page.read_text("utf-8") == text, f"{page.name}: run ./run docs"


def test_every_action_is_in_them():
    page = (drawings.DOCS / "PERMISSIONS.md").read_text("utf-8")
    assert all(f"| `{action}` |" in page for action in MAY if action != "report")
