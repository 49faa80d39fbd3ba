"""Long work in the engine room: done by whoever is there, given back by whoever leaves, never by two at once."""

import os
import signal
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from models.ground import clock
from models.ground.db import command, db
from models.people.person import find_person
from models.record.job import Job
from models.record.message import Message
from models.steps import jobs as steps
from models.steps.drills import start_drill
from models.steps.jobs import Work
from tests.factories import person
from tests.workers.test_ticker import Bell
from workers import jobs
from workers.tail import Letters
from workers.ticker import Ticker

from .conftest import a_furnished_house, eventually

PERIOD = {"policy": "unified", "first": "2026-11-01", "last": "2026-11-30"}


def a_job(**more) -> int:
    return steps.start_job(actor=find_person("liu"), kind="replay", arguments=PERIOD | more).id


def row(job_id: int) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, job_id, populate_existing=True)


@pytest.fixture
def job_id(cast, time):
    return a_job()


@pytest.fixture
def work(monkeypatch):
    """Put a deed of ours in the place of the replay."""

    def put(do):
        monkeypatch.setitem(steps.WORK, "replay", Work("replay_policy", lambda _arguments, _owner, come: do(come)))

    return put


@pytest.fixture
def quick_beat(monkeypatch):
    monkeypatch.setattr(jobs, "BEAT_EVERY", 0.02)


def test_what_was_asked_for_is_done_and_kept(job_id):
    jobs.work(job_id)
    done = row(job_id)
    assert (done.state, done.result["policy"], done.result["tickets"]) == ("done", "unified", 0)
    jobs.work(job_id)
    assert row(job_id).attempt == 1, "a ring that comes again finds nothing to do"


def test_how_far_it_has_come_can_be_read_meanwhile(job_id, work, quick_beat):
    seen = []

    def do(come):
        come(3, 8)
        eventually(lambda: row(job_id).done == 3)
        seen.append((row(job_id).done, row(job_id).total, row(job_id).beat_at))
        eventually(lambda: row(job_id).beat_at > seen[0][2])
        return {}

    work(do)
    jobs.work(job_id)
    assert seen[0][:2] == (3, 8)


def test_called_off_it_stops_by_itself(job_id, work, quick_beat):
    def do(come):
        steps.cancel_job(db.session.get_one(Job, job_id), actor=person("admin"))
        for done in range(1_000):
            come(done, 1_000)
            sleep(0.01)
        raise AssertionError("it went on")

    work(do)
    jobs.work(job_id)
    assert (row(job_id).state, row(job_id).result) == ("cancelled", None)


def test_a_worker_that_leaves_gives_it_back(job_id, work, monkeypatch):
    monkeypatch.setattr(jobs.leaving, "is_set", lambda: True)
    work(lambda come: come(1, 2))
    jobs.work(job_id)
    assert (row(job_id).state, row(job_id).attempt) == ("queued", 0)


@pytest.mark.parametrize(
    ("trouble", "state", "error"),
    [
        (ZeroDivisionError("x"), "failed", "unexpected"),
        (OperationalError("SELECT 1", {}, Exception("away")), "running", ""),
    ],
)
def test_trouble_is_written_down_and_a_database_that_was_away_is_tried_again(job_id, work, trouble, state, error):
    def do(come):
        raise trouble

    work(do)
    jobs.work(job_id)
    assert (row(job_id).state, row(job_id).error) == (state, error)


def test_a_refusal_says_why(cast, time):
    unknown = a_job(policy="nothing")
    jobs.work(unknown)
    assert (row(unknown).state, row(unknown).error) == ("failed", "There is no such policy.")
    assert db.session.scalars(select(Message.template).where(Message.person_id == cast.liu.id)).all() == ["job_failed"]


# --- the ticker


@pytest.fixture
def ticker(app, cast, monkeypatch):
    """With a bell of ours, and a steady clock that stands still until it is moved: `tick(after)`."""
    passed = [1_000.0]
    monkeypatch.setattr(clock, "steady", lambda: passed[0])
    found, told = Ticker(app, "unix:///nowhere"), []
    found._bell = bell = Bell()
    monkeypatch.setattr(bell, "tell", lambda topics: told.append(dict(topics)) or True)

    def tick(after=0.25):
        passed[0] += after
        found.tick()
        if found._working:
            found._working.result(10)
        db.session.rollback()
        return bell.rung.count("job")

    tick.bell, tick.told = bell, told
    return tick


def test_it_rings_once_and_does_it_itself_when_nobody_comes(ticker, job_id):
    assert [ticker(), ticker(1), ticker(1)] == [1, 1, 1]
    assert row(job_id).state == "queued"
    ticker(5)
    assert row(job_id).state == "done"


def test_without_redis_it_does_it_at_once(ticker, job_id):
    ticker.bell.is_there = False
    ticker()
    ticker()
    assert row(job_id).state == "done"


def test_it_waits_while_a_worker_is_at_another(ticker, job_id):
    other = a_job(first="2026-10-01")
    steps.claim_job(other)
    for _ in range(4):
        ticker(5)
        assert row(job_id).state == "queued", "it has been rung for; the worker comes when it is free"
    steps.finish_job(other, 1, result={})
    ticker(1)
    assert row(job_id).state == "queued", "now patience begins"
    ticker(5)
    assert row(job_id).state == "done"


def test_a_letter_of_no_event_reaches_the_bell_at_the_next_look(ticker, cast, time):
    """A drill, a job that has ended: told to the inbox's own topic, once."""
    ticker()
    drill = start_drill(actor=cast.admin, role="supervisor")
    ticker.told.clear()
    ticker()
    topics = {f"u-{each.id}" for each in drill.called}
    assert len(topics) > 1
    assert [set(told) for told in ticker.told] == [topics]
    ticker()
    assert len(ticker.told) == 1, "nothing is told twice"


def test_what_was_there_before_the_ticker_is_no_news(cast, time):
    start_drill(actor=cast.admin, role="supervisor")
    letters = Letters()
    assert letters.read() == {}
    start_drill(actor=cast.admin, role="director")
    assert letters.read() == {
        f"u-{cast.sun.id}": max(db.session.scalars(select(Message.id).where(Message.channel == "app")))
    }
    assert letters.read() == {}


# --- the whole house


def test_a_killed_worker_is_replaced_and_without_redis_the_ticker_does_it(tmp_path, redis_server):
    with a_furnished_house(tmp_path, REDIS_URL=redis_server.url) as house:

        def state(job_id):
            with house.app.app_context():
                return row(job_id).state

        with house.app.app_context():
            first = a_job()
        eventually(lambda: state(first) == "done", seconds=20)

        stopped = house.kill("job", signal.SIGSTOP)
        with house.app.app_context():
            steps.claim_job(second := a_job(first="2026-10-01"))  # by a worker that is never heard of again
            fall_silent(second)
        os.kill(stopped, signal.SIGKILL)
        eventually(lambda: state(second) == "done", seconds=30)
        with house.app.app_context():
            assert row(second).attempt == 2

        redis_server.kill()
        with house.app.app_context():
            third = a_job(first="2026-09-01")
        eventually(lambda: state(third) == "done", seconds=20)


@command
def fall_silent(job_id):
    """As if the lease were over."""
    db.session.execute(update(Job).where(Job.id == job_id).values(beat_at=clock.real_now() - timedelta(minutes=1)))
