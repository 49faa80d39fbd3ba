"""The implementation record (实施方案执行记录, P8.1): step by step, with a word for whatever is not as planned."""

import pytest

from models.ground.errors import Conflict, Invalid
from models.insight.progress import progress_of, work_of
from models.steps import repair
from tests.factories import a_ticket, carry_out, newest_plan, next_task
from tests.models.test_deadlines import at


def test_the_implementation_record_says_how_each_step_went(cast):
    """P8.1"""
    ticket = a_ticket("awaiting_fix")
    log = {"actor": cast.zhao}
    repair.log_work(ticket, task=next_task(ticket), body="清理缓存", outcome="failed", **log)
    repair.log_work(ticket, task=next_task(ticket), body="停服务后清理", deviation="文件被占用。", **log)
    repair.log_work(ticket, body="清理磁盘", deviation="磁盘也满了。", **log)
    repair.log_work(ticket, task=next_task(ticket), body="上限调高", outcome="left_out", deviation="不再需要。", **log)
    plan = newest_plan(ticket)
    work = work_of(plan)
    assert [step.how for step in work] == ["failed", "differently", "differently", "left_out"]
    assert [(each.how, len(each.records)) for each in progress_of(plan, work)] == [("differently", 2), ("left_out", 1)]
    repair.finish_fix(ticket, actor=cast.zhao)
    assert ticket.state == "awaiting_test"


def test_leaving_everything_out_is_no_fix(cast):
    ticket = a_ticket("awaiting_fix")
    for _step in range(2):
        repair.log_work(
            ticket, actor=cast.zhao, task=next_task(ticket), body="x", outcome="left_out", deviation="不需要。"
        )
    with pytest.raises(Invalid, match="at least one"):
        repair.finish_fix(ticket, actor=cast.zhao)


def test_what_failed_last_is_not_finished(cast):
    ticket = a_ticket("awaiting_fix")
    carry_out(ticket)
    repair.log_work(ticket, actor=cast.zhao, body="多做一步", outcome="failed", deviation="想顺手修。")
    with pytest.raises(Conflict, match="last step failed"):
        repair.finish_fix(ticket, actor=cast.zhao)


def test_a_step_of_another_plan_is_refused(cast):
    ticket, other = a_ticket("awaiting_fix"), a_ticket("awaiting_fix")
    with pytest.raises(Invalid):
        repair.log_work(ticket, actor=cast.zhao, task=next_task(other), body="x")


def test_a_rollback_is_recorded_part_by_part(cast, time):
    ticket = a_ticket("awaiting_fix")
    repair.log_work(ticket, actor=cast.zhao, task=next_task(ticket), body="清理", outcome="failed")
    time(at("10:30"))
    parts = [repair.Undone("恢复配置", at("10:10")), repair.Undone(" "), repair.Undone("重启", at("10:20"))]
    plan = newest_plan(ticket)
    repair.roll_back(ticket, actor=cast.zhao, reason="清理失败。", undone=parts)
    undone = [step for step in work_of(plan) if step.outcome == "undone"]
    assert [(step.body, step.ended_at) for step in undone] == [("恢复配置", at("10:10")), ("重启", at("10:20"))]
    assert (ticket.state, plan.outcome) == ("awaiting_plan", "rolled_back")
