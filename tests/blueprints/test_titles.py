"""The title over HTTP: corrected below itself, on a page of its own without script, and never over somebody else's."""

from models.record.link import living_link
from models.record.ticket import find_ticket
from models.steps import titles
from tests.factories import a_ticket, person

IN_PLACE = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#form-retitle"}
NEW = "支付网关 <b>超时</b>"


def test_the_form_opens_below_the_title(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    link = zhao.get(f"/t/{number}").one("a", data_key="edit")
    assert (link["href"], link["hx-get"], link["hx-target"]) == (f"/t/{number}/title",) * 2 + ("#form-retitle",)
    part = zhao.open(link["hx-get"], headers=IN_PLACE)
    assert [e["id"] for e in part.inside if hasattr(e, "tag")] == ["form-retitle"]
    assert part.form("retitle").values["title"] == [find_ticket(number).title]
    for login in ("zhang", "he"):  # who reported it, and a colleague who does not work on it
        assert not sign_in(login).get(f"/t/{number}").all("a", data_key="edit")


def test_everybody_reads_the_new_title_and_colleagues_what_it_was(cast, english, browser):
    ticket = a_ticket("awaiting_plan", contact=cast.contact)
    number, was, link = ticket.number, ticket.title, living_link(ticket).token
    shown = english("zhao").does(f"/t/{number}/title", "retitle", title=NEW)
    assert shown.one("h1").text == NEW
    assert shown.one(id="standing")["data-title"] == NEW, "by which open pages set it right"
    moment = shown.one(id="timeline").one("li")
    assert "Title corrected: it was called" in moment.text
    assert was in moment.text
    customers = browser.get(f"/c/{link}")
    assert NEW in customers.text
    assert "it was called" not in customers.text


def test_of_two_who_correct_it_the_second_sees_both(english):
    ticket = a_ticket("awaiting_plan")
    zhao, url = english("zhao"), f"/t/{ticket.number}/title"
    lain_open = zhao.get(url).form("retitle")
    titles.retitle_ticket(ticket, actor=person("wang"), title="网关超时")
    answer = zhao.press(lain_open, title="支付超时")
    assert answer.status == 409
    assert answer.form("retitle").values["title"] == ["支付超时"]
    assert answer.one("div", data_of="title")["data-theirs"] == "网关超时"
    assert find_ticket(ticket.number).title == "网关超时"
