"""Numbers are unique also when everybody reports at once, and the day turns where the policy says (P2.5)."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from sqlalchemy import func, select

from models.ground.db import command, db
from models.record import number
from models.record.number import NumberCounter
from models.record.ticket import Ticket
from models.steps import intake
from tests.factories import a_ticket, person

THREADS, EACH = 8, 25


def test_eight_people_report_at_once(app, cast):
    """Real threads, each with its own session and connection."""
    together = Barrier(THREADS)

    def report(thread: int) -> list[str]:
        with app.app_context():
            reporter = person("zhang")
            together.wait()
            return [intake.report_fault(actor=reporter, description=f"{thread}/{n}").number for n in range(EACH)]

    with ThreadPoolExecutor(THREADS) as pool:
        given = [number for numbers in pool.map(report, range(THREADS)) for number in numbers]
    expected = {f"TS20261118{n:03}" for n in range(1, THREADS * EACH + 1)}
    assert sorted(given) == sorted(expected)
    assert db.session.scalar(select(func.count(Ticket.id))) == THREADS * EACH


def test_the_day_turns_in_shanghai(cast, time):
    time(datetime(2026, 11, 18, 15, 59, tzinfo=UTC))
    assert a_ticket().number == "TS20261118001"
    time(timedelta(minutes=1))
    assert a_ticket().number == "TS20261119001"


def test_the_sequence_widens(cast):
    first = a_ticket()

    @command
    def jump() -> None:
        db.session.scalars(select(NumberCounter)).one().value = 998

    jump()
    assert [a_ticket().number[-4:] for _ in range(2)] == ["8999", "1000"]
    assert first.number == "TS20261118001"
    assert a_ticket().number == "TS202611181001"


def test_a_number_of_a_report_that_failed_is_not_given_to_two(cast):
    pack = a_ticket().policy_version.pack

    @command
    def take_and_fail() -> None:
        number.next_number(pack, datetime(2026, 11, 18, 2, tzinfo=UTC))
        raise KeyError

    with contextlib.suppress(KeyError):
        take_and_fail()
    assert a_ticket().number == "TS20261118002"
