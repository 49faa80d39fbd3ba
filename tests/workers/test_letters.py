"""One message a minute: what arises for one person within a minute is one letter, and never lost or doubled."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db
from models.record import message as outbox
from models.record.message import FAILED, PAUSES, QUEUED, SENT, Message
from models.steps import intake
from tests.factories import MATRIX, person
from tests.models.test_deadlines import at
from tests.models.test_messages import real as real
from tests.workers.test_mail import Sink
from workers import delivery
from workers.channels import NotSent, mail

TICKETS = 5


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def post(app, sink, smtp_url):
    """The outbox, connected to a real SMTP server; only warnings and escalations are in it."""
    app.config["SETTINGS"].smtp_url = smtp_url
    yield sink
    app.config["SETTINGS"].smtp_url = None


def overdue(time, count: int = TICKETS) -> None:
    """So many P1 of which the triage is overdue: chen and wu are told of each."""
    impact, urgency = MATRIX["P1"]
    for n in range(count):
        intake.report_fault(actor=person("zhang"), description=f"第 {n} 张单", impact=impact, urgency=urgency)
    time(at("10:10"))
    while escalation.sweep():
        pass


def mails(login: str) -> list[Message]:
    db.session.rollback()
    db.session.expire_all()
    wanted = select(Message).where(Message.person_id == person(login).id, Message.channel == "mail")
    return list(db.session.scalars(wanted.where(Message.template.in_(outbox.JOINED)).order_by(Message.id)))


def send_all() -> int:
    """What a worker does: every letter that is due; how many there were."""
    due = outbox.due()
    for message_id in due:
        delivery.deliver(message_id)
    return len(due)


def test_what_arises_in_one_minute_is_one_letter(post, time, real):
    overdue(time)
    assert outbox.due() == [], "it waits for the end of its minute"
    real(60)
    assert send_all() == 2
    assert send_all() == 0
    for login in ("chen", "wu"):
        (letter,) = [taken for taken in post.taken if login in taken["To"]]
        rows = mails(login)
        assert len(rows) == TICKETS
        words = letter.get_body(("plain",)).get_content().split()
        assert [words.count(f"http://localhost/t/{row.ticket.number}") for row in rows] == [1] * TICKETS
        assert str(TICKETS) in letter["Subject"]
        assert letter["Message-ID"] == rows[0].message_id
        assert {row.state for row in rows} == {SENT}


def test_one_alone_is_the_letter_that_it_always_was(post, time, real):
    overdue(time, count=1)
    real(60)
    send_all()
    (row,) = mails("chen")
    (letter,) = [taken for taken in post.taken if "chen" in taken["To"]]
    assert letter["Subject"].startswith(row.ticket.number)


def test_the_next_minute_is_another_letter(post, time, real):
    overdue(time, count=2)
    real(60)
    send_all()
    time(at("10:30"))
    while escalation.sweep():
        pass
    assert outbox.due() == []
    real(60)
    send_all()
    assert len([taken for taken in post.taken if "chen" in taken["To"]]) == 2
    assert {row.state for row in mails("chen")} == {SENT}


def test_a_p0_calls_at_once(post, time, real):
    """P3.4: its call is never joined and never waits."""
    impact, urgency = MATRIX["P0"]
    intake.report_fault(actor=person("zhang"), description="全站停了", impact=impact, urgency=urgency)
    calls = db.session.scalars(select(Message).where(Message.template == "p0", Message.channel == "mail")).all()
    assert {call.person.login for call in calls} == {"chen", "zhao"}
    assert set(outbox.due()) >= {call.id for call in calls}


def test_whichever_is_asked_for_the_whole_letter_goes_once(post, time, real):
    overdue(time)
    real(60)
    for row in reversed(mails("chen")):
        delivery.deliver(row.id)
    assert len([taken for taken in post.taken if "chen" in taken["To"]]) == 1


def test_refused_for_now_the_same_letter_comes_again(post, time, real):
    """What arose meanwhile goes into another: a letter keeps its content with its Message-ID."""
    overdue(time, count=2)
    real(60)
    post.to_data = "451 try later"
    send_all()
    assert {(row.state, row.error) for row in mails("chen")} == {(QUEUED, "451 try later")}
    time(at("10:30"))
    while escalation.sweep():
        pass
    real(60)
    post.to_data = "250 OK"
    send_all()
    letters = [taken for taken in post.taken if "chen" in taken["To"]]
    assert len(letters) == 2
    assert len({letter["Message-ID"] for letter in letters}) == 2
    assert {row.state for row in mails("chen")} == {SENT}


def test_refused_for_good_all_of_it_has_failed_and_all_is_tried_again(post, time, real):
    overdue(time, count=3)
    real(60)
    post.to_recipient = "550 no such user"
    send_all()
    rows = mails("chen")
    assert {row.state for row in rows} == {FAILED}
    outbox.try_again(rows[1].id)
    assert {row.state for row in mails("chen")} == {QUEUED}
    post.to_recipient = "250 OK"
    send_all()
    assert {row.state for row in mails("chen")} == {SENT}


def test_a_sender_that_dies_in_between_leaves_all_of_it(post, time, real):
    """Claimed, never said to be sent: after the lease another sends the same letter under the same Message-ID."""
    overdue(time)
    real(60)
    claimed = outbox.claim(mails("chen")[-1].id)
    header, first = claimed.message_id, mails("chen")[0]
    assert (claimed.id, header) == (first.id, first.message_id)
    assert not {row.id for row in mails("chen")} & set(outbox.due())
    real(outbox.LEASE.total_seconds() + 1)
    send_all()
    (letter,) = [taken for taken in post.taken if "chen" in taken["To"]]
    assert letter["Message-ID"] == header
    assert {row.state for row in mails("chen")} == {SENT}


def test_given_up_after_the_last_try(post, time, real):
    overdue(time, count=2)
    real(60)
    first = mails("chen")[0].id
    for _ in range(len(PAUSES) + 1):
        outbox.claim(first)
        real(7_200)
    assert outbox.claim(first) is None
    assert {row.state for row in mails("chen")} == {FAILED}


def sent_at_once(app, ids: list[int], monkeypatch) -> int:
    """So many senders in threads of their own, one for each message: how many letters left."""
    sent = []
    monkeypatch.setattr(mail, "send", lambda letter, *, message_id, **_: sent.append((letter.to, message_id)) or "")
    together = Barrier(len(ids))

    def send(message_id: int) -> None:
        with app.app_context():
            together.wait()
            delivery.deliver(message_id)

    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(send, ids))
    return len(sent)


def test_many_senders_one_letter(app, post, time, real, monkeypatch):
    """Each claims by another message of the letter; one sends, all of it, once."""
    overdue(time)
    real(60)
    assert sent_at_once(app, [row.id for row in mails("chen")], monkeypatch) == 1
    assert {row.state for row in mails("chen")} == {SENT}


def test_a_letter_that_cannot_be_made_is_written_down(post, time, real, monkeypatch):
    overdue(time, count=2)
    real(60)

    def refuse(message):
        raise NotSent("no", permanent=True)

    monkeypatch.setattr(delivery, "render", refuse)
    send_all()
    assert {row.state for row in mails("chen")} == {FAILED}


def test_the_longest_letter_names_the_rest(post, time, real, monkeypatch):
    monkeypatch.setattr("blueprints.messages.MOST_LINES", 2)
    overdue(time)
    real(60)
    send_all()
    (letter,) = [taken for taken in post.taken if "chen" in taken["To"]]
    text = letter.get_body(("plain",)).get_content()
    assert text.count("/t/TS") == 2
    assert "/notifications" in text
    assert str(TICKETS - 2) in text


def test_the_end_of_the_minute():
    now = clock.real_now().replace(second=17)
    assert outbox.first_try("warning", now) == now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    assert outbox.first_try("p0", now) == now
