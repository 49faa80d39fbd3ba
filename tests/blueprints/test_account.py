"""Signing in and out, one's own settings, passwords, the inbox."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from blueprints.account import inbox
from models.ground import clock
from models.ground.db import db
from models.people.person import Person
from models.people.session import PasswordReset, Session
from models.record.message import Message, mark_read, unread_count
from models.steps import accounts
from tests.database import NOT_BUSINESS, everything
from tests.factories import a_ticket

WRONG = "The user name or the password is wrong."
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def sessions(login: str) -> int:
    """Open sessions of somebody; the cast has one each before the first test."""
    open_ones = select(func.count()).select_from(Session).join(Person).where(Session.ended_at.is_(None))
    return db.session.scalar(open_ones.where(Person.login == login))


def test_a_stranger_is_sent_to_sign_in_and_back_to_where_they_wanted(browser):
    page = browser.get("/my?box=closed")
    assert page.all("form", data_action="sign_in")
    answer = browser.press(page.form("sign_in"), login="zhang", password="demo")
    assert (answer.status, answer.response.location) == (303, "/my?box=closed")


def test_a_next_that_is_not_ours_leads_home(browser):
    answer = browser.submit("/login?next=https://evil.example/", "sign_in", login="zhang", password="demo")
    assert answer.response.location == "/"


@pytest.mark.parametrize(("login", "password"), [("zhang", "wrong"), ("nobody", "demo"), ("li", "demo")])
def test_wrong_absent_and_closed_accounts_read_the_same(browser, cast, login, password):
    accounts.deactivate_person(cast.li, actor=cast.admin, successor=cast.zhao)
    before = sessions(login)
    page = browser.submit("/login", "sign_in", login=login, password=password)
    assert page.status == 422
    assert WRONG in page.text
    form = page.form("sign_in")
    assert form.values["login"] == [login]  # the user name is kept, the password is not
    assert form.values["password"] == [""]
    assert sessions(login) == before


def test_signing_in_begins_a_clean_cookie(browser, app):
    browser.get("/login")
    before = browser.client.get_cookie("bihuan").value
    browser.sign_in("zhang", "demo")
    with browser.client.session_transaction() as cookie:
        assert set(cookie) <= {"_user_id", "_fresh", "_id", "seen", "csrf_token"}
    assert browser.client.get_cookie("bihuan").value != before


def test_the_cookie_ends_with_sign_out_even_if_it_was_copied(english, client):
    browser = english("zhang")
    copied = browser.client.get_cookie("bihuan").value
    answer = browser.submit("/me", "sign_out")
    assert answer.response.location == "/login"
    client.set_cookie("bihuan", copied)
    assert client.get("/me").status_code == 303
    assert sessions("zhang") == 0


def test_a_fragment_of_a_stranger_is_401_and_a_page_is_sent_to_sign_in(browser):
    assert browser.open("/my", headers=PARTIAL).status == 401
    assert browser.open("/my").status == 303


def test_an_idle_session_ends(english, monkeypatch):
    browser = english("zhang")
    later = clock.real_now() + timedelta(hours=13)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert browser.open("/me").status == 303


def test_a_form_that_lay_open_cannot_be_sent_by_somebody_else(english):
    form = english("zhang").get("/report").form("report")
    answer = english("wang").press(form, description="not mine")
    assert answer.status == 403


@pytest.mark.parametrize(
    ("login", "home"),
    [
        ("zhang", "/my"), ("wang", "/triage"), ("li", "/bench"), ("zhao", "/bench"), ("chen", "/bench"),
        ("liu", "/watch"), ("sun", "/watch"), ("he", "/bench"), ("feng", "/watch"), ("qian", "/kb"),
        ("admin", "/admin"),
    ],
)  # fmt: skip
def test_everybody_begins_where_they_are_needed(english, login, home):
    assert english(login).open("/").response.location == home


def test_whoever_has_a_seat_that_waits_begins_with_approvals(english):
    a_ticket("awaiting_approval")
    assert english("chen").open("/").response.location == "/approvals"


def test_the_cast_is_offered_in_the_demonstration_only(browser, app, monkeypatch):
    assert not browser.get("/login").forms("sign_in_as")
    monkeypatch.setattr(app.config["SETTINGS"], "env", "demo")
    answer = browser.submit("/login", "sign_in_as", login="wang")
    assert answer.status == 303
    assert browser.open("/").response.location == "/triage"


def test_the_same_answer_whether_the_account_exists(browser, cast):
    known = browser.does("/password", "request_reset", login="zhang")
    letter = db.session.scalars(select(Message).where(Message.template == "password")).one()
    assert letter.person_id == cast.zhang.id
    unknown = browser.does("/password", "request_reset", login="nobody")
    assert known.text == unknown.text
    assert db.session.scalar(select(func.count()).select_from(PasswordReset)) == 1


def test_the_link_from_the_mail_sets_a_password_once(browser, english, cast):
    old = english("zhang")
    url = f"/password/{accounts.request_reset(cast.zhang).token}"
    assert browser.submit(url, "use_reset", password="short", again="short").status == 422
    assert browser.submit(url, "use_reset", password="long enough", again="another one").status == 422
    open_page = browser.get(url).form("use_reset")
    browser.does(url, "use_reset", password="long enough", again="long enough")
    assert old.open("/me").status == 303  # every session has ended
    assert browser.get(url).status == 410
    assert browser.press(open_page, password="one more try", again="one more try").status == 409
    assert browser.sign_in("zhang", "long enough").status == 200


def test_an_invented_reset_link_is_gone(browser):
    assert browser.get("/password/1.invented").status == 410
    assert browser.get("/password/x").status == 410


def test_a_reset_link_lives_for_an_hour(browser, cast, monkeypatch):
    url = f"/password/{accounts.request_reset(cast.zhang).token}"
    later = clock.real_now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert browser.get(url).status == 410


def test_settings_are_kept(english, cast):
    page = english("zhang").does("/me", "keep_settings", locale="en", time_zone="Europe/Berlin", theme="dark")
    assert page.one("html")["lang"] == "en"
    assert page.one("html")["data-theme"] == "dark"
    assert cast.zhang.time_zone == "Europe/Berlin"


def test_settings_that_do_not_exist_are_refused(english, cast):
    browser = english("zhang")
    assert browser.submit("/me", "keep_settings", time_zone="Moon/Base").status == 422
    assert cast.zhang.time_zone == "Asia/Shanghai"


def test_two_tabs_do_not_overwrite_each_other(english):
    browser = english("zhang")
    stale = browser.get("/me").form("keep_settings")
    browser.does("/me", "keep_settings", theme="dark")
    assert browser.press(stale, theme="light").status == 409


def test_a_new_password_ends_every_other_session(english):
    here, elsewhere = english("zhang"), english("zhang")
    refused = here.submit("/me", "change_password", old_password="wrong", password="long enough", again="long enough")
    assert refused.status == 422
    assert elsewhere.open("/me").status == 200
    here.does("/me", "change_password", old_password="demo", password="long enough", again="long enough")
    assert here.open("/me").status == 200
    assert elsewhere.open("/me").status == 303


def test_a_stranger_may_choose_a_language(browser):
    form = browser.get("/login").form("set_language")
    answer = browser.press(form, language="zh")
    assert answer.response.location == "/login"
    assert browser.get("/login").one("html")["lang"] == "zh"


def test_language_and_theme_go_back_on_this_site_only(english):
    browser = english("zhang")
    form = browser.get("/my").form("set_language")
    answer = browser.open(
        form.url, method="POST", data=form.filled(language="en"), headers={"Referer": "https://evil.example/x"}
    )
    assert answer.response.location == "/my"
    answer = browser.submit("/my", "set_theme", theme="dark")
    assert answer.response.location == "/"


def test_an_unknown_language_changes_nothing(sign_in, cast):
    browser = sign_in("zhang")
    form = browser.get("/my").form("set_language")
    form.element.all("button")[0].attributes["value"] = "xx"
    browser.press(form, language="xx")
    assert cast.zhang.locale == "zh"


def test_the_inbox_tells_what_concerns_me_and_is_read_once(english, cast):
    ticket = a_ticket()
    browser = english("wang")
    page = browser.get("/notifications")
    assert ticket.number in page.text
    assert page.all("li", class_="unread")
    page = browser.does("/notifications", "mark_read")
    assert not page.all("li", class_="unread")
    assert unread_count(cast.wang) == 0


def test_the_inbox_joins_what_is_said_of_one_ticket(english, cast):
    first, second = a_ticket("awaiting_fix"), a_ticket("awaiting_engineer")
    browser = english("zhao")
    rows = browser.get("/notifications").one("ol", class_="rows").all("li", data_message=None)
    assert [row.one("a")["href"] for row in rows] == [f"/t/{second.number}", f"/t/{first.number}"]
    assert "1 message before it" in rows[1].text
    assert "Assigned" in rows[1].one("details").text
    assert "2 unread" in rows[1].text
    assert unread_count(cast.zhao) == 3
    page = browser.does("/notifications", "mark_read")
    assert not page.one("ol", class_="rows").all("li", class_="unread")


def test_one_message_is_kept_for_later(english, cast):
    a_ticket("awaiting_engineer")
    zhao = english("zhao")
    assert not zhao.get("/notifications").all("button", data_key="unread"), "all of it is unread"
    page = zhao.does("/notifications", "mark_read")
    button, form = page.all("button", data_key="unread")[0], page.form("mark_unread")
    sent = form.values | {"message": button["value"]}
    foreign = english("wang").get("/notifications").all("li", data_message=None)[0]["data-message"]
    assert zhao.open(form.url, method="POST", data=sent | {"message": foreign}).status == 404
    assert zhao.open(form.url, method="POST", data=sent).status == 303
    page = zhao.get("/notifications")
    assert [line["data-message"] for line in page.all("li", class_="unread")] == [button["value"]]
    assert unread_count(cast.zhao) == 1
    assert page.one("section", id="lines")["data-w-fresh-many"] == "Show {n} new messages"


def test_the_inbox_pages_on_by_threads(english, monkeypatch):
    monkeypatch.setattr(inbox, "PAGE", 1)
    first, second = a_ticket("awaiting_fix"), a_ticket("awaiting_engineer")
    zhao, url, seen = english("zhao"), "/notifications", []
    while url:
        page = zhao.get(url)
        seen += [row.one("a")["href"] for row in page.all("li", data_message=None)]
        url = next((link["href"] for link in page.all("a", rel="next")), "")
    assert seen == [f"/t/{second.number}", f"/t/{first.number}"]


def test_the_inbox_of_somebody_else_is_not_mine(english):
    ticket = a_ticket()
    page = english("he").get("/notifications")
    assert ticket.number not in page.text
    assert "Nothing here yet" in page.text


def test_the_bell_asks_for_itself_and_gets_304_while_nothing_is_new(english):
    browser = english("wang")
    bell = {**PARTIAL, "HX-Target": "a#inbox"}
    tag = browser.open("/notifications", headers=bell).response.headers["HX-PTag"]
    assert browser.open("/notifications", headers={**bell, "HX-PTag": tag}).status == 304
    a_ticket()
    page = browser.open("/notifications", headers={**bell, "HX-PTag": tag})
    assert page.status == 200
    assert page.one("a", id="inbox").text.endswith("1 unread1")
    assert not page.all("html")


def test_the_list_gets_304_while_nothing_is_new(english):
    a_ticket()
    browser = english("wang")
    region = {**PARTIAL, "HX-Target": "section#lines"}
    page = browser.open("/notifications", headers=region)
    again = browser.open("/notifications", headers={**region, "HX-PTag": page.response.headers["HX-PTag"]})
    assert (page.status, again.status) == (200, 304)


@pytest.mark.parametrize("url", ["/login", "/password", "/me", "/notifications", "/help/shortcuts", "/"])
def test_looking_writes_nothing(english, url):
    browser = english("zhang")
    before = everything(but=NOT_BUSINESS)
    browser.get(url)
    assert everything(but=NOT_BUSINESS) == before


def test_the_bell_brings_what_cannot_wait(english, cast):
    bell = {**PARTIAL, "HX-Target": "a#inbox"}
    a_ticket("awaiting_engineer", severity="P3")
    zhao = english("zhao")
    assert "data-urgent" not in zhao.open("/notifications", headers=bell).one("a", id="inbox").attributes
    ticket = a_ticket(severity="P0")  # calls the second line
    told = zhao.open("/notifications", headers=bell).one("a", id="inbox")
    assert ticket.number in told["data-said"]
    mark_read(cast.zhao, upto=int(told["data-urgent"]))
    assert "data-urgent" not in zhao.open("/notifications", headers=bell).one("a", id="inbox").attributes


def test_letters_and_quiet_hours_are_kept(english, cast):
    zhao = english("zhao")
    hours = {"quiet_from": "22:00", "quiet_until": "07:30"}
    page = zhao.does("/notifications/letters", "keep_letters", mailed=["work", "warnings"], collects="y", **hours)
    assert cast.zhao.unmailed == ["decisions", "plans", "reports"]
    assert (cast.zhao.quiet_from, cast.zhao.quiet_until) == ("22:00", "07:30")
    assert cast.zhao.collects
    assert page.one("input", name="quiet_from")["value"] == "22:00"
    assert "checked" in page.one("input", name="collects").attributes
    assert "wait until 17:00 (Asia/Shanghai)" in page.text
    page = zhao.submit("/notifications/letters", "keep_letters", quiet_from="22:00", quiet_until="", collects="")
    assert page.status == 422
    assert "Please give both times" in page.text
    assert "checked" not in page.one("input", name="collects").attributes, "what was chosen is still there"
    assert cast.zhao.collects
    zhao.does("/notifications/letters", "keep_letters", quiet_from="", quiet_until="", collects="")
    assert (cast.zhao.quiet_from, cast.zhao.quiet_until, cast.zhao.collects) == ("", "", False)
