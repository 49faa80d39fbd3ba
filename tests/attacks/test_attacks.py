"""Each attack of the table against the whole house; `./run attacks` prints what they found, the heavy ones too."""

import pytest

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
