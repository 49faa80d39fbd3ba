"""A clock explains itself: what it says always comes to the due time on record, and tampering shows (P4.7)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import DomainError
from models.ground.vocabulary import ClockKind, Party, State
from models.insight.explanation import explain, find_clock
from models.record.deadline import Deadline, deadlines_of
from models.record.extension import pending_extension
from models.steps import comment, extension, intake, triage
from tests.conftest import TEN_O_CLOCK, examples
from tests.factories import ROAD, a_ticket, deadline, further, person

MINUTE = timedelta(minutes=1)


def explained(ticket):
    db.session.expire_all()
    return [explain(one) for one in deadlines_of(ticket)]


def at(text):
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize("severity", ["P0", "P1", "P2", "P3"])
@pytest.mark.parametrize("state", [*ROAD, State.CANCELLED])
def test_every_clock_of_every_state_adds_up(app, state, severity):
    clocks = explained(a_ticket(state, severity=severity))
    assert clocks
    assert [why.deadline.kind for why in clocks if not why.agrees] == []


# --- any history


def _ask(ticket, _):
    triage.ask_reporter(ticket, actor=person("wang"), question="几点开始的?")


def _supply(ticket, _):
    intake.supply_information(ticket, actor=person("zhang"), text="九点。")


def _wait(ticket, number):
    comment.wait_for(ticket, actor=person("wang"), party=list(Party)[number % len(Party)], reason="等备件。")


def _resume(ticket, _):
    comment.resume_work(ticket, actor=person("wang"))


def _regrade(ticket, number):
    triage.regrade_ticket(ticket, actor=person("wang"), severity=f"P{number % 4}", reason="影响变了。")


def _update(ticket, _):
    comment.post_update(ticket, actor=person("wang"), text="正在处理。")


def _extend(ticket, number):
    until = extension.extensible(ticket).due_at + (number % 2000 + 1) * MINUTE
    extension.ask_for_extension(ticket, actor=person("zhao"), reason="等供应商。", until=until)


def _grant(ticket, _):
    if asked := pending_extension(ticket):
        extension.grant_extension(asked, actor=person("chen"))


def _further(ticket, _):
    if ticket.state in ROAD[:-2]:
        further(ticket, ticket.state)


DEEDS = (_ask, _supply, _wait, _resume, _regrade, _update, _extend, _grant, _further)
deeds = st.tuples(st.sampled_from(DEEDS), st.integers(0, 5000), st.integers(0, 3 * 86_400_000_000))


@settings(
    max_examples=examples(200),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(severity=st.sampled_from(["P0", "P1", "P2", "P3"]), history=st.lists(deeds, min_size=1, max_size=10))
def test_every_clock_of_any_history_adds_up(app, severity, history):
    """Waiting, asking, re-grading, extending in any order, up to three days apart, to the microsecond."""
    with clock.hold(TEN_O_CLOCK) as move:
        ticket = a_ticket("awaiting_engineer", severity=severity)
        for deed, number, ticks in history:
            move(timedelta(microseconds=ticks))
            try:
                deed(ticket, number)
            except DomainError:
                db.session.rollback()  # not possible at this moment of the history
        wrong = [(w.deadline.kind, w.due_at, w.reckoning.due_at) for w in explained(ticket) if not w.agrees]
        assert wrong == []


def test_the_random_histories_do_meet_pauses_regrades_and_extensions(app, time):
    """The one before would prove nothing if its deeds were all refused."""
    ticket = a_ticket("awaiting_engineer", severity="P2")
    for deed, number in ((_ask, 0), (_supply, 0), (_regrade, 1), (_extend, 300), (_grant, 0), (_wait, 2), (_resume, 0)):
        time(10 * MINUTE)
        deed(ticket, number)
    why = explain(deadline(ticket, "resolve"))
    assert [(waited.pause.party, waited.stops) for waited in why.waits] == [("reporter", True), ("vendor", False)]
    assert (why.is_regraded, [asked.outcome for asked in why.extensions]) == (True, ["granted"])
    assert why.agrees


# --- what it says


def test_a_pause_is_counted_out_and_says_so(app, time):
    ticket = a_ticket("awaiting_engineer", severity="P2")
    time(at("18 11:30"))
    _ask(ticket, 0)
    time(at("18 14:00"))
    _supply(ticket, 0)
    why = explain(deadline(ticket, "resolve"))
    (waited,) = why.waits
    assert (waited.pause.party, waited.stops, waited.minutes) == ("reporter", True, 60), "30 before noon, 30 after"
    assert why.reckoning.steps[0].counted == 1440 * MINUTE
    follow_up = explain(deadline(ticket, "follow_up"))
    assert [waited.stops for waited in follow_up.waits] == [False], "the clock that chases the answer runs on"


def test_a_clock_that_stands_still_says_when_it_would_be_due(app, time):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    due = deadline(ticket, "resolve").due_at
    time(at("18 10:30"))
    _ask(ticket, 0)
    time(at("18 11:15"))
    why = explain(deadline(ticket, "resolve"))
    assert (why.due_at, why.due_if_resumed_now) == (due, due + 45 * MINUTE)
    assert why.agrees
    assert why.waits[0].minutes is None
    _supply(ticket, 0)
    why = explain(deadline(ticket, "resolve"))
    assert (why.due_at, why.due_if_resumed_now) == (due + 45 * MINUTE, None)


def test_a_regraded_clock_names_its_rounds_and_that_triage_was_late(app, time):
    ticket = a_ticket("awaiting_engineer", severity="P2")
    time(at("19 10:00"))
    _regrade(ticket, 1)
    why = explain(deadline(ticket, "resolve"))
    assert why.is_regraded
    assert [(earlier.round, earlier.severity, earlier.state) for earlier in why.before] == [(1, "P2", "cancelled")]
    assert why.deadline.late_by_triage
    assert why.agrees
    assert explain(why.before[0]).agrees, "the clock that was given up too"


def test_who_started_it(app, time):
    ticket = a_ticket("awaiting_test", severity="P2", reported_at=TEN_O_CLOCK - 3 * MINUTE)
    started = {why.deadline.kind: why.started_by for why in explained(ticket)}
    assert started == {
        "register": "reached", "triage": "reported", "respond": "reported", "resolve": "reported",
        "update": "triaged", "plan": "taken", "approve": "plan_submitted", "test": "fixed",
    }  # fmt: skip


def test_a_due_time_that_was_tampered_with_does_not_agree(app):
    ticket = a_ticket("awaiting_plan")
    for kind in ("resolve", "update", "plan"):
        _tamper(deadline(ticket, kind))
    assert {why.deadline.kind for why in explained(ticket) if not why.agrees} == {"resolve", "update", "plan"}


@command
def _tamper(one):
    later = {"due_at": one.due_at + timedelta(seconds=1)}
    db.session.execute(update(Deadline).where(Deadline.id == one.id).values(later))


def test_housekeeping_and_strangers_have_no_explanation(app):
    ticket = a_ticket("closed")
    assert find_clock(ticket, ClockKind.ARCHIVE, 1) is None
    assert find_clock(ticket, "resolve", 2) is None
    assert find_clock(ticket, "resolve", 1).kind == "resolve"
