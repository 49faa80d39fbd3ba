"""Each attack of the table against the whole house; `./run attacks` prints what they found, the heavy ones too."""

import pytest

from tests.attacks import report
from tests.attacks.site import Site
from tests.attacks.table import ATTACKS, FUNCTIONS
from tests.house.source import ROOT

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("name", "attack"),
    [
        pytest.param(n, f, id=f.__name__, marks=pytest.mark.full if getattr(f, "is_heavy", False) else ())
        for n, f in FUNCTIONS
    ],
)
def test_holds(name, attack, site: Site, record_property):
    record_property("figure", attack(site))


def test_the_table_is_whole():
    assert list(ATTACKS) == [f"A{number:02}" for number in range(1, 68)]
    assert all(attack.by or attack.nodes or attack.why_not for attack in ATTACKS.values())


def test_what_it_names_is_there():
    for attack in ATTACKS.values():
        for node in attack.nodes:
            file, _, function = node.partition("::")
            text = (ROOT / "tests" / file).read_text("utf-8")
            assert not function or f"def {function}(" in text, f"{attack.name}: {node}"


def test_the_pages_say_what_was_tried():
    results, said = report.kept(), "written anew by `./run attacks A01 … --write`"
    assert results.keys() <= {*ATTACKS, report.MUTATIONS}
    assert report.DRAWN.read_text("utf-8") == report.page(results), said
    readme = report.README.read_text("utf-8")
    assert readme == report.readme(readme, results), said


def test_an_attack_that_succeeds_is_said():
    results = {"A07": {"sqlite": {"figure": "1 column", "holds": False, "day": "today"}}}
    assert "**succeeds**" in report.page(results)
    assert "Not withstood: A07." in report.summary(results)
