"""Closing, reopening and the archive over HTTP (P11)."""

import pytest
from sqlalchemy import text

from models.ground import db as ground
from models.ground.db import db
from models.record.archive import ArchiveRecord
from models.record.ticket import find_ticket
from models.steps import another_policy, approval, archiving, cooperation, customer_verification, repair
from tests.blueprints.five import Act, move_on, named, questions_of, state_of
from tests.factories import (
    a_plan,
    a_policy_of_own_words,
    a_ticket,
    an_answered_ticket,
    carry_out,
    further,
    newest_plan,
    person,
)

ACTS = (
    Act("close", "/t/{n}/review", "awaiting_review", "chen", "zhao", "closed", {"review": "记录完整。"}),
    Act("send_back", "/t/{n}/review", "awaiting_review", "chen", "zhao", "awaiting_plan",
        {"reason": "缺根因。"}, {"reason": ""}),
    Act("reopen", "/t/{n}/reopening", "closed", "chen", "zhao", "awaiting_plan",
        {"reason": "又出现了。"}, {"reason": ""}, later="archived"),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def _incomplete():
    """Solved without its root cause on record."""
    ticket = a_ticket("awaiting_plan")
    a_plan(ticket)
    approval.approve_plan(newest_plan(ticket), actor=person("chen"))
    carry_out(ticket)
    repair.finish_fix(ticket, actor=person("zhao"))
    repair.pass_test(ticket, actor=person("he"), findings="好了。", result="好了。")
    return customer_verification.confirm_result(ticket, actor=person("zhang"), verdict="yes")


def test_what_is_missing_is_listed_and_blocks(sign_in):
    number = _incomplete().number
    chen = sign_in("chen")
    page = chen.get(f"/t/{number}/review")
    assert "Root cause" in page.text or "根本原因" in page.text
    assert page.form("close").element.all("button", type="submit") == []
    assert chen.press(page.form("close")).status == 409
    assert state_of(number) == "awaiting_review"
    assert page.form("send_back").element.all("button", type="submit")


def test_what_is_left_over_gets_its_ticket_by_one_press(sign_in):
    ticket = a_ticket("awaiting_test")
    repair.pass_test(ticket, actor=person("he"), findings="好了。", result="好了。", leftovers="导出仍然慢。")
    customer_verification.confirm_result(ticket, actor=person("zhang"), verdict="yes")
    number, chen = ticket.number, sign_in("chen")
    page = chen.get(f"/t/{number}/review")
    assert page.form("close").element.all("button", type="submit") == []
    assert chen.press(page.form("follow_up_leftovers")).status == 303
    assert not chen.get(f"/t/{number}/review").forms("follow_up_leftovers")
    chen.does(f"/t/{number}/review", "close")
    assert state_of(number) == "closed"


def test_one_look_says_solution_times_and_feedback(english):
    number = a_ticket("awaiting_review").number
    look = english("chen").get(f"/t/{number}/review").one("main").text
    for said in ("报销单已可以正常提交。", "clocks in time", "Solved"):
        assert said in look


def test_a_ready_reason_is_enough_to_send_it_back(english):
    number = a_ticket("awaiting_review").number
    english("chen").does(f"/t/{number}/review", "send_back", ready="record")
    assert "The implementation record is not complete." in english("zhao").get(f"/t/{number}").text


def test_each_missing_piece_leads_to_where_it_is_mended(sign_in):
    ticket = a_ticket("awaiting_plan")
    cooperation.ask_department(ticket, actor=person("zhao"), contact=person("yang"), body="请看。")
    move_on(ticket.number, "awaiting_review")
    page = sign_in("chen").get(f"/t/{ticket.number}/review")
    places = {link["href"] for link in page.one(class_="alert warn").all("a")}
    assert places == {f"/t/{ticket.number}#cooperation"}
    assert page.form("close").element.all("button", type="submit") == []


def test_the_frozen_record_shows_the_implementation_step_by_step(english):
    number = a_ticket("archived").number
    page = english("chen").get(f"/t/{number}/record")
    assert page.text.count("Done as planned") == 2
    assert "占用 98%" in page.text


def test_what_was_answered_at_once_needs_no_plan(sign_in):
    ticket = an_answered_ticket()
    customer_verification.confirm_result(ticket, actor=person("zhang"), verdict="yes")
    sign_in("chen").does(f"/t/{ticket.number}/review", "close")
    assert state_of(ticket.number) == "closed"


def test_the_reporter_may_reopen_too(sign_in):
    number = a_ticket("closed").number
    sign_in("zhang").does(f"/t/{number}/reopening", "reopen", reason="又出现了。")
    assert (state_of(number), find_ticket(number).round) == ("awaiting_plan", 2)


def test_the_frozen_record_is_read_from_the_archive_and_says_whether_it_is_sound(sign_in, engine):
    number = a_ticket("archived").number
    chen = sign_in("chen")
    page = chen.get(f"/t/{number}/record")
    assert page.one(class_="alert good")
    assert "报销服务缓存写满" in page.text
    assert not page.forms("note")
    _tamper(number)
    assert chen.get(f"/t/{number}/record").one(class_="alert danger")


def test_the_record_is_for_colleagues_and_masked_for_those_who_did_not_work_on_it(sign_in):
    number = a_ticket("archived").number
    assert "张敏" in sign_in("chen").get(f"/t/{number}/record").one("main").text
    masked = sign_in("liu").get(f"/t/{number}/record").one("main").text
    assert "张敏" not in masked
    assert "张*" in masked
    assert sign_in("zhang").get(f"/t/{number}/record").status == 403
    assert sign_in("yang").get(f"/t/{number}/record").status == 404


def test_the_record_speaks_of_levels_and_answers_as_its_policy_did(sign_in, english):
    number = _archived_under_its_own_words().number
    for signed_in, words in (
        (sign_in, ("P2 丙等", "好极了", "自有协议")),
        (english, ("P2 Third class", "Splendid", "Our contract")),
    ):
        shown = signed_in("chen").get(f"/t/{number}/record").one("main").text
        assert all(word in shown for word in words), shown


def test_a_record_frozen_before_words_were_kept_is_read_by_the_tickets_policy(sign_in, monkeypatch):
    ticket = _archived_under_its_own_words()
    frozen = db.session.get(ArchiveRecord, ticket.id).content
    assert frozen["policy"]["levels"]["P2"] == {"zh": "丙等", "en": "Third class"}
    older = {key: value for key, value in frozen.items() if key != "policy"}
    monkeypatch.setattr(archiving, "masked", lambda content, ticket: older)
    shown = sign_in("liu").get(f"/t/{ticket.number}/record").one("main").text
    assert "P2 丙等" in shown
    assert "好极了" in shown


def test_what_is_not_archived_has_no_record_yet(sign_in):
    number = a_ticket("closed").number
    assert sign_in("chen").get(f"/t/{number}/record").status == 404


def test_the_archive_lists_the_newest_first(sign_in, browser):
    assert sign_in("chen").get("/archive").all(class_="empty")
    first, second = a_ticket("archived").number, a_ticket("archived").number
    a_ticket("closed")
    rows = sign_in("he").get("/archive").all("tr", data_ticket=None)
    assert [row["data-ticket"] for row in rows] == [second, first]
    assert rows[0]["data-status"] == "archived"
    assert sign_in("zhang").get("/archive").status == 403
    assert browser.open("/archive").status == 303


def _archived_under_its_own_words():
    ticket, version = a_ticket("awaiting_plan"), a_policy_of_own_words()
    another_policy.change_policy(ticket, actor=person("wang"), version=version, severity="P2", reason="合同")
    while ticket.state != "awaiting_customer":
        further(ticket, ticket.state)
    customer_verification.confirm_result(ticket, actor=person("zhang"), verdict="yes", satisfaction="satisfied")
    while ticket.state != "archived":
        further(ticket, ticket.state)
    return ticket


def _tamper(number):
    """As somebody with the database in their hands would: the guard taken off first."""
    ticket_id = find_ticket(number).id
    db.session.rollback()
    changed = text("UPDATE archive_record SET digest = :digest WHERE ticket_id = :id")
    connection = db.engine.connect().execution_options(**ground.WRITE)
    with connection, connection.begin():
        if ground.is_sqlite():
            names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'archive_record'"
            for (name,) in connection.execute(text(names)).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(changed, {"digest": "0" * 64, "id": ticket_id})
    db.session.expire_all()
    assert db.session.get(ArchiveRecord, ticket_id).digest == "0" * 64
