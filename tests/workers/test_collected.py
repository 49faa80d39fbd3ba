"""The letter of the day: what was collected leaves at five as one letter, to a real SMTP server, once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.people.quiet import next_collection
from models.record import message as outbox
from models.record.message import FAILED, MAIL, QUEUED, SENT, Message
from models.steps import accounts, comment
from tests.factories import a_ticket, person
from tests.models.test_messages import real as real
from tests.workers.test_letters import overdue, send_all, sent_at_once
from tests.workers.test_letters import post as post
from tests.workers.test_letters import sink as sink


@pytest.fixture
def five(post, real):
    """Zhang has news collected; `five()` moves on to when it leaves."""
    accounts.set_own_settings(person("zhang"), collects=True, locale="en")

    def move() -> None:
        leaves = next_collection(clock.real_now(), zone="Asia/Shanghai")
        real((leaves - clock.real_now()).total_seconds())

    return move


def waiting() -> list[Message]:
    """Zhang's mail that is collected or was."""
    db.session.rollback()
    db.session.expire_all()
    wanted = select(Message).where(Message.person_id == person("zhang").id, Message.channel == MAIL, Message.collected)
    return list(db.session.scalars(wanted.order_by(Message.id)))


def letters(post) -> list:
    return [taken for taken in post.taken if "zhang" in taken["To"]]


def news() -> list[str]:
    """Two tickets with news, the older one with the newest; their numbers, the newest change first."""
    first, second = a_ticket("awaiting_engineer"), a_ticket("awaiting_engineer")
    comment.post_update(first, actor=person("wang"), text="正在查。")
    return [first.number, second.number]


def test_at_five_it_is_one_letter_with_a_line_for_each_ticket(post, five):
    numbers = news()
    send_all()
    assert letters(post) == [], "it waits"
    five()
    send_all()
    assert send_all() == 0
    (letter,) = letters(post)
    text = letter.get_body(("plain",)).get_content()
    assert letter["Subject"].startswith("2 tickets have news: " + numbers[0])
    assert [line.rpartition("/")[2] for line in text.split() if "/t/TS" in line] == numbers
    assert text.index("News:") < text.index("Before that: Being handled") < text.index("/t/" + numbers[0])
    assert text.count("Before that") == 1, "of the other there was nothing before"
    assert "http://localhost/notifications/letters" in text
    html = letter.get_body(("html",)).get_content()
    assert f'<a href="http://localhost/t/{numbers[1]}">' in html
    assert '<html lang="en">' in html
    assert letter["Message-ID"] == waiting()[0].message_id
    assert [row.state for row in waiting()] == [SENT] * 3


def test_one_alone_is_the_letter_that_it_always_was(post, five):
    ticket = a_ticket("awaiting_engineer")
    five()
    send_all()
    (letter,) = letters(post)
    assert letter["Subject"].startswith(ticket.number)


def test_warnings_that_leave_in_the_same_minute_are_another_letter(post, five, time, real):
    accounts.set_own_settings(person("chen"), collects=True)
    overdue(time, count=2)
    a_ticket("awaiting_engineer", reporter=person("chen"))
    a_ticket("awaiting_engineer", reporter=person("chen"))
    five()
    real(60)
    send_all()
    to_chen = [taken["Subject"] for taken in post.taken if "chen" in taken["To"] and "2" in taken["Subject"]]
    assert len([subject for subject in to_chen if not subject.startswith("TS")]) == 2


def test_refused_for_now_the_same_letter_comes_again_and_later_news_another_day(post, five, real):
    news()
    five()
    post.to_data = "451 try later"
    send_all()
    assert {(row.state, row.error) for row in waiting()} == {(QUEUED, "451 try later")}
    a_ticket("awaiting_engineer")
    real(outbox.PAUSES[0])
    post.to_data = "250 OK"
    send_all()
    (letter,) = letters(post)
    rows = waiting()
    assert letter["Message-ID"] == rows[0].message_id
    assert [row.state for row in rows] == [SENT] * 3 + [QUEUED]
    assert rows[-1].next_try_at - clock.real_now() > timedelta(hours=23)


def test_refused_for_good_people_see_it_and_all_of_it_is_tried_again(post, five):
    news()
    five()
    post.to_recipient = "550 no such user"
    send_all()
    rows = waiting()
    assert {row.state for row in rows} == {FAILED}
    assert rows[1] in outbox.outbox(FAILED)
    outbox.try_again(rows[1].id)
    post.to_recipient = "250 OK"
    send_all()
    assert {row.state for row in waiting()} == {SENT}
    assert len(letters(post)) == 1


def test_switching_back_sends_what_waits_with_the_next_delivery(post, five):
    news()
    accounts.set_own_settings(person("zhang"), collects=False)
    send_all()
    assert len(letters(post)) == 1
    five()
    send_all()
    assert len(letters(post)) == 1


def test_many_senders_one_letter(app, post, five, monkeypatch):
    """Each claims by another message of the letter; one sends, all of it, once."""
    news()
    five()
    assert sent_at_once(app, [row.id for row in waiting()], monkeypatch) == 1
    assert {row.state for row in waiting()} == {SENT}


def test_switching_back_while_it_is_being_sent_sends_nothing_twice(post, five, real):
    """A letter that has begun to leave keeps its lease."""
    news()
    five()
    assert outbox.claim(waiting()[0].id)
    real(1)
    accounts.set_own_settings(person("zhang"), collects=False)
    assert not {row.id for row in waiting()} & set(outbox.due())
