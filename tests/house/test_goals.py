"""docs/GOALS.md names every goal, and tests that are there."""

import re

import pytest

from tests.house.source import ROOT

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/GOALS.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)?::(\w+)`")


def test_every_goal_has_its_line():
    assert re.findall(r"^\| (G\d+) \|", PAGE, re.M) == [f"G{number}" for number in range(1, 31)]


def test_the_tests_that_it_names_are_there():
    """`::name` alone is in the file that was named before it."""
    file, named = "", 0
    for said, name in NAMED.findall(PAGE):
        file, named = said or file, named + 1
        assert f"\ndef {name}(" in (ROOT / file).read_text("utf-8"), f"{file}::{name}"
    assert named > 40
