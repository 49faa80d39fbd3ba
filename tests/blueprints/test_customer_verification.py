"""The customer's page behind a link, and the same deeds with an account (P10)."""

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from blueprints.messages import render
from models.clockwork import escalation
from models.ground import clock
from models.ground.db import command, db
from models.insight.dossier import events_of
from models.record.attachment import Attachment
from models.record.consent import Consent
from models.record.deadline import Deadline
from models.record.event import Event
from models.record.link import CONSENT, DIRECTION, Link, living_link
from models.record.message import Message
from models.record.resolution import Check, Confirmation, sheet_of
from models.record.ticket import Ticket, find_ticket
from models.rules import journal
from models.steps import another_policy, approval, comment, customer_verification, plans, repair, triage
from models.steps.intake import keep_file
from tests.blueprints.five import Act, move_on, named, questions_of, state_of
from tests.database import difference, everything
from tests.factories import (
    TOUCHING,
    a_plan,
    a_policy_of_own_words,
    a_request,
    a_ticket,
    archive,
    assess,
    further,
    person,
)

ACTS = (
    Act("confirm", "/t/{n}/confirmation", "awaiting_customer", "zhang", "li", "awaiting_review",
        {"verdict": "yes", "satisfaction": "satisfied"}, {"verdict": "partly", "comment": ""}),
    Act("dispute", "/t/{n}/dispute", "awaiting_review", "zhang", "li", "awaiting_plan",
        {"reason": "又出现了。"}, {"reason": ""}, later="archived"),
    Act("record_spoken", "/t/{n}/spoken-confirmation", "awaiting_customer", "wang", "he", "awaiting_review",
        {"said_by": "张敏", "how": "电话", "verdict": "yes"}, {"said_by": "张敏", "how": ""}),
    Act("consent", "/t/{n}/consent", "awaiting_consent", "zhang", "li", "awaiting_fix",
        {"answer": "yes"}, {"answer": "no", "comment": ""}),
    Act("record_spoken_consent", "/t/{n}/spoken-consent", "awaiting_consent", "wang", "he", "awaiting_plan",
        {"said_by": "张敏", "how": "电话", "answer": "no", "comment": "要月结"}, {"said_by": "张敏", "how": ""}),
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
def _end(held, **change) -> None:
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


def test_whoever_has_seen_it_already_gets_304(link, cast, browser):
    url, number = link
    page = browser.get(url)
    seen = {"If-None-Match": page.response.headers["ETag"]}
    assert page.one("body")["data-look"] in seen["If-None-Match"]
    assert browser.open(url, headers=seen).status == 304
    comment.add_note(find_ticket(number), actor=cast.wang, text="内部")
    assert browser.open(url, headers=seen).status == 200
    refused = browser.submit(url, "confirm")
    assert "data-look" not in refused.one("body").attributes, "a page with something typed is not exchanged"


def test_four_steps_the_next_update_and_whom_to_call(cast, app, browser, monkeypatch):
    monkeypatch.setattr(app.config["SETTINGS"], "desk_phone", "400 820 0000")
    ticket = a_ticket("awaiting_plan", contact=cast.contact)
    page = browser.get(f"/c/{living_link(ticket).token}")
    steps = page.one("ol", class_="steps").all("li")
    assert [step["class"] for step in steps] == ["done", "here", "ahead", "ahead"]
    assert "Next update by" in page.text
    assert "赵*" in page.text
    assert page.one("footer").one("a")["href"] == "tel:4008200000"
    chinese = browser.open(f"/c/{living_link(ticket).token}", headers={"Accept-Language": "zh-CN"})
    assert chinese.one("html")["lang"] == "zh"


def test_a_fresh_link_says_where_it_goes(cast, browser):
    """The tick is the tap: it names the masked address, and the script sends the form with it."""
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    link, url = living_link(ticket), f"/c/{living_link(ticket).token}"
    _end(link, expires_at=clock.real_now() - timedelta(days=1))
    page = browser.get(url)
    assert page.status == 410
    tick = page.form("renew_link").element.one("label")
    assert "z***@example.com" in tick.text
    assert "data-sends" in tick.one("input").attributes
    _end(cast.contact, email="")
    page = browser.get(url)
    assert not page.forms("renew_link"), "no letter can go nowhere"
    assert "call the desk" in page.text


def test_the_satisfaction_form_on_paper(link, browser):
    url, number = link
    page = browser.get(f"{url}/print")
    assert number in page.text
    assert not page.all("span", class_="box ticked")
    browser.does(url, "confirm", verdict="yes", satisfaction="mostly_satisfied", comment="谢谢")
    page = browser.get(f"{url}/print")
    assert [e.text for e in page.all("span", class_="box ticked")] == ["Solved", "Mostly satisfied"]
    assert "谢谢" in page.text
    assert "报销单已可以正常提交" in page.text


def test_nothing_is_chosen_beforehand(link, browser):
    form = browser.get(link[0]).form("confirm")
    assert "verdict" not in form.filled() or form.values["verdict"] == []
    assert form.values["satisfaction"] == []


def test_the_page_is_small_and_quiet(link, browser):
    page = browser.get(link[0])
    headers = page.response.headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in headers["Cache-Control"]
    assert "noindex" in headers["X-Robots-Tag"]
    (script,) = page.all("script")
    assert script["src"].startswith("/static/link.js?"), "one small file of our own, that the page works without"
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


def test_the_receipt_speaks_as_the_policy_of_the_ticket_does(cast, browser):
    ticket = a_ticket("awaiting_plan", contact=cast.contact)
    another_policy.change_policy(ticket, actor=cast.wang, version=a_policy_of_own_words(), severity="P2", reason="合同")
    while ticket.state != "awaiting_customer":
        further(ticket, ticket.state)
    url = f"/c/{living_link(ticket).token}"
    page = browser.does(url, "confirm", verdict="yes", satisfaction="satisfied")
    assert "Splendid" in page.one("main").text


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


def test_who_presses_twice_is_led_to_one_place_though_the_link_has_ended_meanwhile(link, browser):
    url, number = link
    browser.does(url, "confirm", verdict="yes")
    form = browser.get(url).form("dispute")
    for _press in range(2):
        answer = browser.press(form, reason="又转圈了。")
        assert (answer.status, answer.response.location) == (303, url)
        assert browser.get(url).status == 410
    assert browser.press(form, reason="别的话").status == 409, "other words are another answer"
    assert [event.name for event in events_of(find_ticket(number))].count("disputed") == 1


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
    assert browser.submit(url, "renew_link").status == 422, "pressed by a program that ticks nothing"
    answer = browser.submit(url, "renew_link", sure="y")
    fresh = db.session.query(Link).filter(Link.id != held.id).one()
    assert answer.status == 303
    told = browser.get(answer.response.location)
    assert told.status == 410
    assert fresh.token not in told.response.get_data(as_text=True)
    letters = db.session.query(Message).filter_by(template="link")
    assert letters.count() == sent + 1
    assert letters.order_by(Message.id.desc()).first().contact_id is not None
    browser.submit(url, "renew_link", sure="y")
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


# --- consent (P7.4)


@pytest.fixture
def question(cast):
    """A plan that waits for the customer: (the address of its link, that of the progress, the ticket's number)."""
    ticket = a_ticket("awaiting_consent", contact=cast.contact)
    return f"/c/{living_link(ticket, purpose=CONSENT).token}", f"/c/{living_link(ticket).token}", ticket.number


def test_agreeing_is_two_presses_and_leaves_a_receipt(question, browser):
    url, _, number = question
    page = browser.get(url)
    assert "半小时不能提交报销单" in page.text
    assert page.form("consent").values["answer"] == []
    page = browser.does(url, "consent", answer="yes")
    assert state_of(number) == "awaiting_fix"
    assert not page.forms("consent")
    assert "I agree" in page.text
    assert db.session.query(Consent).one().agreed


def test_not_agreeing_needs_a_reason(question, browser):
    url, _, number = question
    answer = browser.submit(url, "consent", answer="no")
    assert answer.status == 422
    assert answer.form("consent").values["answer"] == ["no"]
    browser.does(url, "consent", answer="no", comment="那晚要月结。")
    assert state_of(number) == "awaiting_plan"


def test_looking_at_a_question_changes_nothing(question, browser):
    before = everything()
    for url in question[:2]:
        for part in ("", "/consent", "/agree", "/question", "/confirm"):
            for method in ("GET", "HEAD", "OPTIONS"):
                assert browser.open(url + part, method=method).status == 200
    assert difference(before, everything()) == {}


def test_a_link_of_another_purpose_says_where_to_go(question, browser):
    url, progress, number = question
    form = browser.get(url).form("consent")
    form.url = f"{progress}/consent"
    before = everything()
    answer = browser.press(form, answer="yes")
    assert answer.status == 409
    assert "Each question has a link of its own" in answer.text
    for part in ("confirm", "dispute", "information"):
        assert browser.open(f"{url}/{part}", method="POST", data=form.values).status in (400, 403, 409)
    assert difference(before, everything()) == {}
    assert state_of(number) == "awaiting_consent"


def test_a_question_for_another_ticket_is_not_answered_here(question, cast, browser):
    other = a_ticket("awaiting_consent", contact=cast.contact)
    form = browser.get(question[0]).form("consent")
    form.url = f"/c/{living_link(other, purpose=CONSENT).token}/consent"
    assert browser.press(form, answer="yes").status in (409, 422)
    assert state_of(other.number) == "awaiting_consent"


def test_answering_the_question_twice_counts_once(question, browser):
    url, _, number = question
    form = browser.get(url).form("consent")
    assert browser.press(form, answer="yes").status == 303
    assert browser.press(form, answer="yes").status == 303
    assert browser.press(form, answer="no", comment="doch nicht").status == 409
    assert db.session.query(Consent).count() == 1
    assert state_of(number) == "awaiting_fix"


def test_a_plan_that_has_changed_asks_anew(question, browser):
    url, _, number = question
    form = browser.get(url).form("consent")
    ticket = find_ticket(number)
    plans.withdraw_plan(ticket.plans[-1], actor=person("zhao"))
    a_plan(ticket, **(TOUCHING | {"explanation": "改到周四。"}))
    approval.approve_plan(ticket.plans[-1], actor=person("chen"))
    before = everything()
    for answer in (browser.get(url), browser.press(form, answer="yes")):
        assert answer.status == 410
        assert "The plan has changed since then" in answer.text
        assert "改到周四" not in answer.text
    assert difference(before, everything()) == {}
    assert answer.forms("renew_link")
    assert state_of(number) == "awaiting_consent"


def test_the_reporters_page_does_not_answer_for_a_changed_plan(cast, sign_in):
    ticket = a_ticket("awaiting_consent")
    browser = sign_in("zhang")
    form = browser.get(f"/t/{ticket.number}/consent").form("consent")
    plans.withdraw_plan(ticket.plans[-1], actor=person("zhao"))
    a_plan(ticket, **(TOUCHING | {"window": "周四"}))
    approval.approve_plan(ticket.plans[-1], actor=person("chen"))
    assert browser.press(form, answer="yes").status == 409
    assert db.session.query(Consent).count() == 0


@pytest.mark.parametrize("death", ["revoked", "expired"])
def test_a_dead_question(question, browser, death):
    url, _, number = question
    form = browser.get(url).form("consent")
    held = db.session.query(Link).filter_by(purpose=CONSENT).one()
    past = clock.real_now() - timedelta(days=1)
    _end(held, **{"revoked_at" if death == "revoked" else "expires_at": past})
    for page in (browser.get(url), browser.press(form, answer="yes")):
        assert page.status == 410
        assert "半小时" not in page.text
        assert bool(page.forms("renew_link")) == (death == "expired")
    assert state_of(number) == "awaiting_consent"


def test_the_progress_says_that_a_question_was_sent_and_sends_it_again(question, browser):
    _, progress, _ = question
    sent = db.session.query(Message).filter_by(template="consent_asked").count()
    page = browser.does(progress, "ask_again", sure="y")
    assert db.session.query(Message).filter_by(template="consent_asked").count() == sent + 1
    assert "on its way" in page.text
    token = living_link(find_ticket(question[2]), purpose=CONSENT).token
    assert token not in page.response.get_data(as_text=True)


def test_the_letter_has_the_question_and_its_own_link(question, app):
    letter = render(db.session.query(Message).filter_by(template="consent_asked").one())
    assert question[0] in letter.text
    assert question[1] not in letter.text
    assert "半小时不能提交报销单" in letter.text
    assert "周三 22:00" in letter.text


def test_the_desk_has_the_link_with_the_question_at_hand(cast, sign_in):
    ticket = a_ticket("awaiting_consent", contact=cast.contact)
    page = sign_in("wang").get(f"/t/{ticket.number}")
    link = living_link(ticket, purpose=CONSENT)
    assert page.one(data_copy=None) is not None
    assert link.token in page.response.get_data(as_text=True)
    assert "确认方案的链接" in page.text


def test_the_record_says_who_agreed(question, browser, sign_in):
    url, _, number = question
    browser.does(url, "consent", answer="yes", comment="请晚一点。")
    page = sign_in("chen").get(f"/t/{number}")
    assert "方案沟通与确认" in page.text
    assert "请晚一点。" in page.text


def test_a_direction_is_agreed_through_its_own_link(cast, browser):
    ticket = a_request("awaiting_direction", contact=cast.contact)
    url = f"/c/{living_link(ticket, purpose=DIRECTION).token}"
    page = browser.get(url)
    assert "批量下载" in page.text
    page = browser.does(url, "agree", answer="yes")
    assert state_of(ticket.number) == "awaiting_plan"
    assert "I agree" in page.text


def test_a_direction_is_declined_with_a_reason(cast, browser):
    ticket = a_request("awaiting_direction", contact=cast.contact)
    url = f"/c/{living_link(ticket, purpose=DIRECTION).token}"
    assert browser.submit(url, "agree", answer="no").status == 422
    browser.does(url, "agree", answer="no", comment="要按周下载。")
    assert state_of(ticket.number) == "awaiting_assessment"


# --- the sheet, and what contradicts itself (P10.6)


@pytest.fixture
def sheet(cast):
    """A result with a sheet of four lines: (its address, the ticket's number)."""
    ticket = a_ticket("awaiting_test", contact=cast.contact)
    checks = ["问题已解决", "功能正常", "速度符合预期", "没有引起别的问题"]
    repair.pass_test(ticket, actor=person("he"), findings="好", result="已恢复。", checks=checks)
    return f"/c/{living_link(ticket).token}", ticket.number


def test_yes_stays_two_presses_with_a_sheet(sheet, browser):
    url, number = sheet
    assert browser.get(url).all("fieldset", class_="sheet"), "there, and not opened"
    browser.does(url, "confirm", verdict="yes")
    assert state_of(number) == "awaiting_review"


def test_partly_opens_the_sheet_and_its_lines_become_a_ticket(sheet, browser):
    url, number = sheet
    page = browser.submit(url, "confirm", verdict="partly")
    assert page.status == 422
    assert not page.all(role="alert"), "a next step, and no error"
    form = page.form("confirm")
    assert form.values["verdict"] == ["partly"]
    assert page.all("fieldset", class_="sheet open")
    assert all(form.values[f"check_{nth}"] == [] for nth in range(1, 5))
    answer = browser.press(form, check_1="yes", check_2="no", remark_2="导出按钮是灰的")
    assert answer.status == 303
    rest = db.session.query(Ticket).filter(Ticket.parent_id == find_ticket(number).id).one()
    page = browser.get(url)
    assert rest.number in page.text
    assert "导出按钮是灰的" in page.text
    assert rest.assignee_id == find_ticket(number).assignee_id


def test_a_contradiction_is_asked_about_calmly_and_counts_the_second_time(sheet, browser):
    url, number = sheet
    page = browser.submit(
        url, "confirm", verdict="yes", comment="但是导出还是报错", files=(io.BytesIO(b"x"), "报错.png")
    )
    assert page.status == 422
    assert not page.all(role="alert")
    assert "We want to understand you correctly" in page.text
    form = page.form("confirm")
    assert form.values["verdict"] == [], "neither reading is chosen beforehand"
    assert [e["value"] for e in form.element.all("input", name="verdict")] == ["yes", "partly", "no"]
    assert form.values["comment"] == ["但是导出还是报错"]
    assert "报错.png" in page.text
    assert state_of(number) == "awaiting_customer"
    assert browser.press(form).status == 422, "nothing chosen is no answer"
    assert browser.press(form, verdict="partly").status == 303
    assert state_of(number) == "awaiting_review"
    assert db.session.query(Confirmation).one().asked == "words"
    assert db.session.query(Attachment).one().ticket_id == find_ticket(number).id


@pytest.mark.parametrize(
    ("said", "then", "state"),
    [
        ({"verdict": "yes", "satisfaction": "dissatisfied"}, {"verdict": "yes"}, "awaiting_review"),
        ({"verdict": "no", "comment": "没好", "satisfaction": "satisfied"}, {"verdict": "no"}, "awaiting_plan"),
        ({"verdict": "yes", "check_2": "no"}, {"verdict": "partly"}, "awaiting_review"),
    ],
)
def test_each_contradiction(sheet, browser, said, then, state):
    url, number = sheet
    page = browser.submit(url, "confirm", **said)
    assert page.status == 422
    assert state_of(number) == "awaiting_customer"
    assert browser.press(page.form("confirm"), **then).status == 303
    assert state_of(number) == state


def test_the_same_for_somebody_signed_in(sign_in):
    ticket = a_ticket("awaiting_customer")
    browser, url = sign_in("zhang"), f"/t/{ticket.number}/confirmation"
    page = browser.submit(url, "confirm", verdict="yes", comment="还没好")
    assert page.status == 422
    assert "想向您确认一下" in page.text
    assert browser.press(page.form("confirm"), verdict="no").status == 303
    assert state_of(ticket.number) == "awaiting_plan"


def test_what_is_taken_down_has_the_sheet_too(sheet, sign_in):
    _, number = sheet
    url = f"/t/{number}/spoken-confirmation"
    page = sign_in("wang").submit(
        url, "record_spoken", said_by="张经理", how="电话", verdict="yes", check_1="yes", check_2="no"
    )
    assert page.status == 422
    form = page.form("record_spoken")
    assert form.values["said_by"] == ["张经理"]
    browser = sign_in("wang")
    page = browser.submit(url, "record_spoken", said_by="张经理", how="电话", verdict="partly", check_2="no")
    assert page.status == 303
    assert db.session.query(Confirmation).one().means == "spoken"
    assert {check.answer for check in db.session.query(Check)} == {"", "no"}


def test_the_engineer_finds_the_usual_lines_in_the_customers_language(cast, sign_in):
    ticket = a_ticket("awaiting_test", contact=cast.contact)
    url = f"/t/{ticket.number}/test"
    form = sign_in("he").get(url).form("pass_test")
    usual = [form.values[f"checks-{nth}"] for nth in range(7)]
    assert all(said[0] for said in usual[:4])
    assert usual[4:] == [[""]] * 3
    browser = sign_in("he")
    fields = {"findings": "好", "result": "好"} | {f"checks-{nth}": "" for nth in range(1, 7)}
    answer = browser.submit(url, "pass_test", **fields)
    assert answer.status == 422
    assert answer.form("pass_test").values["findings"] == ["好"]
    browser.does(url, "pass_test", findings="好", result="好")
    assert len(sheet_of(find_ticket(ticket.number))) == 4


def test_silence_says_so_to_everybody(sheet, browser, sign_in):
    url, number = sheet
    ticket = find_ticket(number)
    while state_of(number) == "awaiting_customer":
        ring = db.session.scalar(
            select(Deadline.ring_at).where(Deadline.ticket_id == ticket.id, Deadline.kind == "silence")
        )
        with clock.hold(ring):
            while escalation.sweep():
                pass
    page = browser.get(url)
    assert "No answer came in time" in page.text
    assert "Your answer is on record" not in page.text
    for login in ("wang", "chen"):
        assert "按默认视为已解决" in sign_in(login).get(f"/t/{number}").text


# --- a request is accepted, not solved (P8.3)

OF_A_FAULT = re.compile(r"\b(un)?solve|fault|problem|(your|this) report\b", re.IGNORECASE)
GIVEN = {
    "checks": {"verdict": "yes", "check_2": "no", "remark_2": "少两张"},
    "words": {"verdict": "yes", "comment": "still not working"},
    "dissatisfied": {"verdict": "yes", "satisfaction": "dissatisfied"},
    "satisfied": {"verdict": "no", "satisfaction": "satisfied", "comment": "少两张"},
}


@pytest.mark.parametrize("about", GIVEN)
def test_a_contradiction_about_a_request_is_asked_in_words_of_acceptance(cast, browser, sign_in, about):
    ticket = a_request("awaiting_test", contact=cast.contact)
    sheet = ["能按月下载", "十二张全部正确", "速度符合预期"]
    repair.pass_test(ticket, actor=cast.zhou, findings="好", result="可以按月下载。", checks=sheet)
    url = f"/c/{living_link(ticket).token}"
    page = browser.get(url)
    assert "Do you accept it?" in page.text
    assert not OF_A_FAULT.search(page.one("main").text), OF_A_FAULT.search(page.one("main").text)
    asked = browser.submit(url, "confirm", **GIVEN[about])
    assert asked.status == 422
    form = asked.form("confirm").element
    assert not OF_A_FAULT.search(form.text), form.text
    offered = [e.text for e in form.one(id="verdict").all("label")]
    assert all("ccepted" in words for words in offered), offered
    spoken = sign_in("wang").submit(
        f"/t/{ticket.number}/spoken-confirmation", "record_spoken", said_by="张", how="电话", **GIVEN[about]
    )
    said = [e.text for e in spoken.form("record_spoken").element.one(id="verdict").all("label")]
    assert all("验收" in words or "部分通过" in words for words in said), said


def test_every_page_and_letter_of_a_request_speaks_of_the_request(cast, browser):
    """From the receipt to the closing, and of what was put off; nothing of a fault that is solved."""
    ticket = a_request(contact=cast.contact)
    triage.ask_reporter(ticket, actor=cast.wang, question="每月几张?")
    while ticket.state != "archived":
        if ticket.state == "awaiting_customer":
            customer_verification.send_link(ticket, actor=cast.wang)
            _remind(ticket)
        _speaks_of_a_request(browser.get(f"/c/{living_link(ticket).token}").one("main").text)
        further(ticket, ticket.state)
        if ticket.state == "awaiting_plan" and not ticket.plans:
            comment.post_update(ticket, actor=cast.zhao, text="开始设计。")
    _speaks_of_a_request(browser.get(f"/c/{living_link(ticket).token}").one("main").text)
    put_off = a_request("awaiting_assessment", contact=cast.contact)
    assess(put_off, verdict="not_now")
    _remind(put_off)
    _speaks_of_a_request(browser.get(f"/c/{living_link(put_off).token}").one("main").text)
    letters = db.session.query(Message).filter(Message.contact_id.is_not(None)).all()
    wanted = {"receipt", "question", "accepted", "direction_asked", "update", "result", "link", "closed", "postponed"}
    assert {letter.template for letter in letters} >= wanted | {"reminder"}
    _end(cast.contact, locale="en")
    for letter in letters:
        said = render(letter)
        assert not OF_A_FAULT.search(f"{said.subject} {said.text}"), f"{letter.template}: {said.subject}\n{said.text}"


def _speaks_of_a_request(text: str) -> None:
    assert not OF_A_FAULT.search(text), OF_A_FAULT.search(text)


@command
def _remind(ticket: Ticket) -> None:
    journal.record(ticket, "reminded", actor=None, state=ticket.state, reminder=1)
