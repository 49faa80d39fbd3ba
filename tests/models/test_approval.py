"""Plans (P7): what must be in them, who sits, what is decided once and for all, and what may be carried out."""

import pytest
from sqlalchemy import select

from models.ground.db import db
from models.ground.errors import Conflict, DomainError, Invalid, Refused
from models.record.approval import Approval
from models.steps import accounts, approval, plans, repair
from tests.database import difference, everything
from tests.factories import a_plan, a_standard_change, a_ticket, carry_out, newest_plan, next_task


def test_one_supervisor_decides_a_normal_change(cast):
    ticket = a_ticket("awaiting_approval")
    plan = newest_plan(ticket)
    assert {seat.person.login for seat in plan.approvals} == {"chen", "wu"}
    approval.approve_plan(plan, actor=cast.wu, comment="同意")
    assert (plan.outcome, ticket.state) == ("approved", "awaiting_fix")
    with pytest.raises(Conflict):
        approval.approve_plan(plan, actor=cast.chen)


def test_everybody_named_decides_a_major_change(cast):
    ticket = a_ticket("awaiting_approval", risk="major")
    plan = newest_plan(ticket)
    approval.approve_plan(plan, actor=cast.chen)
    assert ticket.state == "awaiting_approval"
    with pytest.raises(Conflict):
        approval.approve_plan(plan, actor=cast.chen)
    approval.return_plan(plan, actor=cast.wu, comment="缺回滚步骤")
    assert (plan.outcome, ticket.state) == ("returned", "awaiting_plan")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"risk": "normal", "steps": " "}, "steps"),
        ({"risk": "major", "backup": ""}, "backup"),
        ({"risk": "major", "rollback": "  "}, "rollback"),
        ({"risk": "standard"}, "risk"),
        ({"risk": "major", "approvers": []}, "approvers"),
    ],
)
def test_what_cannot_be_submitted(cast, given, field):
    """P7.2"""
    ticket = a_ticket("awaiting_plan")
    before = everything()
    with pytest.raises(Invalid) as refusal:
        a_plan(ticket, **given)
    assert refusal.value.field == field
    assert difference(before, everything()) == {}


def test_a_round_needs_two_others_who_sit_on_reviews(cast):
    ticket = a_ticket("awaiting_plan")
    for named in ([cast.chen], [cast.chen, cast.chen], [cast.zhao, cast.chen], [cast.chen, cast.li]):
        with pytest.raises(Invalid):
            a_plan(ticket, risk="major", approvers=named)


def test_the_only_supervisor_cannot_be_the_author(cast):
    """P7.3: nobody approves their own plan, so without somebody else it cannot be submitted."""
    accounts.deactivate_person(cast.wu, actor=cast.admin, successor=cast.zhao)
    ticket = a_ticket("awaiting_plan", assignee=cast.chen)
    with pytest.raises(Conflict):
        a_plan(ticket, author=cast.chen)


def test_a_return_says_why_and_makes_a_new_revision(cast):
    ticket = a_ticket("awaiting_approval")
    first = newest_plan(ticket)
    with pytest.raises(Invalid):
        approval.return_plan(first, actor=cast.chen, comment=" ")
    approval.return_plan(first, actor=cast.chen, comment="缺验证办法")
    second = a_plan(ticket, steps="1. 改配置\n2. 验证")
    assert (second.revision, second.digest != first.digest) == (2, True)
    for old in (
        lambda: approval.approve_plan(first, actor=cast.chen),
        lambda: plans.withdraw_plan(first, actor=cast.zhao),
    ):
        with pytest.raises(DomainError):
            old()
    approval.approve_plan(second, actor=cast.chen)
    seats = db.session.scalars(select(Approval).order_by(Approval.id)).all()
    assert [seat.decision for seat in seats] == ["returned", "", "approved", ""]


def test_withdrawn_until_the_first_step(cast):
    ticket = a_ticket("awaiting_fix")
    plans.withdraw_plan(newest_plan(ticket), actor=cast.zhao, reason="发现新情况")
    assert ticket.state == "awaiting_plan"
    begun = a_ticket("awaiting_fix")
    repair.log_work(begun, actor=cast.zhao, task=next_task(begun), body="第一步")
    with pytest.raises(Conflict):
        plans.withdraw_plan(newest_plan(begun), actor=cast.zhao)
    with pytest.raises(Refused):
        plans.withdraw_plan(newest_plan(a_ticket("awaiting_approval")), actor=cast.chen)


def test_a_standard_change_needs_no_round(cast):
    """P7.6: an unchanged template goes straight to work."""
    template = a_standard_change()
    ticket = a_ticket("awaiting_plan")
    plan = plans.use_standard_change(ticket, actor=cast.zhao, template=template)
    assert (plan.risk, plan.steps, plan.outcome, ticket.state) == (
        "standard",
        template.steps,
        "approved",
        "awaiting_fix",
    )
    plans.retire_standard_change(template, actor=cast.chen)
    with pytest.raises(Conflict):
        plans.use_standard_change(a_ticket("awaiting_plan"), actor=cast.zhao, template=template)


@pytest.mark.parametrize("state", ["awaiting_plan", "awaiting_approval"])
def test_only_an_approved_plan_is_carried_out(cast, state):
    """P7.6"""
    ticket = a_ticket(state)
    for attempt in (
        lambda: repair.log_work(ticket, actor=cast.zhao, body="x"),
        lambda: repair.finish_fix(ticket, actor=cast.zhao),
    ):
        with pytest.raises(Conflict):
            attempt()


def test_a_plan_that_was_rolled_back_is_used_up(cast):
    ticket = a_ticket("awaiting_fix")
    repair.log_work(ticket, actor=cast.zhao, task=next_task(ticket), body="重启", outcome="failed")
    repair.roll_back(ticket, actor=cast.zhao, reason="重启失败,已恢复。")
    assert (ticket.state, newest_plan(ticket).outcome) == ("awaiting_plan", "rolled_back")
    with pytest.raises(Conflict):
        repair.log_work(ticket, actor=cast.zhao, body="x")


def test_carried_out_means_that_something_was(cast):
    """P8.1"""
    ticket = a_ticket("awaiting_fix")
    with pytest.raises(Conflict, match="Not yet carried out"):
        repair.finish_fix(ticket, actor=cast.zhao)
    repair.log_work(ticket, actor=cast.zhao, task=next_task(ticket), body="重启", outcome="failed")
    with pytest.raises(Conflict, match="Not yet carried out"):
        repair.finish_fix(ticket, actor=cast.zhao)
    repair.log_work(ticket, actor=cast.zhao, task=next_task(ticket), body="再重启", deviation="服务未就绪。")
    carry_out(ticket)
    repair.finish_fix(ticket, actor=cast.zhao)
    assert ticket.state == "awaiting_test"
