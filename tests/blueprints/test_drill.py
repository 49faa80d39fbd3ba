"""Drills: how one begins, the one button, the table; and what reaches whoever is on call."""

from datetime import timedelta

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from blueprints.messages import render
from models.ground.db import db
from models.record.drill import Drill
from models.record.message import Message
from models.steps.accounts import edit_person
from models.steps.drills import answer_drill, start_drill
from tests.browsing import Browser
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import person

LIST = "/admin/drills"


@pytest.fixture
def drill(cast, time) -> Drill:
    return start_drill(actor=cast.admin, role="supervisor")


def page_of(drill: Drill) -> str:
    return f"{LIST}/{drill.id}"


def thrown(browser: Browser, url: str, **fields) -> int:
    """A POST by hand, of somebody who has no form for it."""
    token = browser.get("/report").form().values["csrf_token"]
    return browser.open(url, method="POST", data={"csrf_token": token, "once": "", **fields}).status


def test_a_supervisor_starts_one(english, cast, time):
    page = english("chen").does(LIST, "start_drill", role="first_line", team_id=str(cast.team("ops").id))
    assert "The drill has begun." in page.text
    drill = db.session.query(Drill).one()
    assert (drill.role, drill.team.code, [p.login for p in drill.called]) == ("first_line", "ops", ["wang"])
    assert not page.forms("answer_drill"), "chen was not told"


def test_one_form_sent_twice_is_one_drill(english, cast, time):
    browser = english("chen")
    form = browser.get(LIST).form("start_drill")
    answers = [browser.press(form, role="first_line") for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    assert db.session.query(Drill).count() == 1


def test_only_supervisors_and_administrators_start_one(sign_in, browser, cast, time):
    before = everything(but=NOT_BUSINESS)
    for login in ("zhang", "wang", "zhao", "liu"):
        assert sign_in(login).open(LIST).status == 403
        assert thrown(sign_in(login), LIST, role="first_line") == 403
    assert browser.open(LIST).status == 303
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.parametrize("changed", [{"role": "reporter"}, {"role": "director"}, {"team_id": "999"}])
def test_a_bad_drill_is_kept_with_a_sentence(english, cast, time, changed):
    edit_person(cast.sun, actor=cast.admin, roles=[])
    browser = english("admin")
    before = everything(but=NOT_BUSINESS)
    answer = browser.submit(LIST, "start_drill", **{"role": "supervisor"} | changed)
    assert answer.status == 422
    assert answer.all(role="alert")
    if changed.get("role") == "director":
        assert "Nobody is there in this role now" in answer.one(role="alert").text
        assert answer.form("start_drill").values["role"] == ["director"]
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_the_one_button(english, drill, time):
    browser = english("wu")
    time(timedelta(seconds=42))
    page = browser.does(page_of(drill), "answer_drill")
    assert "answered 吴刚 0 min 42 s" in page.text
    assert not page.forms("answer_drill")
    assert db.session.get(Drill, drill.id).answered_by.login == "wu"


def test_looking_answers_nothing(english, drill):
    browsers = [english(login) for login in ("wu", "chen", "admin")]
    before = everything(but=NOT_BUSINESS)
    assert [browser.get(page_of(drill)).status for browser in browsers] == [200] * 3
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_only_whoever_was_told_has_it(sign_in, browser, drill):
    assert not sign_in("admin").get(page_of(drill)).forms("answer_drill")
    assert thrown(sign_in("admin"), f"{page_of(drill)}/answer") == 403
    assert sign_in("wang").open(page_of(drill)).status == 403
    assert thrown(sign_in("wang"), f"{page_of(drill)}/answer") == 403
    assert sign_in("wu").open(f"{LIST}/{drill.id + 9}").status == 404
    assert thrown(sign_in("wu"), f"{LIST}/{drill.id + 9}/answer") == 404
    assert db.session.get(Drill, drill.id).answered_at is None


def test_too_late_is_refused_when_somebody_else_was_first(english, drill, cast):
    browser = english("wu")
    form = browser.get(page_of(drill)).form("answer_drill")
    answer_drill(drill, actor=cast.chen)
    before = everything(but=NOT_BUSINESS)
    assert browser.press(form).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_the_mail_leads_through_the_sign_in(browser, drill, cast):
    """Opening the address answers nothing; after signing in one is on the page with the button."""
    letters = db.session.query(Message).filter_by(template="drill", channel="mail", person_id=cast.wu.id)
    letter = render(letters.one())
    url = next(line for line in letter.text.splitlines() if line.startswith("http"))
    assert url.endswith(page_of(drill))
    answer = browser.open(page_of(drill))
    assert answer.status == 303
    page = browser.get(answer.response.location)
    answer = browser.press(page.form("sign_in"), login="wu", password="demo")
    assert browser.get(answer.response.location).forms("answer_drill")
    assert db.session.get(Drill, drill.id).answered_at is None


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_letter_says_that_it_is_a_drill(drill, cast, locale):
    for message in db.session.query(Message).filter_by(template="drill", channel="mail").all():
        set_committed_value(message.person, "locale", locale)
        letter = render(message)
        assert letter.subject
        assert message.person.name in letter.text
        assert "10:10" in letter.text, "until when"


def test_the_inbox_leads_there(english, drill):
    page = english("wu").get("/notifications")
    (line,) = page.all("li", data_message=None)
    assert "Drill: please say that you are there" in line.text
    assert line.one("a")["href"] == page_of(drill)


def test_past_drills_with_their_median(english, drill, cast, time):
    assert english("admin").get(LIST).one("span", data_outcome="waiting")
    time(timedelta(seconds=30))
    answer_drill(drill, actor=cast.wu)
    start_drill(actor=cast.chen, role="first_line")
    time(timedelta(minutes=11))
    page = english("admin").get(LIST)
    outcomes = [mark["data-outcome"] for mark in page.all("span", data_outcome=None)]
    assert outcomes == ["missed", "answered"]
    assert page.one("p", data_median=None)["data-median"] == "30.0"
    newest = page.all("tr", data_drill=None)[0].text
    assert newest == "2026-11-18 10:00 First line 王芳 missed 陈静"


def test_before_the_first_drill(english, cast):
    page = english("chen").get(LIST)
    assert "No drill yet" in page.text
    assert not page.all("p", data_median=None)


def test_in_chinese_and_from_the_rota(sign_in, drill):
    browser = sign_in("chen")
    browser.press(browser.get("/help/shortcuts").form("set_language"), language="zh")
    assert browser.get(page_of(drill)).one("html")["lang"] == "zh"
    assert browser.get("/admin/on-call").all("a", href=LIST)
    assert not sign_in("wang").get("/admin/on-call").all("a", href=LIST)
    assert person("wu").name in browser.get(LIST).text
