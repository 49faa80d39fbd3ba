"""A plugin of pytest that says, attack by attack, what was found: as soon as all that belongs to it has been tried."""

import os
from collections.abc import Iterator

import pytest

from tests.attacks import report
from tests.attacks.table import ATTACKS

ASKED = "BIHUAN_ATTACKS"  # the names of the attacks that are tried
TIMES = "BIHUAN_TIMES"  # how often what is drawn by lot is drawn
WRITES = "BIHUAN_ATTACKS_WRITE"  # the database's name, when what is found goes into the table of the docs


class Told:
    """What has come of the attacks so far."""

    def __init__(self, names: list[str]) -> None:
        self.open: dict[str, set[str]] = {name: set() for name in names if not ATTACKS[name].why_not}
        self.tests: dict[str, int] = dict.fromkeys(names, 0)
        self.figures: dict[str, list[str]] = {name: [] for name in names}
        self.failed: dict[str, list[str]] = {name: [] for name in names}
        self.left_out: dict[str, int] = dict.fromkeys(names, 0)


TOLD = Told(os.environ.get(ASKED, "").split())


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Our lines stand instead of pytest's own."""
    if reporter := config.pluginmanager.get_plugin("terminalreporter"):
        config.pluginmanager.unregister(reporter)


def pytest_collection_finish(session: pytest.Session) -> None:
    for item in session.items:
        for name in _of(item.nodeid):
            TOLD.open[name].add(item.nodeid)
    for name in [name for name, nodes in TOLD.open.items() if not nodes]:
        _say(name, "told with --full only")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name in _of(report.nodeid):
        if report.failed:
            TOLD.failed[name].append(f"{report.nodeid}\n{report.longreprtext[-1500:]}")
        elif report.skipped:
            TOLD.left_out[name] += 1
        elif report.when == "call":
            TOLD.figures[name] += [str(value) for key, value in report.user_properties if key == "figure"]
            TOLD.tests[name] += not report.user_properties
        if report.when == "teardown":
            TOLD.open[name].discard(report.nodeid)
            if not TOLD.open[name]:
                _tell(name)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        print(report.longreprtext, flush=True)


def _tell(name: str) -> None:
    tests = [f"{TOLD.tests[name]} tests"] if TOLD.tests[name] else []
    tests += [f"{TOLD.left_out[name]} left out"] if TOLD.left_out[name] else []
    figure = "; ".join([*TOLD.figures[name], *tests])
    _say(name, figure + ("   SUCCEEDS" if TOLD.failed[name] else "   holds"))
    if database := os.environ.get(WRITES):
        report.keep(name, database, figure=figure, holds=not TOLD.failed[name])
    for failure in TOLD.failed[name]:
        print(failure, flush=True)


def _say(name: str, figure: str) -> None:
    print(f"{name}  {ATTACKS[name].what:<74} {figure}", flush=True)


def _of(nodeid: str) -> Iterator[str]:
    """The attacks, of those that are tried, that a test belongs to."""
    node = nodeid.removeprefix("tests/")
    for name in TOLD.open:
        attack = ATTACKS[name]
        ours = any(node.endswith(f"::test_holds[{function.__name__}]") for function in attack.by)
        if ours or any(node == each or node.startswith((f"{each}[", f"{each}::")) for each in attack.nodes):
            yield name
