"""Long work: one worker at a time, whoever falls silent is replaced, nothing ends twice, its owner is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Refused
from models.record import job as record
from models.record.job import KEPT, LEASE, Job
from models.record.message import Message
from models.steps import jobs
from models.steps.accounts import deactivate_person
from tests.models.test_messages import real

__all__ = ["real"]
PERIOD = {"policy": "unified", "first": "2026-11-01", "last": "2026-11-30"}


@pytest.fixture
def job(cast, real):
    return jobs.start_job(actor=cast.liu, kind="replay", arguments=PERIOD)


def row(job):
    db.session.rollback()
    return db.session.get_one(Job, job.id, populate_existing=True)


def told() -> list[tuple[str, str]]:
    rows = db.session.scalars(select(Message).where(Message.template.like("job%")))
    return [(each.person.login, each.template) for each in rows]


def test_from_asking_to_the_end(job, cast, real):
    assert (job.state, record.due(jobs.WORK)) == ("queued", [job.id])
    taken = jobs.claim_job(job.id)
    assert (taken.state, taken.attempt, record.due(jobs.WORK), record.is_at_work()) == ("running", 1, [], True)
    real(4)
    assert jobs.beat_job(job.id, 1, done=10, total=40)
    assert row(job).seconds_left is None, "too early to say"
    real(6)
    assert row(job).seconds_left == pytest.approx(30, abs=0.1), "ten seconds for ten of forty"
    assert jobs.finish_job(job.id, 1, result={"found": 1})
    ended = row(job)
    assert (ended.state, ended.result, ended.is_over, ended.seconds_left) == ("done", {"found": 1}, True, None)
    assert told() == [("liu", "job_done")]
    assert not jobs.finish_job(job.id, 1, result={"found": 2}), "it ends once"
    assert row(job).result == {"found": 1}
    assert told() == [("liu", "job_done")]
    assert record.due(jobs.WORK) == []


def test_the_same_question_waits_once(job, cast):
    assert jobs.start_job(actor=cast.liu, kind="replay", arguments=dict(PERIOD)).id == job.id
    assert jobs.start_job(actor=cast.admin, kind="replay", arguments=PERIOD).id != job.id
    jobs.claim_job(job.id)
    assert jobs.start_job(actor=cast.liu, kind="replay", arguments=PERIOD).id == job.id
    jobs.finish_job(job.id, 1, result={})
    assert jobs.start_job(actor=cast.liu, kind="replay", arguments=PERIOD).id != job.id


def test_of_many_who_claim_one_gets_it(app, job):
    together = Barrier(6)

    def claim(_):
        with app.app_context():
            together.wait()
            found = jobs.claim_job(job.id)
            return found and found.attempt

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim, range(6)), key=str) == [1, None, None, None, None, None]
    assert row(job).attempt == 1


def test_whoever_falls_silent_is_replaced_and_writes_nothing_more(job, real):
    jobs.claim_job(job.id)
    real(LEASE.total_seconds() - 1)
    assert jobs.beat_job(job.id, 1, done=1, total=9)
    real(LEASE.total_seconds() - 1)
    assert jobs.claim_job(job.id) is None, "it still beats"
    real(2)
    assert record.due(jobs.WORK) == [job.id]
    assert not record.is_at_work()
    assert jobs.claim_job(job.id).attempt == 2
    assert not jobs.beat_job(job.id, 1, done=5, total=9), "the first is told to stop"
    assert not jobs.finish_job(job.id, 1, result={"by": 1})
    assert not jobs.fail_job(job.id, 1, error="x")
    assert not jobs.release_job(job.id, 1)
    assert (row(job).state, row(job).attempt, row(job).done) == ("running", 2, 0)
    assert jobs.finish_job(job.id, 2, result={"by": 2})
    assert row(job).result == {"by": 2}


def test_after_three_silences_it_is_the_jobs_own_fault(job, real):
    for attempt in (1, 2, 3):
        assert jobs.claim_job(job.id).attempt == attempt
        real(LEASE.total_seconds() + 1)
    assert jobs.claim_job(job.id) is None
    assert (row(job).state, row(job).error, told()) == ("failed", "given_up", [("liu", "job_failed")])
    assert record.due(jobs.WORK) == []


def test_a_worker_that_leaves_gives_it_back_at_once(job, real):
    jobs.claim_job(job.id)
    assert jobs.release_job(job.id, 1)
    assert record.due(jobs.WORK) == [job.id]
    assert jobs.claim_job(job.id).attempt == 1, "leaving was no failure"


@pytest.mark.parametrize("login", ["liu", "admin"])
def test_called_off(job, cast, login):
    jobs.claim_job(job.id)
    jobs.cancel_job(job, actor=getattr(cast, login))
    assert not jobs.beat_job(job.id, 1, done=1, total=2)
    assert not jobs.finish_job(job.id, 1, result={})
    assert (row(job).state, row(job).result, record.due(jobs.WORK), told()) == ("cancelled", None, [], [])
    with pytest.raises(Conflict):
        jobs.cancel_job(job, actor=cast.liu)


def test_nobody_else_calls_it_off_or_asks(job, cast):
    for login in ("feng", "sun", "chen", "zhang"):
        with pytest.raises(Refused):
            jobs.cancel_job(job, actor=getattr(cast, login))
    for login in ("sun", "chen", "zhang"):
        with pytest.raises(Refused):
            jobs.start_job(actor=getattr(cast, login), kind="replay", arguments=PERIOD)
    assert row(job).state == "queued"


def test_it_is_done_with_the_rights_of_whoever_asked(job, cast):
    taken = jobs.claim_job(job.id)
    assert jobs.carry_out(taken, lambda done, total: None)["policy"] == "unified"
    deactivate_person(cast.liu, actor=cast.admin, successor=cast.chen)
    with pytest.raises(Refused):
        jobs.carry_out(row(job), lambda done, total: None)


def test_results_are_kept_for_seven_days(job, real):
    jobs.claim_job(job.id)
    jobs.finish_job(job.id, 1, result={"found": 1})
    real((KEPT - timedelta(seconds=5)).total_seconds())
    record.forget_results()
    assert row(job).result == {"found": 1}
    real(6)
    record.forget_results()
    assert (row(job).state, row(job).result) == ("done", None)
    assert clock.real_now() - row(job).ended_at > KEPT
