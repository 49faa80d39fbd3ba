"""Service calendars on the web: the month as a grid, a draft, files, publishing, the test box, and the command line."""

import io
import json
import re
from datetime import date

import pytest

from models.clockwork import calendars as clockwork
from models.ground.db import db
from models.policy.calendar import CalendarRow, editions_of, newest_calendars
from models.policy.sheet import sheet_of
from models.steps import calendars
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket, deadline, person

HEAD = "date,kind,ranges,name\n"


@pytest.fixture
def held(app) -> CalendarRow:
    return newest_calendars()[0]


@pytest.fixture
def draft(held) -> CalendarRow:
    return calendars.start_draft(held, actor=person("admin"))


def at(row: CalendarRow, part: str = "") -> str:
    return f"/admin/calendars/{row.id}{part}"


# action → the page with its form, what is filled in, what is refused
FORMS = {
    "set_day": (
        "/day?on=2026-12-01",
        {"kind": "closed", "name": "年会"},
        {"kind": "own", "hours": "9-12", "name": "x"},
    ),
    "set_week": ("/week", {"mon": "08:00-24:00"}, {"mon": "25:00-26:00", "tue": "08:00-09:00"}),
    "propose_holidays": ("/import", {"country": "JP", "year": "2028"}, {"year": "1066"}),
    "propose_file": ("/import", {"text": HEAD + "2026-12-01,closed,,年会\n"}, {"text": HEAD + "2026-12-01,closed\n"}),
    "publish_calendar": ("/publication", {"running": "y"}, {}),
    "discard_calendar": ("", {}, {}),
    "take_over": ("/proposal", {}, {}),
    "drop_proposal": ("/proposal", {}, {}),
}


def prepared(draft: CalendarRow, action: str) -> CalendarRow:
    """A draft in which the form is there."""
    calendars.set_day(draft, actor=person("admin"), on=date(2026, 12, 2), kind="closed")
    if action in ("take_over", "drop_proposal"):
        calendars.propose_holidays(draft, actor=person("admin"), country="CN", year=2026)
    return draft


@pytest.mark.parametrize("action", FORMS)
def test_an_administrator_can(english, draft, action):
    part, fields, _ = FORMS[action]
    row = prepared(draft, action)
    page = english("admin").does(at(row, part), action, **fields)
    assert page.status == 200


def test_what_was_filled_in_is_there(english, draft):
    browser = english("admin")
    browser.does(at(draft, "/day?on=2026-12-01"), "set_day", kind="closed", name="年会")
    browser.does(at(draft, "/week"), "set_week", mon="08:00-24:00")
    db.session.refresh(draft)
    sheet = sheet_of(draft)
    assert (sheet.day(date(2026, 12, 1)).kind, sheet.day(date(2026, 12, 1)).words["zh"]) == ("closed", "年会")
    assert sheet.day(date(2026, 12, 7)).ranges == ((480, 1440),)


@pytest.mark.parametrize("action", FORMS)
def test_others_may_not(english, draft, browser, action):
    part, fields, _ = FORMS[action]
    row = prepared(draft, action)
    target = english("admin").get(at(row, part)).form(action).url
    others = [english(login) for login in ("chen", "liu", "zhang")]
    before = everything(but=NOT_BUSINESS)
    for other in others:
        token = other.get("/report").form().values["csrf_token"]
        sent = {"csrf_token": token, "once": "", "on": "2026-12-01", **fields}
        assert other.open(target, method="POST", data=sent).status == 403
        assert other.open(at(row, part)).status == 403
    assert browser.open(at(row, part)).response.location.startswith("/login")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.parametrize("action", [action for action, (_, _, bad) in FORMS.items() if bad])
def test_a_bad_form_is_kept(english, draft, action):
    part, _, bad = FORMS[action]
    browser = english("admin")
    before = everything(but=NOT_BUSINESS)
    page = browser.submit(at(draft, part), action, **bad)
    assert page.status == 422
    assert page.all(role="alert")
    shown = page.form(action)
    assert page.all("p", _class="problem"), "the sentence stands beside the field"
    for name, value in bad.items():
        assert [typed.replace("\r\n", "\n") for typed in shown.values[name]] == [value], name
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.parametrize("action", FORMS)
def test_a_page_that_has_lain_open_is_refused(english, draft, action):
    """Somebody else has changed the draft meanwhile: 409, and nothing is written."""
    part, fields, _ = FORMS[action]
    row, browser = prepared(draft, action), english("admin")
    lain_open = browser.get(at(row, part)).form(action)
    calendars.set_day(row, actor=person("admin"), on=date(2026, 12, 3), kind="closed")
    before = everything(but=NOT_BUSINESS)
    assert browser.press(lain_open, **fields).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.parametrize("part", ["/day?on=2026-12-01", "/week", "/import", "/publication", "/proposal"])
def test_a_published_edition_has_no_forms(english, held, part):
    answer = english("admin").open(at(held, part))
    assert (answer.status, answer.response.location) == (303, at(held))


def test_what_is_not_there_is_404(english, draft):
    browser = english("admin")
    for url in ("/admin/calendars/999", "/admin/calendars/999/trial", at(draft, "/day?on=x"),
                at(draft, "/day?on=9999-12-31")):  # fmt: skip
        assert browser.open(url).status == 404, url


def test_a_new_calendar(english):
    page = english("admin").does(
        "/admin/calendars/new", "create_calendar", name="Berlin", tz="Europe/Berlin", country="DE", mon="08:00-16:30"
    )
    assert "Draft of edition 1" in page.text
    row = editions_of("Berlin")[0]
    assert (row.country, row.calendar.tz) == ("DE", "Europe/Berlin")
    page = english("admin").submit("/admin/calendars/new", "create_calendar", name="Berlin", sat="9")
    assert page.status == 422
    assert page.form("create_calendar").values["sat"] == ["9"]
    assert english("chen").open("/admin/calendars/new").status == 403


# --- the month


def test_a_month_shows_what_holds_on_each_day(english, held):
    page = english("admin").get(at(held, "?month=2026-10"))
    days = {e["data-day"]: e for e in page.all("td", data_day=None)}
    assert len(days) == 31
    assert "October 2026" in page.text
    assert (days["2026-10-01"]["data-state"], days["2026-10-01"]["class"]) == ("closed", "closed")
    assert "National Day" in days["2026-10-01"].text
    assert (days["2026-10-10"]["data-state"], days["2026-10-10"]["class"]) == ("open", "made-up")
    assert "make-up" in days["2026-10-10"].text
    assert days["2026-10-09"]["class"] == "open"
    assert not page.all("a", _class="day"), "a published edition has no forms"


def test_a_month_in_chinese(sign_in, held):
    page = sign_in("admin").get(at(held, "?month=2026-10"))
    assert "国庆节" in page.text
    assert "2026年10月" in page.text


def test_a_day_of_a_draft_leads_to_its_form_and_back(english, draft):
    browser = english("admin")
    link = browser.get(at(draft, "?month=2026-12")).one("td", data_day="2026-12-01").one("a", _class="day")
    page = browser.does(link["href"], "set_day", kind="own", hours="10:00-11:00,22:00-24:00", name="值班")
    assert page.one("td", data_day="2026-12-01")["class"] == "own"
    assert "22:00-24:00" in page.one("td", data_day="2026-12-01").text


@pytest.mark.parametrize("month", ["nonsense", "2026-13", "0001-01", "9999-12", ""])
def test_a_month_that_makes_no_sense_is_this_one(english, held, month):
    assert "November 2026" in english("admin").get(at(held, f"?month={month}")).text


def test_a_year_that_is_missing_is_named_where_administrators_look(english, held, draft):
    sentence = "does not know the holidays and make-up days of 2027 yet"
    admin = english("admin")
    for url in ("/admin", "/admin/calendars", at(held), at(draft), at(draft, "/publication"), "/admin/health"):
        assert sentence in admin.get(url).text, url


def test_no_year_is_missing_in_october(english, held, time):
    from datetime import UTC, datetime

    time(datetime(2026, 10, 30, 2, tzinfo=UTC))
    admin = english("admin")
    for url in ("/admin", "/admin/calendars", at(held), "/admin/health"):
        assert "make-up days of 2027" not in admin.get(url).text, url


# --- files


def test_an_uploaded_file_is_looked_at_and_taken_over(english, draft):
    browser = english("admin")
    file = (io.BytesIO(f"{HEAD}2026-12-01,closed,,年会\n".encode("gb18030")), "放假.csv")
    page = browser.does(at(draft, "/import"), "propose_file", file=file)
    assert [e["data-change"] for e in page.all("tr", data_change=None)] == ["2026-12-01"]
    assert "closed · 年会" in page.text
    db.session.refresh(draft)
    assert sheet_of(draft).day(date(2026, 12, 1)).is_open, "not taken over yet"
    page = browser.does(at(draft, "/proposal"), "take_over")
    db.session.refresh(draft)
    assert not sheet_of(draft).day(date(2026, 12, 1)).is_open


def test_a_refused_file_stays_in_the_text_to_be_mended(english, draft):
    browser = english("admin")
    said = f"{HEAD}2026-12-01,closed,,年会\n2026-12-02,own,9-12,\n"
    page = browser.submit(at(draft, "/import"), "propose_file", file=(io.BytesIO(said.encode()), "a.csv"))
    assert page.status == 422
    assert "Line 3: 9-12 are not ranges" in page.text
    form = page.form("propose_file")
    mended = form.values["text"][0].replace("9-12", "09:00-12:00")
    assert browser.press(form, text=mended).status == 303


def test_nothing_at_all_is_refused(english, draft):
    assert english("admin").submit(at(draft, "/import"), "propose_file").status == 422
    binary = (io.BytesIO(b"\xff\xff\xff"), "a.csv")
    page = english("admin").submit(at(draft, "/import"), "propose_file", file=binary)
    assert page.status == 422
    assert "not text" in page.text


@pytest.mark.parametrize(
    ("ending", "kind"), [("csv", "text/csv"), ("ics", "text/calendar"), ("json", "application/json")]
)
def test_an_edition_is_a_file(english, held, ending, kind):
    answer = english("admin").open(at(held, f"/{ending}")).response
    assert answer.mimetype == kind
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "2026-10-01" in answer.text or "20261001" in answer.text
    assert english("chen").open(at(held, f"/{ending}")).status == 403


# --- publishing


def test_publishing_shows_what_differs_and_who_did_it(english, held, draft):
    browser, ticket = english("admin"), a_ticket("awaiting_plan", severity="P2")
    browser.does(at(draft, "/day?on=2026-11-19"), "set_day", kind="closed", name="停电")
    page = browser.get(at(draft, "/publication"))
    assert [e["data-change"] for e in page.all("tr", data_change=None)] == ["2026-11-19"]
    assert "1 open ticket counts by an older edition." in page.text
    due = deadline(ticket, "resolve").due_at
    page = browser.does(at(draft, "/publication"), "publish_calendar", running="y")
    assert "Edition 2 is published." in page.text
    assert "1 open ticket still follows." in page.text
    assert "管理员" in page.text
    clockwork.move_tickets()
    assert deadline(ticket, "resolve").due_at > due
    assert "Service calendar changed" in english("chen").get(f"/t/{ticket.number}").text


def test_nothing_new_is_not_published(english, draft):
    page = english("admin").submit(at(draft, "/publication"), "publish_calendar")
    assert page.status == 422
    assert "Nothing differs" in page.text


def test_two_do_not_begin_two_drafts(english, held):
    browser = english("admin")
    stale = browser.get(at(held)).form("draft_calendar")
    browser.does(at(held), "draft_calendar")
    assert browser.press(stale).status in (303, 409)
    assert [row.edition for row in editions_of(held.name)] == [2, 1]


# --- the test box


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2026-11-20T17:30", 4, "service_h", "2026-11-23T14:00:00+08:00"),  # Friday half past five
        ("2026-11-20T17:30", 30, "service_min", "2026-11-20T18:00:00+08:00"),
        ("2026-11-20T17:30", 4, "wall_h", "2026-11-20T21:30:00+08:00"),
        ("2026-11-20T17:30", 3, "days", "2026-11-25T17:30:00+08:00"),
        ("2026-09-30T17:00", 2, "service_h", "2026-10-08T10:00:00+08:00"),  # over National Day
        ("2026-10-09T17:30", 1, "service_h", "2026-10-10T09:30:00+08:00"),  # a make-up Saturday
    ],
)
def test_the_test_box(english, held, start, amount, unit, due):
    page = english("admin").get(at(held, f"/trial?start={start}&amount={amount}&unit={unit}"))
    assert page.one("p", data_due=None)["data-due"] == due
    minutes = [int(row.all("td")[-1].text) for row in page.one("tbody").all("tr")]
    assert sum(minutes) == int(page.one("tfoot").one("td").text)
    if unit.startswith("service"):
        assert sum(minutes) == amount * (60 if unit.endswith("h") else 1)


def test_the_test_box_lists_what_counted(english, held):
    page = english("admin").get(at(held, "/trial?start=2026-11-20T17:30&amount=4&unit=service_h"))
    rows = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
    assert rows == [
        ["2026-11-20 17:30", "2026-11-20 18:00", "30"],
        ["2026-11-23 09:00", "2026-11-23 12:00", "180"],
        ["2026-11-23 13:30", "2026-11-23 14:00", "30"],
    ]


@pytest.mark.parametrize("start", ["", "x", "1066-01-01T00:00"])
def test_a_bad_question_keeps_what_was_typed(english, held, start):
    page = english("admin").open(at(held, f"/trial?start={start}&amount=4&unit=days"))
    assert page.status == 422
    assert page.all(role="alert")
    assert page.one("input", name="amount")["value"] == "4"
    assert page.one("input", name="start").get("value") == start


@pytest.mark.parametrize(("amount", "unit"), [("-1", "days"), ("x", "days"), ("10001", "days"), ("1", "weeks")])
def test_an_amount_that_makes_no_sense(english, held, amount, unit):
    assert english("admin").open(at(held, f"/trial?start=2026-11-20T17:30&amount={amount}&unit={unit}")).status == 422


# --- the command line


def run(app, *words: str):
    return app.test_cli_runner().invoke(args=["calendar", *words])


def test_the_command_line_lists_and_exports(app, held):
    assert held.name in run(app, "list").output
    assert json.loads(run(app, "list", "--json").output)["state"] == "published"
    assert json.loads(run(app, "export", held.name).output)["tz"] == "Asia/Shanghai"
    assert run(app, "export", held.name, "--format", "csv").output.startswith(HEAD)
    missing = run(app, "export", "Atlantis")
    assert (missing.exit_code, "no calendar named Atlantis" in missing.output) == (1, True)


def test_the_command_line_imports(app, held, tmp_path):
    file = tmp_path / "days.csv"
    file.write_text(f"{HEAD}2026-12-01,closed,,年会\n", "utf-8")
    answer = run(app, "import", held.name, str(file), "--dry-run")
    assert (answer.exit_code, "Days that change: 1." in answer.output) == (0, True)
    assert len(editions_of(held.name)) == 1, "only looked at"
    assert run(app, "import", held.name, str(file)).exit_code == 0
    assert editions_of(held.name)[0].is_draft
    answer = run(app, "import", held.name, str(file), "--publish")
    assert re.search(r"Edition 2 is published", answer.output), answer.output
    assert not sheet_of(newest_calendars()[0]).day(date(2026, 12, 1)).is_open


def test_the_command_line_refuses_a_bad_file(app, held, tmp_path):
    file = tmp_path / "days.csv"
    file.write_text(f"{HEAD}2026-12-01,closed\n", "utf-8")
    answer = run(app, "import", held.name, str(file))
    assert (answer.exit_code, "Line 2" in answer.output) == (1, True)
    assert len(editions_of(held.name)) == 1
