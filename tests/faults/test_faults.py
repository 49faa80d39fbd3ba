"""A short walk through the faults on every run, without a house of its own; the long one is `./run faults`.

What it tells of F03, F05, F31 and F33 beside the crashes: whoever comes second, was woken late or sends the same form
again finds nothing left to do.
"""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import event, func, select, update

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db, last_words
from models.ground.errors import DomainError, NoRoom
from models.record import once
from models.record.deadline import BREACH, Deadline, Firing
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules.rounds import newest_plan
from models.steps import approval, comment, intake
from tests.factories import a_ticket, person
from tests.faults.crash import Matrix
from tests.faults.judge import rows_agree
from tests.faults.store import Store

pytestmark = pytest.mark.once
ROUNDS = "FAULTS_ROUNDS"  # how often F30 is told; `./run faults` says
TRIED = ("intake._register", "approval.approve_plan", "escalation.sweep")


def store() -> Store:
    return Store(db.engine.url.render_as_string(hide_password=False))


@pytest.mark.usefixtures("monkeypatch")  # so that no history comes from the shelf: each command is carried out
def test_a_crash_at_any_point_leaves_nothing_or_everything(app, cast, time):
    """F02 and F03, a sample: a report, an approval, an escalation."""
    matrix = Matrix(wants=lambda command: command.endswith(TRIED))
    with matrix.installed():
        ticket = a_ticket("awaiting_fix", severity="P1")
        time(timedelta(hours=9))
        escalation.sweep()
    assert matrix.complaints == []
    assert {found.command.split(".", 2)[2] for found in matrix.found} == set(TRIED), matrix.left_out
    assert matrix.points > 60, "the machinery is still in our hands"
    assert ticket.escalation >= 0


def test_the_matrix_notices_a_command_that_commits_half(app, cast, monkeypatch):
    """A crash in between must be seen: here the messages of a report are committed on their own."""
    ticket = a_ticket()
    matrix = Matrix(wants=lambda command: command.endswith("add_note"))
    plain = comment.journal.write

    def in_two_parts(*args, **more):
        db.session.commit()
        db.session.connection(execution_options={"write": True, "postgresql_readonly": False})
        return plain(*args, **more)

    monkeypatch.setattr(comment.journal, "write", in_two_parts)
    with matrix.installed():
        comment.add_note(ticket, actor=person("wang"), text="已电话联系机房。")
    assert any("left other rows" in words for words in matrix.complaints)


def test_a_woken_sweeper_finds_nothing_left(app, cast, time, monkeypatch):
    """F05: it has looked for what is due, is stopped, and another one fires all of it."""
    a_ticket(severity="P1")
    time(timedelta(hours=1))
    plain = escalation._fire_together

    def stopped(due):
        assert due
        taken = update(Deadline).where(Deadline.id.in_([each.id for each in due])).values(ring_at=None)
        db.session.execute(taken)
        return plain(due)

    monkeypatch.setattr(escalation, "_fire_together", stopped)
    assert escalation.sweep() == 0
    assert db.session.scalar(select(func.count(Firing.id))) == 0


def test_fifty_of_the_same_form(app, cast):
    """F31: one token, sent fifty times by ten at once."""
    together = Barrier(10)

    def send(_: int) -> None:
        with app.app_context():
            reporter = person("zhang")
            together.wait()
            for _again in range(5):
                if once.spent("the same"):
                    continue
                try:
                    with last_words(lambda made: once.spend("the same", body="", location=made.number)):
                        intake.report_fault(actor=reporter, description="x")
                except Exception:
                    db.session.rollback()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(send, range(10)))
    assert db.session.scalar(select(func.count(Ticket.id))) == 1
    assert rows_agree(store()) == []


def test_a_clock_that_steps(app, cast, time):
    """F19: an hour ahead, an hour back, ten times each way: nothing fires twice, nothing is left out."""
    ticket = a_ticket(severity="P1")
    before = clock.now()
    for hours in (1, -1) * 10:
        time(timedelta(hours=hours))
        while escalation.sweep():
            pass
    db.session.rollback()
    marks = db.session.execute(select(Firing.deadline_id, Firing.mark).where(Firing.ticket_id == ticket.id)).all()
    assert len(marks) == len(set(marks)) > 2
    due = select(Deadline).where(Deadline.ticket_id == ticket.id, Deadline.due_at <= before + timedelta(hours=1))
    breached = {deadline_id for deadline_id, mark in marks if mark == BREACH}
    assert {each.id for each in db.session.scalars(due)} <= breached
    assert rows_agree(store()) == []


@pytest.mark.parametrize("round_", range(int(os.environ.get(ROUNDS, 4))))
def test_answered_at_the_moment_of_firing(app, cast, time, round_):
    """F30: either it was answered first, and nothing fired, or it fired first: never both in the wrong order."""
    ticket = a_ticket(severity="P1")
    due = db.session.scalar(select(Deadline.due_at).where(Deadline.ticket_id == ticket.id, Deadline.kind == "respond"))
    time(due)
    together = Barrier(2)

    def with_others(deed) -> None:
        with app.app_context():
            mine = db.session.get(Ticket, ticket.id)
            together.wait()
            sleep(0.002 * (round_ % 8))
            deed(mine)

    deeds = (lambda _: escalation.sweep(), lambda mine: comment.post_update(mine, actor=person("wang"), text="在看。"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(with_others, deeds[:: -1 if round_ % 2 else 1]))
    told = store().rows("SELECT name, details FROM event WHERE ticket_id = ? ORDER BY seq", ticket.id)
    names = [row["name"] for row in told if row["name"] == "updated" or row["details"].get("kind") == "respond"]
    assert names in (["updated"], ["escalated", "updated"], ["warned", "escalated", "updated"])
    fired = [(row["deadline_id"], row["mark"]) for row in store().rows("SELECT deadline_id, mark FROM firing")]
    assert len(fired) == len(set(fired))
    assert rows_agree(store()) == []


def test_one_of_two_who_decide_at_once_has_decided(app, cast):
    """F33: approving and returning, thirty times at the same moment."""
    ids = [newest_plan(a_ticket("awaiting_approval")).id for _ in range(6)]
    together = Barrier(2)

    def decide(approves: bool) -> list[bool]:
        done = []
        with app.app_context():
            for plan_id in ids:
                plan, who = db.session.get(Plan, plan_id), person("chen")
                together.wait()
                try:
                    approval.approve_plan(plan, actor=who) if approves else approval.return_plan(
                        plan, actor=who, comment="缺回滚。"
                    )
                    done.append(True)
                except DomainError:
                    db.session.rollback()
                    done.append(False)
        return done

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(decide, (True, False))
    assert [a + b for a, b in zip(first, second, strict=True)] == [1] * len(ids)
    assert rows_agree(store()) == []


def test_a_full_disk_keeps_what_was_typed(app, sign_in):
    """F15: the database may not grow by a page; afterwards the same form is accepted."""

    def no_room(connection, _record) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    browser, words = sign_in("zhang"), "全部停了。" * 2_000
    form = browser.get("/report").form("report")
    db.session.rollback()
    db.engine.dispose()
    event.listen(db.engine, "connect", no_room)
    try:
        page = browser.press(form, description=words)
        assert page.status == 507
        assert words in page.raw_text
        assert browser.get("/my").status == 200
    finally:
        event.remove(db.engine, "connect", no_room)
        db.session.rollback()
        db.engine.dispose()
    assert browser.press(form, description=words).status < 400
    assert rows_agree(store()) == []


def test_a_full_disk_refuses_a_file(app, cast, monkeypatch):
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("models.record.attachment.os.fsync", no_room)
    with pytest.raises(NoRoom):
        intake.keep_file(actor=cast.zhang, name="a.png", content=b"x")
    assert store().value("SELECT count(*) FROM attachment") == 0
