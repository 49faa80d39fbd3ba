"""Reporting for oneself and for a caller, the receipt, one's own reports, information that was asked for."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models.ground.db import command, db
from models.ground.errors import Conflict
from models.people.customer import Contact
from models.people.team import Service
from models.record.attachment import attachments_of
from models.record.message import Message
from models.record.ticket import Ticket, find_ticket
from models.steps import archiving, chasing, closing, comment, triage
from tests.blueprints.five import Act, named, refuses_the_wrong_moment, works
from tests.database import NOT_BUSINESS, everything
from tests.factories import a_ticket, person


@command
def retire(service_id: int) -> None:
    db.session.get_one(Service, service_id).active = False


def newest() -> Ticket:
    return db.session.scalars(select(Ticket).order_by(Ticket.id.desc())).first()


def test_one_box_is_enough(english):
    page = english("zhang").does("/report", "report", description="打印机坏了。第二句。")
    ticket = newest()
    assert ticket.title == "打印机坏了"
    assert ticket.reporter.login == "zhang"
    assert page.one("article", data_ticket=ticket.number)
    assert page.all("time", data_clock="triage")
    assert page.all("time", data_clock="resolve")


def test_everything_else_is_kept_too(english, cast):
    service = cast.service("ERP")
    english("zhang").does(
        "/report", "report", description="ERP 转圈", service=str(service.id), occurred_at="2026-11-18T09:30",
        impact="department", urgency="high", affected="财务部", frequency="每次", device="Win 11", discoverer="小王",
        steps="点提交", workaround="换电脑",
    )  # fmt: skip
    ticket = newest()
    assert ticket.service_id == service.id
    assert ticket.occurred_at == datetime(2026, 11, 18, 1, 30, tzinfo=UTC)  # zhang's zone is Shanghai
    assert (ticket.affected, ticket.frequency, ticket.device) == ("财务部", "每次", "Win 11")
    assert (ticket.discoverer, ticket.steps, ticket.workaround) == ("小王", "点提交", "换电脑")
    assert ticket.severity == "P2"


@pytest.mark.parametrize("said", ["no number", "-1", "0", "99999", "9" * 40, "retired"])
def test_a_system_that_cannot_be_chosen_is_refused_and_the_words_are_kept(english, cast, said):
    """What was retired since the form was drawn, and what never was."""
    browser, retired = english("zhang"), cast.service("ERP").id
    form = browser.get("/report").form("report")
    retire(retired)
    page = browser.press(form, description="ERP 转圈", service=str(retired) if said == "retired" else said)
    assert page.status == 422
    assert page.form("report").values["description"] == ["ERP 转圈"]
    assert newest() is None


def test_an_empty_report_keeps_the_files_and_all_that_was_typed(english):
    browser = english("zhang")
    page = browser.submit(
        "/report", "report", description=" ", device="Win 11", steps="点提交", files=(io.BytesIO(b"x" * 10), "log.txt")
    )
    assert page.status == 422
    form = page.form("report")
    assert form.values["device"] == ["Win 11"]
    assert "log.txt" in page.text
    answer = browser.press(form, description="现在写了")
    assert answer.status == 303
    assert [file.name for file in attachments_of(newest().id)] == ["log.txt"]
    assert newest().steps == "点提交"


def test_a_file_of_somebody_else_cannot_be_claimed(english):
    page = english("wang").submit("/report", "report", description=" ", files=(io.BytesIO(b"secret"), "secret.txt"))
    key = page.form("report").values["kept"]
    browser = english("zhang")
    form = browser.get("/report").form("report")
    form.values["kept"] = key
    answer = browser.press(form, description="mine")
    assert (answer.status, newest()) == (422, None)
    assert "no longer here" in answer.text
    assert key[0] not in answer.text


def test_a_form_sent_twice_makes_one_ticket(english):
    browser = english("zhang")
    form = browser.get("/report").form("report")
    first, second = browser.press(form, description="一次"), browser.press(form, description="一次")
    assert first.response.location == second.response.location
    assert len(db.session.scalars(select(Ticket)).all()) == 1


def test_a_stranger_cannot_report(browser):
    assert browser.open("/report").status == 303
    assert browser.open("/report", method="POST", data={"description": "x"}).status in (401, 403)


def test_a_report_without_its_token_is_refused(english):
    page = english("zhang").submit("/report", "report", description="x", leave_out=("once",))
    assert page.status == 422
    assert newest() is None


def test_what_is_typed_is_shown_as_text(english):
    page = english("zhang").does("/report", "report", description="<script>alert(1)</script>")
    assert "<script>alert(1)</script>" in page.text
    assert not any("alert(1)" in script.text for script in page.all("script"))


def test_the_receipt_is_for_those_who_see_the_ticket(english):
    ticket = a_ticket()
    assert english("zhang").get(f"/t/{ticket.number}/receipt").status == 200
    assert english("yang").get(f"/t/{ticket.number}/receipt").status == 404


def test_a_call_from_a_known_contact(english, cast):
    browser = english("wang")
    page = browser.does(
        "/report/telephone",
        "register",
        description="登录报错",
        contact=cast.contact.phone,
        reported_at="2026-11-18T09:57",
    )
    ticket = newest()
    assert (ticket.contact, ticket.customer) == (cast.contact, cast.contact.customer)
    assert ticket.registrar.login == "wang"
    assert (ticket.channel, ticket.reporter) == ("telephone", None)
    assert ticket.created_at - ticket.reported_at == timedelta(minutes=3)
    assert "The call has been registered." in page.text
    receipt = db.session.scalars(select(Message).where(Message.template == "receipt")).one()
    assert receipt.contact_id == cast.contact.id


def test_a_call_from_somebody_new_makes_a_customer(english):
    english("wang").does(
        "/report/telephone", "register", description="打不开", new_contact="李四", new_customer="四海公司",
        phone="13900000000", email="li4@example.com",
    )  # fmt: skip
    contact = db.session.scalars(select(Contact).where(Contact.name == "李四")).one()
    assert (contact.customer.name, contact.phone, contact.email) == ("四海公司", "13900000000", "li4@example.com")
    assert newest().contact_id == contact.id


def test_a_call_from_a_colleague(english, cast):
    english("wang").does("/report/telephone", "register", description="投屏", reporter="冯涛")
    assert newest().reporter == cast.feng
    assert newest().contact is None


def test_a_call_from_nobody_is_sent_back_with_everything(english):
    page = english("wang").submit("/report/telephone", "register", description="谁?", phone="13900000000")
    assert page.status == 422
    assert "Please say who is calling." in page.text
    assert page.form("register").values["phone"] == ["13900000000"]
    assert newest() is None


def test_only_the_first_line_registers_calls(english):
    browser = english("zhang")
    assert browser.get("/report/telephone").status == 403
    form = browser.get("/report").form("report")
    assert browser.open("/report/telephone", method="POST", data=form.filled(description="x")).status == 403
    assert not browser.get("/report").all("a", href="/report/telephone")


@pytest.mark.parametrize(
    ("state", "box"), [("awaiting_triage", "open"), ("awaiting_customer", "waiting"), ("closed", "closed")]
)
def test_my_reports_stand_in_their_box(english, state, box):
    ticket = a_ticket(state)
    assert english("zhang").get(f"/my?box={box}").all("li", data_ticket=ticket.number)
    other = {"open": "closed", "waiting": "closed", "closed": "open"}[box]
    assert not english("zhang").get(f"/my?box={other}").all("li", data_ticket=ticket.number)


def test_my_reports_are_mine(english):
    a_ticket()
    page = english("li").get("/my")
    assert not page.all("li", data_ticket=None)
    assert "No open reports" in page.text


def test_my_reports_are_live(english):
    ticket = a_ticket()
    browser = english("zhang")
    page = browser.get("/my")
    tag = page.one("section", id="mine")["hx-ptag"]
    region = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#mine", "HX-PTag": tag}
    assert browser.open("/my", headers=region).status == 304
    triage.ask_reporter(ticket, actor=person("wang"), question="哪台打印机?")
    again = browser.open("/my", headers=region)
    assert again.status == 200
    assert not again.all("html")
    assert "Waiting for the customer" in again.text


def test_information_that_was_asked_for_ends_the_waiting(english):
    ticket = a_ticket()
    triage.ask_reporter(ticket, actor=person("wang"), question="哪台打印机?")
    browser = english("zhang")
    url = f"/t/{ticket.number}/information"
    assert "哪台打印机?" in browser.get(url).text
    page = browser.does(url, "supply", text="三楼那台", files=(io.BytesIO(b"photo"), "photo.txt"))
    assert find_ticket(ticket.number).waiting_on == ""
    assert "三楼那台" in page.text
    assert [file.public for file in attachments_of(ticket.id)] == [True]


def test_empty_information_is_sent_back(english):
    ticket, browser = a_ticket(), english("zhang")
    before = everything(but=NOT_BUSINESS)
    assert browser.submit(f"/t/{ticket.number}/information", "supply").status == 422
    assert everything(but=NOT_BUSINESS) == before


def test_information_comes_from_the_reporter_or_the_first_line(english):
    ticket = a_ticket()
    assert english("li").get(f"/t/{ticket.number}/information").status == 403
    assert english("yang").get(f"/t/{ticket.number}/information").status == 404


def test_a_closed_ticket_takes_no_more_information(english):
    ticket, browser = a_ticket("awaiting_review"), english("zhang")
    form = browser.get(f"/t/{ticket.number}/information").form("supply")
    closing.close_ticket(ticket, actor=person("chen"))
    page = browser.press(form, text="晚了")
    assert page.status == 409
    assert page.form("supply").values["text"] == ["晚了"]
    page = browser.get(f"/t/{ticket.number}/information")
    assert page.status == 409
    assert not page.forms("supply"), "a form that could not be handed in is not shown"
    assert page.all("a", href=f"/t/{ticket.number}"), "the way forward"


# --- cards, and asking us to hurry (V05)

ACTS = (Act("chase", "/my", "awaiting_plan", "zhang", "zhang", "awaiting_plan", later="awaiting_customer"),)


@pytest.mark.parametrize(("ask", "act"), [(works, ACTS[0]), (refuses_the_wrong_moment, ACTS[0])], ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def test_a_card_says_who_how_far_and_when(english, time):
    ticket = a_ticket("awaiting_plan")
    comment.post_update(ticket, actor=person("zhao"), text="在看。")
    browser = english("zhang")
    card = browser.get("/my").one("li", data_ticket=ticket.number)
    assert "赵磊 is on it · whose turn: Engineer · next update by 2026-11-18 17:00" in card.text
    assert card.all("span", class_="dot"), "news that nobody has read"
    time(timedelta(hours=10))
    late = "the update promised for 2026-11-18 17:00 is late"
    assert late in browser.get("/my").one("li", data_ticket=ticket.number).text
    browser.does("/notifications", "mark_read")
    card = browser.get("/my").one("li", data_ticket=ticket.number)
    assert not card.all("span", class_="dot")
    assert card.all("a", href=f"/t/{ticket.number}/information")


@pytest.mark.parametrize(
    ("state", "path"),
    [("awaiting_customer", "confirmation"), ("awaiting_consent", "consent"), ("awaiting_triage", "cancellation")],
)
def test_a_card_offers_what_can_be_done(english, state, path):
    ticket = a_ticket(state)
    page = english("zhang").get("/my")
    assert page.one("li", data_ticket=ticket.number).all("a", href=f"/t/{ticket.number}/{path}")
    assert english("zhang").get(f"/t/{ticket.number}/{path}").status == 200


def test_hurrying_us_once_in_half_an_hour(english, time):
    ticket, browser = a_ticket("awaiting_plan"), english("zhang")
    browser.does("/my", "chase")
    told = db.session.scalars(select(Message).where(Message.template == "chased")).all()
    assert {(m.person.login, m.channel) for m in told} == {("zhao", "app"), ("zhao", "mail")}
    page = browser.get("/my")
    assert not page.forms("chase")
    assert "You asked us to hurry at 2026-11-18 10:00." in page.text
    time(timedelta(minutes=29))
    with pytest.raises(Conflict, match="reminded us already"):
        chasing.chase_ticket(ticket, actor=person("zhang"))
    time(timedelta(minutes=1))
    browser.does("/my", "chase")
    assert "Asked to hurry" in english("chen").get(f"/t/{ticket.number}").text


def test_nobody_hurries_us_while_we_wait_for_them(english):
    ticket = a_ticket("awaiting_plan")
    triage.ask_reporter(ticket, actor=person("zhao"), question="几点?")
    card = english("zhang").get("/my").one("li", data_ticket=ticket.number)
    assert "We are waiting for you" in card.text
    assert not card.all("form", data_action="chase")
    with pytest.raises(Conflict):
        chasing.chase_ticket(ticket, actor=person("zhang"))


def test_without_reports_what_has_helped_others_is_offered(english):
    article = archiving.publish_article(
        archiving.draft_article(a_ticket("closed"), actor=person("zhao")), actor=person("qian")
    )
    assert english("yang").get("/my").all("a", href=f"/kb/{article.slug}")


def test_the_receipt_can_be_followed_on_a_telephone(english):
    ticket = a_ticket()
    browser = english("zhang")
    page = browser.get(f"/t/{ticket.number}/receipt")
    picture = page.one("img", class_="qr")["src"]
    answer = browser.open(picture)
    assert (answer.status, answer.response.mimetype) == (200, "image/svg+xml")
    assert page.all("button", data_print=None)
    assert page.one("h1").all("button", data_copy=ticket.number)
    assert english("yang").open(picture).status == 404
