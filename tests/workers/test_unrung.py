"""A worker that nobody rings looks by itself: every ticker may have died, or be killed as soon as it lives."""

from datetime import timedelta

import pytest
from redis.exceptions import RedisError
from rq.worker.base import WorkerStatus
from sqlalchemy.exc import OperationalError

from models.record import message as outbox
from tests.factories import a_ticket
from tests.models.test_deadlines import at
from tests.models.test_messages import real as real
from workers import jobs, queues, tasks, worker
from workers.channels import Unheard


@pytest.fixture
def sweeper(app, redis_server, monkeypatch):
    """A worker for whose queue nobody rings."""
    monkeypatch.setattr(worker, "LOOK_EVERY", 1)
    yield worker._begin(queues.connect(redis_server.url, patience=5), app, "sweep")
    jobs.leaving.clear()


def test_a_mark_that_waits_for_long_is_swept_unrung(app, time):
    a_ticket(severity="P2")  # its first mark is at 10:08
    for at_, ids in ((at("10:07"), None), (at("10:08"), None), (at("10:08") + timedelta(seconds=3), ())):
        time(at_)
        assert tasks.unrung("sweep") == ids


@pytest.fixture
def with_mail(app, monkeypatch):
    monkeypatch.setattr(app.config["SETTINGS"], "smtp_url", "smtp://127.0.0.1:9")


def test_a_letter_that_waits_for_long_is_sent_unrung_but_in_an_outage_only_after_the_pause(with_mail, real):
    assert tasks.unrung("deliver") is None
    a_ticket("awaiting_engineer")
    (first, *_) = outbox.due()
    assert tasks.unrung("deliver") is None
    real(6)
    assert tasks.unrung("deliver") == (first,)
    outbox.claim(first)
    outbox.unheard(first, error=Unheard("refused").reason)
    assert tasks.unrung("deliver") is None
    real(2)
    assert outbox.due(1) == [first]
    assert tasks.unrung("deliver") is None, "others have six seconds for it"
    real(6)
    assert tasks.unrung("deliver") == (first,)


def test_without_a_mail_server_nothing_is_sent_unrung(app, real):
    a_ticket("awaiting_engineer")
    real(100)
    assert outbox.due()
    assert tasks.unrung("deliver") is None


def test_long_work_is_never_begun_unrung(app):
    assert tasks.unrung("job") is None


def test_while_nobody_rings_it_looks_again_and_again_and_a_ring_ends_that(sweeper, redis_server, monkeypatch):
    looks = []

    def look(name):
        looks.append(name)
        if len(looks) == 2:
            queues.Doorbell(redis_server.url).ring("sweep")

    monkeypatch.setattr(worker, "unrung", look)
    job, _ = sweeper.dequeue_job_and_maintain_ttl(None)
    assert (job.func_name, looks) == ("sweep", ["sweep", "sweep"])


def test_what_it_does_unrung_is_ended_before_it_leaves(sweeper, monkeypatch):
    states = []

    def told_to_stop():
        states.append(sweeper.get_state())
        sweeper.request_stop(15, None)

    monkeypatch.setattr(worker, "unrung", lambda name: ())
    monkeypatch.setitem(worker.TASKS, "sweep", told_to_stop)
    assert sweeper.dequeue_job_and_maintain_ttl(None) is None
    assert states == [WorkerStatus.BUSY]


def test_a_worker_that_is_told_to_leave_between_two_lives_begins_no_other(sweeper, app, redis_server, monkeypatch):
    """It may have died of a lost Redis: the word reaches the old one."""
    lives = []

    def live(connection, app, name):
        lives.append(name)
        sweeper.set_state(WorkerStatus.BUSY)
        sweeper.request_stop(15, None)
        raise RedisError("lost")

    monkeypatch.setattr(worker, "_begin", live)
    worker.work(app, redis_url=redis_server.url, name="sweep")
    assert lives == ["sweep"]


def test_a_database_that_is_away_does_not_end_it(sweeper, monkeypatch):
    def away(name):
        jobs.leaving.set()
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(worker, "unrung", away)
    assert sweeper.dequeue_job_and_maintain_ttl(None) is None
