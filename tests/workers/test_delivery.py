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


@pytest.fixture
def four(owed):
    """The ids of four letters that wait, oldest first."""
    for _ in range(3):
        a_ticket("awaiting_engineer")
    found = outbox.due()[:4]
    assert len(found) == 4
    return found


def states(ids):
    return [row(each).state for each in ids]


def test_whoever_comes_for_one_goes_on_with_all_that_is_due_in_its_order(four, channel, monkeypatch):
    gone, plain = [], outbox.claim
    channel(lambda letter: None)
    monkeypatch.setattr(outbox, "claim", lambda id_: gone.append(id_) or plain(id_))
    delivery.deliver_due(four[1])
    assert gone[:4] == [four[1], four[0], *four[2:]]
    assert outbox.due() == []
    assert set(states(four)) == {SENT}


def test_it_goes_on_over_one_conversation(four, monkeypatch):
    held = []
    monkeypatch.setattr(mail, "send", lambda letter, **_: held.append(mail._kept.get()) or "250 OK")
    delivery.deliver_due(four[0])
    assert held[0] is not None
    assert all(each is held[0] for each in held)
    assert mail._kept.get() is None


def test_one_that_cannot_even_be_claimed_keeps_no_other(four, channel, monkeypatch):
    plain = outbox.claim
    channel(lambda letter: None)
    monkeypatch.setattr(outbox, "claim", lambda id_: 1 / 0 if id_ == four[0] else plain(id_))
    delivery.deliver_due(four[0])
    assert states(four) == [QUEUED, SENT, SENT, SENT]


def test_it_passes_over_what_others_are_at_once_each(four, channel, monkeypatch):
    asked = []
    monkeypatch.setattr(outbox, "claim", asked.append)
    delivery.deliver_due(four[0])
    assert asked == outbox.due()


def test_no_transaction_is_open_while_it_takes_leave(four, monkeypatch):
    seen = []

    class Server:
        def leave(self):
            seen.append((is_writing(), db.session().in_transaction()))

    monkeypatch.setattr(mail, "send", lambda letter, **_: mail._kept.get().append(Server()) or "250 OK")
    delivery.deliver_due(four[0])
    assert set(seen) == {(False, False)}


def test_it_ends_after_a_while_and_when_it_is_told_to(four, channel, monkeypatch):
    channel(lambda letter: passed.append(passed[-1] + delivery.LONGEST))
    passed = [0.0]
    monkeypatch.setattr(clock, "steady", lambda: passed[-1])
    delivery.deliver_due(four[0])
    assert states(four) == [SENT, QUEUED, QUEUED, QUEUED]
    channel(lambda letter: delivery.leaving.set())
    try:
        delivery.deliver_due(four[1])
        assert states(four) == [SENT, SENT, QUEUED, QUEUED]
    finally:
        delivery.leaving.clear()


def make_due(message_id):
    """As if the pause were over."""

    @command
    def wake():
        db.session.get_one(Message, message_id).next_try_at = clock.real_now()

    wake()
