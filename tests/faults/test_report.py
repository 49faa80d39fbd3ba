"""What README and docs say of faults is what the suite has shown."""

import pytest

from tests.faults import report
from tests.faults.table import FAULTS

pytestmark = pytest.mark.once


def test_every_fault_of_the_design_has_its_row():
    assert [fault.name for fault in FAULTS] == [f"F{number:02}" for number in range(1, 45)]


def test_the_pages_say_what_the_runs_have_shown():
    results, said = report.kept(), "written anew by `./run faults F01 … --write`"
    assert results.keys() <= {fault.name for fault in FAULTS}
    assert report.DRAWN.read_text("utf-8") == report.page(results), said
    readme = report.README.read_text("utf-8")
    assert readme == report.readme(readme, results), said


def test_a_result_that_does_not_hold_is_said():
    fault = FAULTS[6]
    results = {fault.name: {"sqlite": {"figure": "1 lost", "injected": 1, "holds": False, "seed": 1, "day": "today"}}}
    assert "**does not hold**" in report.page(results)
    assert fault.name in report.summary(results).partition("Not withstood:")[2].partition("\n")[0]
