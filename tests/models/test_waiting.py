"""Waiting (P4.5): on record with its reason, by the state itself, with a planned end; and the call back (P10.5)."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from models.clockwork import escalation
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid
from models.insight.dossier import events_of
from models.policy.pack_parts import Waits
from models.policy.version import PolicyVersion
from models.record.deadline import Deadline, Pause, open_deadlines, open_pause, pauses_of
from models.record.message import Message
from models.rules import timekeeping
from models.steps import approval, closing, comment, customer_verification, intake, repair, triage
from tests.factories import a_ticket, deadline, further, newest_plan, person
from tests.models.test_deadlines import at


@pytest.fixture
def windows_stop(monkeypatch):
    """A policy in which a window stops every clock but the updates."""
    plain = PolicyVersion.pack.fget

    def pack(version):
        found = plain(version)
        return replace(found, pauses={**found.pauses, "window": Waits(stops="all", but=("update",))})

    monkeypatch.setattr(PolicyVersion, "pack", property(pack))


@pytest.fixture
def approvers_stop(monkeypatch):
    """A policy in which waiting for the approvers stops every clock but their own."""
    plain = PolicyVersion.pack.fget

    def pack(version):
        found = plain(version)
        pauses = {"approver": Waits(stops="all", but=("approve",)), "vendor": Waits(stops=("resolve",))}
        return replace(found, pauses={**found.pauses, **pauses})

    monkeypatch.setattr(PolicyVersion, "pack", property(pack))


def sweep():
    while escalation.sweep():
        pass


@command
def begin(ticket, kind):
    return timekeeping.open_clock(ticket, kind, started_at=timekeeping.clock.now())


def test_a_window_ends_by_itself(cast, time, windows_stop):
    ticket = a_ticket("awaiting_fix", severity="P1")
    comment.wait_for(ticket, actor=cast.zhao, party="window", reason="维护窗口", until=at("12:00"))
    assert deadline(ticket, "resolve").state == "paused"
    time(at("13:00"))  # nobody looked for an hour
    sweep()
    assert (ticket.waiting_on, open_pause(ticket)) == ("", None)
    assert [(p.reason, p.until, p.ended_at) for p in pauses_of(ticket)] == [("维护窗口", at("12:00"), at("12:00"))]
    assert deadline(ticket, "resolve").due_at == at("20:00"), "two hours, not three"
    resumed = next(event for event in events_of(ticket) if event.name == "resumed")
    assert (resumed.actor_id, resumed.details["party"]) == (None, "window")
    assert deadline(ticket, "wait").state == "met"


def test_a_window_that_is_left_early_does_not_ring(cast, time, windows_stop):
    ticket = a_ticket("awaiting_fix", severity="P1")
    comment.wait_for(ticket, actor=cast.zhao, party="window", reason="维护窗口", until=at("12:00"))
    time(at("11:00"))
    comment.resume_work(ticket, actor=cast.zhao)
    assert deadline(ticket, "wait").state == "cancelled"
    time(at("12:00"))
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason="备件")
    sweep()
    assert ticket.waiting_on == "vendor"


def test_the_planned_end_is_still_to_come(cast):
    ticket = a_ticket("awaiting_fix")
    with pytest.raises(Invalid) as refusal:
        comment.wait_for(ticket, actor=cast.zhao, party="window", reason="x", until=at("10:00"))
    assert refusal.value.field == "until"


def test_what_was_done_while_the_clock_stood_still_is_not_late(cast, time):
    ticket = a_ticket("awaiting_test", severity="P1")
    time(at("17:00"))
    triage.ask_reporter(ticket, actor=cast.zhao, question="还报错吗?")
    time(at("19:00"))
    repair.pass_test(ticket, actor=cast.he, findings="可以。", result="已恢复。")
    resolve = deadline(ticket, "resolve")
    assert (resolve.clock_state, resolve.due_at, resolve.breached_at) == ("met", at("20:00"), None)


def test_one_waiting_takes_the_place_of_another(cast, time):
    ticket = a_ticket("awaiting_fix", severity="P1")
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason="备件")
    time(at("10:30"))
    triage.ask_reporter(ticket, actor=cast.zhao, question="?")
    time(at("11:00"))
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason="备件")
    spans = [(p.party, p.started_at, p.ended_at) for p in pauses_of(ticket)]
    assert spans == [
        ("vendor", at("10:00"), at("10:30")), ("reporter", at("10:30"), at("11:00")), ("vendor", at("11:00"), None),
    ]  # fmt: skip
    assert deadline(ticket, "resolve").due_at == at("18:30")
    assert deadline(ticket, "resolve").state == "running", "a vendor stops nothing"


@pytest.mark.parametrize(("contact", "party"), [(False, "reporter"), (True, "customer")])
def test_a_state_that_waits_on_the_customer_pauses_by_itself(cast, time, contact, party):
    ticket = a_ticket("awaiting_customer", severity="P1", contact=cast.contact if contact else None)
    begin(ticket, "call_back")
    begin(ticket, "cooperate")
    assert deadline(ticket, "call_back").state == "paused"
    assert deadline(ticket, "cooperate").state == "running"
    assert deadline(ticket, "follow_up").state == "running"
    waiting = open_pause(ticket)
    assert (waiting.party, waiting.reason, ticket.waiting_on) == (party, "confirmation", "")
    with pytest.raises(Conflict):
        comment.resume_work(ticket, actor=cast.wang)
    time(at("11:00"))
    further(ticket, "awaiting_customer")
    assert deadline(ticket, "call_back").state == "running"
    assert deadline(ticket, "call_back").due_at == at("19.T11:00")
    assert [p.ended_at for p in pauses_of(ticket)] == [at("11:00")]


def test_more_information_is_not_the_confirmation(cast, time):
    ticket = a_ticket("awaiting_customer", severity="P1")
    intake.supply_information(ticket, actor=cast.zhang, text="还想补充一点。")
    assert deadline(ticket, "follow_up").state == "running"
    assert open_pause(ticket) is not None


def test_a_clock_that_begins_while_the_ticket_waits_stands_still_at_once(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    triage.ask_reporter(ticket, actor=cast.zhao, question="?")
    time(at("10:30"))
    assert begin(ticket, "test").state == "paused"
    time(at("11:00"))
    intake.supply_information(ticket, actor=cast.zhang, text="!")
    assert deadline(ticket, "test").due_at == at("13:00"), "two hours from the end of the waiting"


def test_late_by_triage_leaves_the_waiting_out(cast, time):
    """P4.2: a clock that stood still before it was due is not past."""
    ticket = a_ticket("awaiting_engineer", severity="P2")
    time(at("11:30"))
    triage.ask_reporter(ticket, actor=cast.wang, question="?")
    time(at("13:00"))
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P0", reason="全停")
    resolve = deadline(ticket, "resolve")
    assert (resolve.state, resolve.due_at, resolve.late_by_triage) == ("paused", at("12:00"), False)
    time(at("13:30"))
    intake.supply_information(ticket, actor=cast.zhang, text="!")
    assert deadline(ticket, "resolve").due_at == at("14:00")


# --- the call back


@pytest.mark.parametrize(
    ("answer", "owed"),
    [
        ({"verdict": "yes", "satisfaction": "satisfied"}, False),
        ({"verdict": "yes", "satisfaction": "mostly_satisfied"}, False),
        ({"verdict": "yes"}, False),
        ({"verdict": "yes", "satisfaction": "dissatisfied", "asked": "dissatisfied"}, True),
        ({"verdict": "partly", "satisfaction": "dissatisfied", "comment": "导出慢"}, True),
        ({"verdict": "no", "satisfaction": "dissatisfied", "comment": "没好"}, True),
        ({"verdict": "no", "comment": "没好"}, True),
    ],
)
def test_dissatisfaction_asks_for_a_call_back(cast, answer, owed):
    ticket = a_ticket("awaiting_customer", severity="P1")
    customer_verification.confirm_result(ticket, actor=cast.zhang, **answer)
    rounds = db.session.scalars(select(Deadline).where(Deadline.kind == "call_back")).all()
    assert [(d.state, d.due_at) for d in rounds] == ([("running", at("19.T10:00"))] if owed else [])


def test_a_closed_ticket_that_is_disputed_owes_one_too(cast):
    ticket = a_ticket("closed")
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="又出现了。")
    assert deadline(ticket, "call_back").state == "running"


def test_the_supervisor_s_note_meets_it_and_lets_the_ticket_close(cast, time):
    ticket = a_ticket("awaiting_customer")
    customer_verification.confirm_result(
        ticket, actor=cast.zhang, verdict="yes", satisfaction="dissatisfied", asked="dissatisfied"
    )
    assert closing.missing_pieces(ticket) == ["call_back"]
    with pytest.raises(Conflict):
        closing.close_ticket(ticket, actor=cast.chen)
    time(at("10:20"))
    closing.record_call_back(ticket, actor=cast.chen, text="已致歉,张敏接受。")
    found = deadline(ticket, "call_back")
    assert (found.state, found.met_at) == ("met", at("10:20"))
    with pytest.raises(Conflict, match="Nobody waits"):
        closing.record_call_back(ticket, actor=cast.chen, text="再说一次")
    closing.close_ticket(ticket, actor=cast.chen)
    assert ticket.state == "closed"


def test_two_disputes_are_settled_by_one_call(cast):
    ticket = a_ticket("awaiting_customer", severity="P1")
    for _ in range(2):
        customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="no", comment="没好")
        for state in ("awaiting_plan", "awaiting_approval", "awaiting_fix", "awaiting_test"):
            further(ticket, state)
    assert newest_plan(ticket).revision == 3
    closing.record_call_back(ticket, actor=cast.chen, text="已致歉。")
    assert "call_back" not in {d.kind for d in open_deadlines(ticket)}


# --- updates (P4.2)


def test_the_cadence_ends_with_the_result_and_begins_again_after_a_dispute(cast, time):
    ticket = a_ticket("awaiting_customer", severity="P0")
    assert deadline(ticket, "update").state == "met"
    time(at("11:00"))
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="又出现了。")
    found = deadline(ticket, "update")
    assert (found.state, found.due_at) == ("running", at("11:30"))
    time(at("11:20"))
    comment.post_update(ticket, actor=cast.zhao, text="在查。")
    assert deadline(ticket, "update").due_at == at("11:50")


@pytest.mark.parametrize(("level", "hears"), [("P0", True), ("P1", False)])
def test_updates_of_a_critical_fault_also_go_to_the_duty_lead(cast, level, hears):
    ticket = a_ticket("awaiting_engineer", severity=level)
    comment.post_update(ticket, actor=cast.zhao, text="在查。")
    told = {m.person.login for m in db.session.scalars(select(Message).where(Message.template == "update")) if m.person}
    assert ("chen" in told) is hears, "chen leads the duty"


def test_a_daily_update_falls_on_working_days(cast, time):
    time(at("20.T17:30"))  # Friday
    ticket = a_ticket("awaiting_engineer", severity="P2")
    assert deadline(ticket, "update").due_at == at("23.T17:00")


def test_who_is_waited_for_is_kept_with_the_reason(cast):
    ticket = a_ticket("awaiting_fix")
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason=" 等备件到货 ")
    kept = db.session.scalars(select(Pause)).one()
    assert (kept.party, kept.reason, kept.started_at, kept.ended_at) == ("vendor", "等备件到货", at("10:00"), None)
    assert person("zhao").id == next(e for e in events_of(ticket) if e.name == "waited").actor_id


def test_approvers_stop_clocks_by_themselves_where_the_policy_says_so(cast, time, approvers_stop):
    ticket = a_ticket("awaiting_approval", severity="P1")
    assert (deadline(ticket, "resolve").state, deadline(ticket, "approve").state) == ("paused", "running")
    assert (ticket.waiting_on, [p.party for p in pauses_of(ticket)]) == ("", ["approver"]), (
        "the state waits, nobody said so"
    )
    time(at("12:00"))
    sweep()
    assert deadline(ticket, "approve").breached_at == at("11:00"), "their own clock runs on"
    approval.approve_plan(newest_plan(ticket), actor=cast.chen)
    assert deadline(ticket, "resolve").due_at == at("20:00"), "two hours later"
    assert [(p.party, p.reason, p.ended_at) for p in pauses_of(ticket)] == [("approver", "approval", at("12:00"))]


def test_approvers_stop_nothing_by_default(cast):
    ticket = a_ticket("awaiting_approval", severity="P1")
    assert (deadline(ticket, "resolve").state, pauses_of(ticket)) == ("running", [])


def test_after_another_waiting_the_approvers_are_waited_for_again(cast, time, approvers_stop):
    ticket = a_ticket("awaiting_approval", severity="P1")
    time(at("10:30"))
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason="备件", until=at("11:00"))
    assert (deadline(ticket, "resolve").state, deadline(ticket, "update").state) == ("paused", "running")
    time(at("11:30"))  # nobody looked for half an hour
    sweep()
    assert (ticket.waiting_on, deadline(ticket, "update").state) == ("", "paused")
    spans = [(p.party, p.started_at, p.ended_at) for p in pauses_of(ticket)]
    assert spans == [("approver", at("10:00"), at("10:30")), ("vendor", at("10:30"), at("11:00")),
                     ("approver", at("11:00"), None)]  # fmt: skip
    time(at("12:00"))
    approval.approve_plan(newest_plan(ticket), actor=cast.chen)
    assert deadline(ticket, "resolve").due_at == at("20:00"), "all of it stood still"
    assert deadline(ticket, "update").due_at == at("13:30"), "half an hour with the vendor counted"
    assert open_pause(ticket) is None
