"""The auditor: a second reckoning that agrees with the first, and finds what is tampered with, lost or late (P5.5)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from models.clockwork import auditor, escalation, recount
from models.clockwork.health import vital_signs
from models.ground.db import command, db
from models.ground.vocabulary import ClockKind, Party, State
from models.ground.working_time import Calendar
from models.policy.clockface import Clock, due_at
from models.policy.holidays import china_calendar
from models.policy.pack import load_pack
from models.record import verdict
from models.record.deadline import Deadline, Firing, open_deadlines
from models.record.demo_clock import advance_demo_clock
from models.steps import comment, triage
from tests.factories import a_ticket, person

CASES = Path(__file__).parents[1] / "data" / "clock_cases.jsonl"
CHINA = china_calendar(2026, 2027)
UNIFIED = load_pack("unified")
pytestmark = pytest.mark.usefixtures("app")


# --- the second reckoning


def test_the_recount_solves_all_given_cases():
    for line in CASES.read_text().splitlines():
        case = json.loads(line)
        start, right = (datetime.fromisoformat(case[key]) for key in ("start", "due"))
        pauses = sorted((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in case["pauses"])
        if case["basis"] == "days":
            found = recount.days_on(case["calendar"], start, case["amount"], pauses)
        else:
            left = case["amount"] * recount.MINUTE
            found = recount.counted_on(case["calendar"], start, left, basis=case["basis"], pauses=pauses)
        assert found == right, case


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_both_reckonings_agree_on_every_clock_of_the_policy(data):
    kind = data.draw(st.sampled_from(sorted(UNIFIED.clocks)))
    level = data.draw(st.sampled_from(sorted(UNIFIED.clocks[kind])))
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=data.draw(st.integers(0, 40_000_000)))
    spans = data.draw(st.lists(st.tuples(st.integers(-9_000, 400_000), st.integers(0, 300_000)), max_size=3))
    pauses = [(start + timedelta(seconds=a), start + timedelta(seconds=a + b)) for a, b in spans]
    extended = data.draw(st.sampled_from((0, 30, 77.5)))
    clock = Clock(UNIFIED, Calendar.from_dict(CHINA), kind, level, start, pauses=pauses, extended=extended)
    found = recount.due(UNIFIED.dump(), CHINA, kind=kind, level=level, start=start, pauses=pauses, extended=extended)
    assert found is not None
    assert abs(found - due_at(clock)) <= auditor.TOLERATED


# --- the look


@command
def tamper(statement):
    db.session.execute(statement)


def clock_of(ticket, kind):
    return next(deadline for deadline in open_deadlines(ticket) if deadline.kind == kind)


@pytest.mark.parametrize("state", list(State))
def test_a_ticket_in_any_state_is_in_order(state, time):
    a_ticket(state)
    found = auditor.audit()
    assert found.is_clean, found.wrong
    assert found.checked or state in (State.CLOSED, State.ARCHIVED, State.CANCELLED)


def test_a_long_history_is_in_order(time):
    ticket = a_ticket("awaiting_plan", severity="P2")
    time(timedelta(minutes=20))
    comment.wait_for(ticket, actor=person("zhao"), party=Party.CUSTOMER, reason="等客户日志。")
    time(timedelta(days=2))
    comment.resume_work(ticket, actor=person("zhao"))
    time(timedelta(minutes=5))
    triage.regrade_ticket(ticket, actor=person("zhao"), severity="P1", reason="影响扩大。")
    while escalation.sweep():
        pass
    found = auditor.audit()
    assert found.is_clean, found.wrong
    assert found.checked >= 3


def test_a_due_time_that_was_changed_behind_the_desks_back_is_found(time):
    ticket = a_ticket("awaiting_plan")
    resolve = clock_of(ticket, "resolve")
    right = resolve.due_at
    tamper(update(Deadline).where(Deadline.id == resolve.id).values(due_at=right + timedelta(days=1)))
    found = auditor.audit()
    assert [(one["ticket"], one["kind"]) for one in found.wrong] == [(ticket.number, "resolve")]
    assert found.wrong[0]["recounted"] == right.isoformat()


def test_a_clock_that_is_not_there_is_missed(time):
    ticket = a_ticket("awaiting_plan")
    tamper(delete(Deadline).where(Deadline.id == clock_of(ticket, "plan").id))
    found = auditor.audit()
    assert [(one["ticket"], one["kind"], one["stored"]) for one in found.wrong] == [(ticket.number, "plan", None)]


def test_a_bell_that_was_taken_away_is_missed_when_it_should_have_rung(time):
    ticket = a_ticket("awaiting_plan", severity="P0")
    tamper(update(Deadline).where(Deadline.ticket_id == ticket.id).values(ring_at=None))
    assert auditor.audit().missing == 0
    time(clock_of(ticket, "resolve").due_at + timedelta(seconds=9))
    before = auditor.audit().missing
    time(timedelta(seconds=2))
    found = auditor.audit()
    assert found.missing == before + 1
    assert not found.is_clean


def test_readiness_ends_while_a_mark_is_missing(time):
    a_ticket("awaiting_plan", severity="P0")
    auditor.audit()
    assert vital_signs(frozenset()).clocks.missing == 0
    time(timedelta(hours=5))
    auditor.audit()
    signs = vital_signs(frozenset())
    assert signs.clocks.missing > 0
    assert not signs.is_ready


def test_what_fired_late_is_counted_apart_from_what_fired_in_time(time):
    ticket = a_ticket("awaiting_triage", severity="P2")
    due = clock_of(ticket, "triage").due_at
    time(due - timedelta(minutes=2))
    while escalation.sweep():  # the warning at 80 per cent, on the spot
        pass
    time(due + timedelta(seconds=40))
    while escalation.sweep():
        pass
    found = auditor.audit()
    assert (found.fired, found.missing) == (2, 0)
    assert (found.late, found.slowest_s) == (1, 40.0)


def test_a_jump_of_the_demonstrations_clock_makes_nobody_late(app, monkeypatch):
    ticket = a_ticket("awaiting_plan", severity="P0")
    started = clock_of(ticket, ClockKind.RESOLVE).started_at
    advance_demo_clock(timedelta(hours=3))
    landed = db.session.get(auditor.demo_clock.DemoClock, 1).moved_at
    monkeypatch.setattr(auditor.clock, "now", lambda: landed + timedelta(seconds=1))
    assert landed > started + timedelta(hours=2)
    assert auditor.audit().missing == 0
    while escalation.sweep():
        pass
    found = auditor.audit()
    assert found.fired > 0
    assert found.late == 0


def test_a_second_look_goes_on_where_the_first_has_stopped(time, monkeypatch):
    monkeypatch.setattr(auditor, "SLICE", 3)
    for _ in range(3):
        a_ticket("awaiting_engineer")
    looks = [auditor.audit() for _ in range(6)]
    assert [look.checked for look in looks[1:]].count(3) >= 3
    assert any(look.seen_until is None for look in looks[1:])


def test_objections_are_kept_for_a_week(time):
    ticket = a_ticket("awaiting_plan")
    tamper(delete(Deadline).where(Deadline.id == clock_of(ticket, "plan").id))
    objected = auditor.audit()
    tamper(update(verdict.Verdict).values(at=objected.at - timedelta(days=6)))
    auditor.audit()
    assert verdict.last_objection().id == objected.id
    tamper(update(verdict.Verdict).values(at=objected.at - timedelta(days=8)))
    auditor.audit()
    assert verdict.last_objection() is None


def test_a_lost_firing_is_missed(time):
    ticket = a_ticket("awaiting_triage", severity="P2")
    time(timedelta(minutes=11))
    while escalation.sweep():
        pass
    assert auditor.audit().missing == 0
    breach = clock_of(ticket, "triage").id
    tamper(delete(Firing).where(Firing.deadline_id == breach, Firing.mark >= 100))
    assert auditor.audit().missing == 1
