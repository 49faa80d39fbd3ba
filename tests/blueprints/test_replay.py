"""The replay on the page (P12.3): who may ask, what is asked, what is answered; it changes nothing but its own job."""

import pytest

from models.ground.db import command, db
from models.policy.draft import draft_of
from models.policy.pack import Pack, load_pack
from models.record.job import Job
from models.steps import policies
from models.steps.another_policy import change_policy
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_policy, a_ticket, deadline, person
from tests.models.test_deadlines import at
from tests.models.test_reckoning import spoil
from workers import jobs

PAGE = "/admin/replay"
NOVEMBER = {"policy": "unified", "first": "2026-11-01", "last": "2026-11-30"}
MACHINERY = (*NOT_BUSINESS, "job", "message")


@pytest.fixture
def ticket(cast, time):
    """Three and a half hours old; the draft would have had it solved within two."""
    found = a_ticket("awaiting_plan", severity="P1")
    time(at("13:30"))
    raw = load_pack("unified").dump()
    raw["clocks"]["resolve"]["P1"] = {"basis": "wall", "minutes": 120}
    policies.start_draft(Pack.from_dict(raw), actor=person("admin"))
    return found


def replayed(browser, **asked):
    """Ask, let the worker work, and follow the page of the job to what came of it."""
    page = browser.does(PAGE, "start_replay", **NOVEMBER | asked)
    assert page.one("section", id="job")["data-job-state"] == "queued"
    jobs.work(int(page.one("section", id="job")["data-job"]))
    number = db.session.query(Job).order_by(Job.id.desc()).first().id
    return browser.get(browser.get(f"/jobs/{number}").one("a", href=f"{PAGE}/{number}")["href"])


@pytest.mark.parametrize("login", ["admin", "liu", "feng"])
def test_who_decides_about_policies_sees_what_a_draft_would_have_done(english, ticket, login):
    browser = english(login)
    before = everything(but=MACHINERY)
    answer = replayed(browser)
    assert answer.status == 200
    row = answer.one("tr", data_kind="resolve", data_level="P1")
    assert [cell.text for cell in row.all("td")] == ["P1", "0", "1", f"1: {ticket.number}", "0"]
    assert row.one("a")["href"] == f"/t/{ticket.number}"
    assert answer.one("tr", data_rung="2").all("td")[1].text != answer.one("tr", data_rung="2").all("td")[0].text
    assert answer.all("tr", data_person=None)
    assert "2026-11-18 1" in answer.text, "the busiest hour"
    assert difference(before, everything(but=MACHINERY)) == {}


def test_opening_it_only_asks(english, ticket):
    liu = english("liu")
    before = everything(but=NOT_BUSINESS)
    page = liu.get(f"{PAGE}?policy=unified@1")
    assert "You have not replayed a policy yet." in page.text
    assert page.one("input", name="first")["value"] == "2026-08-20", "thirteen weeks back"
    assert page.one("input", name="last")["value"] == "2026-11-18"
    assert page.one("option", selected=None)["value"] == "unified@1"
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"first": "2026-11-30", "last": "2026-11-01"}, "The last day must not be before the first."),
        ({"first": "2024-11-01"}, "Please choose a year at most."),
        ({"first": ""}, "This must be filled in."),
        ({"first": "soon"}, "Not a valid date value."),
        ({"policy": "nothing"}, "Not a valid choice."),
    ],
)
def test_a_question_that_cannot_be_answered(english, ticket, question, answer):
    page = english("admin").submit(PAGE, "start_replay", **NOVEMBER | question)
    assert page.status == 422
    assert answer in page.text
    assert db.session.query(Job).count() == 0


def test_nobody_else(english, browser, ticket):
    asked = english("liu")
    replayed(asked)
    number = db.session.query(Job).one().id
    for login in ("zhang", "wang", "chen", "zhao", "sun"):
        one = english(login)
        assert one.open(PAGE).status == 403, login
        token = one.get("/report").form().values["csrf_token"]
        assert one.open(PAGE, method="POST", data={"csrf_token": token, **NOVEMBER}).status == 403, login
        assert one.open(f"{PAGE}/{number}").status == 404, login
    assert english("feng").open(f"{PAGE}/{number}").status == 404, "it is liu's"
    assert english("admin").open(f"{PAGE}/{number}").status == 200
    assert browser.open(f"{PAGE}/{number}").response.location.startswith("/login")
    assert db.session.query(Job).count() == 1


def test_an_administrator_reads_no_number_that_is_not_for_them(english, ticket, time):
    """A director may see what is about security; the administrator, who may open the same answer, may not (P2.11)."""
    time(at("10:00"))
    secret = a_ticket("awaiting_plan", severity="P1", category="security")
    time(at("13:30"))
    assert secret.number in replayed(english("liu")).text
    page = english("admin").get(f"{PAGE}/{db.session.query(Job).one().id}")
    gained = page.one("tr", data_kind="resolve", data_level="P1").all("td")[3].text
    assert gained == f"2: {ticket.number}", "counted, not named"
    assert secret.number not in page.text


def test_what_is_left_out_is_named_with_its_reason(english, ticket, cast):
    """A ticket that lived under several policies, and one whose record cannot be: neither is guessed at."""
    liu = english("liu")
    spoil(deadline(ticket, "resolve"))
    page = replayed(liu)
    assert page.one("section", data_replayed="0")
    assert "1 ticket is left out. Their record does not follow from their policy." in page.text
    assert page.one("a", href=f"/t/{ticket.number}")
    other = a_ticket("awaiting_plan", severity="P1")
    change_policy(other, actor=cast.wang, version=a_policy("response-control"), severity="P1", reason="客户另有合同。")
    page = replayed(liu, policy="response-control@1")
    assert "1 ticket is left out. They came under another calendar or policy half-way." in page.text
    assert page.one("a", href=f"/t/{other.number}")


def test_an_address_without_an_answer(english, ticket):
    liu = english("liu")
    waiting = liu.does(PAGE, "start_replay", **NOVEMBER).one("section", id="job")["data-job"]
    assert liu.open(f"{PAGE}/{waiting}").status == 404, "not finished"
    jobs.work(int(waiting))

    @command
    def forget():
        db.session.get_one(Job, int(waiting)).result = None

    forget()
    assert liu.open(f"{PAGE}/{waiting}").status == 410
    assert "The result was kept for seven days" in liu.get(f"/jobs/{waiting}").text


def test_an_empty_period(english, ticket):
    page = replayed(english("feng"), first="2026-01-01", last="2026-01-31")
    assert page.one("section", data_replayed="0")
    assert "No clock was missed, and none would have been." in page.text


def test_the_way_there(english, ticket):
    draft, liu, feng = draft_of("unified").id, english("liu"), english("feng")
    assert liu.get(f"/admin/policies/drafts/{draft}").one("a", href=f"{PAGE}?policy=unified")
    assert liu.get("/admin/policies/editions/1").one("a", href=f"{PAGE}?policy=unified@1")
    assert feng.get("/help/shortcuts").one("a", href=PAGE)
