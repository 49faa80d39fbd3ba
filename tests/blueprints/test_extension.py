"""More time over HTTP (P4.6): asked for on the ticket, decided in the approvals; and the call back (P10.5)."""

from datetime import timedelta

import pytest

from models.ground.db import db
from models.record.deadline import open_pause
from models.record.extension import Extension, pending_extension
from models.record.ticket import find_ticket
from models.steps import comment, customer_verification, extension
from tests.blueprints.five import Act, named, questions_of, refuses_the_wrong_moment, state_of
from tests.database import NOT_BUSINESS, by_force, difference, everything
from tests.deeds import DEEDS
from tests.factories import a_ticket, deadline, person

MORE = {"until": "2026-11-25T10:00", "reason": "等厂商补丁。"}
ACTS = (
    Act("extend", "/t/{n}/extension", "awaiting_plan", "zhao", "li", "awaiting_plan",
        MORE, {"until": "2026-11-25T10:00", "reason": ""}),
    Act("call_back", "/t/{n}/call-back", "awaiting_review", "chen", "zhao", "awaiting_review",
        {"text": "已致歉。"}, {"text": ""}, prepare=DEEDS["call_back"].prepare),
)  # fmt: skip


QUESTIONS = [  # a ticket that owes a call back is never closed, so the wrong moment is another: it has been made
    (ask, act) for ask, act in questions_of(ACTS) if (ask, act.action) != (refuses_the_wrong_moment, "call_back")
]


@pytest.mark.parametrize(("ask", "act"), QUESTIONS, ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def links(page):
    return {link["href"] for link in page.all("a")}


def _asked(state="awaiting_plan"):
    ticket = a_ticket(state)
    until = deadline(ticket, "resolve").due_at + timedelta(days=2)
    asked = extension.ask_for_extension(ticket, actor=person("zhao"), reason="等厂商补丁。", until=until)
    return ticket.number, asked.id


@pytest.mark.parametrize("login", ["li", "feng"])
def test_a_request_about_a_ticket_that_one_may_not_see_is_not_there(sign_in, login):
    number, asked = _asked()
    by_force(f"UPDATE ticket SET category = 'security' WHERE number = '{number}'")
    assert sign_in(login).get(f"/extensions/{asked}").status == 404
    assert sign_in("zhao").get(f"/extensions/{asked}").status == 200


def test_the_form_says_what_stands(sign_in):
    number = a_ticket("awaiting_plan").number
    assert "2026-11-23 11:30" in sign_in("zhao").get(f"/t/{number}/extension").text


@pytest.mark.parametrize("until", ["2026-11-18T09:00", "2026-11-23T11:30", "2026-11-23T12:30", "morgen", ""])
def test_a_time_that_is_no_extension_comes_back_with_what_was_typed(sign_in, until):
    """In the past, not later than what stands, in the lunch break behind noon, no time at all."""
    ticket = a_ticket("awaiting_plan")
    if until == "2026-11-23T12:30":
        at_noon = deadline(ticket, "resolve").due_at + timedelta(minutes=30)
        asked = extension.ask_for_extension(ticket, actor=person("zhao"), reason="x", until=at_noon)
        extension.grant_extension(asked, actor=person("chen"))
    answer = sign_in("zhao").submit(f"/t/{ticket.number}/extension", "extend", until=until, reason="等厂商补丁。")
    assert answer.status == 422
    assert answer.form("extend").values["reason"] == ["等厂商补丁。"]
    assert pending_extension(find_ticket(ticket.number)) is None


def test_from_the_request_to_the_new_time(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao, chen = sign_in("zhao"), sign_in("chen")
    assert f"/t/{number}/extension" in links(zhao.get(f"/t/{number}"))
    zhao.does(f"/t/{number}/extension", "extend", **MORE)
    assert f"/t/{number}/extension" not in links(zhao.get(f"/t/{number}")), "one request at a time"
    db.session.rollback()
    url = f"/extensions/{pending_extension(find_ticket(number)).id}"
    inbox = chen.get("/approvals")
    assert inbox.all("tr", data_ticket=number)
    assert f"{url}?from=/approvals&at=0" in links(inbox)
    page = chen.get(url)
    assert [details.attributes.get("open", "no") for details in page.one(id="decide").all("details")] == ["no", "no"]
    assert chen.press(page.form("grant_extension"), comment="可以。").status == 303
    assert deadline(find_ticket(number), "resolve").due_at.isoformat() == "2026-11-25T02:00:00+00:00"
    inbox = chen.get("/approvals")
    assert any(number in said.text for said in inbox.all("div", role="status"))
    assert not inbox.all("tr", data_ticket=number)
    assert chen.get("/approvals?box=done").all("tr", data_ticket=number)
    assert zhao.get("/approvals?box=mine").all("tr", data_ticket=number)
    assert "2026-11-25 10:00" in zhao.get(f"/t/{number}").text
    zhang = sign_in("zhang").get(f"/t/{number}")
    assert "2026-11-25 10:00" in zhang.text
    assert "等厂商补丁。" not in zhang.text, "the reason stays in the house"


def test_a_refusal_needs_a_reason_and_keeps_the_fold_open(sign_in):
    number, asked = _asked()
    chen, url = sign_in("chen"), f"/extensions/{asked}"
    refused = chen.submit(url, "refuse_extension", comment="")
    assert refused.status == 422
    assert "open" in refused.one(id="decide").all("details")[1].attributes
    assert chen.press(refused.form("refuse_extension"), comment="先上临时方案。").status == 303
    assert "先上临时方案。" in sign_in("zhao").get(url).text
    assert state_of(number) == "awaiting_plan"


def test_nobody_else_decides(sign_in):
    _number, asked = _asked()
    page = sign_in("chen").get(f"/extensions/{asked}")
    before = everything(but=NOT_BUSINESS)
    for action in ("grant_extension", "refuse_extension"):
        target = page.form(action).url
        for login, status in (("zhao", 403), ("he", 403), ("liu", 403), ("zhang", 403), ("yang", 404)):
            browser = sign_in(login)
            token = browser.get("/report").form().values["csrf_token"]
            answer = browser.open(target, method="POST", data={"csrf_token": token, "comment": "x"})
            assert answer.status == status, (action, login)
    assert not sign_in("zhao").get(f"/extensions/{asked}").forms("grant_extension")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_decided_meanwhile(sign_in):
    _number, asked = _asked()
    chen, wu = sign_in("chen"), sign_in("wu")
    lain_open = chen.get(f"/extensions/{asked}").form("refuse_extension")
    wu.does(f"/extensions/{asked}", "grant_extension")
    before = everything(but=NOT_BUSINESS)
    assert chen.press(lain_open, comment="不行。").status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert not chen.get(f"/extensions/{asked}").forms("refuse_extension")


def test_too_late_is_said_before_anything_is_typed(sign_in, time):
    ticket = a_ticket("awaiting_plan")
    zhao, number = sign_in("zhao"), ticket.number
    lain_open = zhao.get(f"/t/{number}/extension").form("extend")
    time(deadline(ticket, "resolve").due_at)
    page = zhao.get(f"/t/{number}/extension")
    assert page.all(role="alert")
    assert "asked for before it" in page.text or "到期" in page.text
    late = zhao.press(lain_open, **MORE)
    assert late.status == 409
    assert late.form("extend").values["reason"] == ["等厂商补丁。"]
    assert f"/t/{number}/extension" not in links(zhao.get(f"/t/{number}"))
    assert db.session.query(Extension).count() == 0


def test_a_request_about_a_ticket_out_of_sight_is_unknown(sign_in):
    ticket = a_ticket("awaiting_plan", category="security")
    until = deadline(ticket, "resolve").due_at + timedelta(days=2)
    asked = extension.ask_for_extension(ticket, actor=person("zhao"), reason="x", until=until)
    assert sign_in("he").get(f"/extensions/{asked.id}").status == 404
    assert sign_in("he").get("/extensions/999").status == 404
    assert sign_in("chen").get(f"/extensions/{asked.id}").status == 200


def test_a_window_ends_by_itself_and_says_when(sign_in):
    number = a_ticket("awaiting_fix").number
    zhao = sign_in("zhao")
    zhao.does(f"/t/{number}/waiting", "wait", party="window", reason="周三晚维护窗口", until="2026-11-18T22:00")
    page = zhao.get(f"/t/{number}").text
    assert "周三晚维护窗口" in page
    assert "2026-11-18 22:00" in page
    assert "周三晚维护窗口" not in sign_in("zhang").get(f"/t/{number}").text
    db.session.rollback()
    assert open_pause(find_ticket(number)).until.isoformat() == "2026-11-18T14:00:00+00:00"


def test_a_planned_end_in_the_past_is_refused(sign_in):
    number = a_ticket("awaiting_fix").number
    fields = {"party": "window", "reason": "窗口", "until": "2026-11-18T09:00"}
    answer = sign_in("zhao").submit(f"/t/{number}/waiting", "wait", **fields)
    assert answer.status == 422
    assert answer.form("wait").values["reason"] == ["窗口"]


def test_whoever_was_not_satisfied_is_called_before_closing(sign_in):
    ticket = a_ticket("awaiting_customer")
    customer_verification.confirm_result(
        ticket, actor=person("zhang"), verdict="yes", satisfaction="dissatisfied", asked="dissatisfied"
    )
    number, chen = ticket.number, sign_in("chen")
    assert chen.submit(f"/t/{number}/review", "close").status == 409
    chen.does(f"/t/{number}/call-back", "call_back", text="已致歉，张敏接受。")
    assert "已致歉，张敏接受。" not in sign_in("zhang").get(f"/t/{number}").text
    chen.does(f"/t/{number}/review", "close")
    assert state_of(number) == "closed"


def test_a_call_back_that_was_made_meanwhile(sign_in):
    ticket = a_ticket("awaiting_review")
    DEEDS["call_back"].prepare(ticket)
    number, chen = ticket.number, sign_in("chen")
    lain_open = chen.get(f"/t/{number}/call-back").form("call_back")
    sign_in("wu").does(f"/t/{number}/call-back", "call_back", text="已致歉。")
    before = everything(but=NOT_BUSINESS)
    assert chen.press(lain_open, text="已致歉。").status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_the_call_back_is_offered_while_it_is_owed(sign_in):
    ticket = a_ticket("awaiting_review")
    number, chen = ticket.number, sign_in("chen")
    assert f"/t/{number}/call-back" not in links(chen.get(f"/t/{number}"))
    DEEDS["call_back"].prepare(ticket)
    assert f"/t/{number}/call-back" in links(chen.get(f"/t/{number}"))
    comment.add_note(ticket, actor=person("chen"), text="x")
    assert f"/t/{number}/call-back" not in links(sign_in("zhao").get(f"/t/{number}"))
