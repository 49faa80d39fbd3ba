"""Whose time it was: every instant belongs to exactly one party, and the parts add up to the whole (P4.5)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ground.vocabulary import Party, State, Turn
from models.ground.working_time import Calendar, service_minutes
from models.insight.attribution import Change, Stretch, Wait, attribute, attribution_of
from models.policy.pack import load_pack
from models.record.ticket import ENDED
from models.record.turn import OURS, TURN_IN, TURN_OF, turn_of, whose_turn
from models.steps import closing, comment, triage
from tests.factories import ROAD, a_ticket, further, person
from tests.models.test_working_time import OFFICE, each

PACK = load_pack("unified")
OFFICE_HOURS = Calendar.from_dict({"tz": "Asia/Shanghai", "week": each("mon tue wed thu fri", OFFICE)})
BORN = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # Wednesday, 10:00 in Shanghai
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)

instants = st.integers(0, 14 * 86_400_000_000).map(lambda ticks: BORN + timedelta(microseconds=ticks))


@st.composite
def histories(draw):
    """Any order of states, levels and waits, also such as no command would bring about; two weeks, to the tick."""
    changes = draw(st.lists(st.tuples(instants, st.sampled_from(list(State))), max_size=12))
    levels = draw(st.lists(st.tuples(instants, st.sampled_from(["P0", "P1", "P2", "P3"])), max_size=4))
    ends = st.one_of(st.none(), instants)
    waits = draw(st.lists(st.tuples(instants, ends, st.sampled_from(list(Party))), max_size=5))
    return {
        "states": [Change(BORN, State.AWAITING_TRIAGE), *(Change(*one) for one in sorted(changes))],
        "levels": [Change(BORN, "P2"), *(Change(*one) for one in sorted(levels))],
        "waits": [Wait(*one) for one in sorted(waits, key=lambda wait: wait[0])],
    }


@settings(max_examples=300, deadline=None, derandomize=True)
@given(history=histories(), now=instants)
def test_the_parts_are_disjoint_and_add_up_to_the_whole(history, now):
    life = attribute(BORN, now, **history, pack=PACK, calendar=OFFICE_HOURS)
    assert all(a.end <= b.start for a, b in pairwise(life.stretches)), "no instant belongs to two"
    assert all(s.start < s.end and s.start >= BORN and s.end <= now for s in life.stretches)
    assert sum((part.span for part in life.parts), timedelta()) == life.whole == _open_time(history["states"], now)
    assert len({part.turn for part in life.parts}) == len(life.parts)
    assert sum(part.percent for part in life.parts) == pytest.approx(100 if life.parts else 0)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(history=histories(), at=instants)
def test_each_instant_belongs_to_whoever_a_plain_look_finds(history, at):
    """Asked at one instant, without cutting anything: who is waited for, else the state, else the closing hours."""
    life = attribute(BORN, BORN + timedelta(days=15), **history, pack=PACK, calendar=OFFICE_HOURS)
    held = [stretch.turn for stretch in life.stretches if stretch.start <= at < stretch.end]
    state = [change.to for change in history["states"] if change.at <= at][-1]
    waits = [wait.party for wait in history["waits"] if wait.start <= at and (wait.end is None or at < wait.end)]
    turn = turn_of(state, waits[-1] if waits else "")
    level = [change.to for change in history["levels"] if change.at <= at][-1]
    is_closed = not service_minutes(OFFICE_HOURS, at, at + timedelta(microseconds=1))
    if turn in OURS and level in ("P2", "P3") and is_closed:
        turn = Turn.CLOSED_HOURS
    assert held == ([] if turn is Turn.NOBODY else [turn])


def _open_time(states, now):
    """How long the ticket was open: a sum that shares nothing with what it judges."""
    ends = [change.at for change in states[1:]] + [now]
    spans = [
        max(min(end, now) - min(change.at, now), timedelta())
        for change, end in zip(states, ends, strict=True)
        if change.to not in ENDED
    ]
    return sum(spans, timedelta())


def test_closing_hours_are_the_houses_own():
    def life(turns_to, level):
        states = [Change(BORN, State.AWAITING_TRIAGE), Change(BORN, turns_to)]
        evening = BORN + timedelta(hours=24)
        return attribute(
            BORN, evening, states=states, levels=[Change(BORN, level)], waits=[], pack=PACK, calendar=OFFICE_HOURS
        )

    ours = life(State.AWAITING_PLAN, "P2")
    assert {part.turn: part.span for part in ours.parts} == {
        Turn.ENGINEER: 7.5 * HOUR, Turn.CLOSED_HOURS: 16.5 * HOUR,
    }  # fmt: skip
    assert [part.turn for part in life(State.AWAITING_PLAN, "P1").parts] == [Turn.ENGINEER], "round the clock"
    assert [part.turn for part in life(State.AWAITING_CUSTOMER, "P2").parts] == [Turn.CUSTOMER], "by night too"


def test_every_state_and_every_party_has_a_turn():
    assert set(TURN_IN) == set(State)
    assert set(TURN_OF) == set(Party)
    assert {state for state, turn in TURN_IN.items() if turn is Turn.NOBODY} == set(ENDED)


def test_a_ticket_that_has_ended_is_nobodys_turn_whatever_it_waited_for():
    assert turn_of("closed", "vendor") is Turn.NOBODY
    assert turn_of("awaiting_plan", "vendor") is Turn.VENDOR


def test_the_whole_road_of_a_ticket(app, time):
    """An hour in each state; then closed, which is nobody's time any more."""
    ticket = a_ticket(severity="P1")
    for passed in ROAD[:-2]:
        assert whose_turn(ticket) is TURN_IN[State(passed)]
        time(HOUR)
        further(ticket, passed)
    time(5 * HOUR)
    life = attribution_of(ticket)
    assert life.whole == 8 * HOUR == ticket.closed_at - ticket.reported_at
    assert [stretch.turn for stretch in life.stretches] == [
        Turn.FIRST_LINE, Turn.ENGINEER, Turn.APPROVER, Turn.ENGINEER, Turn.VERIFIER, Turn.CUSTOMER, Turn.SUPERVISOR,
    ]  # fmt: skip
    assert {part.turn: part.span for part in life.parts}[Turn.ENGINEER] == 3 * HOUR


def test_waiting_and_a_new_level_change_whose_time_it_is(app, time):
    ticket = a_ticket("awaiting_plan", severity="P2")  # all at 10:00
    time(HOUR)
    comment.wait_for(ticket, actor=person("zhao"), party="vendor", reason="等备件。")
    assert whose_turn(ticket) is Turn.VENDOR
    time(HOUR)
    comment.resume_work(ticket, actor=person("zhao"))
    time(HOUR)  # the lunch break has begun at 12:00
    triage.regrade_ticket(ticket, actor=person("wang"), severity="P1", reason="影响扩大。")
    time(timedelta(minutes=15))  # still lunch, but a P1 knows none
    assert attribution_of(ticket).stretches == [
        Stretch(BORN, BORN + HOUR, Turn.ENGINEER),
        Stretch(BORN + HOUR, BORN + 2 * HOUR, Turn.VENDOR),
        Stretch(BORN + 2 * HOUR, BORN + 3 * HOUR, Turn.CLOSED_HOURS),
        Stretch(BORN + 3 * HOUR, BORN + 3.25 * HOUR, Turn.ENGINEER),
    ]


def test_a_reopened_ticket_was_nobodys_while_it_was_closed(app, time):
    ticket = a_ticket("closed", severity="P1")
    time(2 * HOUR)
    closing.reopen_ticket(ticket, actor=person("chen"), reason="又出现了。")
    time(HOUR)
    assert attribution_of(ticket).stretches == [Stretch(BORN + 2 * HOUR, BORN + 3 * HOUR, Turn.ENGINEER)]
