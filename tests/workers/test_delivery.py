"""One message from the outbox to its channel: what became of it is always written down."""

from datetime import timedelta
from time import sleep
from unittest.mock import Mock

import pytest

from models.ground import clock
from models.ground.db import command, db, is_writing
from models.ground.errors import Busy
from models.record import message as outbox
from models.record.message import FAILED, PAUSES, QUEUED, SENT, Message
from tests.factories import a_ticket
from workers import delivery
from workers.channels import NotSent, mail


@pytest.fixture
def owed(app):
    """The id of a mail that waits to be sent."""
    app.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    a_ticket("awaiting_engineer")
    yield outbox.due()[0]
    app.config["SETTINGS"].smtp_url = None


@pytest.fixture
def channel(monkeypatch):
    """Put `way(letter)` in the place of the mail server."""

    def put(way):
        monkeypatch.setattr(mail, "send", lambda letter, *, message_id, smtp_url: way(letter) or "")

    return put


def refuse(*, permanent):
    def way(letter):
        raise NotSent("550 no such user" if permanent else "451 later", permanent=permanent)

    return way


def row(message_id):
    db.session.rollback()
    return db.session.get(Message, message_id, populate_existing=True)


def test_what_was_taken_is_sent(owed, channel):
    letters = []
    channel(letters.append)
    delivery.deliver(owed)
    assert row(owed).state == SENT
    assert letters[0].to == row(owed).person.email


def test_what_has_left_is_recorded_although_the_database_is_busy(owed, channel, monkeypatch):
    letters, refusals, plain = [], [Busy("locked"), Busy("locked")], outbox.sent

    def busy(*args, **more):
        if refusals:
            raise refusals.pop()
        return plain(*args, **more)

    channel(letters.append)
    monkeypatch.setattr(outbox, "sent", busy)
    monkeypatch.setattr(delivery, "sleep", lambda _: None)
    delivery.deliver(owed)
    assert (row(owed).state, len(letters), refusals) == (SENT, 1, [])


def test_what_has_left_before_the_sender_died_does_not_leave_again(owed, channel, monkeypatch):
    letters, plain = [], outbox.sent
    channel(letters.append)
    monkeypatch.setattr(outbox, "sent", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver(owed)
    monkeypatch.setattr(outbox, "sent", plain)
    make_due(owed)
    delivery.deliver(owed)
    assert (row(owed).state, row(owed).answer, len(letters)) == (SENT, outbox.KNOWN, 1)


def test_the_second_of_two_senders_finds_nothing_to_do(owed, channel):
    letters = []
    channel(letters.append)
    assert outbox.claim(owed)
    delivery.deliver(owed)
    assert letters == []


def test_no_transaction_is_open_while_the_network_takes_its_time(owed, channel):
    seen = []
    channel(lambda letter: seen.append((is_writing(), db.session().in_transaction())))
    delivery.deliver(owed)
    assert seen == [(False, False)]


def test_a_refusal_for_good_is_shown_and_not_tried_again(owed, channel):
    channel(refuse(permanent=True))
    delivery.deliver(owed)
    assert row(owed).state == FAILED
    assert row(owed).error == "550 no such user"


def test_a_refusal_for_now_is_tried_again_later(owed, channel):
    channel(refuse(permanent=False))
    delivery.deliver(owed)
    assert row(owed).state == QUEUED
    assert owed not in outbox.due()


def test_a_letter_that_cannot_be_made_ends_as_failed(owed, monkeypatch):
    monkeypatch.setattr(delivery, "render", lambda message: 1 / 0)
    for _try in range(len(PAUSES) + 1):
        make_due(owed)
        delivery.deliver(owed)
    assert row(owed).state == FAILED
    assert row(owed).error == "ZeroDivisionError: division by zero"


def test_the_claim_is_kept_alive_while_sending(owed, channel, monkeypatch):
    monkeypatch.setattr(delivery, "RENEW_EVERY", 0.05)
    leases = []

    def slow(letter):
        leases.append(row(owed).next_try_at)
        db.session.rollback()
        sleep(0.3)
        leases.append(row(owed).next_try_at)

    channel(slow)
    delivery.deliver(owed)
    assert leases[1] - leases[0] >= timedelta(seconds=0.2)
    assert row(owed).state == SENT


def make_due(message_id):
    """As if the pause were over."""

    @command
    def wake():
        db.session.get_one(Message, message_id).next_try_at = clock.real_now()

    wake()
