"""Calendars to subscribe to: one address each, renewed and switched off; what they say, in which zone, and to whom."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy import select

from models.ground import tokens
from models.ground.db import db
from models.people.feed import Feed
from models.people.rota import Shift
from models.steps import triage
from models.steps.absences import announce_absence
from models.steps.accounts import deactivate_person, edit_person, reactivate_person, set_own_settings
from models.steps.feeds import open_feed
from models.steps.rotas import add_shift, end_shift, hand_over_shift
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_plan, a_request, a_ticket, deadline, person
from tests.models.test_deadlines import at
from tests.models.test_permissions import hire


@pytest.fixture
def shift(cast, time):
    return add_shift(
        actor=cast.admin, role="duty_lead", person=cast.chen, starts_at=at("20.T09:00"), ends_at=at("20.T18:00")
    )


def address(login: str, kind: str = "oncall", team: int | None = None) -> str:
    token = open_feed(person(login), kind=kind).token
    return f"/ical/{kind}/{token}{f'/{team}' if team else ''}.ics"


def events(browser, url: str):
    answer = browser.open(url)
    assert answer.status == 200, answer.status
    assert answer.response.mimetype == "text/calendar"
    return Calendar.from_ical(answer.response.get_data()).walk("VEVENT")


# --- the addresses


def test_switched_on_copied_renewed_and_switched_off(english, browser, shift):
    chen = english("chen")
    page = chen.get("/me")
    assert not page.one("div", data_feed="oncall").all("code")
    chen.press(_form(page, "open_feed", "oncall"))
    shown = chen.get("/me").one("div", data_feed="oncall")
    first = shown.one("code").text
    assert shown.one("button", data_copy=first), "with a button that copies it"
    assert [e.start for e in events(browser, first.removeprefix("http://localhost"))] == [at("20.T09:00")]
    chen.press(_form(chen.get("/me"), "open_feed", "oncall"))
    second = chen.get("/me").one("div", data_feed="oncall").one("code").text
    assert second != first
    dead = browser.open(first.removeprefix("http://localhost"))
    assert (dead.status, dead.response.get_data()) == (410, b""), "no page: nobody looks but a machine"
    assert events(browser, second.removeprefix("http://localhost"))
    chen.press(_form(chen.get("/me"), "end_feed", "oncall"))
    assert browser.open(second.removeprefix("http://localhost")).status == 410
    assert not chen.get("/me").one("div", data_feed="oncall").all("code")


def _form(page, action: str, kind: str):
    return next(form for form in page.forms(action) if f"/{kind}" in form.url)


def test_no_token_is_stored(cast):
    for kind in ("oncall", "due"):
        token = open_feed(cast.chen, kind=kind).token
        rows = "".join(map(str, everything().values()))
        assert token not in rows
        assert tokens.digest(token) in rows
    kept = db.session.scalars(select(Feed).where(Feed.ended_at.is_(None)))
    assert sorted(feed.kind for feed in kept) == ["due", "oncall"], "each has one of its own"


def test_a_token_opens_its_own_calendar_and_nothing_else(browser, cast):
    url = address("chen")
    token = url.split("/")[3].removesuffix(".ics")
    assert browser.open(f"/ical/due/{token}.ics").status == 404
    assert browser.open("/ical/oncall/nothing-like-it.ics").status == 404
    assert browser.open(f"/ical/oncall/{token}x.ics").status == 404
    assert browser.open(f"/ical/oncall/{token}/99.ics").status == 404, "no such team"
    assert browser.open(f"/c/{token}").status == 404
    assert browser.open(url).response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("login", ["zhang", "yang", "qian"])
def test_whoever_has_neither_turns_nor_tickets_has_none(english, browser, cast, login):
    one = english(login)
    assert not one.get("/me").all("section", id="feeds")
    token = one.get("/report").form().values["csrf_token"]
    assert one.open("/me/feeds/oncall", method="POST", data={"csrf_token": token}).status == 403
    assert browser.open("/me/feeds/oncall", method="POST").status in (401, 403)


def test_whoever_leaves_takes_the_calendar_along(browser, shift, cast):
    url, due = address("wu"), address("wu", "due")
    assert events(browser, url) == []
    deactivate_person(cast.wu, actor=cast.admin, successor=cast.chen)
    assert [browser.open(each).status for each in (url, due)] == [410, 410]
    assert browser.open(url).response.get_data() == b""
    reactivate_person(cast.wu, actor=cast.admin)
    assert [browser.open(each).status for each in (url, due)] == [410, 410], "back, with new addresses only"


def test_a_right_that_is_taken_away_closes_it(browser, cast):
    url, team = address("wu"), address("wu", team=cast.team("dev").id)
    edit_person(cast.wu, actor=cast.admin, name="吴", roles=[])
    assert [browser.open(each).status for each in (url, team)] == [410, 410]


# --- what they say


def test_reading_changes_nothing_and_the_same_is_not_sent_twice(browser, shift, time):
    url = address("chen")
    before = everything(but=NOT_BUSINESS)
    first = browser.open(url).response
    assert first.headers["Cache-Control"] == "private, no-cache"
    time(timedelta(hours=5))
    again = browser.open(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.response.get_data()) == (304, b"")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    end_shift(db.session.get_one(Shift, shift.id), actor=person("admin"), at=at("20.T17:00"))
    changed = browser.open(url, headers={"If-None-Match": first.headers["ETag"]})
    (event,) = Calendar.from_ical(changed.response.get_data()).walk("VEVENT")
    assert event.end == at("20.T17:00")


def test_a_turn_that_changes_hands(browser, shift, cast, time):
    chen, wu = address("chen"), address("wu")
    held = events(browser, chen)[0]
    second = hire("second", "duty_lead")
    given = db.session.get_one(Shift, shift.id)
    hand_over_shift(given, actor=cast.chen, taker=second, starts_at=at("20.T12:00"), ends_at=at("20.T18:00"))
    mine = events(browser, chen)[0]
    assert (mine["uid"], mine.end) == (held["uid"], at("20.T12:00"))
    assert mine["sequence"] > held["sequence"]
    assert events(browser, wu) == []
    (theirs,) = events(browser, address("second"))
    assert (theirs.start, theirs.end) == (at("20.T12:00"), at("20.T18:00"))


def test_every_rota_of_a_team(browser, shift, cast):
    dev, ops = cast.team("dev"), cast.team("ops")
    span = {"starts_at": at("20.T09:00"), "ends_at": at("20.T18:00")}
    add_shift(actor=cast.admin, role="engineer", person=cast.zhao, team=dev, **span)
    set_own_settings(cast.wu, locale="en", time_zone="Asia/Shanghai", theme="auto", on_duty=True)
    names = {str(e["summary"]) for e in events(browser, address("wu", team=dev.id))}
    assert names == {"Duty lead: 陈静", "Engineer: 赵磊"}
    assert len(events(browser, address("wu", team=ops.id))) == 1, "what counts for every team, and nobody else's"


def test_the_zone_and_its_summer_time(browser, cast, time):
    """Nine in Berlin stays nine in Berlin; the rules beside it say the same as the zone, also in the odd hours."""
    set_own_settings(cast.admin, locale="en", time_zone="Europe/Berlin", theme="auto", on_duty=True)
    berlin, local = ZoneInfo("Europe/Berlin"), datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    add_shift(
        actor=cast.admin, role="duty_lead", person=cast.chen, starts_at=local.astimezone(UTC),
        ends_at=(local + timedelta(hours=8)).astimezone(UTC), every_weeks=1,
    )  # fmt: skip
    answer = browser.open(address("chen")).response.get_data()
    calendar = Calendar.from_ical(answer)
    starts = [event.start for event in calendar.walk("VEVENT")]
    assert len(starts) > 20
    assert {start.hour for start in starts} == {9}
    assert {start.utcoffset() for start in starts} == {timedelta(hours=1), timedelta(hours=2)}
    assert b"DTSTART;TZID=Europe/Berlin:20261123T090000" in answer
    (zone,) = calendar.walk("VTIMEZONE")
    rules = zone.to_tz(lookup_tzid=False)
    for month, day in ((3, 28), (10, 31)):
        for minutes in range(0, 60 * 6, 20):
            moment = datetime(2027, month, day, 0, tzinfo=UTC) + timedelta(minutes=minutes)
            assert moment.astimezone(rules).utcoffset() == moment.astimezone(berlin).utcoffset(), moment


def test_ones_own_due_times(browser, cast, time):
    held = a_ticket("awaiting_fix", severity="P1")
    other = a_ticket("awaiting_plan", severity="P2", assignee=cast.li)
    found = {str(e["uid"]): e for e in events(browser, address("zhao", "due"))}
    resolve = deadline(held, "resolve")
    event = found[f"due-{resolve.id}@bihuan"]
    assert event.start == resolve.due_at
    assert event["dtstart"].params["TZID"] == "Asia/Shanghai"
    assert str(event["url"]) == f"http://localhost/t/{held.number}"
    assert held.title in str(event["description"])
    assert not [e for e in found.values() if other.number in str(e["summary"])], "somebody else's"


def test_what_is_to_be_decided_and_assessed(browser, cast, time):
    plan = a_plan(a_ticket("awaiting_plan", severity="P2"))
    (event,) = [e for e in events(browser, address("chen", "due")) if plan.ticket.number in str(e["summary"])]
    assert event.start == deadline(plan.ticket, "approve").due_at
    asked = a_request("awaiting_assessment")
    mine = {str(e["uid"]): e.start for e in events(browser, address("zhou", "due"))}
    assess = deadline(asked, "assess")
    assert mine[f"due-{assess.id}@bihuan"] == assess.due_at


def test_of_a_secret_only_the_number(browser, cast, time):
    secret = a_ticket("awaiting_plan", severity="P1", category="security")
    found = [e for e in events(browser, address("zhao", "due")) if secret.number in str(e["summary"])]
    assert found, "whoever works on it has to know by when"
    assert not any("description" in e for e in found)


def test_a_clock_that_stands_still_has_no_due_time(browser, cast, time):
    ticket = a_ticket("awaiting_fix", severity="P1")
    url = address("zhao", "due")
    assert f"due-{deadline(ticket, 'resolve').id}@bihuan" in {str(e["uid"]) for e in events(browser, url)}
    triage.ask_reporter(ticket, actor=cast.zhao, question="还报错吗?")
    held = f"due-{deadline(ticket, 'resolve').id}@bihuan"
    assert held not in {str(e["uid"]) for e in events(browser, url)}


def test_in_the_language_of_whoever_subscribed(browser, shift, cast):
    url = address("chen")
    assert "陈静" in str(Calendar.from_ical(browser.open(url).response.get_data())["x-wr-calname"])
    set_own_settings(cast.chen, locale="en", time_zone="Asia/Shanghai", theme="auto", on_duty=True)
    (event,) = events(browser, url)
    assert (str(event["summary"]), str(event["description"])) == ("On call: Duty lead", "for every team")
    announce_absence(cast.chen, actor=cast.chen, starts_at=at("20.T09:00"), ends_at=at("20.T18:00"))
    assert events(browser, url), "an absence moves calls, not the rota"
