"""Cooperation over HTTP (P6.4): ask, answer in two taps and a sentence, name the lead."""

import pytest

from models.ground.db import db
from models.record.attachment import attachments_of
from models.record.cooperation import cooperations_of
from models.record.ticket import find_ticket
from models.steps import comment, cooperation, intake
from tests.blueprints.five import Act, named, questions_of, state_of
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket, deadline, person


def _yang():
    return str(person("yang").id)


ACTS = (
    Act("cooperate", "/t/{n}/cooperation", "awaiting_plan", "zhao", "he", "awaiting_plan",
        {"body": "请核对网关日志。"}, {"body": ""}),
    Act("name_lead", "/t/{n}/lead", "awaiting_plan", "chen", "zhao", "awaiting_plan",
        {"reason": "根因在应用。"}, {"reason": "因" * 4001}),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in, monkeypatch):
    if act.action == "cooperate":
        monkeypatch.setitem(act.fields, "contact", _yang())
        monkeypatch.setitem(act.bad, "contact", _yang())
    ask(act, sign_in)


def asked(ticket=None, *, body="请核对网关日志。", waits=False):
    ticket = ticket or a_ticket("awaiting_plan")
    made = cooperation.ask_department(ticket, actor=person("zhao"), contact=person("yang"), body=body, waits=waits)
    return ticket.number, f"/t/{ticket.number}/cooperation/{made.id}"


def links(page):
    return {link["href"] for link in page.all("a")}


def test_from_the_question_to_the_answer(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao, yang = sign_in("zhao"), sign_in("yang")
    assert f"/t/{number}/cooperation" in links(zhao.get(f"/t/{number}"))
    assert yang.get("/cooperation").all(class_="empty")
    assert yang.get(f"/t/{number}").status == 404
    zhao.does(f"/t/{number}/cooperation", "cooperate", contact=_yang(), body="请核对网关日志。", waits="y")
    db.session.rollback()
    (made,) = cooperations_of(find_ticket(number))
    url = f"/t/{number}/cooperation/{made.id}"
    assert find_ticket(number).waiting_on == "department"

    inbox = yang.get("/cooperation")
    assert inbox.all("tr", data_ticket=number)
    assert inbox.all(data_clock="cooperate")
    page = yang.get(url)
    assert "请核对网关日志。" in page.text
    done = yang.press(page.form("answer_cooperation"), result="done", answer="日志正常。")
    assert (done.status, done.response.headers["Location"]) == (303, "/cooperation")
    inbox = yang.get("/cooperation")
    assert any(number in said.text for said in inbox.all("div", role="status"))
    assert not inbox.all("tr", data_ticket=number)
    assert yang.get("/cooperation?box=done").all("tr", data_ticket=number)
    assert "日志正常。" in zhao.get(f"/t/{number}").text
    assert find_ticket(number).waiting_on == ""


def test_the_way_round_leads_a_contact_to_their_requests(sign_in):
    yang = sign_in("yang")
    assert yang.open("/").response.headers["Location"] == "/cooperation"
    assert "/cooperation" in links(yang.get("/cooperation"))
    assert "/cooperation" not in links(sign_in("zhao").get("/bench"))
    assert sign_in("zhao").get("/cooperation").status == 403


def test_the_ticket_page_leads_the_contact_to_the_request(sign_in):
    number, url = asked()
    yang = sign_in("yang")
    assert [link["href"] for link in yang.get(f"/t/{number}").all("a", class_="button primary")] == [url]
    yang.does(url, "answer_cooperation", result="not_ours", answer="属于网络组。")
    assert url not in links(yang.get(f"/t/{number}"))


def test_the_contact_sees_the_report_and_the_question_and_nothing_internal(sign_in):
    kept = intake.keep_file(actor=person("zhang"), name="error.png", content=b"\x89PNG\r\n\x1a\n")
    ticket = a_ticket("awaiting_plan", files=[kept.key])
    inside = intake.keep_file(actor=person("zhao"), name="inside.txt", content=b"x")
    comment.add_note(ticket, actor=person("zhao"), text="别告诉别人。", files=[inside.key])
    number, url = asked(ticket)
    yang = sign_in("yang")
    for page in (yang.get(url), yang.get(f"/t/{number}")):
        assert ticket.description in page.text
        assert "error.png" in page.text
        assert "inside.txt" not in page.text
        assert "别告诉别人。" not in page.text
    assert yang.get(f"/t/{number}/note").status == 403
    secret = next(file.key for file in attachments_of(ticket.id) if file.name == "inside.txt")
    assert yang.get(f"/t/{number}/files/{secret}").status == 404


def test_the_reporter_sees_nothing_of_it(sign_in):
    number, url = asked()
    zhang = sign_in("zhang")
    assert zhang.get(url).status == 404
    assert "请核对网关日志。" not in zhang.get(f"/t/{number}").text


def test_a_bad_answer_comes_back_as_it_was(sign_in):
    _number, url = asked()
    yang = sign_in("yang")
    before = everything(but=NOT_BUSINESS)
    for said, field in (({"answer": "x"}, "result"), ({"result": "done"}, "answer")):
        answer = yang.submit(url, "answer_cooperation", **said)
        assert answer.status == 422
        assert answer.all(id=f"{field}-error")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_answered_meanwhile(sign_in):
    _number, url = asked()
    yang, zhao = sign_in("yang"), sign_in("zhao")
    lain_open = yang.get(url).form("answer_cooperation")
    zhao.does(url, "answer_cooperation", result="done", answer="电话里说日志正常。")
    before = everything(but=NOT_BUSINESS)
    answer = yang.press(lain_open, result="not_ours", answer="不是我们的。")
    assert answer.status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert not yang.get(url).forms("answer_cooperation")


def test_who_may_not_answer(sign_in):
    _number, url = asked()
    before = everything(but=NOT_BUSINESS)
    for login, status in (("he", 403), ("wang", 403), ("zhang", 404), ("qian", 404)):
        browser = sign_in(login)
        token = browser.get("/report").form().values["csrf_token"]
        sent = browser.open(url, method="POST", data={"csrf_token": token, "result": "done", "answer": "x"})
        assert sent.status == status, login
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert not sign_in("he").get(url).forms("answer_cooperation")


def test_a_request_of_another_ticket_is_not_found_under_this_one(sign_in):
    _number, url = asked()
    other, _ = asked()
    assert sign_in("zhao").get(f"/t/{other}/cooperation/{url.rpartition('/')[2]}").status == 404


def test_the_box_asks_for_nothing_while_nothing_has_happened(sign_in):
    asked()
    yang = sign_in("yang")
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#requests"}
    first = yang.open("/cooperation", headers=headers)
    tag = first.response.headers["HX-PTag"]
    assert yang.open("/cooperation", headers=headers | {"HX-PTag": tag}).status == 304
    asked()
    assert yang.open("/cooperation", headers=headers | {"HX-PTag": tag}).status == 200


def test_the_lead_stands_among_the_facts(english):
    number = a_ticket("awaiting_plan").number
    chen = english("chen")
    chen.does(f"/t/{number}/lead", "name_lead", team=str(person("wang").team_id))
    page = chen.get(f"/t/{number}")
    assert "Lead department" in page.text
    assert "System operations" in page.text
    answer = chen.submit(f"/t/{number}/lead", "name_lead", team=str(person("zhao").team_id))
    assert answer.status == 422, "another one needs a reason"


def test_the_contact_reads_a_letter_with_the_address_of_the_request(sign_in):
    number, url = asked()
    letters = sign_in("admin").get("/admin/outbox")
    assert number in letters.text
    assert sign_in("yang").get("/notifications").text.count(number) >= 1
    assert sign_in("yang").get(url).status == 200
    assert deadline(find_ticket(number), "cooperate").state == "running"
    assert state_of(number) == "awaiting_plan"
