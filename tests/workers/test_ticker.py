"""The ticker's patience: it rings for news at once, and leaves a worker that is at it alone."""

from collections import defaultdict
from concurrent.futures import Future
from datetime import timedelta
from unittest.mock import Mock

import pytest

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db, is_sqlite
from models.record import message as outbox
from models.record.deadline import Firing
from models.steps import intake
from tests.factories import a_ticket
from tests.models.test_deadlines import at
from workers import ticker
from workers.ticker import Ticker


class Bell:
    """Somebody who hears every ring, and does nothing."""

    is_there = True

    def __init__(self):
        self.rung, self.ids = [], defaultdict(list)

    def ring(self, task, *ids):
        self.rung.append(task)
        self.ids[task].append(ids)
        return True

    def tell(self, topics):
        return True

    def knock(self):
        return True


@pytest.fixture
def impatient(app, cast, monkeypatch):
    """A ticker with a bell of ours, and a steady clock that stands still until it is moved."""
    passed = [1_000.0]
    monkeypatch.setattr(clock, "steady", lambda: passed[0])
    found = Ticker(app, "unix:///nowhere")
    found._bell = Bell()

    def tick(after=0.25):
        passed[0] += after
        found.tick()
        db.session.rollback()
        return found._bell.rung.count("sweep"), db.session.query(Firing).count()

    tick.ticker = found
    return tick


def test_a_second_clock_is_rung_for_at_once(impatient, time):
    first, second = a_ticket(severity="P2"), a_ticket(severity="P2")
    assert first.id != second.id
    time(at("10:08"))
    assert impatient() == (1, 0)
    assert impatient() == (1, 0), "the same clock waits: not yet again"
    escalation.sweep(limit=1)
    assert impatient() == (2, 1), "another clock is the first to wait: no second goes by"


def test_it_rests_no_longer_than_until_the_next_mark(impatient, time):
    a_ticket(severity="P2")  # its first mark is at 10:08
    time(at("10:07"))
    impatient()
    assert impatient.ticker.rest == ticker.PERIOD, "that is far"
    time(at("10:07") + timedelta(seconds=59.9))
    assert impatient() == (0, 0)
    assert impatient.ticker.rest == pytest.approx(0.1)
    time(at("10:08"))
    assert impatient() == (1, 0)
    assert impatient.ticker.rest == ticker.PERIOD, "it has rung, and others are at it"


def test_it_waits_while_a_worker_is_at_it(impatient, time):
    for _ in range(20):
        a_ticket(severity="P2")
    time(at("10:08"))
    for done in range(12):  # three seconds, longer than its patience
        assert impatient()[1] == done, "nothing was fired but by the worker"
        escalation.sweep(limit=1)


def test_it_waits_although_of_many_the_same_is_shown_until_the_end(impatient, time, monkeypatch):
    for _ in range(20):
        a_ticket(severity="P2")
    time(at("10:08"))
    monkeypatch.setattr(escalation, "next_mark", lambda: escalation.Next(1_000_000, -1.0))
    for done in range(12):
        assert impatient()[1] == done, "nothing was fired but by the worker"
        escalation.sweep(limit=1)
    assert impatient(after=ticker.SWEEP_PATIENCE)[1] == 12
    assert impatient(after=ticker.SWEEP_PATIENCE)[1] == 20, "now nobody is at it any more"


def test_when_nobody_comes_it_does_all_of_it_without_further_waiting(impatient, time, monkeypatch):
    for _ in range(4):
        a_ticket(severity="P2")
    time(at("10:08"))
    one_at_a_time = escalation.sweep
    monkeypatch.setattr(escalation, "sweep", lambda: one_at_a_time(limit=1))
    impatient()
    assert impatient(after=ticker.SWEEP_PATIENCE)[1] == 1
    assert [impatient(after=0)[1] for _ in range(3)] == [2, 3, 4]


def test_of_a_crowd_it_takes_its_share_at_once_where_two_can_write(impatient, time, monkeypatch):
    monkeypatch.setattr(escalation, "BATCH", 3)
    for _ in range(3):
        a_ticket(severity="P2")
    time(at("10:08"))
    assert impatient() == (1, 0), "one batch is left to the worker"
    a_ticket(severity="P2")
    time(at("10:16"))
    assert impatient()[1] == (0 if is_sqlite() else 4)


@pytest.fixture
def letters(app, cast, impatient, monkeypatch):
    """Two letters that wait, oldest first, and what the ticker has begun to send itself."""
    monkeypatch.setattr(app.config["SETTINGS"], "smtp_url", "smtp://127.0.0.1:9")
    for _ in range(2):
        intake.register_call(actor=cast.wang, contact=cast.contact, description="x")
    taken = []
    monkeypatch.setattr(impatient.ticker._sender, "submit", lambda *words, message: taken.append(message) or Future())
    found = outbox.due()
    assert len(found) == 2
    return found, taken


def test_it_rings_for_the_letter_that_waits_longest_at_once_and_then_every_second(letters, impatient):
    (first, second), taken = letters
    bell = impatient.ticker._bell
    for _ in range(8):  # two seconds
        impatient()
    assert bell.ids["deliver"] == [(first,), (first,)]
    outbox.claim(first)
    impatient()
    assert bell.ids["deliver"][2:] == [(second,)], "no second goes by"
    assert taken == []


def test_it_sends_when_nobody_comes_for_a_letter_and_leaves_who_does_alone(letters, impatient, time):
    (first, second), taken = letters
    impatient(), impatient(after=ticker.SEND_PATIENCE - 0.5)
    outbox.claim(first)
    impatient(), impatient(after=1.0)
    assert taken == [], "a worker has come for one"
    impatient(after=ticker.SEND_PATIENCE)
    assert taken == [second]
    impatient()
    assert taken == [second], "it is at it"


def test_without_a_bell_it_sends_at_once(letters, impatient):
    (first, _), taken = letters
    impatient.ticker._bell.is_there = False
    impatient()
    assert taken == [first]


def test_of_a_crowd_of_letters_it_takes_its_share_at_once(letters, impatient, monkeypatch):
    (first, _), taken = letters
    monkeypatch.setattr(outbox, "CROWD", 2)
    impatient()
    assert taken == []
    monkeypatch.setattr(outbox, "CROWD", 1)
    impatient()
    assert taken == [first]


def test_what_goes_wrong_beside_the_clocks_is_told_and_the_next_duty_follows(app, monkeypatch, capsys):
    """A damaged book of checkpoints, a file of somebody else's: neither ends a thread in silence."""
    done = []
    monkeypatch.setattr(ticker.auditor, "audit", Mock(side_effect=ValueError("a verdict that cannot be read")))
    monkeypatch.setattr(ticker.anchor, "checkpoint", lambda: done.append("anchor") or [])
    monkeypatch.setattr(ticker.job, "forget_results", Mock(side_effect=PermissionError("not ours")))
    monkeypatch.setattr(ticker.attachment, "remove_orphans", lambda: done.append("orphans"))
    found = Ticker(app, "unix:///nowhere")
    found._look_over()
    found._take_away()
    assert done == ["anchor", "orphans"]
    said = capsys.readouterr().out
    assert "a verdict that cannot be read" in said
    assert "not ours" in said
