"""Whose desk it is: said once by an administrator, read on every page, in letters, by customers and on paper."""

import pytest
from sqlalchemy import select

from blueprints.messages import render
from models.ground.db import db
from models.ground.errors import Refused
from models.people.organisation import organisation_name
from models.record.link import living_link
from models.record.message import Message, last_trial
from models.steps import organisation
from tests.factories import a_ticket, person

NAME = "示例科技(集团)"


@pytest.fixture
def named(english):
    return english("admin").does("/admin/organisation", "name_organisation", name=f"  {NAME} ")


def test_it_stands_on_every_page(named, english, browser):
    assert organisation_name() == NAME
    assert named.one(class_="brand").text == NAME, "at once where it was changed"
    page = english("zhang").get("/my")
    assert page.one("title").text.endswith(f"· {NAME}")
    assert browser.get("/login").one(class_="brand").text == NAME


def test_the_customer_reads_it_too(named, browser, cast):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    page = browser.get(f"/c/{living_link(ticket).token}")
    assert (page.one(class_="brand").text, page.one("title").text) == (NAME, f"{ticket.number} · {NAME}")


def test_letters_come_from_it_and_are_signed_by_it(named):
    a_ticket("awaiting_engineer")
    letter = render(_mails()[0])
    assert letter.from_ == f'"{NAME}" <bihuan@localhost>'
    assert letter.text.endswith(f"\n\n{NAME}")
    assert f"<p>{NAME}</p>" in letter.html


def test_without_a_name_the_product_has_its_own(english):
    page = english("admin").get("/admin")
    assert page.one(class_="brand").text == "Bihuan"
    assert "The organisation has no name yet." in page.text
    a_ticket("awaiting_engineer")
    letter = render(_mails()[0])
    assert letter.from_ == "Bihuan <bihuan@localhost>"
    answer = english("admin").submit("/admin/organisation", "name_organisation", name="x" * 81)
    assert (answer.status, organisation_name()) == (422, "")


def test_only_an_administrator_says_it(english, browser):
    assert english("chen").open("/admin/organisation").status == 403
    assert browser.open("/admin/organisation").response.location.startswith("/login")
    with pytest.raises(Refused):
        organisation.name_organisation(actor=person("chen"), name="chen")
    with pytest.raises(Refused):
        organisation.send_trial_letter(actor=person("chen"))


def test_a_letter_of_trial_from_the_outbox(english):
    admin = english("admin")
    answer = admin.press(admin.get("/admin/outbox").form("send_trial"))
    assert answer.status == 303
    trial = last_trial(person("admin"))
    assert (trial.template, trial.person_id) == ("trial", person("admin").id)
    assert "it waits: no mail server is set." in admin.get("/admin/outbox").one(class_="trial").text
    assert not english("chen").get("/admin/outbox").forms("send_trial"), "who may only look at letters"


def _mails() -> list[Message]:

    return list(db.session.scalars(select(Message).where(Message.channel == "mail").order_by(Message.id)))
