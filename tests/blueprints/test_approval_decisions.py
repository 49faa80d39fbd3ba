"""Deciding over HTTP: what a decision page says and offers, and everything that is refused (P7.3)."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.ground.db import db
from models.record.approval import Approval, PlanCopy
from models.record.plan import Plan
from models.record.ticket import find_ticket
from models.steps import accounts, approval, approval_templates
from models.steps.absences import announce_absence
from tests.blueprints.five import state_of
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_plan, a_reviewer, a_ticket, an_emergency, newest_plan, person

MORE = ("approvers", "handing-over", "copies")


def _waiting(**more):
    plan = a_plan(a_ticket("awaiting_plan"), **more)
    return plan.ticket.number, plan.id


def _round(*logins, rule="sequence", quorum=1):
    """A plan over which these sit, in this order."""
    template = approval_templates.keep_approval_template(
        None, actor=person("chen"), name=f"{rule} {logins}", risk="normal", rule=rule, quorum=quorum,
        seats=[("", None, person(login)) for login in logins],
    )  # fmt: skip
    return _waiting(template=template)


# --- two taps, three taps


def test_returning_takes_a_ready_reason_and_no_word(sign_in):
    number, plan = _waiting()
    page = sign_in("chen").get(f"/approvals/{plan}")
    form = page.form("return")
    assert not form.values.get("reason"), "nothing is chosen beforehand"
    assert len([e for e in form.element.all("input") if e.get("name") == "reason"]) >= 3
    sign_in("chen").does(f"/approvals/{plan}", "return", reason="steps")
    assert state_of(number) == "awaiting_plan"
    said = db.session.get_one(Plan, plan).approvals[0].comment
    assert said
    assert said in sign_in("zhao").get(f"/t/{number}/plan").text


def test_own_words_follow_the_ready_reason(sign_in):
    _number, plan = _waiting()
    sign_in("chen").does(f"/approvals/{plan}", "return", reason="window", comment="周五不行。")
    decided = db.session.query(Approval).filter_by(decision="returned").one()
    first, second = decided.comment.splitlines()
    assert first
    assert second == "周五不行。"


# --- what was read is what is decided


def test_the_decision_carries_what_was_read(sign_in):
    number, plan = _waiting()
    chen = sign_in("chen")
    form = chen.get(f"/approvals/{plan}").form("approve")
    assert form.values["digest"] == [db.session.get_one(Plan, plan).digest]
    before = everything(but=NOT_BUSINESS)
    assert chen.press(form, digest="0" * 64).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert state_of(number) == "awaiting_approval"


def test_a_stale_page_names_what_has_changed_and_leads_on(sign_in):
    number, plan = _waiting()
    chen, zhao = sign_in("chen"), sign_in("zhao")
    lain_open = chen.get(f"/approvals/{plan}").form("approve")
    zhao.does(f"/approvals/{plan}/revision", "revise_plan", rollback="拔电源")
    newer = newest_plan(find_ticket(number)).id
    for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#form-approve"}):
        sent = {name: value[0] for name, value in lain_open.values.items()}
        answer = chen.open(lain_open.url, method="POST", data=sent, headers=headers)
        assert answer.status == 409
        assert answer.all("a", href=f"/approvals/{newer}"), "the way forward"
    english = sign_in("chen")
    english.press(english.get("/help/shortcuts").form("set_language"), language="en")
    said = english.get(f"/approvals/{plan}").one(class_="alert warn").text
    assert "Rollback plan" in said
    assert "Steps" not in said
    assert not english.get(f"/approvals/{plan}").forms("approve")


def test_twice_is_once(sign_in):
    _number, plan = _waiting(risk="major")
    chen = sign_in("chen")
    again = chen.get(f"/approvals/{plan}").form("approve")
    chen.does(f"/approvals/{plan}", "approve")
    before = everything(but=NOT_BUSINESS)
    assert chen.press(again).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


# --- rounds in words


@pytest.mark.parametrize("rule", ["any", "all", "sequence", "quorum"])
def test_the_rule_stands_in_words_and_who_is_next(english, rule):
    _number, plan = _round("chen", "wu", rule=rule, quorum=2)
    words = {"any": "Any one of them decides.", "all": "All of them must agree.",
             "sequence": "They decide one after the other.", "quorum": "2 of 2 must agree."}  # fmt: skip
    page = english("zhao").get(f"/approvals/{plan}")
    assert words[rule] in page.text
    second = page.all("ol", class_="seats in-turn" if rule == "sequence" else "seats")[0].all("li")[1]
    assert second["class"] == ("waiting" if rule == "sequence" else "open")


def test_in_a_sequence_only_the_next_decides(sign_in):
    number, plan = _round("chen", "wu")
    wu, chen = sign_in("wu"), sign_in("chen")
    assert not wu.get(f"/approvals/{plan}").forms("approve")
    assert not wu.get("/approvals").all("tr", data_ticket=number)
    chen.does(f"/approvals/{plan}", "approve")
    assert wu.get("/approvals").all("tr", data_ticket=number)
    wu.does(f"/approvals/{plan}", "approve")
    assert state_of(number) == "awaiting_fix"


def _send_away(login, *, delegate, hours=24):
    now = clock.now()
    announce_absence(
        person(login), actor=person(login), starts_at=now, ends_at=now + timedelta(hours=hours),
        delegate=person(delegate),
    )  # fmt: skip


def test_a_delegate_decides_and_is_named(english):
    number, plan = _round("wu")
    _send_away("wu", delegate="chen")
    chen = english("chen")
    row = chen.get("/approvals").one("tr", data_ticket=number)
    assert "for 吴刚" in row.text
    assert chen.get(f"/approvals/{plan}").all("div", class_="alert info")
    chen.does(f"/approvals/{plan}", "approve")
    seat = db.session.query(Approval).filter_by(decision="approved").one()
    assert (seat.person.login, seat.decided_by.login) == ("wu", "chen")
    assert "for 吴刚, who is away" in english("zhao").get(f"/approvals/{plan}").text
    assert "for 吴刚" in chen.get("/approvals?box=done").one("tr", data_ticket=number).text


def test_a_delegation_that_has_ended_decides_no_more(sign_in, time):
    number, plan = _round("wu")
    _send_away("wu", delegate="chen", hours=1)
    chen = sign_in("chen")
    lain_open = chen.get(f"/approvals/{plan}").form("approve")
    time(timedelta(hours=1))
    before = everything(but=NOT_BUSINESS)
    refused = chen.press(lain_open)
    assert (refused.status, "has ended" in refused.text or "已结束" in refused.text) == (403, True)
    assert not chen.get(f"/approvals/{plan}").forms("approve")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert state_of(number) == "awaiting_approval"


def test_after_a_demotion_nobody_decides(sign_in):
    number, plan = _round("wu", "chen", rule="all")
    lain_open = sign_in("wu").get(f"/approvals/{plan}").form("approve")
    demoted = person("wu")
    accounts.edit_person(
        demoted, actor=person("admin"), name=demoted.name, email=demoted.email, phone="", engineer_level="",
        team=demoted.team, department=demoted.department, roles=[("engineer", None)],
    )  # fmt: skip
    wu = sign_in("wu")
    assert not wu.get(f"/approvals/{plan}").forms("approve")
    before = everything(but=NOT_BUSINESS)
    token = wu.get("/report").form().values["csrf_token"]
    refused = wu.press(lain_open, csrf_token=token)
    assert (refused.status, "吴刚" in refused.one("main").text) == (403, True)
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert state_of(number) == "awaiting_approval"


# --- bringing somebody in


def test_adding_before_and_after(sign_in):
    number, plan = _waiting()
    mei = a_reviewer()
    chen = sign_in("chen")
    assert chen.get(f"/approvals/{plan}").all("a", href=f"/approvals/{plan}/approvers")
    chen.does(f"/approvals/{plan}/approvers", "add_approver", person=str(mei.id), first="before", comment="看看回滚")
    assert not chen.get(f"/approvals/{plan}").forms("approve"), "first the one who was added"
    browser = sign_in("wu")
    assert "看看回滚" in browser.get(f"/approvals/{plan}").text
    approval.approve_plan(db.session.get_one(Plan, plan), actor=mei)
    chen.does(f"/approvals/{plan}", "approve")
    assert state_of(number) == "awaiting_fix"


def test_handing_over_and_back_in_the_list(sign_in):
    number, plan = _round("chen", "wu", rule="all")
    mei = a_reviewer()
    sign_in("wu").does(f"/approvals/{plan}/handing-over", "hand_over_seat", person=str(mei.id), reason="休假")
    page = sign_in("zhao").get(f"/approvals/{plan}")
    assert "休假" in page.text
    assert not sign_in("wu").get(f"/approvals/{plan}").forms("approve")
    assert not sign_in("wu").get("/approvals").all("tr", data_ticket=number)


@pytest.mark.parametrize("part", MORE)
def test_beside_a_decision_only_those_who_may(sign_in, part):
    _number, plan = _waiting()
    action = {"approvers": "add_approver", "handing-over": "hand_over_seat", "copies": "copy_plan"}[part]
    url = f"/approvals/{plan}/{part}"
    for login, status in (("he", 403), ("zhang", 403), ("yang", 404)):
        assert sign_in(login).open(url).status == status, login
    chen = sign_in("chen")
    before = everything(but=NOT_BUSINESS)
    assert chen.submit(url, action).status == 422
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    if part == "copies":
        return  # a copy can be sent whatever becomes of the plan
    lain_open = chen.get(url).form(action)
    approval.approve_plan(db.session.get_one(Plan, plan), actor=person("wu"))
    before = everything(but=NOT_BUSINESS)
    mei = {"person": str(person("wu").id)}
    more = {"first": "after"} if part == "approvers" else {"reason": "休假"}
    assert chen.press(lain_open, **mei, **more).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_somebody_who_sits_already_is_not_added(sign_in):
    _number, plan = _round("chen", "wu", rule="all")
    answer = sign_in("chen").submit(
        f"/approvals/{plan}/approvers", "add_approver", person=str(person("wu").id), first="after"
    )
    assert answer.status == 422
    assert answer.all(id="person-error")


def test_a_copy_is_read_and_decides_nothing(sign_in):
    number, plan = _waiting()
    sign_in("zhao").does(f"/approvals/{plan}/copies", "copy_plan", people="刘洋")
    liu = sign_in("liu")
    row = liu.get("/approvals?box=cc").one("tr", data_ticket=number)
    assert row.all(class_="pill in_progress"), "not read yet"
    page = liu.get(f"/approvals/{plan}")
    assert not page.forms("approve")
    liu.press(page.form("read_copy"))
    assert db.session.query(PlanCopy).one().read_at
    assert not liu.get(f"/approvals/{plan}").forms("read_copy")
    assert not liu.get("/approvals?box=cc").one("tr", data_ticket=number).all(class_="pill in_progress")
    other = sign_in("zhao")
    token = other.get("/report").form().values["csrf_token"]
    assert other.open(f"/approvals/{plan}/reading", method="POST", data={"csrf_token": token}).status == 403
    assert "(" in sign_in("zhao").get(f"/approvals/{plan}").text


def test_a_copy_offers_people_while_one_types(sign_in):
    _number, plan = _waiting()
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = sign_in("zhao").open(f"/approvals/{plan}/copies?people=刘", headers=part)
    assert [option["value"] for option in answer.all("option")]
    assert sign_in("zhao").submit(f"/approvals/{plan}/copies", "copy_plan", people="谁也不是").status == 422


# --- what the author can do


def test_urging_once_in_half_an_hour(sign_in, time):
    _number, plan = _waiting()
    zhao = sign_in("zhao")
    page = zhao.get(f"/approvals/{plan}")
    zhao.press(page.form("urge"))
    before = everything(but=NOT_BUSINESS)
    assert zhao.press(zhao.get(f"/approvals/{plan}").form("urge")).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    time(timedelta(minutes=31))
    assert zhao.press(zhao.get(f"/approvals/{plan}").form("urge")).status == 303
    for login in ("he", "chen"):  # who decides is not asked to hurry others
        assert not sign_in(login).get(f"/approvals/{plan}").forms("urge"), login


def test_the_author_can_take_it_back_where_it_is_decided(sign_in):
    number, plan = _waiting()
    zhao = sign_in("zhao")
    page = zhao.get(f"/approvals/{plan}")
    assert page.all("a", href=f"/approvals/{plan}/revision")
    zhao.press(page.form("withdraw"))
    assert state_of(number) == "awaiting_plan"
    assert not zhao.get(f"/approvals/{plan}").forms("withdraw")


# --- late decisions


def test_a_late_decision_is_not_the_authors_nor_a_strangers(sign_in):
    ticket = a_ticket("awaiting_plan", severity="P0")
    plan = an_emergency(ticket).id
    chen = sign_in("chen")
    for action, path in (("ratify", "late-approval"), ("refuse_ratify", "late-return")):
        form = chen.get(f"/approvals/{plan}").form(action)
        assert form.url == f"/approvals/{plan}/{path}"
        before = everything(but=NOT_BUSINESS)
        for login, status in (("zhao", 403), ("he", 403), ("yang", 404)):
            browser = sign_in(login)
            token = browser.get("/report").form().values["csrf_token"]
            assert browser.open(form.url, method="POST", data={"csrf_token": token}).status == status
        assert difference(before, everything(but=NOT_BUSINESS)) == {}
    lain_open = chen.get(f"/approvals/{plan}").form("ratify")
    assert chen.submit(f"/approvals/{plan}", "refuse_ratify").status == 422
    sign_in("wu").does(f"/approvals/{plan}", "ratify")
    before = everything(but=NOT_BUSINESS)
    assert chen.press(lain_open).status in (403, 409)
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
