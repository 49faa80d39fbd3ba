"""A form acts once: its token is spent in the transaction of what it did (safety rule 12)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from models.ground.db import command, db, last_words
from models.record import once
from models.record.ticket import Ticket
from models.steps import intake
from tests.factories import person


@command
def spend(token: str) -> None:
    once.spend(token, body="b", location="/t/1")


def test_spent_once(app):
    assert once.spent("a") is None
    spend("a")
    assert (once.spent("a").body, once.spent("a").location) == ("b", "/t/1")
    with pytest.raises(IntegrityError):
        spend("a")
    spend("b")


def test_spent_together_with_its_deed_or_not_at_all(app, cast):
    def report() -> None:
        with last_words(lambda ticket: once.spend("a", body="b", location=f"/t/{ticket.number}")):
            intake.report_fault(actor=person("zhang"), description="x")

    report()
    with pytest.raises(IntegrityError):
        report()
    assert db.session.scalar(select(func.count(Ticket.id))) == 1


def test_a_double_click_is_one_report(app, cast):
    together = Barrier(4)

    def report() -> bool:
        with app.app_context():
            reporter = person("zhang")
            together.wait()
            try:
                with last_words(lambda ticket: once.spend("same", body="b", location=ticket.number)):
                    intake.report_fault(actor=reporter, description="x")
            except IntegrityError:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: report(), range(4))) == 1
    assert db.session.scalar(select(func.count(Ticket.id))) == 1
