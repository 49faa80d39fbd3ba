"""Carrying out and testing over HTTP (P7.6, P8)."""

from io import BytesIO

import pytest

from models.ground.db import db
from models.record.plan import Verification, WorkStep
from models.record.resolution import Confirmation
from models.record.ticket import find_ticket
from models.steps import repair
from tests.blueprints.five import Act, named, questions_of, state_of
from tests.factories import a_ticket, carry_out, newest_plan, person


def _has_worked(ticket):
    carry_out(ticket)


PASSED = {"findings": "可以提交。", "result": "已恢复。"}
ACTS = (
    Act("work", "/t/{n}/work", "awaiting_fix", "zhao", "li", "awaiting_fix",
        {"body": "清理缓存。"}, {"body": "", "result": "98%"}),
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


def test_the_form_is_that_of_the_next_open_step(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    first = zhao.get(f"/t/{number}/work").form("work")
    assert first.values["body"] == ["1. 清理缓存"]
    page = zhao.does(
        f"/t/{number}/work", "work", result="占用 12%", ended_at="2026-11-18T09:50", started_at="2026-11-18T09:30"
    )
    second = page.form("work")
    assert second.values["body"] == ["2. 上限调高并加告警"]
    assert second.values["started_at"] == ["2026-11-18T09:50"], "from the end of the last step"
    assert not zhao.get(f"/t/{number}").forms("fix"), "one step is open still"
    page = zhao.press(second)
    assert page.status == 303
    zhao.does(f"/t/{number}", "fix")
    assert state_of(number) == "awaiting_test"


def test_any_open_step_can_be_chosen_and_one_beyond_the_plan(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    zhao.does(f"/t/{number}/work?task=2", "work")
    assert [step.task.position for step in db.session.query(WorkStep)] == [2]
    extra = zhao.submit(f"/t/{number}/work?task=", "work", body="清理磁盘。")
    assert extra.status == 422, "what is not in the plan needs a word"
    assert extra.form("work").values["body"] == ["清理磁盘。"]
    assert zhao.press(extra.form("work"), deviation="磁盘也满了。").status == 303
    assert db.session.query(WorkStep).order_by(WorkStep.id.desc()).first().task_id is None


def test_a_step_is_left_out_with_a_reason(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    answer = zhao.submit(f"/t/{number}/work", "work", outcome="left_out")
    assert answer.status == 422
    assert answer.all(id="deviation-error")
    assert zhao.press(answer.form("work"), deviation="缓存已自动清理。").status == 303
    assert "缓存已自动清理。" in zhao.get(f"/t/{number}").text


def test_evidence_stands_with_its_step_and_not_among_the_files_of_the_report(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    picture = (BytesIO(b"\x89PNG\r\n\x1a\n"), "after.png")
    zhao.does(f"/t/{number}/work", "work", before="98%", after="12%", files=[picture])
    (step,) = db.session.query(WorkStep)
    assert [(file.name, file.public) for file in step.files] == [("after.png", False)]
    page = zhao.get(f"/t/{number}")
    assert page.text.count("after.png") == 1
    assert "after.png" not in sign_in("zhang").get(f"/t/{number}").text
    key = step.files[0].key
    assert sign_in("zhang").get(f"/t/{number}/files/{key}").status == 404
    assert zhao.get(f"/t/{number}/files/{key}").status == 200


def test_a_bad_form_keeps_its_files(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    answer = zhao.submit(f"/t/{number}/work", "work", body="", files=[(BytesIO(b"x"), "log.txt")])
    assert answer.status == 422
    assert zhao.press(answer.form("work"), body="清理缓存。").status == 303
    assert [file.name for file in db.session.query(WorkStep).one().files] == ["log.txt"]


def test_finishing_too_early_names_what_is_missing(sign_in):
    ticket = a_ticket("awaiting_fix")
    number, zhao = ticket.number, sign_in("zhao")
    _has_worked(ticket)
    lain_open = zhao.get(f"/t/{number}").form("fix")
    repair.log_work(
        find_ticket(number), actor=person("zhao"), task=newest_plan(ticket).tasks[1], body="再试", outcome="failed",
        deviation="告警没有生效。",
    )  # fmt: skip
    answer = zhao.press(lain_open)
    assert answer.status == 409
    assert "上限调高并加告警" in answer.text
    assert "清理缓存" not in answer.text
    assert state_of(number) == "awaiting_fix"


def test_a_failed_step_leads_to_the_rollback_plan(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    page = zhao.does(f"/t/{number}/work", "work", body="重启失败。", outcome="failed")
    form = page.form("roll_back")
    assert "恢复原配置并重启" in page.text
    assert form.values["undone-0-body"] == ["恢复原配置并重启。"]
    assert form.values["reason"] == ["重启失败。"]
    links = [link["href"] for link in zhao.get(f"/t/{number}").all("a", class_="button primary")]
    assert links == [f"/t/{number}/rollback"], "it is put forward"
    zhao.press(form, **{"undone-0-at": "2026-11-18T09:55"})
    undone = db.session.query(WorkStep).filter_by(outcome="undone").one()
    assert (undone.body, undone.ended_at.isoformat()) == ("恢复原配置并重启。", "2026-11-18T01:55:00+00:00")
    assert state_of(number) == "awaiting_plan"


def test_going_on_after_a_failure_needs_a_word(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    zhao.does(f"/t/{number}/work", "work", outcome="failed")
    answer = zhao.submit(f"/t/{number}/work", "work", body="再来一次。")
    assert answer.status == 422
    assert answer.all(id="deviation-error")
    assert zhao.press(answer.form("work"), deviation="服务未就绪，等待后重试。").status == 303


def test_a_time_that_is_none_keeps_the_rollback_as_it_was_typed(sign_in):
    number = a_ticket("awaiting_fix").number
    answer = sign_in("zhao").submit(
        f"/t/{number}/rollback",
        "roll_back",
        reason="失败。",
        **{"undone-0-body": "恢复", "undone-0-at": "2026-11-19T09:00"},
    )
    assert answer.status == 422
    assert answer.form("roll_back").values["undone-0-body"] == ["恢复"]
    assert state_of(number) == "awaiting_fix"


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
