"""While versions change, an old one leaves alone what only a newer one knows (F36); a clock that is set is noticed."""

from datetime import timedelta

import pytest
from jinja2 import DictLoader
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from models.clockwork import course, escalation
from models.ground import clock
from models.ground.db import command, db
from models.people.person import Person, find_person
from models.record import job as job_record
from models.record import message as outbox
from models.record.deadline import Deadline
from models.record.deed import Deed
from models.record.job import Job
from models.record.message import QUEUED, SENT, Message
from models.steps import intake, jobs
from tests.factories import a_ticket
from workers.channels import mail
from workers.delivery import deliver

NEW = "of_tomorrow"


@command
def behind(statement) -> None:
    """As the newer version would write it."""
    db.session.execute(statement)


def row(message_id: int) -> Message:
    db.session.rollback()
    return db.session.get(Message, message_id, populate_existing=True)


@pytest.fixture
def owed(app):
    """A mail that waits to be sent, made with a template that nobody has here."""
    app.config["SETTINGS"].smtp_url = "smtp://127.0.0.1:9"
    a_ticket("awaiting_engineer")
    first = outbox.due()[0]
    behind(update(Message).where(Message.id == first).values(template=NEW))
    yield first
    app.config["SETTINGS"].smtp_url = None


def test_a_letter_of_a_newer_version_waits_for_it_and_no_try_counts(app, owed, monkeypatch):
    letters = []
    monkeypatch.setattr(mail, "send", lambda letter, *, message_id, smtp_url: letters.append(letter) or "")
    deliver(owed)
    assert (row(owed).state, row(owed).attempts, owed in outbox.due()) == (QUEUED, 0, False)
    newer = DictLoader({f"messages/{NEW}.txt": "{% block subject %}x{% endblock %}{% block body %}y{% endblock %}"})
    monkeypatch.setattr(app.jinja_env, "loader", newer)
    behind(update(Message).where(Message.id == owed).values(next_try_at=clock.real_now()))
    deliver(owed)
    assert (row(owed).state, [letter.subject for letter in letters]) == (SENT, ["x"])


def test_another_channel_a_job_and_a_clock_are_left_to_it(owed, time):
    behind(update(Message).where(Message.id == owed).values(channel="call"))
    assert owed not in outbox.due()
    assert outbox.claim(owed) is None
    asked = jobs.start_job(actor=find_person("liu"), kind="replay", arguments={})
    behind(update(Job).where(Job.id == asked.id).values(kind=NEW))
    assert job_record.due(jobs.WORK) == []
    assert jobs.claim_job(asked.id) is None
    behind(update(Deadline).values(ring_at=None))
    (first,) = db.session.scalars(select(Deadline.id).limit(1))
    behind(update(Deadline).where(Deadline.id == first).values(kind=NEW, ring_at=clock.now()))
    assert escalation.sweep() == 0
    assert {each.breached_at for each in db.session.scalars(select(Deadline))} == {None}


def test_the_inbox_says_that_something_new_is_there(sign_in):
    a_ticket("awaiting_engineer")
    behind(update(Message).where(Message.channel == outbox.APP).values(template=NEW))
    page = sign_in("zhang").get("/notifications")
    assert page.status == 200
    assert "有新消息，请过几分钟重新加载页面。" in page.text


def test_a_database_that_is_away_gives_back_what_was_typed_to_be_sent_again(sign_in, monkeypatch):
    away = OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)

    def fail(**_said):
        raise away

    browser = sign_in("zhang")
    with monkeypatch.context() as patch:
        patch.setattr(intake, "report_fault", fail)
        page = browser.submit("/report", "report", description="打印机冒烟了。")
    assert page.status == 503
    sent = browser.press(page.form("send_again"))
    assert sent.status == 303
    assert "打印机冒烟了。" in browser.get(sent.response.location).raw_text


def test_a_password_is_never_given_back(browser, monkeypatch):
    away = OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)
    monkeypatch.setattr("models.ground.db._once", lambda *_: (_ for _ in ()).throw(away))
    page = browser.submit("/login", "sign_in", login="zhang", password="a secret of mine")
    assert page.status == 503
    assert "a secret of mine" not in page.response.get_data(as_text=True)


def test_a_clock_that_was_set_is_on_record_and_one_that_drifts_is_not(app, monkeypatch):
    began, passed, wall = clock.real_now(), [0.0], [0.0]
    monkeypatch.setattr(clock, "since_boot", lambda: passed[0])
    monkeypatch.setattr(clock, "real_now", lambda: began + timedelta(seconds=passed[0] + wall[0]))
    watch = course.Course()
    for by, noticed in ((0.0, 0), (0.4, 0), (3600.0, 3600), (0.0, 0), (-3600.0, -3600)):
        passed[0] += 0.25
        wall[0] += by
        assert watch.look() == noticed
    said = [
        deed.after["seconds"]
        for deed in db.session.scalars(select(Deed).where(Deed.name == "clock_set").order_by(Deed.id))
    ]
    assert said == [3600, -3600]


def test_letters_do_not_wait_for_an_hour_that_comes_again(app, cast):
    """The clock was an hour ahead and is set back: what was to leave at once leaves now, what has its time keeps it."""
    ahead = clock.real_now() + timedelta(hours=1)
    a_ticket("awaiting_customer")
    waiting = db.session.scalars(select(Message).where(Message.channel == "mail", Message.state == QUEUED)).all()
    one, tried, collected, quiet = (letter.id for letter in waiting[:4])
    behind(update(Message).values(next_try_at=ahead).where(Message.state == QUEUED, Message.channel == "mail"))
    behind(update(Message).values(attempts=1).where(Message.id == tried))
    behind(update(Message).values(collected=True).where(Message.id == collected))
    behind(update(Person).values(quiet_from="22:00").where(Person.id == row(quiet).person_id))
    course.note_step(3600)
    assert outbox.due() == []
    course.note_step(-3600)
    due = outbox.due()
    assert one in due
    assert not {tried, collected, quiet} & set(due)
