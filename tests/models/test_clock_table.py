"""The table of P4.2 as it stands in docs/PROCESS.md, cell by cell: what the policy agrees, and clocks that keep it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from models.ground import working_time
from models.ground.db import command
from models.ground.vocabulary import HOUSEKEEPING, ClockKind
from models.policy.pack import load_pack
from models.rules import timekeeping
from tests.conftest import TEN_O_CLOCK
from tests.factories import a_ticket

pytestmark = pytest.mark.once  # sums: no database can change them

PROCESS = Path(__file__).parents[2] / "docs" / "PROCESS.md"
LEVELS = ("P0", "P1", "P2", "P3")
UNITS = {"min": 1, "h": 60}


def _table():
    rows = re.findall(r"^\| `(\w+)`[^|]*\|[^|]*\|[^|]*\|(.+)\|$", PROCESS.read_text("utf-8"), re.MULTILINE)
    known = {str(kind) for kind in ClockKind}
    found = [(kind, cells.split("|")) for kind, cells in rows if kind in known]
    return [(kind, level, cell.strip()) for kind, row in found for level, cell in zip(LEVELS, row, strict=True)]


CELLS = _table()


def allowed(target):
    """A target in the words of the table; the basis by the rule below it (P0 and P1 wall, P2 and P3 service)."""
    if target is None:
        return "–"
    if target.days:
        return f"{target.days} wd"
    if target.daily:
        return f"daily {target.daily:%H:%M}"
    number, unit = next((target.amount // m, u) for u, m in reversed(UNITS.items()) if target.amount % m == 0)
    return f"every {number} {unit}" if target.every_minutes else f"{number} {unit}"


def test_the_whole_table_is_read():
    below = {"assess", "deliver"}  # of requests; a delivery is due by a date
    assert {kind for kind, _, _ in CELLS} == {str(k) for k in ClockKind if k not in HOUSEKEEPING} - below
    assert len(CELLS) == 14 * 4
    assert set(load_pack("unified").clocks) == {kind for kind, _, _ in CELLS} | {"assess"}


@pytest.mark.parametrize(("kind", "level", "cell"), CELLS)
def test_the_policy_agrees_what_the_table_says(kind, level, cell):
    target = load_pack("unified").target(kind, level)
    assert allowed(target) == cell
    if target and target.basis != "days":
        assert target.basis == ("wall" if level in ("P0", "P1") else "service"), "below the table"


def test_what_requests_have():
    """Below the table: assessment 3 wd; triage, respond, update as P3; delivery is agreed for each."""
    pack = load_pack("unified")
    assert allowed(pack.target("assess", "request")) == "3 wd"
    for kind in ("triage", "respond", "update"):
        assert pack.target(kind, "request") == pack.target(kind, "P3")
    assert pack.target("resolve", "request") is None


@pytest.mark.parametrize(("kind", "level", "cell"), CELLS)
def test_a_clock_that_is_opened_keeps_it(cast, time, kind, level, cell):
    ticket = a_ticket(severity=level)
    time(TEN_O_CLOCK + timedelta(minutes=7))
    opened = start(ticket, kind)
    if cell == "–":
        assert opened is None
        return
    due = opened.due_at - (TEN_O_CLOCK + timedelta(minutes=7))
    number, unit = [*cell.removeprefix("every ").split(), ""][:2]
    if unit in UNITS and level in ("P0", "P1"):
        assert due == timedelta(minutes=int(number) * UNITS[unit])
    elif unit in UNITS:
        calendar = ticket.policy_version.calendar
        counted = working_time.service_minutes(calendar, opened.started_at, opened.due_at)
        assert counted == int(number) * UNITS[unit]
    elif unit == "wd":
        at = working_time.due(ticket.policy_version.calendar, opened.started_at, basis="days", amount=int(number))
        assert opened.due_at == at
    else:
        assert f"{opened.due_at:%d %H:%M}" == "18 09:00", "17:00 in Shanghai, today"
    assert opened.ring_at is not None
    assert opened.ring_at <= opened.due_at
    assert (opened.state, opened.mark in (50, 80)) == ("running", True)


@pytest.mark.parametrize("kind", [k for k in ClockKind if k not in HOUSEKEEPING])
@pytest.mark.parametrize("party", ["reporter", "customer", "vendor", "department", "approver", "window"])
def test_what_stops_for_whom(party, kind):
    """P4.5 by default: the reporter and the customer stop all but three, and a date that was agreed; nobody else stops
    anything."""
    stops = party in ("reporter", "customer") and kind not in ("update", "cooperate", "follow_up", "deliver")
    assert load_pack("unified").stops(party, kind) is stops


@command
def start(ticket, kind):
    return timekeeping.open_clock(ticket, kind, started_at=TEN_O_CLOCK + timedelta(minutes=7))
