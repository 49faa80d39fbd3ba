"""The face of a clock, without any database: due times, marks and rungs from policy and calendar alone (P4, P5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.ground.working_time import Calendar
from models.policy import clockface
from models.policy.clockface import Clock
from models.policy.holidays import china_calendar
from models.policy.pack import load_pack
from tests.models.test_deadlines import at

OFFICE = Calendar.from_dict(china_calendar(2026, 2026))
START = at("10:00")


def clock(kind, level, **more):
    return Clock(load_pack("unified"), OFFICE, kind, level, START, **more)


@pytest.mark.parametrize(
    ("kind", "level", "more", "due"),
    [
        ("resolve", "P1", {}, "18:00"),
        ("resolve", "P1", {"extended": 120}, "20:00"),
        ("resolve", "P1", {"pauses": [(at("11:00"), at("11:30"))]}, "18:30"),
        ("resolve", "P1", {"pauses": [(at("19:00"), at("19:30"))], "extended": 120}, "20:30"),
        ("resolve", "P3", {}, "23.T10:00"),
        ("resolve", "P3", {"extended": 150}, "23.T14:00"),
        ("resolve", "P3", {"pauses": [(at("23.T10:30"), at("23.T11:00"))], "extended": 60}, "23.T11:30"),
        ("respond", "P2", {}, "12:00"),
        ("archive", "P2", {}, "25.T10:00"),
        ("silence", "P2", {}, "25.T10:00"),
        ("wait", "P2", {"planned_end": at("22:00")}, "22:00"),
    ],
)
def test_due(kind, level, more, due):
    assert clockface.due_at(clock(kind, level, **more)) == at(due)


@pytest.mark.parametrize(("kind", "level"), [("resolve_max", "P1"), ("triage", "P0"), ("resolve", "request")])
def test_what_is_not_agreed_is_no_clock(kind, level):
    assert clockface.due_at(clock(kind, level)) is None


@pytest.mark.parametrize(
    ("after", "now", "acknowledged", "mark", "rings"),
    [
        (0, "10:00", False, 50, "14:00"),
        (0, "15:00", False, 80, "16:24"),  # the first warning is past already
        (50, "14:00", False, 80, "16:24"),
        (80, "16:24", False, 100, "18:00"),
        (100, "18:00", False, 200, "18:30"),  # technical manager told, then the director
        (200, "18:30", False, 200, None),  # nobody above
        (100, "18:10", True, 1001, "22:10"),  # acknowledged: asks again after four hours
        (1001, "22:10", True, 1002, "19.T02:10"),
    ],
)
def test_marks_of_a_p1(after, now, acknowledged, mark, rings):
    face = clock("resolve", "P1")
    found = clockface.next_mark(face, at("18:00"), after=after, now=at(now), acknowledged=acknowledged)
    assert found == (mark, at(rings) if rings else None)


def test_marks_of_silence_and_of_the_archive():
    silence = [clockface.next_mark(clock("silence", "P2"), at("25.T10:00"), after=n, now=START) for n in range(5)]
    assert silence == [
        (1, at("19.T10:00")), (2, at("20.T10:00")), (3, at("23.T10:00")), (4, at("25.T10:00")), (5, None),
    ]  # fmt: skip
    assert clockface.next_mark(clock("archive", "P2"), at("25.T10:00"), after=1, now=START) == (2, None)


def test_acknowledgement_runs_on_the_clock_s_own_basis():
    """P5.3: half an hour from 17:50 is over at once round the clock, and next morning in service hours."""
    assert clockface.minutes_on(clock("resolve", "P1"), 30, since=at("17:50")) == at("18:20")
    assert clockface.minutes_on(clock("respond", "P2"), 30, since=at("17:50")) == at("19.T09:20")


@pytest.mark.parametrize(("level", "until", "minutes"), [("P1", "20:00", 120), ("P3", "23.T14:00", 150)])
def test_what_an_extension_adds_comes_out_as_what_was_asked_for(level, until, minutes):
    face = clock("resolve", level)
    due = clockface.due_at(face)
    assert clockface.added(face, due, at(until)) == minutes
    assert clockface.due_at(replace(face, extended=clockface.added(face, due, at(until)))) == at(until)


def test_seconds_of_an_extension_are_not_lost():
    face = replace(clock("resolve", "P1"), started_at=START + timedelta(seconds=17, microseconds=123_457))
    asked = at("20:00")
    minutes = clockface.added(face, clockface.due_at(face), asked)
    assert clockface.due_at(replace(face, extended=minutes)) == asked
