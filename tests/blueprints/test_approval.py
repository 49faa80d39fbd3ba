"""Plans and their approval over HTTP (P7)."""

import pytest

from models.ground.db import db
from models.record.approval import Approval
from models.record.plan import Plan, StandardChange
from models.steps import approval, plans, repair
from tests.blueprints.five import Act, named, questions_of, state_of
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_plan, a_standard_change, a_ticket, newest_plan, next_task, person

PLAN = {"kind": "fix", "risk": "normal", "steps-0-body": "清理缓存", "rollback": "恢复配置"}
ACTS = (
    Act("submit_plan", "/t/{n}/plan", "awaiting_plan", "zhao", "li", "awaiting_approval",
        PLAN, {"risk": "major", "steps-0-body": "清理缓存", "steps-2-planned": "20:00"}, later="awaiting_fix"),
    Act("withdraw", "/t/{n}", "awaiting_approval", "zhao", "li", "awaiting_plan", later="awaiting_test"),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def _waiting(risk="normal"):
    ticket = a_ticket("awaiting_approval", risk=risk)
    return ticket.number, newest_plan(ticket).id


def test_approving_is_two_presses_from_the_inbox(sign_in):
    number, plan = _waiting()
    chen = sign_in("chen")
    row = chen.get("/approvals").one("tr", data_ticket=number)
    assert row.all("a", href=f"/approvals/{plan}?from=/approvals&at=0")
    page = chen.get(f"/approvals/{plan}")
    assert [details.get("open", "no") for details in page.one(id="decide").all("details")] == ["no", "no"]
    assert chen.press(page.form("approve")).status == 303
    assert state_of(number) == "awaiting_fix"
    assert chen.get("/approvals").all(class_="empty")
    assert chen.get("/approvals?box=done").all("tr", data_ticket=number)


def test_nobody_else_decides(sign_in):
    _number, plan = _waiting()
    target = sign_in("chen").get(f"/approvals/{plan}").form("approve").url
    before = everything(but=NOT_BUSINESS)
    for login, status in (("zhao", 403), ("he", 403), ("zhang", 403), ("yang", 404)):
        browser = sign_in(login)
        token = browser.get("/report").form().values["csrf_token"]
        answer = browser.open(target, method="POST", data={"csrf_token": token})
        assert answer.status == status, login
    assert not sign_in("he").get(f"/approvals/{plan}").forms("approve")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_a_return_needs_a_reason_and_keeps_the_fold_open(sign_in):
    number, plan = _waiting()
    chen = sign_in("chen")
    refused = chen.submit(f"/approvals/{plan}", "return", comment="")
    assert refused.status == 422
    assert "open" in refused.one(id="decide").all("details")[1].attributes
    assert chen.press(refused.form("return"), comment="缺回滚。").status == 303
    assert state_of(number) == "awaiting_plan"
    assert "缺回滚。" in sign_in("zhao").get(f"/t/{number}/plan").text


def test_a_decided_or_outdated_plan_is_not_decided_again(sign_in):
    number, plan = _waiting()
    chen, wu = sign_in("chen"), sign_in("wu")
    lain_open = chen.get(f"/approvals/{plan}").form("approve")
    wu.does(f"/approvals/{plan}", "return", comment="缺备份。")
    before = everything(but=NOT_BUSINESS)
    assert chen.press(lain_open).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    sign_in("zhao").does(f"/t/{number}/plan", "submit_plan", **PLAN)
    assert chen.press(lain_open).status == 409
    assert not chen.get(f"/approvals/{plan}").forms("approve")


def test_a_new_revision_shows_what_is_otherwise(sign_in):
    number, plan = _waiting()
    approval.return_plan(db.session.get_one(Plan, plan), actor=person("chen"), comment="先备份。")
    zhao = sign_in("zhao")
    form = zhao.get(f"/t/{number}/plan").form("submit_plan")
    assert form.values["steps-0-body"] == ["1. 清理缓存"]
    assert form.values["steps-1-body"] == ["2. 上限调高并加告警"]
    rows = ("1. 备份<b>", "1. 清理缓存", "2. 上限调高并加告警")
    zhao.press(form, **{f"steps-{nth}-body": row for nth, row in enumerate(rows)})
    second = db.session.query(Plan).filter_by(revision=2).one()
    page = sign_in("chen").get(f"/approvals/{second.id}")
    assert [e.text for e in page.all("ins")] == ["1. 备份<b>"]
    assert not page.all("del")


def test_a_major_change_needs_everybody_named(sign_in):
    number = a_ticket("awaiting_plan").number
    chosen = [str(person("chen").id), str(person("wu").id)]
    major = PLAN | {"risk": "major", "backup": "已备份"}
    zhao = sign_in("zhao")
    assert zhao.submit(f"/t/{number}/plan", "submit_plan", **major, approvers=chosen[:1]).status == 422
    zhao.does(f"/t/{number}/plan", "submit_plan", **major, approvers=chosen)
    plan = db.session.query(Plan).one().id
    sign_in("chen").does(f"/approvals/{plan}", "approve")
    assert state_of(number) == "awaiting_approval"
    sign_in("wu").does(f"/approvals/{plan}", "approve")
    assert state_of(number) == "awaiting_fix"


def test_the_author_is_not_offered_as_approver(sign_in):
    number = a_ticket("awaiting_plan", assignee=person("chen")).number
    offered = sign_in("chen").get(f"/t/{number}/plan").one(id="approvers").all("input")
    assert [box["value"] for box in offered] == [str(person("wu").id)]


def test_a_standard_change_from_an_approved_plan_to_its_retirement(sign_in):
    done = a_ticket("awaiting_review")
    chen, zhao = sign_in("chen"), sign_in("zhao")
    chen.does(f"/approvals/{newest_plan(done).id}", "keep_standard_change", title="清理报销缓存")
    number = a_ticket("awaiting_plan").number
    zhao.does(f"/t/{number}/plan", "use_standard_change")
    assert state_of(number) == "awaiting_fix"
    chen.does("/standard-changes", "retire_standard_change")
    other = a_ticket("awaiting_plan").number
    assert not zhao.get(f"/t/{other}/plan").forms("use_standard_change")
    assert not zhao.get("/standard-changes").forms("retire_standard_change")


def test_a_template_retired_meanwhile_is_refused(sign_in):
    template, number = a_standard_change(), a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    lain_open = zhao.get(f"/t/{number}/plan").form("use_standard_change")
    plans.retire_standard_change(template, actor=person("chen"))
    assert zhao.press(lain_open).status == 422
    assert state_of(number) == "awaiting_plan"
    assert db.session.query(StandardChange).one().active is False


def test_a_plan_is_not_withdrawn_once_it_is_carried_out(sign_in):
    ticket = a_ticket("awaiting_fix")
    zhao = sign_in("zhao")
    assert zhao.get(f"/t/{ticket.number}").forms("withdraw")
    lain_open = zhao.get(f"/t/{ticket.number}").form("withdraw")
    repair.log_work(ticket, actor=person("zhao"), task=next_task(ticket), body="清理缓存。")
    assert not zhao.get(f"/t/{ticket.number}").forms("withdraw")
    assert zhao.press(lain_open).status == 409


def test_the_inbox_and_the_templates_are_for_those_who_decide_or_write(sign_in, browser):
    for url in ("/approvals", "/approvals?box=mine", "/standard-changes"):
        assert sign_in("zhang").get(url).status == 403
        assert sign_in("zhao").get(url).status == 200
        assert browser.open(url).status == 303


def test_a_seat_is_kept_with_what_was_decided(sign_in):
    number, plan = _waiting()
    sign_in("chen").does(f"/approvals/{plan}", "approve", comment="注意窗口。")
    seat = db.session.query(Approval).filter_by(decision="approved").one()
    assert (seat.person.login, seat.comment) == ("chen", "注意窗口。")
    assert "注意窗口。" in sign_in("he").get(f"/t/{number}").text
    assert "注意窗口。" not in sign_in("zhang").get(f"/t/{number}").text


def test_a_plan_of_a_ticket_out_of_sight_is_unknown(sign_in):
    plan = a_plan(a_ticket("awaiting_plan", category="security")).id
    assert sign_in("he").get(f"/approvals/{plan}").status == 404
    assert sign_in("he").get("/approvals/999").status == 404
