"""A worker that nobody rings looks by itself: every ticker may have died, or be killed as soon as it lives."""

from datetime import timedelta

import pytest
from rq.worker.base import WorkerStatus
from sqlalchemy.exc import OperationalError

from models.record import message as outbox
from tests.factories import a_ticket
from tests.models.test_deadlines import at
from tests.models.test_messages import real as real
from workers import queues, tasks, worker
from workers.channels import Unheard


@pytest.fixture
def sweeper(app, redis_server, monkeypatch):
    """A worker for whose queue nobody rings; two seconds are half a second here, no fraction can be asked for."""
    monkeypatch.setattr(worker, "LOOK_EVERY", 1)
    return worker._begin(queues.connect(redis_server.url, patience=5), app, "sweep")


def test_a_mark_that_waits_for_long_is_swept_unrung(app, time):
    a_ticket(severity="P2")  # its first mark is at 10:08
    for at_, ids in ((at("10:07"), None), (at("10:08"), None), (at("10:08") + timedelta(seconds=3), ())):
        time(at_)
        assert tasks.unrung("sweep") == ids


def test_a_letter_that_waits_for_long_is_sent_unrung_but_in_an_outage_only_after_the_pause(app, real):
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
    assert tasks.unrung("deliver") == (first,)


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

    monkeypatch.setattr(worker.DeskWorker, "is_leaving", False)
    monkeypatch.setattr(worker, "unrung", lambda name: ())
    monkeypatch.setitem(worker.TASKS, "sweep", told_to_stop)
    try:
        assert sweeper.dequeue_job_and_maintain_ttl(None) is None
    finally:
        worker.jobs.leaving.clear()
    assert states == [WorkerStatus.BUSY]


def test_a_database_that_is_away_does_not_end_it(sweeper, monkeypatch):
    def away(name):
        sweeper._stop_requested = True
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(worker, "unrung", away)
    assert sweeper.dequeue_job_and_maintain_ttl(None) is None
