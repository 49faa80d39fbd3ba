"""A clock's due time, worked out anew from its parts: the sum adds up, the dates are the right ones (P4.7)."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ground.working_time import Calendar
from models.insight.reckoning import reckon
from models.policy.clockface import Clock, due_at
from models.policy.pack import Target, load_pack
from tests.models.test_working_time import CASES, SHANGHAI, TURNS, read, shanghai, situations

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.once


def a_clock(calendar, start, pauses=(), extended=0, **target):
    pack = replace(load_pack("unified"), clocks={"resolve": {"P2": Target(**target)}})
    return Clock(pack, calendar, "resolve", "P2", start, pauses, extended)


def days_or_minutes(basis, amount):
    return {"basis": basis, "days" if basis == "days" else "minutes": amount}


def said(step):
    """The lines as (first day, last day, what, minutes)."""
    return [(line.first.day, line.last.day, line.what, line.span / MINUTE) for line in step.lines]


def test_the_parts_of_all_given_cases_come_to_the_answer():
    for case in CASES:
        calendar, start, answer, pauses = read(case)
        if case["amount"] == 0:
            continue
        reckoning = reckon(a_clock(calendar, start, pauses, **days_or_minutes(case["basis"], case["amount"])))
        assert reckoning.proves(answer), case


@pytest.mark.parametrize("basis", ["wall", "service", "days"])
@settings(max_examples=200, deadline=None, derandomize=True)
@given(drawn=st.data())
def test_the_parts_prove_the_due_time_of_any_clock(basis, drawn):
    """Around turns of the zone, with pauses that overlap, from any microsecond on, extended or not."""
    raw, start, pauses = drawn.draw(situations(drawn.draw(st.sampled_from(sorted(TURNS)))))
    start += timedelta(microseconds=drawn.draw(st.integers(0, 59_999_999)))
    extended = drawn.draw(st.sampled_from([0, 0, 90, 1234.5678]))
    amount = drawn.draw(st.integers(1, 3) if basis == "days" else st.integers(1, 1500))
    clock = a_clock(Calendar.from_dict(raw), start, pauses, extended, **days_or_minutes(basis, amount))
    due, reckoning = due_at(clock), reckon(clock)
    assert reckoning.proves(due)
    assert not reckoning.proves(due + timedelta(microseconds=1)), "a due time that was tampered with is noticed"
    landed = reckoning.steps[0].until - timedelta(microseconds=1)
    last = reckoning.steps[0].lines[-1].last
    assert (last - landed.astimezone(clock.calendar.zone).date()).days in (0, 1), "the last line is the due date"


def test_a_sum_that_does_not_add_up_proves_nothing():
    reckoning = reckon(a_clock(SHANGHAI, shanghai("2026-11-20 17:30"), basis="service", minutes=240))
    short = replace(reckoning.steps[0], lines=reckoning.steps[0].lines[:-1])
    assert reckoning.proves(reckoning.due_at)
    assert not replace(reckoning, steps=(short,)).proves(reckoning.due_at)


def test_friday_evening_to_monday_names_the_weekend():
    (step,) = reckon(a_clock(SHANGHAI, shanghai("2026-11-20 17:30"), basis="service", minutes=240)).steps
    assert said(step) == [(20, 20, "worked", 30), (21, 22, "weekly", 0), (23, 23, "worked", 210)]
    assert step.until == shanghai("2026-11-23 14:00")
    assert step.counted == 240 * MINUTE


def test_a_pause_a_holiday_and_a_made_up_day_are_told_apart():
    pauses = [(shanghai("2026-09-30 10:00"), shanghai("2026-10-08 09:00"))]
    (step,) = reckon(a_clock(SHANGHAI, shanghai("2026-09-29 17:00"), pauses, basis="service", minutes=1260)).steps
    assert said(step) == [
        (29, 29, "worked", 60), (30, 30, "worked", 60), (1, 7, "paused", 0), (8, 8, "worked", 450),
        (9, 9, "worked", 450), (10, 10, "made_up", 240),
    ]  # fmt: skip
    (step,) = reckon(a_clock(SHANGHAI, shanghai("2026-09-30 17:00"), basis="service", minutes=120)).steps
    assert said(step) == [
        (30, 30, "worked", 60), (1, 2, "closed", 0), (3, 4, "weekly", 0), (5, 7, "closed", 0), (8, 8, "worked", 60)
    ]  # fmt: skip


def test_working_days_are_counted_by_their_dates():
    (step,) = reckon(a_clock(SHANGHAI, shanghai("2026-09-30 19:00"), basis="days", days=3)).steps
    assert step.since == shanghai("2026-10-08 09:00"), "outside hours it counts from the next opening"
    assert [(line.first, line.what) for line in step.lines] == [
        (date(2026, 10, 9), "worked"), (date(2026, 10, 10), "made_up"), (date(2026, 10, 11), "weekly"),
        (date(2026, 10, 12), "worked"),
    ]  # fmt: skip
    assert (step.counted, step.until) == (3, shanghai("2026-10-12 09:00"))


def test_a_pause_moves_working_days_on_by_its_service_minutes():
    pauses = [(shanghai("2026-11-19 11:00"), shanghai("2026-11-19 14:30"))]
    target, paused = reckon(a_clock(SHANGHAI, shanghai("2026-11-18 17:30"), pauses, basis="days", days=1)).steps
    assert (target.until, paused.name) == (shanghai("2026-11-19 17:30"), "paused")
    assert said(paused) == [(19, 19, "worked", 30), (20, 20, "worked", 90)]
    assert paused.until == shanghai("2026-11-20 10:30")


def test_an_extension_is_a_step_of_its_own():
    target, more = reckon(a_clock(SHANGHAI, shanghai("2026-11-18 17:00"), (), 60, basis="service", minutes=60)).steps
    assert (target.until, more.name, more.since) == (shanghai("2026-11-18 18:00"), "extended", target.until)
    assert said(more) == [(18, 18, "worked", 0), (19, 19, "worked", 60)]


def test_a_daily_update_names_the_days_between():
    (step,) = reckon(a_clock(SHANGHAI, shanghai("2026-11-20 17:00"), daily="17:00")).steps
    assert said(step) == [(21, 22, "weekly", 0), (23, 23, "worked", 0)]
    assert step.until == shanghai("2026-11-23 17:00")
    (step,) = reckon(a_clock(SHANGHAI, shanghai("2026-11-20 16:59"), daily="17:00")).steps
    assert said(step) == [(20, 20, "worked", 0)]


def test_round_the_clock_is_cut_at_midnight_and_by_nothing_else():
    clock = a_clock(SHANGHAI, datetime.fromisoformat("2026-11-20T15:00:07Z"), basis="wall", minutes=240)
    (step,) = reckon(clock).steps
    assert [line.span for line in step.lines] == [timedelta(minutes=59, seconds=53), timedelta(hours=3, seconds=7)]


def test_what_is_not_agreed_has_no_steps():
    clock = replace(a_clock(SHANGHAI, shanghai("2026-11-20 17:00"), basis="wall", minutes=5), level="P3")
    assert reckon(clock).due_at is None
    assert not reckon(clock).proves(shanghai("2026-11-20 17:05"))
