"""Several normal changes approved together: each by itself, on the text that was shown (V09, P7.3)."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.ground.db import db
from models.record.approval import Approval
from models.record.link import CONSENT, living_link
from models.record.ticket import find_ticket
from models.steps import approval, plans
from models.steps.absences import announce_absence
from tests.blueprints.five import state_of
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_plan, a_reviewer, a_ticket, an_emergency, person

BOX = {"type": "checkbox", "name": "plans"}
PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#form-bulk"}


def _waiting(count=1):
    """Their numbers."""
    return [a_plan(a_ticket("awaiting_plan")).ticket.number for _ in range(count)]


def _boxes(page):
    return {box["value"].partition(":")[0]: box["value"] for box in page.all("input", **BOX)}


def _sent(page, *numbers):
    """The form as it is sent when these boxes on the page are ticked."""
    form, boxes = page.form("approve_several"), _boxes(page)
    return form.url, form.filled() | {"plans": [boxes[number] for number in numbers]}


def _press(browser, page, *numbers, **more):
    url, sent = _sent(page, *numbers)
    return browser.open(url, method="POST", data=sent, **more)


def _decisions(number):
    return {seat.person.login: seat.decision for plan in find_ticket(number).plans for seat in plan.approvals}


def test_several_are_approved_each_by_itself(sign_in):
    numbers = _waiting(3)
    chen = sign_in("chen")
    page = chen.get("/approvals")
    assert set(_boxes(page)) == set(numbers)
    assert not [box for box in page.all("input", **BOX) if "checked" in box.attributes], "none is chosen beforehand"
    url, sent = _sent(page, *numbers[:2])
    answer = chen.open(url, method="POST", data=sent)
    assert answer.status == 303
    after = chen.get(answer.response.location)
    assert all(number in after.one(class_="alert good").text for number in numbers[:2])
    assert set(_boxes(after)) == {numbers[2]}
    assert [state_of(number) for number in numbers] == ["awaiting_fix", "awaiting_fix", "awaiting_approval"]
    assert _decisions(numbers[0]) == {"chen": "approved", "wu": ""}
    before = everything(but=NOT_BUSINESS)
    assert chen.open(url, method="POST", data=sent).status == 303, "sent twice it has one effect"
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_only_normal_changes_go_together(english):
    """Major and late ones are read first: they have no box, and a made-up one is refused by name."""
    [normal] = _waiting()
    major = a_plan(a_ticket("awaiting_plan"), risk="major")
    late = an_emergency(a_ticket("awaiting_plan", severity="P0"))
    chen, wu = english("chen"), english("wu")
    page = chen.get("/approvals")
    other = major.ticket.number
    listed = [{row["data-ticket"] for row in one.get("/approvals").all("tr", data_ticket=None)} for one in (chen, wu)]
    assert listed[0] >= {normal, other}
    assert late.ticket.number in listed[1]
    assert [set(_boxes(one.get("/approvals"))) for one in (chen, wu)] == [{normal}, {normal}]
    url, sent = _sent(page, normal)
    sent["plans"] += [f"{plan.ticket.number}:{plan.digest}" for plan in (major, late)]
    answer = chen.open(url, method="POST", data=sent)
    refusals = chen.get(answer.response.location).one(class_="alert danger").text
    assert "Only normal changes are approved together" in refusals
    assert all(number in refusals for number in (other, late.ticket.number))
    assert [state_of(number) for number in (normal, other)] == ["awaiting_fix", "awaiting_approval"]
    assert late.late == "owed"


@pytest.mark.parametrize("how", ["revised", "returned", "withdrawn"])
def test_what_was_written_again_is_read_first(english, how):
    """There is a difference to read: no box, though the text of the second revision is the first one's."""
    again, calm = _waiting(2)
    first, zhao, chen = find_ticket(again).plans[0], person("zhao"), english("chen")
    url, sent = _sent(chen.get("/approvals"), again, calm)
    if how == "revised":
        plans.revise_plan(first, actor=zhao, risk="normal", steps="1. 另一步")
    else:
        _take_back(first, how)
        assert a_plan(find_ticket(again)).digest == first.digest
    second = find_ticket(again).plans[-1]
    page = chen.get("/approvals")
    assert page.all("tr", data_ticket=again)
    assert set(_boxes(page)) == {calm}
    sent["plans"][0] = f"{again}:{second.digest}"
    refusal = chen.get(chen.open(url, method="POST", data=sent).response.location).one(class_="alert danger").text
    assert again in refusal
    assert "written again" in refusal
    assert (state_of(again), state_of(calm)) == ("awaiting_approval", "awaiting_fix")
    chen.does(f"/approvals/{second.id}", "approve")
    assert state_of(again) == "awaiting_fix", "by itself it is decided as ever"


def _take_back(plan, how):
    if how == "returned":
        approval.return_plan(plan, actor=person("chen"), comment="步骤不清")
    else:
        plans.withdraw_plan(plan, actor=person("zhao"))


def test_the_customer_is_asked_as_after_a_single_approval(sign_in):
    """P7.4: where it touches them, nothing is carried out before they agree."""
    plan = a_plan(a_ticket("awaiting_plan"), touches_customer=True, explanation="今晚九点起十分钟不能报销。")
    chen = sign_in("chen")
    page = chen.get("/approvals")
    _press(chen, page, plan.ticket.number)
    assert state_of(plan.ticket.number) == "awaiting_consent"
    assert living_link(plan.ticket, purpose=CONSENT), "and they have a link to say so"


def test_a_line_shows_what_is_decided_on(english):
    """V09: what, risk, when, whether it can be undone, whether the customer notices, and whose it is."""
    said = {"window": "20:00–21:00", "touches_customer": True, "explanation": "十分钟不能报销。"}
    plan = a_plan(a_ticket("awaiting_plan"), **said)
    bare = a_plan(a_ticket("awaiting_plan"), rollback="")
    page = english("chen").get("/approvals")
    line, other = (page.one(id=f"row-plan-{each.id}").text for each in (plan, bare))
    assert all(task.body in line for task in plan.tasks)
    for words in (
        plan.ticket.title,
        "Normal change",
        "20:00–21:00",
        "with a rollback plan",
        "The customer will notice it",
        "赵",
    ):
        assert words in line
    assert "no rollback plan" in other
    assert "The customer will notice it" not in other


def test_without_a_normal_change_the_list_is_as_it_was(sign_in):
    number = a_plan(a_ticket("awaiting_plan"), risk="major").ticket.number
    assert not sign_in("chen").get("/approvals").all(class_="c-select"), "a major one alone"
    _waiting()
    chen, zhao = sign_in("chen"), sign_in("zhao")
    for page in (sign_in("li").get("/approvals"), zhao.get("/approvals?box=mine")):
        assert not page.all("input", **BOX)
        assert not page.all("th", class_="c-select")
    assert not zhao.get("/approvals?box=mine").forms("approve_several")
    assert chen.get("/approvals").one("tr", data_ticket=number).one("td", class_="c-select").text == ""


def test_what_changed_meanwhile_is_refused_by_itself(english):
    revised, decided, withdrawn, calm = _waiting(4)
    chen = english("chen")
    page = chen.get("/approvals")
    plan_of = lambda number: find_ticket(number).plans[-1]  # noqa: E731
    plans.revise_plan(plan_of(revised), actor=person("zhao"), risk="normal", steps="1. 另一步")
    approval.return_plan(plan_of(decided), actor=person("chen"), comment="步骤不清")
    plans.withdraw_plan(plan_of(withdrawn), actor=person("zhao"))
    answer = _press(chen, page, revised, decided, withdrawn, calm)
    assert answer.status == 303
    after = chen.get(answer.response.location)
    said = {number: next((a.text for a in after.all(class_="alert danger") if number in a.text), "")
            for number in (revised, decided, withdrawn)}  # fmt: skip
    assert "newer revision" in said[revised]
    assert "already decided" in said[decided]
    assert "decided already" in said[withdrawn]
    assert calm in after.one(class_="alert good").text
    assert state_of(calm) == "awaiting_fix"
    assert (state_of(revised), state_of(decided)) == ("awaiting_approval", "awaiting_plan")


def test_another_text_is_not_what_was_read(english):
    number, calm = _waiting(2)
    chen = english("chen")
    url, sent = _sent(chen.get("/approvals"), number, calm)
    sent["plans"][0] = f"{number}:{'0' * 64}"
    after = chen.get(chen.open(url, method="POST", data=sent).response.location)
    assert "not the one that you read" in after.one(class_="alert danger").text
    assert (state_of(number), state_of(calm)) == ("awaiting_approval", "awaiting_fix")


@pytest.mark.parametrize("chosen", [[], ["", "x", "a:b:c"], ["TS19990101001:" + "0" * 64]])
def test_nothing_that_could_be_done_is_said_and_the_boxes_stay(sign_in, chosen):
    [number] = _waiting()
    chen = sign_in("chen")
    url, sent = _sent(chen.get("/approvals"))
    before = everything(but=NOT_BUSINESS)
    answer = chen.open(url, method="POST", data=sent | {"plans": chosen})
    assert answer.status == 422
    assert answer.one(role="alert").text
    assert answer.all("tr", data_ticket=number), "the list stands there again"
    part = chen.open(url, method="POST", data=sent | {"plans": chosen}, headers=PART)
    assert (part.status, part.all("tr")) == (422, []), "with a script the list stays, only the form comes back"
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_what_was_ticked_stays_ticked(sign_in):
    one, other = _waiting(2)
    chen = sign_in("chen")
    page = chen.get("/approvals")
    approval.approve_plan(find_ticket(one).plans[-1], actor=person("chen"))
    url, sent = _sent(page, other)
    refused = chen.open(url, method="POST", data=sent | {"once": "too old"})
    assert refused.status == 422
    assert [box["value"] for box in refused.all("input", **BOX) if "checked" in box.attributes] == sent["plans"]


def test_nobody_decides_by_it_who_may_not(sign_in):
    """The author, who has no seat, who is signed out: as with one plan (P7.3)."""
    [number] = _waiting()
    _url, sent = _sent(sign_in("chen").get("/approvals"), number)
    for login in ("zhao", "li", "liu"):
        browser = sign_in(login)
        mine = browser.get("/approvals").form("approve_several").filled() | {"plans": sent["plans"]}
        answer = browser.open("/approvals", method="POST", data=mine)
        assert answer.status == 422, login
        assert number in answer.one(role="alert").text
    assert sign_in("zhang").open("/approvals", method="POST", data=sent).status == 403
    assert state_of(number) == "awaiting_approval"
    assert set(_decisions(number).values()) == {""}


def test_what_one_may_not_see_is_not_there(sign_in):
    number = a_plan(a_ticket("awaiting_plan", category="security")).ticket.number
    li = sign_in("li")
    mine = li.get("/approvals").form("approve_several").filled()
    made_up = f"{number}:{find_ticket(number).plans[0].digest}"
    answer = li.open("/approvals", method="POST", data=mine | {"plans": [made_up]})
    assert answer.status == 422
    assert state_of(number) == "awaiting_approval"


def test_a_delegate_approves_and_is_named(browser):
    [number] = _waiting()
    a_reviewer("mei")
    away = {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(hours=24), "delegate": person("mei")}
    announce_absence(person("wu"), actor=person("wu"), **away)
    browser.sign_in("mei", "demo-demo")
    page = browser.get("/approvals")
    assert "吴刚" in page.one("tr", data_ticket=number).text
    assert _press(browser, page, number).status == 303
    seat = db.session.query(Approval).filter_by(decision="approved").one()
    assert (seat.person.login, seat.decided_by.login) == ("wu", "mei")


def test_looking_decides_nothing(sign_in):
    """A scanner that follows every link, with the values of the boxes even, changes nothing."""
    [number] = _waiting()
    chen = sign_in("chen")
    before = everything(but=NOT_BUSINESS)
    _url, sent = _sent(chen.get("/approvals"), number)
    assert chen.open("/approvals", query_string=sent).status == 200
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
