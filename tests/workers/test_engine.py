"""What is due is done and what is owed is sent, whoever of the engine is missing; once each."""

import json
import os
import pickle
import signal
import threading
import zlib
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from time import monotonic, sleep

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select, update

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import command, db
from models.people.person import find_person
from models.record.deadline import Firing
from models.record.demo_clock import advance_demo_clock
from models.record.message import MAIL, QUEUED, Message
from models.steps import comment, intake
from workers import queues

from .conftest import a_house_of_people, eventually

A_WHILE = timedelta(days=10)  # longer than any holidays, when service clocks stand still
PATIENCE = 40  # seconds; how late things may be is measured by the benchmarks, on a machine that does nothing else


class Sink:
    """A mail server that keeps the Message-IDs, and may be slow."""

    def __init__(self):
        self.ids, self.begun, self.pause = [], 0, 0.0

    async def handle_DATA(self, server, session, envelope):
        self.begun += 1
        sleep(self.pause)
        line = next(line for line in envelope.content.splitlines() if line.lower().startswith(b"message-id:"))
        self.ids.append(line.split()[1].decode())
        return "250 OK"


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def mailing_house(tmp_path, smtp_url):
    with a_house_of_people(tmp_path, SMTP_URL=smtp_url) as house:
        yield house


def pass_time(house, updates=0):
    """Report a fault that nobody takes up, let time go by, and give back how many marks had been fired before."""
    with house.app.app_context():
        ticket = intake.report_fault(actor=find_person("zhang"), description="打印机卡纸")
        for number in range(updates):
            comment.post_update(ticket, actor=find_person("wang"), text=f"还在查 {number}")
        before = firings()
        advance_demo_clock(A_WHILE)
        return before


@contextmanager
def stopped(house, name):
    pid = house.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def firings():
    return db.session.scalar(select(func.count()).select_from(Firing))


def is_all_done(house):
    with house.app.app_context():
        return not escalation.is_due()


def assert_fired_once(house, before):
    with house.app.app_context():
        assert firings() > before
        marks = db.session.execute(select(Firing.deadline_id, Firing.mark)).all()
        assert max(Counter(map(tuple, marks)).values()) == 1


def test_what_is_due_is_done(house):
    before = pass_time(house)
    eventually(lambda: is_all_done(house), seconds=PATIENCE)
    assert_fired_once(house, before)


def test_without_a_worker_the_ticker_does_it(house):
    with stopped(house, "sweep"):
        before = pass_time(house)
        eventually(lambda: is_all_done(house), seconds=PATIENCE)
        assert_fired_once(house, before)
    sleep(1)  # the woken worker finds its rings answered
    assert_fired_once(house, before)


def test_a_worker_that_nobody_rings_leaves_when_it_is_told_to(house):
    """In the middle of what it does unrung, too: it ends that first."""
    with stopped(house, "ticker"):
        pass_time(house)
        pid = house.kill("sweep", signal.SIGTERM)
        eventually(lambda: house.processes().get("sweep") not in (pid, None), seconds=PATIENCE)
        eventually(lambda: is_all_done(house), seconds=PATIENCE)


def test_without_redis_the_ticker_does_it(house):
    house.kill("valkey", signal.SIGSTOP)  # so that it does not start a server again
    keeper, server = house.pid("valkey"), house.kill("valkey-server")
    try:
        eventually(lambda: house.processes().get("valkey-server") != server)
        before = pass_time(house)
        eventually(lambda: is_all_done(house), seconds=PATIENCE)
        assert_fired_once(house, before)
    finally:
        os.kill(keeper, signal.SIGCONT)
    house.pid("valkey-server")


def test_a_wiped_redis_loses_nothing(house):
    bell = redis_of(house)
    is_wiping = True

    def wipe():
        while is_wiping:
            bell.flushall()

    wiper = threading.Thread(target=wipe)
    wiper.start()
    try:
        before = pass_time(house)
        eventually(lambda: is_all_done(house), seconds=PATIENCE)
    finally:
        is_wiping = False
        wiper.join()
    assert_fired_once(house, before)


def test_the_same_ring_a_hundred_times_does_nothing_twice(house):
    before, bell = pass_time(house), queues.Doorbell(redis_url_of(house))
    assert all(bell.ring("sweep") for _ in range(100))
    eventually(lambda: is_all_done(house), seconds=PATIENCE)
    eventually(lambda: not redis_of(house).llen("bihuan:queue:sweep"))
    assert_fired_once(house, before)


def test_jobs_that_are_not_ours_are_refused_and_the_worker_lives(house, tmp_path):
    worker, bell, trace = house.pid("sweep"), redis_of(house), tmp_path / "trace"
    touch = f"touch {trace}"

    class Evil:
        def __reduce__(self):
            return os.system, (touch,)

    payloads = [
        pickle.dumps(Evil()),
        zlib.compress(pickle.dumps(Evil())),
        packed(["os.system", None, [touch], {}]),
        packed(["deliver", None, ["1; DROP TABLE ticket"], {}]),
        packed(["sweep", "os", [], {}]),
        packed(["sweep", None, [], {"limit": 1}]),
        packed(["deliver", None, [True], {}]),
        packed({"no": "list"}),
        zlib.compress(b"[" * 10_000_000),
        b"",
    ]
    extra = {"success_callback_name": "os.getcwd", "webhooks": json.dumps([{"url": "http://127.0.0.1:9/"}])}
    for number, payload in enumerate(payloads):
        bell.hset(f"bihuan:job:evil{number}", mapping={"data": payload, "origin": "sweep", **extra})
        bell.rpush("bihuan:queue:sweep", f"evil{number}")
    bell.set("bihuan:job:wrong-type", "x")
    bell.rpush("bihuan:queue:sweep", "wrong-type", "not:an:id", "gone")
    eventually(lambda: not bell.llen("bihuan:queue:sweep"))
    pass_time(house)
    eventually(lambda: is_all_done(house), seconds=PATIENCE)
    assert not trace.exists()
    assert house.pid("sweep") == worker


def test_a_queue_that_is_no_list_does_not_stop_the_clocks(house):
    bell = redis_of(house)
    bell.set("bihuan:queue:sweep", "somebody else's")
    before = pass_time(house)
    eventually(lambda: is_all_done(house), seconds=PATIENCE)
    assert_fired_once(house, before)


def test_an_open_page_hears_of_a_change(house):
    topics = URLSafeTimedSerializer(house.app.config["SECRET_KEY"], salt="live-topics").dumps(["tickets"])
    page = HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE)
    page.request("GET", f"/events?topics={topics}")
    answer = page.getresponse()
    assert answer.readline() == b"retry: 3000\n"
    with house.app.app_context():
        began = monotonic()
        intake.report_fault(actor=find_person("zhang"), description="打印机卡纸")
    while not answer.readline().startswith(b'data: {"topic": "tickets"'):
        assert monotonic() - began < PATIENCE


def test_every_mail_is_sent_once(mailing_house, sink):
    pass_time(mailing_house, updates=20)
    expected = eventually(lambda: sent_by(mailing_house), seconds=PATIENCE)
    assert len(expected) > 20
    assert Counter(sink.ids) == Counter(expected)


def test_killing_the_sender_repeats_at_most_the_mail_in_its_hands(mailing_house, sink):
    sink.pause = 0.2
    pass_time(mailing_house, updates=20)
    eventually(lambda: sink.ids, seconds=PATIENCE)
    for _kill in range(2):
        mailing_house.kill("deliver")
        sleep(1)
    sink.pause = 0.0
    expected = eventually(lambda: sent_by(mailing_house), seconds=PATIENCE)
    assert set(sink.ids) == set(expected)
    assert len(sink.ids) - len(expected) <= 2


def test_without_a_ticker_the_workers_do_it(mailing_house, sink):
    house = mailing_house
    with stopped(house, "ticker"):
        before = pass_time(house)
        eventually(lambda: is_all_done(house), seconds=PATIENCE)
        assert_fired_once(house, before)
        expected = eventually(lambda: sent_by(house), seconds=PATIENCE)
    assert Counter(sink.ids) == Counter(expected)


def test_without_redis_the_ticker_sends(tmp_path, smtp_url, sink, redis_server):
    with a_house_of_people(tmp_path, SMTP_URL=smtp_url, REDIS_URL=redis_server.url) as house:
        redis_server.kill()
        pass_time(house, updates=20)
        expected = eventually(lambda: sent_by(house), seconds=PATIENCE)
    assert Counter(sink.ids) == Counter(expected)


def test_a_ticker_that_is_told_to_leave_ends_the_letter_in_its_hands(tmp_path, smtp_url, sink, redis_server):
    with a_house_of_people(tmp_path, SMTP_URL=smtp_url, REDIS_URL=redis_server.url) as house:
        redis_server.kill()
        sink.pause = 1.0
        pass_time(house, updates=3)
        eventually(lambda: sink.begun, seconds=PATIENCE)
        house.kill("ticker", signal.SIGTERM)
        sink.pause = 0.0
        expected = eventually(lambda: sent_by(house), seconds=PATIENCE)
    assert Counter(sink.ids) == Counter(expected)


def sent_by(house):
    """The Message-IDs of all letters, once all mail is sent; before that, nothing."""
    with house.app.app_context():
        if escalation.is_due():
            return []
        end_the_minute()
        mail = db.session.scalars(select(Message).where(Message.channel == MAIL)).all()
        letters = [each.message_id for each in mail if each.letter_id in (None, each.id)]
        return letters if all(each.sent_at for each in mail) else []


@command
def end_the_minute():
    """Warnings and escalations wait for the end of their minute (tests/workers/test_letters.py); here it is now."""
    now = clock.real_now()
    waiting = update(Message).where(Message.state == QUEUED, Message.attempts == 0, Message.next_try_at > now)
    db.session.execute(waiting.values(next_try_at=now))


def redis_url_of(house):
    (folder,) = (house.app.config["SETTINGS"].home / "run").iterdir()
    eventually(lambda: queues.answers(f"unix://{folder}/socket"))
    return f"unix://{folder}/socket"


def redis_of(house):
    return queues.connect(redis_url_of(house))


def packed(content):
    return zlib.compress(json.dumps(content).encode())
