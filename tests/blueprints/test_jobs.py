"""The page of a job: its progress, who sees it, calling it off; and the list."""

import pytest

from models.ground.db import db
from models.record.job import Job
from models.record.message import Message
from models.steps import jobs as steps
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import person
from tests.models.test_messages import real

__all__ = ["real"]
PERIOD = {"policy": "unified", "first": "2026-11-01", "last": "2026-11-30"}
PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#job"}


@pytest.fixture
def job(cast, time, real):
    return steps.start_job(actor=cast.liu, kind="replay", arguments=PERIOD)


def test_it_looks_again_less_and_less_often(english, job, real):
    liu = english("liu")
    url, pauses = f"/jobs/{job.id}", []
    for seconds in (0, 15, 60, 600):
        real(seconds)
        pauses.append(liu.get(url).one("section", id="job")["hx-trigger"])
    assert pauses == ["refresh, every 1s", "refresh, every 2s", "refresh, every 5s", "refresh, every 15s"]


def test_progress(english, job, real):
    liu, url = english("liu"), f"/jobs/{job.id}"
    assert not liu.get(url).all(role="progressbar"), "it waits for its turn"
    steps.claim_job(job.id)
    assert "aria-valuenow" not in liu.get(url).one(role="progressbar").attributes, "nobody knows yet of how many"
    real(20)
    steps.beat_job(job.id, 1, done=100, total=400)
    part = liu.open(url, headers=PART)
    bar = part.one(role="progressbar")
    assert (bar["aria-valuenow"], bar["aria-valuemax"], bar["aria-label"]) == ("100", "400", "Policy replay")
    assert bar.one("rect")["width"] == "25.0%"
    assert "about 1 minute left" in part.text
    assert not part.all("h1"), "only the region"
    assert "HX-Refresh" not in part.response.headers
    real(70)
    steps.beat_job(job.id, 1, done=399, total=400)
    assert "about 1 s left" in liu.get(url).text


def test_at_the_end_the_page_comes_anew_and_the_inbox_says_so(english, job):
    liu, url = english("liu"), f"/jobs/{job.id}"
    steps.claim_job(job.id)
    steps.fail_job(job.id, 1, error="There is no such policy.")
    part = liu.open(url, headers=PART)
    assert part.response.headers["HX-Refresh"] == "true"
    page = liu.open(url)
    assert "HX-Refresh" not in page.response.headers
    assert "hx-trigger" not in page.one("section", id="job").attributes
    assert page.one(role="alert").text == "There is no such policy."
    assert not page.forms("cancel_job")
    inbox = liu.get("/notifications")
    assert inbox.one("a", href=url).text == "What you asked for could not be finished"


@pytest.mark.parametrize(("error", "says"), [("given_up", "It was begun three times"), ("unexpected", "in the log")])
def test_trouble_has_words(english, job, error, says):
    steps.claim_job(job.id)
    steps.fail_job(job.id, 1, error=error)
    assert says in english("liu").get(f"/jobs/{job.id}").one(role="alert").text


def test_in_chinese(sign_in, job):
    page = sign_in("liu").get(f"/jobs/{job.id}")
    assert page.one("section", id="job")["data-job-state"] == "queued"


def test_it_is_the_owners_and_the_administrators(english, browser, job):
    url = f"/jobs/{job.id}"
    assert "刘洋" in english("admin").get(url).text
    for login in ("feng", "sun", "chen", "zhang"):
        assert english(login).open(url).status == 404, login
        assert english(login).get("/jobs").all("li", data_job=None) == [], login
    assert browser.open(url).response.location.startswith("/login")
    assert english("liu").open(f"/jobs/{job.id + 1}").status == 404


def test_calling_it_off(english, job):
    liu = english("liu")
    form = liu.get(f"/jobs/{job.id}").form("cancel_job")
    assert liu.press(form).status == 303
    assert liu.get(f"/jobs/{job.id}").one("section", id="job").text == "Called off"
    feng, url = english("feng"), f"/jobs/{job.id}/cancellation"
    before = everything(but=NOT_BUSINESS)
    again = liu.press(form)
    assert (again.status, again.response.location) == (303, f"/jobs/{job.id}"), "the same button: the same answer"
    token = feng.get("/report").form().values["csrf_token"]
    assert feng.open(url, method="POST", data={"csrf_token": token}).status == 404
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_too_late_to_call_it_off(english, job):
    liu = english("liu")
    form = liu.get(f"/jobs/{job.id}").form("cancel_job")
    steps.claim_job(job.id)
    steps.finish_job(job.id, 1, result={"x": 1})
    assert liu.press(form).status == 409
    assert db.session.get_one(Job, job.id, populate_existing=True).state == "done"


def test_the_list(english, job):
    assert "No job yet" in english("feng").get("/jobs").text
    (row,) = english("liu").get("/jobs").all("li", data_job=str(job.id))
    assert "Waits for its turn" in row.text
    assert "刘洋" not in row.text
    assert "刘洋" in english("admin").get("/jobs").one("li", data_job=str(job.id)).text
    assert db.session.query(Message).where(Message.template.like("job%")).count() == 0
    assert person("liu").id == job.owner_id
