"""Clocks (P4): the table row by row, what a pause moves, what a new level changes, what a cadence does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from models.ground.db import db
from models.record.deadline import Deadline, Pause, deadlines_of
from models.steps import comment, customer_verification, diagnosis, intake, repair, triage
from tests.factories import MATRIX, a_ticket, an_answered_ticket, deadline, person

SHANGHAI = ZoneInfo("Asia/Shanghai")
LEVELS = ("P0", "P1", "P2", "P3")

# P4.2 on Wednesday, 18 November 2026, 10:00, with office hours 09:00-12:00 and 13:30-18:00; - is not agreed.
TABLE = """
triage      awaiting_triage    -      10:10  10:10        10:10
respond     awaiting_triage    10:15  10:30  12:00        15:30
resolve     awaiting_triage    12:00  18:00  23.T11:30    23.T10:00
resolve_max awaiting_triage    14:00  -      -            -
update      awaiting_engineer  10:30  12:00  17:00        17:00
plan        awaiting_plan      11:00  12:00  12:00        12:00
approve     awaiting_approval  10:15  11:00  15:30        19.T10:00
test        awaiting_test      10:30  12:00  19.T10:00    19.T10:00
follow_up   awaiting_customer  12:00  12:00  12:00        12:00
close       awaiting_review    10:30  10:30  10:30        10:30
"""
CELLS = [
    (kind, state, level, due)
    for kind, state, *row in (line.split() for line in TABLE.split("\n") if line)
    for level, due in zip(LEVELS, row, strict=True)
]


def at(words: str) -> datetime:
    """`10:30` of the day on which the tests begin, `23.T10:00` of another day of that month."""
    day, _, hours = words.rpartition("T")
    hour, minute = hours.split(":")
    return datetime(2026, 11, int(day.rstrip(".") or 18), int(hour), int(minute), tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(("kind", "state", "level", "due"), CELLS)
def test_the_table(cast, kind, state, level, due):
    ticket = a_ticket(state, severity=level)
    found = deadline(ticket, kind)
    if due == "-":
        assert found is None
        return
    assert found.due_at == at(due)
    assert (found.state, found.round, found.severity) == ("running", 1, level)


def test_every_clock_of_the_policy_is_in_the_table(cast):
    pack = a_ticket().policy_version.pack
    of_later_issues = {"assess", "ratify", "cooperate", "call_back"}
    assert set(pack.clocks) - of_later_issues == {kind for kind, *_ in CELLS} | {"register"}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("minutes", "state"), [(4, "met"), (5, "met"), (6, "late")])
def test_registration_is_judged_there_and_then(cast, time, level, minutes, state):
    """P2.7: from the report reaching the desk to its number."""
    time(at("10:30"))
    impact, urgency = MATRIX[level]
    ticket = intake.register_call(
        actor=cast.wang, contact=cast.contact, description="x", impact=impact, urgency=urgency,
        reported_at=at("10:30") - timedelta(minutes=minutes),
    )  # fmt: skip
    judged = deadline(ticket, "register")
    assert (judged.clock_state, judged.ring_at) == (state, None)
    assert judged.due_at - judged.started_at == timedelta(minutes=5)
    assert deadline(ticket, "resolve").started_at == at("10:30"), "the other clocks start with the registration"


def test_met_in_time_and_late(cast, time):
    ticket = a_ticket(severity="P1")
    time(at("10:20"))
    comment.post_update(ticket, actor=cast.wang, text="在看。")
    assert deadline(ticket, "respond").clock_state == "met"
    triage.triage_ticket(ticket, actor=cast.wang, severity="P1", category="function", team=cast.zhao.team)
    late = deadline(ticket, "triage")
    assert (late.clock_state, late.met_at, late.breached_at) == ("late", at("10:20"), at("10:10"))


def test_a_clock_says_how_it_stands(cast, time):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    assert deadline(ticket, "resolve").clock_state == "running"
    triage.ask_reporter(ticket, actor=cast.wang, question="?")
    assert deadline(ticket, "resolve").clock_state == "paused"
    intake.supply_information(ticket, actor=cast.zhang, text="!")
    time(at("18:00"))
    assert deadline(ticket, "resolve").clock_state == "breached"
    triage.cancel_ticket(ticket, actor=cast.wang, reason="x")
    assert deadline(ticket, "resolve").clock_state == "cancelled"


@pytest.mark.parametrize(
    ("level", "kind", "before", "after"),
    [
        ("P1", "resolve", "18:00", "18:30"),  # wall: as long as it stood still
        ("P2", "resolve", "23.T11:30", "23.T12:00"),  # service minutes
        ("P3", "resolve", "23.T10:00", "23.T10:30"),  # days move on by the service minutes paused (P4.5)
        ("P1", "update", "12:00", "12:00"),  # waiting for the customer does not stop what they are promised
    ],
)
def test_a_question_stops_the_clocks_until_its_answer(cast, time, level, kind, before, after):
    ticket = a_ticket("awaiting_engineer", severity=level)
    assert deadline(ticket, kind).due_at == at(before)
    time(at("10:30"))
    triage.ask_reporter(ticket, actor=cast.wang, question="几点开始的?")
    asked = deadline(ticket, kind)
    assert (asked.state, asked.ring_at is None) == (("running", False) if kind == "update" else ("paused", True))
    assert deadline(ticket, "follow_up").due_at == at("10:30") + timedelta(hours=2) if level == "P1" else True
    assert deadline(ticket, "respond").state == "met", "asking is the first contact"
    time(at("11:00"))
    intake.supply_information(ticket, actor=cast.zhang, text="九点。")
    assert deadline(ticket, kind).due_at == at(after)
    assert deadline(ticket, kind).state == "running"
    assert deadline(ticket, "follow_up").state == "met"
    assert ticket.waiting_on == ""
    span = db.session.scalars(select(Pause).where(Pause.ticket_id == ticket.id)).one()
    assert (span.party, span.started_at, span.ended_at) == ("reporter", at("10:30"), at("11:00"))


def test_a_pause_over_closed_hours_costs_only_open_ones(cast, time):
    ticket = a_ticket("awaiting_engineer", severity="P2")
    time(at("11:30"))
    triage.ask_reporter(ticket, actor=cast.wang, question="?")
    time(at("14:00"))  # 30 minutes before noon and 30 after 13:30
    intake.supply_information(ticket, actor=cast.zhang, text="!")
    assert deadline(ticket, "resolve").due_at == at("23.T15:00") - timedelta(hours=1), "11:30 and one hour: 14:00"


@pytest.mark.parametrize("party", ["vendor", "department", "approver", "window"])
def test_waiting_for_others_stops_nothing(cast, time, party):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    comment.wait_for(ticket, actor=cast.zhao, party=party, reason="等备件")
    time(at("11:00"))
    assert deadline(ticket, "resolve").state == "running"
    comment.resume_work(ticket, actor=cast.zhao)
    assert deadline(ticket, "resolve").due_at == at("18:00")


def test_the_road_going_on_ends_the_waiting(cast, time):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    triage.ask_reporter(ticket, actor=cast.wang, question="?")
    time(at("10:30"))
    diagnosis.take_ticket(ticket, actor=cast.zhao)
    assert ticket.waiting_on == ""
    assert deadline(ticket, "resolve").due_at == at("18:30")


def test_waiting_for_the_confirmation_stops_the_rest_by_itself(cast):
    ticket = a_ticket("awaiting_customer", severity="P1")
    running = {d.kind for d in deadlines_of(ticket) if d.state == "running"}
    assert running == {"follow_up"}


@pytest.mark.parametrize(
    ("was", "new", "kind", "due", "late"),
    [
        ("P2", "P1", "resolve", "18:00", False),
        ("P2", "P1", "respond", "10:30", True),  # 45 minutes after the start it is past already
        ("P2", "P0", "resolve_max", "14:00", False),
        ("P2", "P0", "respond", "10:15", True),
        ("P1", "P3", "resolve", "23.T10:00", False),
        ("P1", "P2", "respond", "12:00", False),
    ],
)
def test_a_new_level_counts_from_the_original_start(cast, time, was, new, kind, due, late):
    """P3.6, P4.2: late by triage is said, not hidden."""
    ticket = a_ticket("awaiting_engineer", severity=was)
    time(at("10:45"))
    triage.regrade_ticket(ticket, actor=cast.wang, severity=new, reason="影响扩大")
    found = deadline(ticket, kind)
    assert (found.started_at, found.due_at, found.late_by_triage) == (at("10:00"), at(due), late)
    assert found.severity == new


def test_triage_that_raises_the_level_counts_from_registration(cast, time):
    ticket = a_ticket(severity="P3")
    time(at("10:08"))
    triage.triage_ticket(
        ticket, actor=cast.wang, severity="P0", category="system", team=cast.team("dev"), reason="支付全停"
    )
    assert deadline(ticket, "resolve_max").due_at == at("14:00")
    assert deadline(ticket, "resolve").due_at == at("12:00")
    assert deadline(ticket, "triage").clock_state == "met"
    assert deadline(ticket, "update").due_at == at("10:38"), "the cadence begins with the triage"


def test_a_lower_level_gives_up_what_it_does_not_have(cast):
    ticket = a_ticket("awaiting_engineer", severity="P0")
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P1", reason="已降级")
    assert deadline(ticket, "resolve_max").state == "cancelled"


def test_regrading_while_waiting_keeps_waiting(cast, time):
    ticket = a_ticket("awaiting_engineer", severity="P2")
    triage.ask_reporter(ticket, actor=cast.wang, question="?")
    time(at("10:30"))
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P1", reason="影响扩大")
    assert deadline(ticket, "resolve").state == "paused"
    time(at("11:00"))
    intake.supply_information(ticket, actor=cast.zhang, text="!")
    assert deadline(ticket, "resolve").due_at == at("19:00"), "the whole hour of waiting counts"


def test_each_update_promises_the_next(cast, time):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    time(at("11:10"))
    comment.post_update(ticket, actor=cast.zhao, text="仍在查。")
    rounds = db.session.scalars(
        select(Deadline).where(Deadline.ticket_id == ticket.id, Deadline.kind == "update").order_by(Deadline.round)
    ).all()
    assert [(d.round, d.state, d.due_at) for d in rounds] == [(1, "met", at("12:00")), (2, "running", at("13:10"))]
    time(at("17:30"))
    daily = a_ticket("awaiting_engineer", severity="P3")
    assert deadline(daily, "update").due_at == at("19.T17:00")


def test_no_update_is_promised_before_triage_or_after_the_result(cast):
    ticket = a_ticket(severity="P1")
    comment.post_update(ticket, actor=cast.wang, text="收到。")
    assert deadline(ticket, "update") is None
    solved = a_ticket("awaiting_customer", severity="P1")
    assert deadline(solved, "update").state == "met"
    comment.post_update(solved, actor=cast.wang, text="请确认。")
    assert deadline(solved, "update").state == "met"


def test_an_answer_meets_what_it_answers(cast):
    ticket = an_answered_ticket()
    states = {d.kind: d.state for d in deadlines_of(ticket)}
    assert states == {"triage": "met", "respond": "met", "resolve": "met", "follow_up": "running"}


def test_back_to_work_is_a_new_round(cast, time):
    ticket = a_ticket("awaiting_customer", severity="P1")
    time(at("11:00"))
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="又出现了。")
    found = deadline(ticket, "resolve")
    assert (found.round, found.started_at, found.due_at) == (2, at("11:00"), at("19:00"))
    assert deadline(ticket, "plan").round == 2


def test_a_failed_test_ends_its_clock_and_the_next_has_its_own(cast, time):
    ticket = a_ticket("awaiting_test", severity="P1")
    repair.fail_test(ticket, actor=cast.he, findings="x", new_plan=False)
    assert deadline(ticket, "test").state == "met"
    time(at("10:30"))
    repair.log_work(ticket, actor=cast.zhao, body="再做一次。", deviation="第一次没有生效。")
    repair.finish_fix(ticket, actor=cast.zhao)
    found = deadline(ticket, "test")
    assert (found.round, found.due_at) == (2, at("12:30"))


def test_the_nearest_promise_stands_on_the_ticket(cast, time):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    assert ticket.next_due_at == at("10:30")
    comment.post_update(ticket, actor=person("zhao"), text="在看。")
    assert ticket.next_due_at == at("12:00")
    triage.ask_reporter(ticket, actor=cast.wang, question="?")
    assert ticket.next_due_at == at("12:00")
    triage.cancel_ticket(ticket, actor=cast.wang, reason="x")
    assert ticket.next_due_at is None
