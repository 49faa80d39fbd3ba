"""Nobody lets our letters in: what is due waits, one letter at a time tries, and once it is let in, all leave."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from models.ground.db import command, db
from models.record import message as outbox
from models.record import outage
from models.record.message import FAILED, KNOWN, MAIL, QUEUED, SENT, Message
from models.steps import intake
from models.steps.organisation import send_trial_letter
from tests.factories import person
from tests.models.test_messages import real as real
from workers import delivery
from workers.channels import NotSent, Refused, Unheard, mail

AWAY = Unheard("ConnectionRefusedError: refused")
SHUT = Unheard("535 wrong password", is_refused=True)
SILENT = Unheard("TimeoutError: timed out", is_offered=True)


@pytest.fixture
def owed(app, cast, real):
    """The ids of three letters that wait to be sent, oldest first."""
    app.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    for _ in range(3):
        intake.register_call(actor=cast.wang, contact=cast.contact, description="x")
        real(1)
    yield outbox.due()
    app.config["SETTINGS"].smtp_url = None


@pytest.fixture
def server(monkeypatch):
    """A mail server: what it `says` to the next letters, and who came."""

    class Server:
        says: NotSent | None = None
        came: list[str] = []

        def send(self, letter, *, message_id, smtp_url):
            self.came.append(message_id)
            if self.says:
                raise self.says
            return "250 OK"

    made = Server()
    made.came = []
    monkeypatch.setattr(mail, "send", made.send)
    return made


def row(message_id) -> Message:
    db.session.rollback()
    return db.session.get(Message, message_id, populate_existing=True)


def deliver_due() -> int:
    """As the ticker rings and a worker does; how many were handed out."""
    due = outbox.due()
    for message_id in due:
        delivery.deliver(message_id)
    return len(due)


@pytest.mark.parametrize(("says", "pauses"), [(AWAY, outage.PAUSES), (SHUT, outage.PAUSES_OF_REFUSED)])
def test_one_letter_tries_after_each_pause_and_the_others_wait(owed, server, real, says, pauses):
    server.says = says
    delivery.deliver(owed[0])
    for pause in (*pauses, pauses[-1]):
        for message_id in owed:
            delivery.deliver(message_id)
        assert len(server.came) == 1, "nobody else goes"
        real(pause - 1)
        assert outbox.due() == []
        real(1)
        assert outbox.due() == [owed[0]], "the oldest"
        server.came.clear()
        delivery.deliver(owed[0])
    assert [(row(id_).state, row(id_).attempts) for id_ in owed] == [(QUEUED, 0)] * 3, "no try counts"
    assert row(owed[0]).error == says.reason
    assert outage.outage_of(MAIL).reason == says.reason


def test_however_long_it_was_all_leave_once_one_is_let_in(owed, server, real):
    server.says = AWAY
    for _ in range(120):
        real(15)
        deliver_due()
    assert len(server.came) == 120
    assert outbox.oldest_wait() == pytest.approx(1_803, abs=5), "and it is seen how long they wait"
    server.says = None
    server.came.clear()
    real(15)
    assert deliver_due() == 1
    assert outbox.due() == owed[1:], "in the order in which they were owed"
    deliver_due()
    assert [row(id_).state for id_ in owed] == [SENT] * 3
    assert server.came == [row(id_).message_id for id_ in owed]
    assert outage.outage_of(MAIL) is None


@pytest.mark.parametrize("says", [Refused("451 later"), Refused("550 no such user", permanent=True)])
def test_a_server_that_refuses_one_letter_lets_letters_in(owed, server, real, says):
    server.says = AWAY
    deliver_due()
    real(5)
    server.says = says
    deliver_due()
    assert outage.outage_of(MAIL) is None
    assert row(owed[0]).error == says.reason
    assert outbox.due() == owed[1:]


def test_a_letter_that_silences_the_server_keeps_nobody_else(owed, server, real, monkeypatch):
    """It waits longer each time, the others go before it, and in the end people see it."""
    plain, poison = server.send, row(owed[0]).message_id

    def silenced(letter, *, message_id, smtp_url):
        server.says = SILENT if message_id == poison else None
        return plain(letter, message_id=message_id, smtp_url=smtp_url)

    monkeypatch.setattr(mail, "send", silenced)
    delivery.deliver(owed[0])
    assert (row(owed[0]).attempts, outbox.due()) == (1, []), "it may have been taken, and counts"
    real(5)
    assert deliver_due() == 1
    assert row(owed[1]).state == SENT
    assert deliver_due() == 1
    for pause in outbox.PAUSES:
        assert row(owed[0]).state == QUEUED
        real(pause)
        deliver_due()
    assert (row(owed[0]).state, row(owed[0]).error) == (FAILED, SILENT.reason)


def test_what_we_cannot_write_says_nothing_of_the_server(owed, server, real):
    server.says = AWAY
    deliver_due()
    real(5)
    server.says = NotSent("not an address", permanent=True)
    deliver_due()
    assert row(owed[0]).state == FAILED
    assert outage.outage_of(MAIL) is not None
    real(outage.TURN.total_seconds())
    assert outbox.due() == owed[1:2], "another has its turn"


def test_what_is_known_to_have_left_says_nothing_of_the_server(owed, server, real):
    server.says = AWAY
    deliver_due()
    outbox.sent(owed[1], answer=KNOWN)
    assert outage.outage_of(MAIL) is not None


def test_a_letter_of_trial_goes_at_once_and_once(cast, owed, server, real):
    server.says = AWAY
    deliver_due()
    for _ in range(100):  # however many wait
        intake.register_call(actor=cast.wang, contact=cast.contact, description="x")
    send_trial_letter(actor=person("admin"))
    (trial,) = outbox.due()
    deliver_due()
    assert row(trial).error == AWAY.reason
    assert outbox.due() == []
    server.says = None
    real(1)
    send_trial_letter(actor=person("admin"))
    assert deliver_due() == 1
    assert len(outbox.due()) == 100, "it was let in, so all may go, and so many at a time"


def test_a_turn_that_its_sender_did_not_survive_comes_again(owed, server, real):
    server.says = AWAY
    deliver_due()
    real(5)
    assert outbox.claim(owed[0]) is not None
    real(outage.TURN.total_seconds() - 1)
    assert outbox.due() == []
    real(1)
    assert outbox.due() == [owed[1]], "another tries"


def test_of_many_one_has_the_turn(app, owed, server, real):
    server.says = AWAY
    deliver_due()
    real(5)
    together = Barrier(3)

    def claim(message_id: int) -> bool:
        with app.app_context():
            together.wait()
            return outbox.claim(message_id) is not None

    db.session.rollback()
    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(claim, owed)) == 1


def test_a_house_that_starts_tries_at_once(owed, server):
    server.says = SHUT
    deliver_due()
    assert outbox.due() == []
    outage.forget()
    assert outbox.due() == owed


def test_the_outage_begins_when_nobody_lets_the_first_in_and_not_with_each(owed, server, real):
    server.says = AWAY
    deliver_due()
    began = outage.outage_of(MAIL).since
    real(5)
    deliver_due()
    found = outage.outage_of(MAIL)
    assert (found.since, found.tries) == (began, 2)
    command(outage.is_over)(MAIL)
    assert outage.outage_of(MAIL) is None


def test_a_ring_for_a_letter_that_has_left_takes_nobodys_turn(owed, server, real):
    delivery.deliver(owed[0])
    server.says = AWAY
    delivery.deliver(owed[1])
    real(outage.PAUSES[0])
    delivery.deliver(owed[0])
    assert outbox.due() == [owed[1]]


def test_who_does_not_come_as_far_as_the_server_hands_the_turn_back(owed, server, real, monkeypatch):
    server.says = AWAY
    delivery.deliver(owed[0])
    real(outage.PAUSES[0])
    monkeypatch.setattr(delivery, "render", lambda message: 1 / 0)
    delivery.deliver(owed[0])
    assert outbox.due() == [owed[1]], "at once"


def test_a_letter_whose_turn_it_is_not_stays_as_it_was(owed, server):
    server.says = AWAY
    delivery.deliver(owed[0])
    before = (row(owed[1]).attempts, row(owed[1]).next_try_at, row(owed[1]).letter_id)
    assert outbox.claim(owed[1]) is None
    assert (row(owed[1]).attempts, row(owed[1]).next_try_at, row(owed[1]).letter_id) == before
