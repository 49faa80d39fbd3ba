"""Whom one means, among thousands: typed on the telephone form and where a leaver's work is given away."""

import pytest
from sqlalchemy import func, select

from models.ground.db import command, db
from models.people.customer import Contact, Customer
from models.people.person import Person
from models.record.ticket import Ticket
from tests.database import NOT_BUSINESS, everything

URL = "/report/telephone"


@pytest.fixture
def crowd(app) -> list[Contact]:
    """Two namesakes at two companies, and a thousand others."""

    @command
    def gather() -> list[Contact]:
        north, south = Customer(name="北方公司"), Customer(name="South Ltd")
        wang = [
            Contact(name="王伟", customer=north, phone="13911112222"),
            Contact(name="王伟", customer=south, phone="13933334444", email="Wang@south.example"),
        ]
        db.session.add_all([*wang, *(Contact(name=f"王伟{n}", customer=north, phone=str(n)) for n in range(1000))])
        db.session.add(Contact(name="王伟东", customer=south, active=False))
        return wang

    return gather()


def the_ticket() -> Ticket:
    return db.session.scalars(select(Ticket)).one()


@pytest.mark.parametrize(
    "typed", ["王伟 · South Ltd", "王伟 · south ltd", "13933334444", "wang@SOUTH.example", " 王伟 · South Ltd "]
)
def test_what_is_exact_is_taken(english, crowd, typed):
    english("wang").does(URL, "register", description="打不开", contact=typed)
    assert (the_ticket().contact_id, the_ticket().customer_id) == (crowd[1].id, crowd[1].customer_id)


@pytest.mark.parametrize("typed", ["王伟", "4444", "south", "王 ltd"])
def test_what_may_mean_several_or_is_not_whole_is_asked(english, crowd, typed):
    """422 with a choice, everything kept; choosing is enough."""
    browser, before = english("wang"), everything(but=NOT_BUSINESS)
    page = browser.submit(URL, "register", description="打不开", device="T14", contact=typed)
    assert page.status == 422
    assert everything(but=NOT_BUSINESS) == before
    form = page.form("register")
    assert (form.values["contact"], form.values["device"]) == ([typed], ["T14"])
    offered = [radio["value"] for radio in form.element.all("input", type="radio", name="contact")]
    assert str(crowd[1].id) in offered
    assert len(offered) <= 8
    assert browser.press(form, contact=[typed, str(crowd[1].id)]).status == 303
    assert the_ticket().contact_id == crowd[1].id


def test_a_choice_does_not_survive_other_words(english, crowd):
    """What was picked among the former ones says nothing about what is typed now."""
    page = english("wang").submit(URL, "register", description="打不开", contact=["王伟7", str(crowd[1].id)])
    assert page.status == 303
    assert the_ticket().contact.name == "王伟7"


@pytest.mark.parametrize("typed", ["王伟东", "nobody", "%", "王_"])
def test_who_is_not_known_or_not_in_use_is_not_found(english, crowd, typed):
    page = english("wang").submit(URL, "register", description="打不开", contact=typed)
    assert page.status == 422
    assert "Nobody like that is known" in page.text
    assert page.form("register").values["description"] == ["打不开"]


def test_a_new_contact_needs_no_known_one(english, crowd):
    english("wang").does(URL, "register", description="打不开", new_contact="李四")
    assert the_ticket().contact.name == "李四"


@pytest.mark.parametrize("typed", ["冯涛", "feng", "feng@example.com", "冯涛 · feng"])
def test_a_colleague_is_found_likewise(english, cast, typed):
    english("wang").does(URL, "register", description="投屏", reporter=typed)
    assert the_ticket().reporter == cast.feng


def test_a_contact_and_a_colleague_cannot_both_have_called(english, crowd):
    page = english("wang").submit(URL, "register", description="投屏", reporter="feng", contact="13933334444")
    assert page.status == 422
    assert "not both" in page.text


def test_the_browsers_own_list(english, crowd):
    browser = english("wang")
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    page = browser.open(URL, query_string={"contact": "4444"}, headers=part)
    assert [option["value"] for option in page.all("option")] == ["王伟 · South Ltd"]
    assert "13933334444" in page.text
    assert not browser.open(URL, query_string={"contact": " "}, headers=part).all("option")
    people = browser.open(URL, query_string={"reporter": "冯"}, headers=part).all("option")
    assert [option["value"] for option in people] == ["冯涛 · feng"]
    whole = browser.open(URL, query_string={"contact": "4444"})
    assert whole.form("register")
    for login, status in (("zhang", 403), ("chen", 200)):
        assert english(login).open(URL, query_string={"contact": "王"}, headers=part).status == status


def test_a_leavers_work_goes_to_whom_one_types(english, cast):
    """Two colleagues of one name: the one who is picked."""

    @command
    def double() -> Person:
        other = Person(login="zhao2", name="赵磊")
        db.session.add(other)
        return other

    other, browser, url = double(), english("admin"), f"/admin/people/{cast.li.id}/deactivation"
    page = browser.submit(url, "deactivate_person", successor="赵磊")
    assert page.status == 422
    assert browser.press(page.form("deactivate_person"), successor=["赵磊", str(other.id)]).status == 303
    assert not cast.li.active


def test_only_a_few_rows_are_read(english, crowd):
    assert db.session.scalar(select(func.count(Contact.id))) > 1000
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    assert len(english("wang").open(URL, query_string={"contact": "王"}, headers=part).all("option")) == 8
