"""On call: the week, shifts, hand-overs, absences; and the ladder of a ticket."""

from datetime import timedelta

import pytest

from models.clockwork import escalation
from models.ground.db import db
from models.people.absence import Absence
from models.people.rota import Handover, on_call
from models.steps.absences import announce_absence
from models.steps.rotas import add_shift
from tests.browsing import Browser
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket, person
from tests.models.test_deadlines import at
from tests.models.test_escalation import sweep_until
from tests.models.test_permissions import hire

SHIFT = {"role": "duty_lead", "person": "chen", "starts_at": "2026-11-20T09:00", "ends_at": "2026-11-20T18:00"}
AWAY = {"starts_at": "2026-11-20T09:00", "ends_at": "2026-11-21T18:00"}


@pytest.fixture
def shift(cast, time):
    return add_shift(
        actor=cast.admin, role="duty_lead", person=cast.chen, starts_at=at("20.T09:00"), ends_at=at("20.T18:00")
    )


@pytest.fixture
def absence(cast, time):
    return announce_absence(cast.liu, actor=cast.liu, starts_at=at("19.T09:00"), ends_at=at("21.T09:00"))


def nothing_written(deed) -> bool:
    before = everything(but=NOT_BUSINESS)
    deed()
    return difference(before, everything(but=NOT_BUSINESS)) == {}


def thrown(browser: Browser, url: str, **fields) -> int:
    """A POST by hand, of somebody who has no form for it."""
    token = browser.get("/report").form().values["csrf_token"]
    return browser.open(url, method="POST", data={"csrf_token": token, "once": "", **fields}).status


# --- the week


def test_the_week_shows_who_and_where_nobody(english, shift, absence):
    page = english("wang").get("/admin/on-call?week=2026-11-20")
    table = page.one("table", class_="rota")
    friday = table.all("td")[4].text
    assert friday == "00:00–09:00 nobody 09:00–18:00 陈静 18:00–24:00 nobody"
    assert "Nobody is on call at 2 times of this week." in page.text
    assert "刘洋" in page.text, "who is away"
    assert "and nobody else is there as: Technical manager." in page.text
    assert not page.all("a", href="/admin/on-call/new"), "the first line looks, and changes nothing"


@pytest.mark.parametrize("week", ["", "x", "9999-12-31", "2026-11-20"])
def test_any_week_can_be_asked_for(english, week):
    page = english("chen").get(f"/admin/on-call?week={week}")
    assert page.status == 200
    assert page.all("a", href="/admin/on-call/new")
    assert "No rota in this week" in page.text


def test_who_sees_the_week(sign_in, browser, shift):
    assert [sign_in(login).open("/admin/on-call").status for login in ("zhang", "yang", "qian")] == [403] * 3
    assert browser.open("/admin/on-call").status == 303
    assert sign_in("chen").open(f"/admin/on-call/{shift.id + 9}").status == 404


# --- a shift


def test_a_supervisor_enters_a_shift(english, time):
    page = english("wu").does("/admin/on-call/new", "add_shift", **SHIFT, every_weeks="1")
    assert "陈静" in page.text
    assert on_call("duty_lead", None, at("27.T10:00")) == [person("chen").id]


def test_only_who_keeps_rotas_enters_a_shift(sign_in, time):
    for login in ("wang", "zhao", "liu", "zhang"):
        browser = sign_in(login)
        assert browser.open("/admin/on-call/new").status == 403
        assert nothing_written(lambda who=browser: thrown(who, "/admin/on-call/new", **SHIFT))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"person": ""}, "This must be filled in."),
        ({"person": "nobody-like-that"}, "Nobody like that is known."),
        ({"person": "zhao"}, "赵磊 does not hold this role."),
        ({"ends_at": "2026-11-20T08:00"}, "The end lies after the beginning"),
        ({"starts_at": "soon"}, "Begins"),
    ],
)
def test_a_bad_shift_is_kept_with_a_sentence(english, time, changed, says):
    browser = english("chen")
    wanted = SHIFT | changed
    before = everything(but=NOT_BUSINESS)
    answer = browser.submit("/admin/on-call/new", "add_shift", **wanted)
    assert answer.status == 422
    assert says in answer.one(role="alert").text
    assert answer.form("add_shift").values["person"][0] == wanted["person"]
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_names_are_offered_while_one_types(sign_in, time):
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = sign_in("chen").open("/admin/on-call/new?person=陈", headers=part)
    assert "陈静" in answer.response.get_data(as_text=True)


def test_a_shift_ends(english, shift, time):
    time(at("20.T12:00"))
    page = english("admin").does(f"/admin/on-call/{shift.id}", "end_shift")
    assert "The shift has ended." in page.text
    assert on_call("duty_lead", None, at("20.T12:00")) == []
    assert on_call("duty_lead", None, at("20.T11:00")) == [person("chen").id], "what has been stays"


def test_ended_twice_is_refused(english, shift):
    browser = english("admin")
    form = browser.get(f"/admin/on-call/{shift.id}").form("end_shift")
    english("wu").does(f"/admin/on-call/{shift.id}", "end_shift")
    before = everything(but=NOT_BUSINESS)
    assert browser.press(form).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_only_who_keeps_rotas_ends_a_shift(sign_in, shift):
    browser = sign_in("wang")
    assert not browser.get(f"/admin/on-call/{shift.id}").forms("end_shift")
    assert thrown(browser, f"/admin/on-call/{shift.id}/end") == 403
    assert thrown(sign_in("chen"), "/admin/on-call/999/end") == 404


# --- a hand-over


def test_one_gives_ones_own_turn_away(english, cast, time):
    given = add_shift(
        actor=cast.admin, role="first_line", person=cast.wang, starts_at=at("20.T09:00"), ends_at=at("20.T18:00")
    )
    hire("second", "first_line")
    page = english("wang").does(f"/admin/on-call/{given.id}/handover", "hand_over_shift", taker="second")
    assert "王芳 → second" in page.text
    assert db.session.query(Handover).one().taker.login == "second"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"taker": "chen"}, "This is whose turn it is already."),
        ({"taker": "zhao"}, "does not hold this role"),
        ({"starts_at": "2026-11-20T07:00", "taker": "chen"}, "The shift does not run at this time."),
    ],
)
def test_a_bad_hand_over_is_kept_with_a_sentence(english, shift, changed, says):
    browser = english("chen")
    before = everything(but=NOT_BUSINESS)
    answer = browser.submit(f"/admin/on-call/{shift.id}/handover", "hand_over_shift", **changed)
    assert answer.status == 422
    assert says in answer.one(role="alert").text
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_a_strangers_turn_is_not_given_away(sign_in, shift):
    browser = sign_in("wang")
    assert browser.open(f"/admin/on-call/{shift.id}/handover").status == 403
    assert nothing_written(lambda: thrown(browser, f"/admin/on-call/{shift.id}/handover", taker="wang"))


def test_a_page_that_has_lain_open_is_refused(english, shift):
    """Ended meanwhile: nothing is handed over."""
    browser = english("chen")
    form = browser.get(f"/admin/on-call/{shift.id}/handover").form("hand_over_shift")
    english("wu").does(f"/admin/on-call/{shift.id}", "end_shift")
    answer = browser.press(form, taker="wu")
    assert answer.status == 409
    assert db.session.query(Handover).count() == 0


# --- absences


def test_one_announces_ones_own_absence(english, time):
    page = english("wu").does("/me/absences", "announce_absence", **AWAY, delegate="chen", kind="trip")
    assert "The absence is kept." in page.text
    found = db.session.query(Absence).one()
    assert (found.person.login, found.delegate.login, found.kind) == ("wu", "chen", "trip")
    assert found.starts_at == at("20.T09:00"), "typed in one's own zone"


def test_whoever_leaves_a_rung_empty_is_warned(english, time):
    page = english("liu").does("/me/absences", "announce_absence", **AWAY)
    assert "Nobody else is there meanwhile as: Technical manager." in page.text
    home = english("admin").get("/admin")
    assert "Nobody stands in for 刘洋" in home.text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"ends_at": "2026-11-20T08:00"}, "The end lies after the beginning."),
        ({"ends_at": ""}, "This must be filled in."),
        ({"delegate": "li"}, "李强 holds none of the same roles."),
    ],
)
def test_a_bad_absence_is_kept_with_a_sentence(english, time, changed, says):
    browser = english("wu")
    before = everything(but=NOT_BUSINESS)
    answer = browser.submit("/me/absences", "announce_absence", **AWAY | changed)
    assert answer.status == 422
    assert says in answer.one(role="alert").text
    assert answer.form("announce_absence").values["starts_at"] == [AWAY["starts_at"]]
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_a_supervisor_announces_it_for_somebody_who_cannot(english, time):
    english("chen").does("/admin/absences/new", "announce_absence_of", **AWAY, person="zhao", kind="sick")
    assert db.session.query(Absence).one().person.login == "zhao"


def test_nobody_else_does(sign_in, time):
    for login in ("wang", "zhao", "liu"):
        browser = sign_in(login)
        assert browser.open("/admin/absences/new").status == 403
        assert thrown(browser, "/admin/absences/new", **AWAY, person="li") == 403
    assert db.session.query(Absence).count() == 0


def test_back_early(english, absence, time):
    time(at("20.T09:00"))
    browser = english("liu")
    form = browser.get("/me/absences").form("end_absence")
    assert browser.press(form).status == 303
    assert db.session.query(Absence).one().ends_at == at("20.T09:00")
    assert not browser.get("/me/absences").forms("end_absence")


def test_over_is_over(english, absence, time):
    browser = english("liu")
    form = browser.get("/me/absences").form("end_absence")
    time(at("22.T09:00"))
    assert browser.press(form).status == 409


def test_who_ends_an_absence(sign_in, absence):
    assert thrown(sign_in("zhao"), f"/absences/{absence.id}/end") == 403
    assert thrown(sign_in("chen"), f"/absences/{absence.id + 9}/end") == 404
    assert not sign_in("wang").get("/admin/on-call").forms("end_absence")
    assert sign_in("chen").get("/admin/on-call").forms("end_absence"), "the supervisor of somebody without a team"


def test_everybody_has_the_page_also_without_a_role(english, browser):
    assert "No absence is announced." in english("zhang").get("/me/absences").text
    assert browser.open("/me/absences").status == 303


# --- the ladder of a ticket


def test_a_ticket_shows_its_ladder(english, cast, time):
    """P5.5: what fired with its lateness, to whom; what is next."""
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("18:10"))
    while escalation.sweep():
        pass
    url = f"/t/{ticket.number}/ladder"
    browser = english("wang")
    assert browser.get(f"/t/{ticket.number}").all("a", href=url)
    page = browser.get(url)
    rows = [row.text for row in page.all("tr", data_mark=None)]
    assert any(r.startswith("Overdue") and "刘洋" in r and "10 min late" in r for r in rows), rows
    assert any("nobody: a later mark was due as well" in r for r in rows)
    assert any(r.startswith("Not acknowledged") and "孙浩" in r and "ahead" in r for r in rows)
    (region,) = page.all(id="ladder")
    assert region["data-live"] == f"t-{ticket.id}"
    part = browser.get(url, headers={"HX-Request-Type": "partial", "HX-Target": "section#ladder"})
    assert len(part.all("tr", data_mark=None)) == len(rows)
    assert not part.all("h1")


def test_who_is_passed_over_is_named(english, cast, absence, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("19.T10:00"))
    sweep_until(time, at("19.T10:00"))
    text = english("chen").get(f"/t/{ticket.number}/ladder").text
    assert "passed over: Technical manager 刘洋, is away, without a delegate who may act" in text


def test_who_sees_the_ladder(sign_in, browser, cast):
    ticket = a_ticket("awaiting_plan")
    url = f"/t/{ticket.number}/ladder"
    assert sign_in("zhang").open(url).status == 403, "the reporter sees the ticket, not the desk's own business"
    assert sign_in("yang").open(url).status == 404
    assert browser.open(url).status == 303


def test_acknowledged_is_said(english, cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    english("liu").does(f"/t/{ticket.number}", "acknowledge")
    assert "Acknowledged by 刘洋" in english("wang").get(f"/t/{ticket.number}/ladder").text


def test_the_health_page_rings_the_alarm(english, cast, time):
    for login in ("liu", "sun"):
        announce_absence(
            person(login), actor=cast.admin, starts_at=at("10:00"), ends_at=at("10:00") + timedelta(days=1)
        )
    a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    assert "An escalation reached nobody but the administrators." in english("admin").get("/admin/health").text
    assert english("admin").open("/readyz").response.json["at_last_resort"] == 1
