"""The first run: one code, five steps, and then nothing is there any more."""

import pytest
from sqlalchemy import delete, select

from models.ground import clock
from models.ground.db import command, db
from models.people import claim
from models.people.person import Person, RoleHeld, find_person
from models.people.session import Session
from models.people.team import Team
from models.policy.version import version_in_force
from models.record import message
from tests.browsing import Browser
from tests.factories import a_ticket

STEPS = ("organisation", "policy", "calendar", "checks")
ADMIN = {"login": "root", "name": "系统管理员", "password": "long enough", "again": "long enough"}


@pytest.fixture
def empty(app):
    """A desk in which nobody has an account, and the code that ./run would print."""
    home = app.config["SETTINGS"].home
    _leave()
    yield claim.print_code(home)
    claim.end(home)


@command
def _leave() -> None:
    from models.people.team import Service

    for model in (Session, RoleHeld, Service, Person, Team):
        db.session.execute(delete(model))


@pytest.fixture
def root(empty, browser):
    """Whoever has the code has used it."""
    browser.does("/setup", "claim_desk", code=empty, **ADMIN)
    return browser


def test_an_empty_installation_leads_to_the_set_up(empty, browser):
    assert browser.open("/").response.location.startswith("/login")
    assert browser.open("/login").response.location == "/setup"
    assert browser.get("/setup").one("form", data_action="claim_desk")


def test_only_the_code_makes_an_administrator(empty, browser):
    answer = browser.submit("/setup", "claim_desk", code="AAAA-BBBB-CCCC", **ADMIN)
    assert answer.status == 422
    assert claim.is_unclaimed()
    page = browser.does("/setup", "claim_desk", code=empty.lower().replace("-", " "), **ADMIN)
    assert page.one("body")["data-env"]
    assert find_person("root").roles == {"reporter", "admin"}
    assert browser.get("/admin").status == 200


def test_nobody_claims_it_twice(app, root, browser, empty):
    assert browser.open("/setup", method="POST", data={"code": empty}).status in (403, 404)
    stranger = Browser(app)
    assert stranger.open("/setup").response.location.startswith("/login")
    assert [stranger.open(f"/setup/{step}").status for step in STEPS] == [303] * 4


def test_the_steps_set_what_they_say(root):
    root.does(
        "/setup/organisation",
        "set_up_organisation",
        organisation="  Acme  & Sons ",
        locale="en",
        time_zone="Europe/Berlin",
        teams="Apps\n\n Net \nApps",
    )
    assert set(db.session.scalars(select(Team.name))) == {"Apps", "Net"}
    assert root.get("/setup/policy").one(class_="brand").text == "Acme & Sons"
    assert root.get("/setup/organisation").form("set_up_organisation").values["organisation"] == ["Acme & Sons"]
    root.does("/setup/policy", "set_up_policy", pack_name="response-control")
    assert version_in_force(clock.now()).pack_name == "response-control"
    page = root.does(
        "/setup/calendar", "set_up_hours", name="Berlin", hours="08:00-16:00", days=["mon", "tue"], tz="Europe/Berlin",
        country="DE",
    )  # fmt: skip
    present = version_in_force(clock.now())
    assert present.pack_name == "response-control", "the other step stands"
    assert present.calendar.week[0] == ((480, 960),)
    assert present.calendar.week[2] == ()
    assert [step.text.split()[-1] for step in page.one(class_="todo").all("li")] == ["done"] * 4 + ["to", "do"][1:]
    assert page.all("code"), "what does not work says what helps"


def test_every_step_may_be_skipped_and_keeps_its_card(root):
    root.does("/setup/checks", "set_up_checks")
    page = root.get("/admin")
    assert page.all(href="/admin/teams/new")
    assert page.all(href="/admin/policies"), "the policy has been chosen by nobody"


def test_afterwards_nothing_is_there(root):
    root.does("/setup/checks", "set_up_checks")
    assert [root.open(path).status for path in ("/setup", *(f"/setup/{step}" for step in STEPS))] == [404] * 5


def test_the_last_button_pressed_twice_leads_to_one_place(root):
    form = root.get("/setup/checks").form("set_up_checks")
    assert [root.press(form).response.location for _press in range(2)] == ["/admin", "/admin"]


def test_with_people_in_it_there_is_no_set_up(browser, sign_in):
    assert browser.open("/setup").status == 404
    assert sign_in("admin").open("/setup/policy").status == 404


def test_what_clocks_run_by_is_not_changed_under_them(app, sign_in):
    """A code that is left over lets nobody past the second person who publishes a policy (P1)."""
    claim.print_code(app.config["SETTINGS"].home)
    a_ticket("awaiting_plan")
    answer = sign_in("admin").submit("/setup/policy", "set_up_policy", pack_name="problem-record")
    claim.end(app.config["SETTINGS"].home)
    assert answer.status == 409


def test_the_set_up_is_for_administrators(app, sign_in):
    claim.print_code(app.config["SETTINGS"].home)
    status = sign_in("zhao").open("/setup/policy").status
    claim.end(app.config["SETTINGS"].home)
    assert status == 403


def test_the_code_is_for_its_owner_only(tmp_path):
    code = claim.print_code(tmp_path)
    assert (tmp_path / claim.FILE).stat().st_mode & 0o077 == 0
    assert claim.print_code(tmp_path) == code, "the same until it is used"
    assert not claim.fits(tmp_path, "")


POLL = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#checks"}


def said_of_mail(browser) -> str:
    """The line of the mail server and of the letter of trial, as the page asks for them every three seconds."""
    page = browser.open("/setup/checks", headers=POLL)
    assert not page.all("form"), "no form stands in what is fetched again"
    assert page.one(id="checks")["hx-trigger"] == "every 3s"
    lines = [line.text for line in page.all("li") if line.text.startswith("Mail server")]
    return " | ".join(lines + [line.text for line in page.all("p")])


def test_without_an_address_there_is_no_letter_of_trial(root):
    page = root.get("/setup/checks")
    assert not page.forms("send_trial")
    assert page.all(href=f"/admin/people/{find_person('root').id}")


def test_a_letter_of_trial_says_what_the_server_answered(app, empty, browser, monkeypatch):
    """Nothing is called working before a server has taken a letter."""
    root = browser
    root.does("/setup", "claim_desk", code=empty, email="root@example.com", **ADMIN)
    root.does("/setup/organisation", "set_up_organisation", locale="en")
    admin = find_person("root")
    assert "does not work yet" in said_of_mail(root)
    monkeypatch.setattr(app.config["SETTINGS"], "smtp_url", "smtp://mail.example.com")
    assert said_of_mail(root).endswith("not tried yet")
    root.press(root.get("/setup/checks").form("send_trial"))
    assert said_of_mail(root).endswith("on its way.")
    trial = message.last_trial(admin)
    message.failed(trial.id, error="451 later")
    assert "does not work yet" in said_of_mail(root)
    assert said_of_mail(root).endswith("451 later")
    message.failed(trial.id, error="550 no such user", permanent=True)
    assert said_of_mail(root).endswith("the server refused it. 550 no such user")
    root.press(root.get("/setup/checks").form("send_trial"))
    message.sent(message.last_trial(admin).id, answer="250 queued as 7F")
    said = said_of_mail(root)
    assert said.startswith("Mail server works")
    assert said.endswith("the server took it. 250 queued as 7F")
