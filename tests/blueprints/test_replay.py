"""The replay on the page (P12.3): who may ask, what is asked, what is answered; asking changes nothing."""

import pytest

from models.policy.draft import draft_of
from models.policy.pack import Pack, load_pack
from models.steps import policies
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket, person
from tests.models.test_deadlines import at

PAGE = "/admin/replay"
ASKED = f"{PAGE}?policy=unified&first=2026-11-01&last=2026-11-30"


@pytest.fixture
def ticket(cast, time):
    """Three and a half hours old; the draft would have had it solved within two."""
    found = a_ticket("awaiting_plan", severity="P1")
    time(at("13:30"))
    raw = load_pack("unified").dump()
    raw["clocks"]["resolve"]["P1"] = {"basis": "wall", "minutes": 120}
    policies.start_draft(Pack.from_dict(raw), actor=person("admin"))
    return found


@pytest.mark.parametrize("login", ["admin", "liu", "feng"])
def test_who_decides_about_policies_sees_what_a_draft_would_have_done(english, ticket, login):
    browser = english(login)
    before = everything(but=NOT_BUSINESS)
    answer = browser.open(ASKED)
    assert answer.status == 200
    row = answer.one("tr", data_kind="resolve", data_level="P1")
    assert [cell.text for cell in row.all("td")] == ["P1", "0", "1", f"1: {ticket.number}", "0"]
    assert row.one("a")["href"] == f"/t/{ticket.number}"
    assert answer.one("tr", data_rung="2").all("td")[1].text != answer.one("tr", data_rung="2").all("td")[0].text
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_opening_it_only_asks(english, ticket):
    page = english("liu").get(f"{PAGE}?policy=unified@1")
    assert not page.all("section", data_replayed=None)
    assert page.one("input", name="first")["value"] == "2026-08-20", "thirteen weeks back"
    assert page.one("input", name="last")["value"] == "2026-11-18"
    assert page.one("option", selected=None)["value"] == "unified@1"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("policy=unified&first=2026-11-30&last=2026-11-01", "The last day must not be before the first."),
        ("policy=unified&first=2024-11-01&last=2026-11-30", "Please choose a year at most."),
        ("policy=unified&first=&last=2026-11-30", "This must be filled in."),
        ("policy=unified&first=soon&last=2026-11-30", "Not a valid date value."),
        ("policy=nothing&first=2026-11-01&last=2026-11-30", "Not a valid choice."),
    ],
)
def test_a_question_that_cannot_be_answered(english, ticket, question, answer):
    page = english("admin").open(f"{PAGE}?{question}")
    assert page.status == 422
    assert answer in page.text
    assert not page.all("section", data_replayed=None)


def test_nobody_else(english, browser, ticket):
    for login in ("zhang", "wang", "chen", "zhao", "sun"):
        assert english(login).open(ASKED).status == 403, login
    assert browser.open(ASKED).response.location.startswith("/login")


def test_an_empty_period(english, ticket):
    page = english("feng").get(f"{PAGE}?policy=unified&first=2026-01-01&last=2026-01-31")
    assert page.one("section", data_replayed="0")
    assert "No clock was missed, and none would have been." in page.text


def test_the_way_there(english, ticket):
    draft, liu, feng = draft_of("unified").id, english("liu"), english("feng")
    assert liu.get(f"/admin/policies/drafts/{draft}").one("a", href=f"{PAGE}?policy=unified")
    assert liu.get("/admin/policies/editions/1").one("a", href=f"{PAGE}?policy=unified@1")
    assert feng.get("/help/shortcuts").one("a", href=PAGE)
