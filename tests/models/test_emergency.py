"""The emergency (P7.5): the duty lead's word first, the approval afterwards, marked for ever."""

from datetime import timedelta

import pytest

from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Cause
from models.insight.dossier import events_of
from models.record.deadline import CANCELLED, MET, RUNNING
from models.record.message import Message
from models.rules import ladder, rounds
from models.steps import (
    accounts,
    another_policy,
    approval,
    closing,
    customer_verification,
    diagnosis,
    plans,
    repair,
    triage,
)
from tests.database import difference, everything
from tests.factories import (
    a_plan,
    a_policy,
    a_reviewer,
    a_ticket,
    an_emergency,
    carry_out,
    deadline,
    further,
    newest_plan,
)
from tests.models.test_replay import wrong


@pytest.fixture
def ticket(cast, time):
    """A P0 that waits for a plan."""
    found = a_ticket("awaiting_plan", severity="P0")
    return diagnosis.record_diagnosis(found, actor=cast.zhao, root_cause="主机失联。", cause=Cause.HARDWARE)


def refuses(wanted, deed):
    before = everything()
    with pytest.raises(wanted):
        deed()
    assert difference(before, everything()) == {}


def solved(ticket):
    """Carried out, tested, confirmed: it waits for the review."""
    while ticket.state != "awaiting_review":
        further(ticket, ticket.state)
    return ticket


def told(cast, template):
    db.session.rollback()
    found = db.session.query(Message).filter_by(template=template, channel="app")
    return {message.person.login for message in found}


def test_it_may_be_carried_out_at_once_and_owes_its_approval(cast, ticket):
    plan = an_emergency(ticket)
    assert (ticket.state, ticket.emergency, plan.outcome, plan.late) == ("awaiting_fix", True, "emergency", "owed")
    assert (plan.word_by.login, plan.word_how, plan.word_at) == ("chen", "电话", clock.now())
    assert rounds.valid_plan(ticket) is plan
    clock_ = deadline(ticket, "ratify")
    assert (clock_.state, clock_.due_at - clock_.started_at) == (RUNNING, timedelta(hours=24))
    assert (told(cast, "word_recorded"), told(cast, "late_approval")) == ({"chen"}, {"wu"}), "each once"
    carry_out(ticket)
    repair.finish_fix(ticket, actor=cast.zhao)
    assert ticket.state == "awaiting_test"


def test_given_in_time(cast, ticket, time):
    plan = an_emergency(ticket, risk="major")
    carry_out(ticket)
    time(clock.now() + timedelta(minutes=20))
    approval.approve_plan(plan, actor=cast.chen, digest=plan.digest)
    assert (plan.late, plan.outcome) == ("owed", "emergency")
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen))
    approval.approve_plan(plan, actor=cast.wu)
    assert (plan.late, plan.outcome, ticket.state) == ("given", "approved", "awaiting_fix")
    assert deadline(ticket, "ratify").state == MET
    assert [e.name for e in events_of(ticket)][-2:] == ["countersigned", "ratified"]
    assert told(cast, "late_approved") == {"zhao", "chen"}
    closing.close_ticket(solved(ticket), actor=cast.chen)
    assert (ticket.state, ticket.emergency, plan.is_emergency) == ("closed", True, True), "marked for ever"
    assert wrong(ticket.id) == set()


def test_closing_waits_for_it(cast, ticket):
    plan = an_emergency(ticket)
    solved(ticket)
    assert rounds.owes_late_approval(ticket)
    assert "late_approval" in closing.missing_pieces(ticket)
    refuses(Conflict, lambda: closing.close_ticket(ticket, actor=cast.chen))
    approval.approve_plan(plan, actor=cast.wu)
    assert "late_approval" not in closing.missing_pieces(ticket)
    closing.close_ticket(ticket, actor=cast.chen)


def test_late_it_climbs_the_ladder_and_its_seats_are_warned(cast, ticket, time):
    plan = an_emergency(ticket, risk="major")
    owed = deadline(ticket, "ratify")
    assert {p.login for p in ladder.warned(owed, 50).people} == {"chen", "wu"}
    approval.approve_plan(plan, actor=cast.chen)
    assert {p.login for p in ladder.warned(owed, 50).people} == {"wu"}
    time(owed.due_at)
    while escalation.sweep():
        pass
    owed = deadline(ticket, "ratify")
    assert owed.breached_at == owed.due_at
    fired = [e.details for e in events_of(ticket) if e.name == "escalated" and e.details["kind"] == "ratify"]
    assert fired
    assert cast.chen.id in fired[0]["people"]
    approval.approve_plan(plan, actor=cast.wu)
    assert deadline(ticket, "ratify").state == MET
    assert plan.late == "given"
    assert wrong(ticket.id) == set()


@pytest.mark.parametrize("state", ["awaiting_fix", "awaiting_test", "awaiting_customer", "awaiting_review"])
def test_refused_it_goes_back_to_its_plan(cast, ticket, state):
    plan = an_emergency(ticket)
    carry_out(ticket)
    while ticket.state != state:
        further(ticket, ticket.state)
    round_ = ticket.round
    approval.return_plan(plan, actor=cast.wu, comment="本可以等审批。")
    assert (ticket.state, plan.late, plan.outcome, ticket.emergency) == ("awaiting_plan", "refused", "returned", True)
    assert deadline(ticket, "ratify").state == MET
    assert deadline(ticket, "resolve").state == RUNNING
    solved_already = state in ("awaiting_customer", "awaiting_review")
    assert ticket.round == round_ + solved_already
    assert ticket.resolved_at is None
    assert told(cast, "late_refused") >= {"zhao", "chen"}
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen))
    refuses(Conflict, lambda: repair.finish_fix(ticket, actor=cast.zhao))
    assert not rounds.owes_late_approval(ticket)
    assert wrong(ticket.id) == set()


def test_refused_when_another_plan_has_taken_its_place(cast, ticket):
    """Rolled back, and planned anew by the usual road: the refusal is on record, and the new plan goes on."""
    first = an_emergency(ticket)
    repair.roll_back(ticket, actor=cast.zhao, reason="没用")
    assert (first.outcome, first.late) == ("rolled_back", "owed")
    second = a_plan(ticket)
    approval.return_plan(first, actor=cast.wu, comment="不必如此。")
    assert (first.outcome, first.late, ticket.state) == ("rolled_back", "refused", "awaiting_approval")
    approval.approve_plan(second, actor=cast.chen)
    assert rounds.valid_plan(ticket) is second
    assert wrong(ticket.id) == set()


def test_given_while_another_plan_is_decided(cast, ticket):
    first = an_emergency(ticket)
    repair.roll_back(ticket, actor=cast.zhao, reason="没用")
    second = a_plan(ticket)
    approval.approve_plan(first, actor=cast.wu)
    assert (first.outcome, first.late, second.outcome) == ("rolled_back", "given", "")
    approval.approve_plan(second, actor=cast.wu)
    assert ticket.state == "awaiting_fix"


def test_only_on_a_p0_by_its_handler_on_the_duty_leads_word(cast, ticket):
    usual = {"risk": "normal", "steps": "1. 重启", "how": "电话"}
    calm = a_ticket("awaiting_plan", severity="P1")
    refuses(Conflict, lambda: an_emergency(calm))
    declare = plans.declare_emergency
    refuses(Refused, lambda: declare(ticket, actor=cast.li, word_by=cast.chen, **usual))
    refuses(Invalid, lambda: declare(ticket, actor=cast.zhao, word_by=cast.wu, **usual))  # not the duty lead
    refuses(Invalid, lambda: declare(ticket, actor=cast.zhao, word_by=cast.chen, **usual | {"how": " "}))
    refuses(Invalid, lambda: declare(ticket, actor=cast.zhao, word_by=cast.chen, **usual | {"steps": ""}))
    refuses(Invalid, lambda: declare(ticket, actor=cast.zhao, word_by=cast.chen, **usual | {"risk": "major"}))
    begun = a_ticket("awaiting_fix", severity="P0")
    refuses(Conflict, lambda: an_emergency(begun))


def test_nobody_gives_themselves_the_word(cast):
    ticket = a_ticket("awaiting_plan", severity="P0", assignee=cast.chen)
    refuses(Invalid, lambda: an_emergency(ticket, author=cast.chen))
    accounts.edit_person(
        a_reviewer(), actor=cast.admin, roles=[("duty_lead", None), ("engineer", None)], same_as_id=cast.chen.id
    )
    own = a_ticket("awaiting_plan", severity="P0", assignee=a_reviewer())
    refuses(Invalid, lambda: an_emergency(own, author=a_reviewer()))


def test_author_and_implementer_do_not_decide_afterwards_either(cast, ticket):
    plan = an_emergency(ticket)
    triage.hand_over_ticket(ticket, actor=cast.chen, reason="接手", assignee=cast.wu)
    carry_out(ticket, cast.wu)
    refuses(Refused, lambda: approval.approve_plan(plan, actor=cast.wu))
    refuses(Refused, lambda: approval.return_plan(plan, actor=cast.zhao, comment="x"))
    approval.approve_plan(plan, actor=cast.chen)


def test_it_is_neither_withdrawn_nor_edited(cast, ticket):
    plan = an_emergency(ticket)
    refuses(Conflict, lambda: plans.withdraw_plan(plan, actor=cast.zhao))
    refuses(Conflict, lambda: plans.revise_plan(plan, actor=cast.zhao, risk="normal", steps="x"))


def test_one_word_at_a_time(cast, ticket):
    first = an_emergency(ticket)
    repair.roll_back(ticket, actor=cast.zhao, reason="没用")
    refuses(Conflict, lambda: an_emergency(ticket))
    approval.approve_plan(first, actor=cast.wu)
    second = an_emergency(ticket)
    assert (second.late, newest_plan(ticket)) == ("owed", second)


def test_whoever_sits_can_hand_it_over_and_a_lost_seat_is_given_away(cast, ticket):
    """Nobody has to stay with the company for a ticket to be closed."""
    plan = an_emergency(ticket, risk="major")
    carry_out(ticket)
    approval.hand_over_seat(plan, actor=cast.chen, to=a_reviewer("mei"), reason="出差")
    seat, lan = next(seat for seat in plan.approvals if seat.person is cast.wu), a_reviewer("lan")
    refuses(Conflict, lambda: approval.hand_over_seat(plan, actor=cast.chen, to=lan, reason="x", seat=seat))
    accounts.deactivate_person(cast.wu, actor=cast.admin, successor=cast.chen)
    approval.hand_over_seat(plan, actor=cast.chen, to=lan, reason="已离职", seat=seat)
    approval.approve_plan(plan, actor=a_reviewer("mei"))
    approval.approve_plan(plan, actor=lan)
    assert plan.late == "given"


def test_a_customer_who_disputes_changes_nothing_of_what_is_owed(cast, ticket):
    plan = an_emergency(ticket)
    carry_out(ticket)
    while ticket.state != "awaiting_customer":
        further(ticket, ticket.state)
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="又来了")
    assert rounds.late_plan(ticket) is plan
    assert deadline(ticket, "ratify").state == RUNNING
    triage.cancel_ticket(ticket, actor=cast.wang, reason="系统已下线")
    assert deadline(ticket, "ratify").state == CANCELLED
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.wu))


def test_it_stays_owed_by_its_time_whatever_the_level_becomes(cast, time, ticket):
    """P7.5: what went ahead as a P0 is approved within 24 hours, though it turned out to be a P2."""
    an_emergency(ticket)
    owed = deadline(ticket, "ratify")
    started_at, due_at = owed.started_at, owed.due_at
    time(timedelta(hours=2))
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P2", reason="只有一台受影响。")
    owed = deadline(ticket, "ratify")
    assert (owed.state, owed.round, owed.severity) == (RUNNING, 1, "P0")
    assert (owed.started_at, owed.due_at) == (started_at, due_at)
    time(due_at)
    while escalation.sweep():
        pass
    assert deadline(ticket, "ratify").breached_at == due_at
    verdict = auditor.audit()
    assert not wrong(ticket.id)
    assert (verdict.wrong_count, verdict.missing) == (0, 0)
    approval.approve_plan(newest_plan(ticket), actor=cast.wu)
    assert deadline(ticket, "ratify").state == MET
    assert not wrong(ticket.id)


def test_it_stays_owed_under_another_policy(cast, time, ticket):
    """Its time is the one of the policy under which the word was given, which stays the one by which it is judged."""
    an_emergency(ticket)
    due_at, was = deadline(ticket, "ratify").due_at, ticket.policy_version_id
    time(timedelta(hours=2))
    version = a_policy("problem-record")
    another_policy.change_policy(ticket, actor=cast.wang, version=version, severity="P2", reason="客户另有合同。")
    owed = deadline(ticket, "ratify")
    assert (owed.state, owed.due_at, owed.version.id, ticket.policy_version_id) == (RUNNING, due_at, was, version.id)
    assert auditor.audit().wrong_count == 0
