"""Letters: one for every notice, in both languages, and nothing internal to whoever reported it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from blueprints.messages import render
from models.clockwork import escalation
from models.ground.db import db
from models.record.link import living_link
from models.record.message import Message
from models.rules.notices import TOLD
from models.steps import accounts, another_policy, comment, diagnosis, triage
from tests.factories import a_ticket, other_policy, person

TEMPLATES = sorted({template for lines in TOLD.values() for _, template, _ in lines} | {"password", "trial"})
TO_CALLERS = (
    "receipt",
    "accepted",
    "question",
    "result",
    "update",
    "closed",
    "cancelled",
    "reminder",
    "link",
    "regraded",
    "another_policy",
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_notice_has_a_letter_with_subject_and_body(app, template):
    blocks = app.jinja_env.get_template(f"messages/{template}.txt").blocks
    assert set(blocks) == {"subject", "body"}


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_every_letter_that_is_owed_can_be_written(app, cast, time, locale):
    a_ticket("closed", contact=cast.contact)
    urgent = a_ticket("awaiting_plan", severity="P0")
    another_policy.change_policy(urgent, actor=cast.wang, version=other_policy(urgent), severity="P0", reason="合同")
    time(timedelta(hours=5))
    while escalation.sweep():
        pass
    accounts.request_reset(cast.zhang)
    for letter in letters(app, locale):
        assert letter.subject
        assert "\n" not in letter.subject
        assert "http://localhost/" in letter.text
        assert "%(" not in letter.subject + letter.text


def test_every_letter_about_a_ticket_names_its_number(app, cast):
    ticket = a_ticket("closed", contact=cast.contact)
    for letter in letters(app, "en"):
        assert letter.subject.startswith(ticket.number)


def test_the_customer_reads_public_words_only(app, cast):
    ticket = a_ticket("awaiting_plan", contact=cast.contact)
    comment.add_note(ticket, actor=cast.zhao, text="内部:客户不会用")
    diagnosis.log_step(ticket, actor=cast.zhao, done="内部步骤", seen="内部结果")
    comment.post_update(ticket, actor=cast.zhao, text="正在处理")
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P1", reason="内部理由")
    told = [letter for letter in letters(app, "zh") if letter.to == cast.contact.email]
    assert len(told) == 4  # receipt, accepted, update, regraded
    assert any("正在处理" in letter.text for letter in told)
    assert not any("内部" in letter.text or "赵磊" in letter.text for letter in told)


def test_only_the_customers_letters_carry_the_link(app, cast):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    token = living_link(ticket).token
    for message, letter in zip(messages(), letters(app, "zh"), strict=True):
        assert (token in letter.text) == (message.contact_id is not None)


def test_whoever_reported_it_gets_no_internal_kind_of_letter(app, cast):
    a_ticket("closed", contact=cast.contact, severity="P0")
    assert {message.template for message in messages() if message.contact_id} <= set(TO_CALLERS)


def test_the_letter_speaks_its_readers_language(app, cast):
    ticket = a_ticket()
    triage.ask_reporter(ticket, actor=person("wang"), question="哪一台?")
    zh, en = letters(app, "zh")[-1], letters(app, "en")[-1]
    assert (zh.locale, en.locale) == ("zh", "en")
    assert "We have a question" in en.subject
    assert "哪一台?" in en.text


def messages() -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.channel == "mail").order_by(Message.id)))


def letters(app, locale: str) -> list:
    """Every letter that is owed, as its reader would get it in this language."""
    with app.test_request_context("/"):
        found = []
        for message in messages():
            set_committed_value(message.reader, "locale", locale)  # nothing is to be written
            found.append(render(message))
        db.session.rollback()
    return found
