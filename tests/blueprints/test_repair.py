"""Carrying out and testing over HTTP (P7.6, P8)."""

import pytest

from models.ground.db import db
from models.record.plan import Verification, WorkStep
from models.record.resolution import Confirmation
from models.steps import repair
from tests.blueprints.five import Act, named, questions_of, state_of
from tests.factories import a_ticket, person


def _has_worked(ticket):
    repair.log_work(ticket, actor=person("zhao"), body="清理缓存。")


PASSED = {"findings": "可以提交。", "result": "已恢复。"}
ACTS = (
    Act("work", "/t/{n}/work", "awaiting_fix", "zhao", "li", "awaiting_fix",
        {"body": "清理缓存。"}, {"body": "", "evidence": "98%"}),
    Act("fix", "/t/{n}", "awaiting_fix", "zhao", "li", "awaiting_test", prepare=_has_worked),
    Act("roll_back", "/t/{n}/rollback", "awaiting_fix", "zhao", "li", "awaiting_plan",
        {"reason": "重启失败。"}, {"reason": ""}),
    Act("pass_test", "/t/{n}/test", "awaiting_test", "he", "wang", "awaiting_customer",
        PASSED, {"findings": "可以提交。", "result": ""}),
    Act("fail_test", "/t/{n}/test", "awaiting_test", "he", "wang", "awaiting_fix",
        {"findings": "仍然报错。", "goes_on": "same"}, {"findings": "仍然报错。"}),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def test_nothing_is_finished_before_a_step_is_recorded(sign_in):
    number = a_ticket("awaiting_fix").number
    assert not sign_in("zhao").get(f"/t/{number}").forms("fix")


def test_times_are_the_writers_own_and_not_in_the_future(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    times = {"started_at": "2026-11-18T09:30", "ended_at": "2026-11-18T09:50"}
    zhao.does(f"/t/{number}/work", "work", body="清理缓存。", **times)
    step = db.session.query(WorkStep).one()
    assert (step.started_at.isoformat(), step.ended_at.hour) == ("2026-11-18T01:30:00+00:00", 1)
    ahead = zhao.submit(f"/t/{number}/work", "work", body="重启。", ended_at="2026-11-18T10:30")
    assert ahead.status == 422
    assert ahead.all(id="ended_at-error")


def test_a_failed_step_leads_to_the_rollback_plan(sign_in):
    number = a_ticket("awaiting_fix").number
    page = sign_in("zhao").does(f"/t/{number}/work", "work", body="重启失败。", failed="y")
    assert page.forms("roll_back")
    assert "恢复原配置并重启" in page.text


def test_failing_with_a_new_plan_goes_back_to_the_plan(sign_in):
    number = a_ticket("awaiting_test").number
    sign_in("he").does(f"/t/{number}/test", "fail_test", findings="仍然报错。", goes_on="new")
    assert state_of(number) == "awaiting_plan"
    assert db.session.query(Verification).one().passed is False


def test_a_joint_test_asks_nobody_twice(sign_in):
    number = a_ticket("awaiting_test").number
    sign_in("he").does(f"/t/{number}/test", "pass_test", **PASSED, confirmed_by="张敏")
    assert state_of(number) == "awaiting_review"
    assert (db.session.query(Confirmation).one().means, not sign_in("zhang").get(f"/t/{number}").forms("confirm")) == (
        "joint_test", True,
    )  # fmt: skip


def test_what_was_tested_stays_inside_and_the_result_goes_out(sign_in):
    number = a_ticket("awaiting_test").number
    sign_in("he").does(f"/t/{number}/test", "pass_test", findings="压测两小时。", result="已恢复。", cause="缓存满。")
    seen = sign_in("zhang").get(f"/t/{number}").text
    assert "已恢复。" in seen
    assert "缓存满。" in seen
    assert "压测两小时" not in seen
