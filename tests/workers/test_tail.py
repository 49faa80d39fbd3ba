"""Following the events: nothing is missed, nothing told twice, also when numbers are committed out of order."""

import pytest

from models.ground import clock
from models.record import event
from models.record.event import Change
from workers.tail import PATIENCE, Tail
from workers.ticker import topics_of

pytestmark = pytest.mark.once


@pytest.fixture
def table(monkeypatch):
    """The numbers that are committed so far."""
    numbers: list[int] = []
    monkeypatch.setattr(event, "newest", lambda: max(numbers, default=0))
    monkeypatch.setattr(
        event, "since", lambda n, limit=500: [Change(i, 1, i, []) for i in sorted(numbers) if i > n][:limit]
    )
    return numbers


def read(tail):
    return [change.id for change in tail.read()]


def test_it_begins_at_the_newest_and_reads_each_once(table):
    table += [1, 2, 3]
    tail = Tail()
    assert read(tail) == []
    table += [4, 5]
    assert read(tail) == [4, 5]
    assert read(tail) == []


def test_a_number_that_is_committed_late_is_still_told(table):
    tail = Tail()
    read(tail)
    table += [1, 4]
    assert read(tail) == [1, 4]
    table += [2]
    assert read(tail) == [2]
    table += [3, 5]
    assert read(tail) == [3, 5]
    assert read(tail) == []


def test_a_number_that_never_comes_is_given_up(table, monkeypatch):
    tail = Tail()
    read(tail)
    table += [1, 3]
    read(tail)
    later = clock.steady() + PATIENCE + 1
    monkeypatch.setattr(clock, "steady", lambda: later)
    read(tail)
    table += [2]
    assert read(tail) == []


def test_ten_thousand_at_once_are_read_in_steps(table):
    tail = Tail()
    read(tail)
    table += range(1, 10_001)
    seen = []
    while news := read(tail):
        seen += news
    assert seen == list(range(1, 10_001))


def test_each_topic_is_told_once_with_its_newest_version():
    changes = [Change(10, 1, 4, [7]), Change(11, 2, 1, []), Change(12, 1, 5, [7, 8])]
    assert topics_of(changes) == {"t-1": 5, "t-2": 1, "tickets": 12, "u-7": 12, "u-8": 12}
