"""Why a clock is due when it is due, on its own page and in place; whose time it was; whose turn it is (P4.5, P4.7)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from models.ground.db import command, db
from models.record.deadline import Deadline, deadlines_of
from models.record.link import living_link
from models.steps import comment, extension, intake, triage
from tests.factories import a_ticket, deadline, person

IN_PLACE = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#explanation"}


def url_of(ticket, kind="resolve", nth=1):
    return f"/t/{ticket.number}/clocks/{kind}/{nth}"


def rows_of(page):
    return [[cell.text for cell in row.all("td", "th")] for row in page.all("tr")]


def test_every_clock_on_the_ticket_leads_to_its_explanation(english):
    ticket = a_ticket("awaiting_plan", severity="P2")
    reader = english("zhao")
    links = reader.get(f"/t/{ticket.number}").all("a", class_="why")
    assert {link["href"] for link in links} == {url_of(ticket, d.kind, d.round) for d in deadlines_of(ticket)}
    assert all(link["hx-get"] == link["href"] and link["hx-target"] == "#explanation" for link in links)
    for link in links:
        page = reader.get(link["href"])
        assert page.status == 200
        assert "It adds up" in page.text


def test_a_manager_can_read_the_sum(english, time):
    ticket = a_ticket("awaiting_engineer", severity="P2")  # Wednesday 10:00
    time(timedelta(minutes=90))
    triage.ask_reporter(ticket, actor=person("wang"), question="几点开始的?")
    time(timedelta(minutes=150))
    intake.supply_information(ticket, actor=person("zhang"), text="九点。")
    page = english("chen").get(url_of(ticket))
    assert rows_of(page) == [
        ["Date", "What counted", "Amount"],
        ["2026-11-18 Wed", "10:00–11:30, 14:00–18:00", "5 h 30 min"],
        ["2026-11-19 Thu", "09:00–12:00, 13:30–18:00", "7 h 30 min"],
        ["2026-11-20 Fri", "09:00–12:00, 13:30–18:00", "7 h 30 min"],
        ["2026-11-21 Sat – 2026-11-22 Sun", "closed every week", "–"],
        ["2026-11-23 Mon", "09:00–12:00, 13:30–14:00", "3 h 30 min"],
        ["Sum, reached 2026-11-23 14:00", "24 h"],
    ]
    for words in (
        "24 h, counted in the hours of service", "2026-11-18 10:00 · Reported", "Unified process, edition 1",
        "Waiting for Reporter (a question), 2026-11-18 11:30 – 2026-11-18 14:00", "stood still for 1 h",
        "Asia/Shanghai",
    ):  # fmt: skip
        assert words in page.text, words


def test_working_days_and_a_named_holiday(english, time):
    time(datetime(2026, 9, 30, 2, tzinfo=UTC))
    page = english("chen").get(url_of(a_ticket("awaiting_engineer", severity="P3")))
    holiday = ["2026-10-01 Thu – 2026-10-02 Fri", "2026-10-05 Mon – 2026-10-07 Wed"]
    shown = rows_of(page)[1:-1]
    assert [row[0] for row in shown if "National Day" in row[1]] == holiday
    assert [row[:2] for row in shown if row[2] == "1"] == [
        ["2026-10-08 Thu", "working day 1"],
        ["2026-10-09 Fri", "working day 2"],
        ["2026-10-10 Sat", "working day 3 · made-up working day"],
    ]
    assert rows_of(page)[-1] == ["Sum, reached 2026-10-10 10:00", "3 working days"]


def test_in_place_only_the_explanation_is_sent(sign_in):
    ticket = a_ticket("awaiting_plan")
    part = sign_in("zhao").open(url_of(ticket), headers=IN_PLACE)
    assert not part.all("html")
    assert part.one("h2")["autofocus"] == ""
    assert "为什么" in part.one("h2").text or "Why" in part.one("h2").text
    part = sign_in("zhao").open(f"/t/{ticket.number}/attribution", headers=IN_PLACE)
    assert not part.all("html")
    assert part.all("svg", class_="shares")


def test_tampering_is_said_loudly(english):
    ticket = a_ticket("awaiting_plan")
    _tamper(deadline(ticket, "resolve"))
    page = english("chen").get(url_of(ticket))
    assert "This does NOT add up" in page.one(role="alert").text


@command
def _tamper(one):
    later = {"due_at": one.due_at + timedelta(hours=1)}
    db.session.execute(update(Deadline).where(Deadline.id == one.id).values(later))


def test_reasons_of_colleagues_stay_in_the_house(english, time):
    ticket = a_ticket("awaiting_plan")
    comment.wait_for(ticket, actor=person("zhao"), party="vendor", reason="waits for Foo Ltd")
    time(timedelta(minutes=1))
    due = deadline(ticket, "resolve").due_at
    asked = extension.ask_for_extension(
        ticket, actor=person("zhao"), reason="Foo Ltd is slow", until=due + timedelta(days=3)
    )
    extension.grant_extension(asked, actor=person("chen"))
    staff, reporter = (english(who).get(url_of(ticket)).text for who in ("chen", "zhang"))
    assert "Foo Ltd is slow" in staff
    assert "waits for Foo Ltd" in staff
    assert "An extension was granted" in staff
    assert "An extension was granted" in reporter
    assert "Foo" not in reporter


def test_who_may_ask_why(sign_in, browser):
    ticket = a_ticket("awaiting_plan")
    assert sign_in("yang").get(url_of(ticket)).status == 404, "a stranger"
    assert browser.open(url_of(ticket)).status == 303
    zhang, zhao = sign_in("zhang"), sign_in("zhao")
    assert zhang.get(url_of(ticket)).status == 200
    assert zhang.get(f"/t/{ticket.number}/attribution").status == 403
    assert zhao.get(f"/t/{ticket.number}/attribution").status == 200
    for missing in (url_of(ticket, nth=9), url_of(ticket, "nonsense"), url_of(a_ticket("closed"), "archive")):
        assert zhao.get(missing).status == 404


def test_whose_time_it_was(english, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(timedelta(hours=3))
    comment.wait_for(ticket, actor=person("zhao"), party="vendor", reason="等备件。")
    time(timedelta(hours=1))
    page = english("chen").get(f"/t/{ticket.number}/attribution")
    assert rows_of(page)[1:] == [
        ["Engineer", "3 h", "75.0 %"],
        ["Vendor", "1 h", "25.0 %"],
        ["From the report until it was closed, or until now", "4 h", "100 %"],
    ]
    assert [rect["width"] for rect in page.one("svg", class_="shares").all("rect")] == ["75.0%", "25.0%"]


@pytest.mark.parametrize(("login", "path"), [("zhao", "/bench"), ("chen", "/watch")])
def test_lists_say_whose_turn_it_is(english, login, path):
    ticket = a_ticket("awaiting_plan")
    comment.wait_for(ticket, actor=person("zhao"), party="vendor", reason="等备件。")
    row = english(login).get(path).one("tr", data_ticket=ticket.number)
    assert row.one("td", data_head="Whose turn").text == "Vendor"
    assert "Whose turn: Vendor" in english("zhao").get(f"/t/{ticket.number}").text
    assert "whose turn: Vendor" in english("zhang").get("/my").one("li", data_ticket=ticket.number).text


# --- behind the customer's link


def test_a_customer_reads_how_the_time_is_counted(cast, browser):
    ticket = a_ticket("awaiting_plan", severity="P2", contact=cast.contact)
    triage.ask_reporter(ticket, actor=person("zhao"), question="几点开始的?")
    text = _behind_the_link(ticket, browser)
    assert "We work on this in office hours (Asia/Shanghai):" in text
    assert "Monday – Friday: 09:00–12:00, 13:30–18:00" in text
    assert "While we wait for your answer, our clock stands still." in text


def test_a_customer_with_an_urgent_fault_reads_round_the_clock(cast, browser):
    ticket = a_ticket("awaiting_customer", severity="P1", contact=cast.contact)
    text = _behind_the_link(ticket, browser)
    assert "round the clock" in text
    assert "office hours" not in text


def _behind_the_link(ticket, browser):
    return browser.open(f"/c/{living_link(ticket).token}", headers={"Accept-Language": "en"}).text
