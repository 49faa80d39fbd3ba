"""People, master data, the policy, the outbox, health and the demonstration's clock."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.people.customer import Contact, Customer
from models.people.person import find_person, holders
from models.people.team import Service, Team
from models.record import message
from models.record.message import Message
from models.steps import demo_clock
from models.steps.organisation import send_trial_letter
from tests.database import NOT_BUSINESS, everything
from tests.factories import a_ticket

PAGES = (
    "/admin", "/admin/people", "/admin/people/new", "/admin/people/3", "/admin/people/3/deactivation", "/admin/teams",
    "/admin/teams/new", "/admin/teams/1", "/admin/departments", "/admin/departments/1", "/admin/services",
    "/admin/services/1", "/admin/customers", "/admin/customers/1", "/admin/customers/1/contacts/new",
    "/admin/contacts/1", "/admin/policies", "/admin/health",
)  # fmt: skip


@pytest.mark.parametrize("url", PAGES)
def test_pages_are_for_administrators_and_write_nothing(english, browser, url):
    admin, other = english("admin"), english("chen")
    before = everything(but=NOT_BUSINESS)
    assert admin.open(url).status == 200
    assert other.open(url).status == 403
    assert browser.open(url).response.location.startswith("/login")
    assert everything(but=NOT_BUSINESS) == before


@pytest.mark.parametrize("url", ["/admin/people/999", "/admin/teams/999", "/admin/contacts/999", "/admin/gadgets"])
def test_what_is_not_there_is_404(english, url):
    assert english("admin").open(url).status == 404


def test_what_is_unset_is_named(english, cast):
    page = english("admin").get("/admin")
    assert "No mail server is set" in page.text
    assert "Nobody is" not in page.text
    english("admin").does("/admin/people/10", "edit_person", roles_held=[])
    assert "Nobody is: Verifier" in english("admin").get("/admin").text


def test_a_joiner_can_sign_in(english, browser):
    english("admin").does(
        "/admin/people/new", "create_person", login="Neu", name="新人", password="long enough", roles_held=["engineer"],
        engineer_level="senior", email="NEU@example.com",
    )  # fmt: skip
    assert find_person("neu").roles == {"reporter", "engineer"}
    assert find_person("neu@example.com").engineer_level == "senior"
    assert browser.sign_in("neu", "long enough").status == 200


@pytest.mark.parametrize(
    "wrong", [{"login": "zhang"}, {"login": "a b"}, {"login": ""}, {"name": " "}, {"password": "short"}]
)
def test_a_joiner_with_something_wrong_is_sent_back(english, wrong):
    browser = english("admin")
    before = everything(but=NOT_BUSINESS)
    typed = {"login": "neu", "name": "新人", "password": "long enough", "phone": "123"} | wrong
    page = browser.submit("/admin/people/new", "create_person", **typed)
    assert page.status == 422
    assert page.form("create_person").values["phone"] == ["123"]
    assert everything(but=NOT_BUSINESS) == before


def test_a_change_of_roles_ends_the_sessions(english, cast):
    li = english("li")
    english("admin").does(f"/admin/people/{cast.li.id}", "edit_person", roles_held=["engineer", "first_line"])
    assert cast.li.roles == {"reporter", "engineer", "first_line"}
    assert li.open("/me").status == 303


def test_a_role_is_given_in_certain_teams(english, cast):
    """P1: roles hold per team where that makes sense."""
    li, dev, ops = english("li"), cast.team("dev"), cast.team("ops")
    browser, url = english("admin"), f"/admin/people/{cast.li.id}"
    wanted = [f"engineer:{dev.id}", f"first_line:{dev.id}", f"first_line:{ops.id}", "kb_admin"]
    page = browser.does(url, "edit_person", roles_held=wanted)
    assert set(page.form("edit_person").values["roles_held"]) == set(wanted)
    assert li.open("/me").status == 303, "a change of teams is a change of roles"
    assert [cast.li.holds("engineer", team.id) for team in (dev, ops)] == [True, False]
    assert "Engineer · Application development" in browser.get("/admin/people?q=li").text
    ticket = a_ticket("awaiting_engineer", team="dev", assignee=cast.zhao)
    assert [p.login for p in db.session.scalars(holders("engineer", ticket.team_id))] == ["li", "zhao"]
    assert [p.login for p in db.session.scalars(holders("engineer", ops.id))] == ["zhao"]


def test_everywhere_swallows_the_teams_beside_it(english, cast):
    url = f"/admin/people/{cast.li.id}"
    english("admin").does(url, "edit_person", roles_held=["engineer", f"engineer:{cast.team('ops').id}"])
    assert {(held.role, held.team_id) for held in cast.li.roles_held} == {("reporter", None), ("engineer", None)}


def test_the_same_roles_again_end_no_session(english, cast):
    li, url = english("li"), f"/admin/people/{cast.li.id}"
    english("admin").does(url, "edit_person", roles_held=["engineer"], phone="123")
    assert li.open("/me").status == 200


@pytest.mark.parametrize("held", ["admin:1", "kb_admin:1", "engineer:999", "engineer:x", "king"])
def test_what_is_no_role_in_no_team_is_refused(english, cast, held):
    browser, before = english("admin"), everything(but=NOT_BUSINESS)
    page = browser.submit(f"/admin/people/{cast.li.id}", "edit_person", roles_held=[held], phone="123")
    assert page.status == 422
    assert page.form("edit_person").values["phone"] == ["123"]
    assert everything(but=NOT_BUSINESS) == before


def test_the_last_administrator_stays_one(english, cast):
    page = english("admin").submit(f"/admin/people/{cast.admin.id}", "edit_person", roles_held=[])
    assert page.status == 409
    assert "last administrator" in page.text
    assert "admin" in cast.admin.roles


def test_two_administrators_do_not_overwrite_each_other(english, cast):
    browser, url = english("admin"), f"/admin/people/{cast.li.id}"
    stale = browser.get(url).form("edit_person")
    browser.does(url, "edit_person", phone="111")
    page = browser.press(stale, phone="222")
    assert page.status == 409
    assert page.form("edit_person").values["phone"] == ["222"]
    assert cast.li.phone == "111"


def test_a_reset_by_the_administrator_ends_password_and_sessions_and_gives_a_code_that_works_once(
    english, browser, cast, monkeypatch
):
    li, url = english("li"), f"/admin/people/{cast.li.id}"
    code = english("admin").does(url, "issue_code").one("code", class_="code").text
    assert li.open("/me").status == 303
    assert browser.submit("/login", "sign_in", login="li", password="demo").status == 422
    new = {"password": "long enough", "again": "long enough"}
    assert browser.submit("/password/code", "use_code", otp="ABCD-EFGH-JKLM", **new).status == 422
    weak = {"password": "password1", "again": "password1"}
    assert browser.submit("/password/code", "use_code", otp=code, **weak).status == 422
    browser.does("/password/code", "use_code", otp=code.lower().replace("-", " "), **new)
    assert browser.sign_in("li", "long enough").status == 200
    assert browser.submit("/password/code", "use_code", otp=code, **new).status == 422
    assert not english("admin").get(url).all("code", class_="code")
    code = english("admin").does(url, "issue_code").one("code", class_="code").text
    later = clock.real_now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert browser.submit("/password/code", "use_code", otp=code, **new).status == 422


def test_a_leaver_hands_over_and_may_come_back(english, browser, cast):
    ticket, url = a_ticket("awaiting_plan", assignee=cast.li), f"/admin/people/{cast.li.id}"
    admin = english("admin")
    assert admin.submit(f"{url}/deactivation", "deactivate_person").status == 422
    page = admin.does(f"{url}/deactivation", "deactivate_person", successor="zhao")
    assert "tickets handed over: 1" in page.text
    db.session.refresh(ticket)
    assert ticket.assignee == cast.zhao
    assert browser.submit("/login", "sign_in", login="li", password="demo").status == 422
    admin.does(url, "reactivate_person")
    assert browser.sign_in("li", "demo").status == 200


def test_people_are_found_and_paged(english, cast, monkeypatch):
    browser = english("admin")
    assert len(browser.get("/admin/people?q=zha").all("tr")) == 3  # the head, zhang and zhao
    assert "Nobody found" in browser.get("/admin/people?q=%25").text
    monkeypatch.setattr("blueprints.admin.people.PAGE", 10)
    first = browser.get("/admin/people")
    second = browser.get(first.one("a", rel="next")["href"])
    assert (len(first.all("tr")), len(second.all("tr"))) == (11, 5)


def test_master_data_is_made_and_changed(english, cast):
    browser = english("admin")
    browser.does("/admin/teams/new", "add_record", code="net", name="网络", name_en="Network")
    team = db.session.scalars(select(Team).where(Team.code == "net")).one()
    browser.does("/admin/services/new", "add_record", name="网盘", name_en="Drive", team_id=str(team.id))
    service = db.session.scalars(select(Service).where(Service.name == "网盘")).one()
    browser.does(f"/admin/services/{service.id}", "edit_record", name="云盘")
    db.session.refresh(service)
    assert (service.name, service.team, service.version) == ("云盘", team, 2)
    browser.does("/admin/departments/new", "add_record", name="法务部")
    browser.does("/admin/customers/new", "add_record", name="四海公司")
    customer = db.session.scalars(select(Customer).where(Customer.name == "四海公司")).one()
    url = f"/admin/customers/{customer.id}/contacts/new"
    page = browser.does(url, "add_record", name="李四", email="li4@example.com")
    assert "李四" in page.text
    contact = db.session.scalars(select(Contact).where(Contact.name == "李四")).one()
    browser.does(f"/admin/contacts/{contact.id}", "edit_record", phone="139")
    assert (contact.customer, contact.email) == (customer, "li4@example.com")


@pytest.mark.parametrize(
    ("url", "typed"),
    [
        ("/admin/teams/new", {"code": "dev", "name": "又一个"}),
        ("/admin/teams/new", {"code": "Not a code", "name": "x"}),
        ("/admin/customers/new", {"name": "科技有限公司"}),
        ("/admin/departments/new", {"name": " "}),
        ("/admin/services/new", {"name": "长" * 81, "team_id": "1"}),
    ],
)
def test_master_data_that_makes_no_sense_is_sent_back(english, url, typed):
    browser = english("admin")
    before = everything(but=NOT_BUSINESS)
    assert browser.submit(url, "add_record", **typed).status == 422
    assert everything(but=NOT_BUSINESS) == before


def test_a_team_that_is_needed_stays(english, cast):
    browser, team = english("admin"), cast.team("dev")
    page = browser.submit(f"/admin/teams/{team.id}", "edit_record", leave_out=("active",))
    assert page.status == 422
    assert "Active services belong to this team." in page.text


def test_what_is_out_of_use_is_no_longer_offered(english, cast):
    service = cast.service("ERP")
    english("admin").does(f"/admin/services/{service.id}", "edit_record", active=[])
    options = english("zhang").get("/report").one("select", name="service").all("option")
    assert "ERP" not in [option.text for option in options]


def test_a_stale_form_of_master_data_is_a_conflict(english, cast):
    browser, url = english("admin"), f"/admin/services/{cast.service('ERP').id}"
    stale = browser.get(url).form("edit_record")
    browser.does(url, "edit_record", name_en="ERP 2")
    assert browser.press(stale, name_en="ERP 3").status == 409


def test_others_cannot_change_anything(english, cast):
    before_form = english("admin").get(f"/admin/people/{cast.li.id}").form("edit_person")
    browser = english("chen")
    token = browser.get("/my").form("sign_out").values["csrf_token"]
    before = everything(but=NOT_BUSINESS)
    for url in (f"/admin/people/{cast.li.id}", "/admin/people/new", "/admin/teams/1", "/admin/customers/new"):
        sent = before_form.filled(roles_held=["admin"]) | {"csrf_token": token}
        assert browser.open(url, method="POST", data=sent).status == 403
    assert everything(but=NOT_BUSINESS) == before


def test_the_policy_says_what_it_allows(english):
    text = english("admin").get("/admin/policies/editions/1").text
    assert "P0 Critical" in text
    assert "every 30 min" in text
    assert "daily at 17:00" in text
    assert "not agreed" in text


def test_the_outbox_shows_what_waits_and_a_failed_letter_is_tried_again(english, cast):
    a_ticket(contact=cast.contact)
    letter = db.session.scalars(select(Message).where(Message.channel == "mail").limit(1)).one()
    browser = english("admin")
    assert browser.get("/admin/outbox").all("tr", data_message=str(letter.id))
    message.claim(letter.id)
    message.failed(letter.id, error="550 no such user", permanent=True)
    page = browser.get("/admin/outbox?state=failed")
    assert "550 no such user" in page.text
    browser.does("/admin/outbox?state=failed", "try_again")
    db.session.refresh(letter)
    assert (letter.state, letter.attempts) == ("queued", 0)


def test_a_letter_that_waits_says_when_it_leaves(english, cast, app, monkeypatch):
    a_ticket(contact=cast.contact)
    letter = db.session.scalars(select(Message).where(Message.channel == "mail").limit(1)).one()
    browser = english("admin")

    def said() -> str:
        return browser.get("/admin/outbox").one("tr", data_message=str(letter.id)).one(data_word="Next try").text

    assert said() == "once there is a mail server"
    served = app.config["SETTINGS"].model_copy(update={"smtp_url": "smtp://mail.example"})
    monkeypatch.setitem(app.config, "SETTINGS", served)
    assert said() == "now"
    message.claim(letter.id)
    message.failed(letter.id, error="421 later")
    assert said() == "2026-11-18 10:00", "of the house's clock, though the next try is kept in real time"
    command(message.hold_back)()
    assert said() == "held back, until somebody lets it go"
    monkeypatch.setattr(served, "env", "demo")
    assert "held back, until somebody lets it go" in browser.get(f"/admin/outbox/{letter.id}").text


def test_an_outage_of_the_mail_server_is_told(english, cast, app, monkeypatch):
    a_ticket(contact=cast.contact)
    served = app.config["SETTINGS"].model_copy(update={"smtp_url": "smtp://mail.example"})
    monkeypatch.setitem(app.config, "SETTINGS", served)
    send_trial_letter(actor=cast.admin)
    *_, last = message.due()
    message.unheard(message.claim(last).id, error="ConnectionRefusedError: <refused>")
    browser = english("admin")
    page = browser.get("/admin/outbox")
    assert "No mail server has let a letter in since 2026-11-18 " in page.text
    assert "ConnectionRefusedError: <refused>" in page.text
    assert page.one("tr", data_message=str(last)).one(data_word="Next try").text == "once the mail server lets it in"
    assert "no mail server lets it in yet" in page.one(id="trial").text
    health = browser.get("/admin/health").text
    assert "No mail server has let a letter in for" in health
    assert "Every part is running" not in health
    message.sent(last, answer="250 ok")
    assert "No mail server" not in browser.get("/admin/outbox").text
    assert "No mail server" not in browser.get("/admin/health").text


def test_what_a_restore_has_held_back_leaves_when_somebody_lets_it_go(english, cast):
    a_ticket(contact=cast.contact)
    browser = english("admin")
    assert "held back since" not in browser.get("/admin/outbox").text
    command(message.hold_back)()
    assert message.due() == []
    page = browser.get("/admin/outbox")
    assert "held back since a backup was restored" in page.text
    browser.does("/admin/outbox", "let_go")
    assert message.due()
    assert message.count_held() == 0


def test_the_outbox_is_for_administrators_and_supervisors(english):
    assert english("chen").open("/admin/outbox").status == 200
    assert english("zhao").open("/admin/outbox").status == 403


def test_letters_are_read_in_the_demonstration_only(english, cast, app, monkeypatch):
    ticket = a_ticket(contact=cast.contact)
    letter = db.session.scalars(select(Message).where(Message.channel == "mail").limit(1)).one()
    browser, url = english("admin"), f"/admin/outbox/{letter.id}"
    assert browser.open(url).status == 404
    monkeypatch.setattr(app.config["SETTINGS"], "env", "demo")
    assert ticket.number in browser.get(url).one("h1").text


def test_the_clock_moves_in_the_demonstration_only(english, app, monkeypatch):
    browser = english("admin")
    assert browser.open("/admin/clock").status == 404
    monkeypatch.setattr(app.config["SETTINGS"], "env", "demo")
    moved: list[timedelta] = []

    @command
    def move(span, *, actor):
        moved.append(span)

    monkeypatch.setattr(demo_clock, "move_demo_clock", move)
    answer = browser.submit("/admin/clock", "move_demo_clock", span="4h")
    assert answer.status == 303
    assert moved == [timedelta(hours=4)]
    form = browser.get("/admin/clock").form("move_demo_clock")
    form.element.one("button", name="span").attributes["value"] = "-9d"
    assert browser.press(form, span="-9d").status == 404
    assert english("chen").open("/admin/clock").status == 403


def test_health_says_what_is_away(english):
    page = english("admin").get("/admin/health")
    assert "Something that people rely on is broken." in page.text  # no ticker runs in this test
    assert re.search(r"Redis\s*away", page.text)


@pytest.mark.parametrize("odd", ["9" * 30, "-1", "x"])
def test_odd_numbers_in_an_address_break_nothing(english, odd):
    browser = english("admin")
    assert browser.open(f"/admin/people/{odd}").status == 404
    for url in (
        "/admin/outbox?before=",
        "/admin/teams?after=",
        "/kb?before=",
        "/notifications?before=",
        "/my?after=n_",
    ):
        assert browser.open(url + odd).status in (200, 303)  # 303: a later page that has nothing to show


def test_a_nul_is_not_understood_anywhere(english):
    browser = english("admin")
    for url in ("/search?q=%00", "/kb?q=a%00b", "/admin/people?q=%00", "/t/TS%00", "/kb/%00"):
        assert browser.open(url).status == 400
    assert browser.submit("/report", "report", description="a\0b").status == 400
