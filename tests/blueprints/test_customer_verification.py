"""The customer's page behind a link, and the same deeds with an account (P10)."""

import io
from datetime import timedelta

import pytest

from models.ground import clock
from models.ground.db import command, db
from models.record.attachment import Attachment
from models.record.event import Event
from models.record.link import Link, living_link
from models.record.message import Message
from models.record.resolution import Confirmation
from models.record.ticket import Ticket, find_ticket
from models.steps import comment, customer_verification, triage
from models.steps.intake import keep_file
from tests.blueprints.five import Act, move_on, named, questions_of, state_of
from tests.database import difference, everything
from tests.factories import a_ticket, archive, person

ACTS = (
    Act("confirm", "/t/{n}/confirmation", "awaiting_customer", "zhang", "li", "awaiting_review",
        {"verdict": "yes", "satisfaction": "satisfied"}, {"verdict": "partly", "comment": ""}),
    Act("dispute", "/t/{n}/dispute", "awaiting_review", "zhang", "li", "awaiting_plan",
        {"reason": "又出现了。"}, {"reason": ""}, later="archived"),
    Act("record_spoken", "/t/{n}/spoken-confirmation", "awaiting_customer", "wang", "he", "awaiting_review",
        {"said_by": "张敏", "how": "电话", "verdict": "yes"}, {"said_by": "张敏", "how": ""}),
    Act("send_link", "/t/{n}", "awaiting_customer", "wang", "he", "awaiting_customer", later="archived"),
    Act("revoke_link", "/t/{n}", "awaiting_customer", "wang", "he", "awaiting_customer", later="archived"),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


@pytest.fixture
def link(cast):
    """A link that waits for an answer: (its address, the ticket's number)."""
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    return f"/c/{living_link(ticket).token}", ticket.number


@command
def _end(held: Link, **change) -> None:
    for name, value in change.items():
        setattr(held, name, value)


def test_looking_changes_nothing_however_often(link, browser):
    url, number = link
    before = everything()
    for part in ("", "/confirm", "/dispute", "/information", "/renew"):
        for _ in range(3):
            page = browser.get(url + part)
            assert page.status == 200
    assert difference(before, everything()) == {}
    assert number in page.text
    assert "报销单已可以正常提交" in page.text


def test_nothing_is_chosen_beforehand(link, browser):
    form = browser.get(link[0]).form("confirm")
    assert "verdict" not in form.filled() or form.values["verdict"] == []
    assert form.values["satisfaction"] == []


def test_the_page_is_small_quiet_and_without_script(link, browser):
    page = browser.get(link[0])
    headers = page.response.headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in headers["Cache-Control"]
    assert "noindex" in headers["X-Robots-Tag"]
    assert not page.all("script")
    assert len(page.response.data) < 20_000
    outside = [e.get("href") or e.get("src") for e in page.all("link", "img", "a") if "//" in e.get("href")]
    assert outside == []


def test_only_public_words_are_shown(cast, browser):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    comment.add_note(ticket, actor=person("wang"), text="客户脾气不好")
    comment.post_update(ticket, actor=person("wang"), text="请您确认。")
    page = browser.get(f"/c/{living_link(ticket).token}")
    assert "请您确认。" in page.text
    for secret in ("脾气", "报销服务缓存写满", "看服务日志", "1. 清理缓存", "赵磊", "王芳"):
        assert secret not in page.response.get_data(as_text=True)
    assert "赵*" in page.text


def test_yes_is_two_presses_and_leaves_a_receipt(link, browser):
    url, number = link
    page = browser.does(url, "confirm", verdict="yes")
    assert state_of(number) == "awaiting_review"
    assert not page.forms("confirm")
    kept = db.session.query(Confirmation).one()
    assert (kept.verdict, kept.means, kept.satisfaction) == ("yes", "link", "")
    assert browser.get(url).status == 200


def test_the_scale_is_the_policys_and_kept_with_the_answer(link, browser):
    url, _ = link
    offered = browser.get(url).one(id="satisfaction").all("input")
    assert [e["value"] for e in offered] == ["satisfied", "mostly_satisfied", "dissatisfied"]
    browser.does(url, "confirm", verdict="yes", satisfaction="mostly_satisfied", comment="谢谢")
    kept = db.session.query(Confirmation).one()
    assert (kept.satisfaction, kept.comment) == ("mostly_satisfied", "谢谢")
    assert kept.scale == "satisfied/mostly_satisfied/dissatisfied"


def test_an_answer_that_says_nothing_is_asked_again_with_the_file_kept(link, browser):
    url, number = link
    assert browser.submit(url, "confirm").status == 422
    page = browser.submit(url, "confirm", verdict="no", comment="", files=(io.BytesIO(b"png"), "屏幕.png"))
    assert page.status == 422
    assert "屏幕.png" in page.text
    assert browser.press(page.form("confirm"), comment="仍然转圈。").status == 303
    kept = db.session.query(Attachment).one()
    assert kept.ticket_id == find_ticket(number).id
    assert state_of(number) == "awaiting_plan"


def test_partly_makes_a_linked_ticket(link, browser):
    url, number = link
    page = browser.does(url, "confirm", verdict="partly", comment="导出仍然很慢。")
    rest = db.session.query(Ticket).filter(Ticket.parent_id == find_ticket(number).id).one()
    assert rest.number in page.text
    assert state_of(number) == "awaiting_review"


def test_answering_twice_counts_once(link, browser):
    url, number = link
    form = browser.get(url).form("confirm")
    assert browser.press(form, verdict="yes").status == 303
    assert browser.press(form, verdict="yes").status == 303  # the same again gets the first answer
    assert browser.press(form, verdict="no", comment="改").status == 409
    assert db.session.query(Confirmation).count() == 1
    assert state_of(number) == "awaiting_review"


def test_a_change_of_mind_goes_back_to_work_and_the_link_says_so(link, browser):
    url, number = link
    browser.does(url, "confirm", verdict="yes")
    answer = browser.submit(url, "dispute", reason="又转圈了。")
    assert answer.status == 303
    assert state_of(number) == "awaiting_plan"
    page = browser.get(url)
    assert page.status == 410
    assert "worked on again" in page.text


def test_a_change_of_mind_after_closing_reopens(cast, browser):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    url = f"/c/{living_link(ticket).token}"
    browser.does(url, "confirm", verdict="yes")
    move_on(ticket.number, "closed")
    browser.submit(url, "dispute", reason="又转圈了。")
    assert state_of(ticket.number) == "awaiting_plan"


def test_a_change_of_mind_after_archiving_is_a_new_ticket(cast, browser):
    ticket = a_ticket("closed", contact=cast.contact)
    url = f"/c/{living_link(ticket).token}"
    archive(ticket)
    page = browser.does(url, "dispute", reason="又转圈了。")
    assert state_of(ticket.number) == "archived"
    assert db.session.query(Ticket).filter(Ticket.parent_id == ticket.id).one().number in page.text


def test_a_question_is_answered_through_the_link(cast, browser):
    ticket = a_ticket(contact=cast.contact)
    triage.ask_reporter(ticket, actor=person("wang"), question="工号是多少?")
    url = f"/c/{living_link(ticket).token}"
    assert "工号是多少?" in browser.get(url).text
    assert browser.submit(url, "supply", text="").status == 422
    page = browser.does(url, "supply", text="A1024", files=(io.BytesIO(b"x"), "badge.png"))
    assert "A1024" in page.text
    assert find_ticket(ticket.number).waiting_on == ""
    assert page.all("a", href=f"{url}/files/{db.session.query(Attachment).one().key}")


def test_a_file_is_sent_only_when_it_is_public(cast, browser):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    url = f"/c/{living_link(ticket).token}"
    for public, write in ((True, comment.post_update), (False, comment.add_note)):
        key = keep_file(actor=person("wang"), name="log.txt", content=b"words").key
        write(ticket, actor=person("wang"), text="见附件。", files=[key])
        answer = browser.open(f"{url}/files/{key}")
        assert answer.status == (200 if public else 404)
        if public:
            assert "attachment" in answer.response.headers["Content-Disposition"]
    assert browser.open(f"{url}/files/{'0' * 32}").status == 404


def test_an_unknown_link_is_404(browser):
    assert browser.get("/c/" + "x" * 43).status == 404


@pytest.mark.parametrize("death", ["revoked", "expired", "superseded"])
def test_a_dead_link_is_410_for_looking_and_for_acting(link, browser, death):
    url, number = link
    form = browser.get(url).form("confirm")
    held = db.session.query(Link).one()
    past = clock.real_now() - timedelta(days=1)
    _end(held, **{"revoked": {"revoked_at": past}, "expired": {"expires_at": past}, "superseded": {"round": 0}}[death])
    before = everything()
    page = browser.get(url)
    assert page.status == 410
    assert "报销单" not in page.text
    assert browser.press(form, verdict="yes").status == 410
    assert difference(before, everything()) == {}
    assert state_of(number) == "awaiting_customer"
    assert bool(page.forms("renew_link")) == (death != "revoked")


def test_a_fresh_link_goes_to_the_contact_on_record_and_not_to_whoever_asks(link, browser):
    url, _number = link
    held = db.session.query(Link).one()
    _end(held, expires_at=clock.real_now() - timedelta(days=1))
    sent = db.session.query(Message).filter_by(template="link").count()
    answer = browser.submit(url, "renew_link")
    fresh = db.session.query(Link).filter(Link.id != held.id).one()
    assert answer.status == 303
    told = browser.get(answer.response.location)
    assert told.status == 410
    assert fresh.token not in told.response.get_data(as_text=True)
    letters = db.session.query(Message).filter_by(template="link")
    assert letters.count() == sent + 1
    assert letters.order_by(Message.id.desc()).first().contact_id is not None
    browser.submit(url, "renew_link")
    assert letters.count() == sent + 1  # asking again at once fills no mailbox
    assert db.session.query(Link).count() == 2


def test_one_customers_form_does_not_work_on_another_ticket(cast, browser):
    mine, theirs = (a_ticket("awaiting_customer", contact=cast.contact) for _ in range(2))
    form = browser.get(f"/c/{living_link(mine).token}").form("confirm")
    form.url = f"/c/{living_link(theirs).token}/confirm"
    assert browser.press(form, verdict="yes").status == 422
    assert state_of(theirs.number) == "awaiting_customer"


def test_language_follows_the_browser(link, browser):
    assert browser.get(link[0]).one("html")["lang"] == "en"
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN,zh"
    assert browser.get(link[0]).one("html")["lang"] == "zh"


def test_the_picture_of_the_link_is_for_those_who_may_send_it(sign_in):
    number = a_ticket("awaiting_customer").number
    answer = sign_in("wang").open(f"/t/{number}/link.svg")
    assert (answer.status, answer.response.mimetype) == (200, "image/svg+xml")
    assert sign_in("zhang").open(f"/t/{number}/link.svg").status == 403
    assert sign_in("yang").open(f"/t/{number}/link.svg").status == 404
    sign_in("wang").does(f"/t/{number}", "revoke_link")
    assert sign_in("wang").open(f"/t/{number}/link.svg").status == 404


def test_a_spoken_answer_says_so(sign_in):
    number = a_ticket("awaiting_customer").number
    sign_in("wang").does(
        f"/t/{number}/spoken-confirmation", "record_spoken", said_by="张敏", how="电话", verdict="no", comment="还转圈"
    )
    assert state_of(number) == "awaiting_plan"
    kept = db.session.query(Confirmation).one()
    assert (kept.means, kept.said_by, kept.how, kept.taken_by.login) == ("spoken", "张敏", "电话", "wang")


def test_a_link_is_nobodys_sign_in(link, browser):
    browser.get(link[0])
    assert browser.open(f"/t/{link[1]}").status == 303


def test_the_event_names_the_link_and_no_person(link, browser):
    browser.does(link[0], "confirm", verdict="yes")
    event = db.session.query(Event).filter_by(name="confirmed").one()
    assert event.actor_id is None
    assert event.link_id == db.session.query(Link).one().id


def test_a_result_is_not_shown_before_it_counts_again(cast, browser):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    customer_verification.dispute_result(ticket, actor=living_link(ticket), reason="没好。")
    fresh = customer_verification.send_link(ticket, actor=person("wang"))
    page = browser.get(f"/c/{fresh.token}")
    assert page.status == 200
    assert not page.forms("confirm")
