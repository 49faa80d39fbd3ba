"""docs/ARCHITECTURE.md draws the state machine from the table itself."""

import pytest

from blueprints import drawings
from models.rules.workflow import STEPS

pytestmark = pytest.mark.once


def test_the_drawing_is_the_table():
    page = drawings.PAGE.read_text("utf-8")
    assert drawings.drawn(page) == page, "run ./run docs"


def test_every_action_is_in_it():
    page = drawings.PAGE.read_text("utf-8")
    assert all(f"| `{action}` |" in page for action in STEPS)
