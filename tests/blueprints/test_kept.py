"""What is drawn once is shown to many, never past its time, and never takes more room than it may."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from markupsafe import Markup

from blueprints import kept as room
from blueprints.kept import kept
from models.ground import clock


@pytest.fixture(autouse=True)
def nothing_kept():
    room.forget()
    yield
    room.forget()


class Drawing:
    """Counts how often it was drawn."""

    def __init__(self, words: str = "a part") -> None:
        self.words, self.times = words, 0

    def __call__(self) -> Markup:
        self.times += 1
        return Markup(f"{self.words} {self.times}")


def test_one_key_is_drawn_once_another_for_itself():
    draw = Drawing()
    assert kept(("t", 1, 7), draw) == kept(("t", 1, 7), draw) == "a part 1"
    assert kept(("t", 1, 8), draw) == "a part 2"
    assert draw.times == 2


def test_what_is_kept_for_a_while_is_drawn_anew_afterwards(monkeypatch):
    draw, instant = Drawing(), [100.0]
    monkeypatch.setattr(clock, "steady", lambda: instant[0])
    assert kept("list", draw, seconds=1) == "a part 1"
    instant[0] = 100.9
    assert kept("list", draw, seconds=1) == "a part 1"
    instant[0] = 101.0
    assert kept("list", draw, seconds=1) == "a part 2"


def test_twenty_who_ask_at_once_wait_for_one_drawing():
    draw = Drawing()

    def slowly() -> Markup:
        sleep(0.05)
        return draw()

    with ThreadPoolExecutor(20) as screens:
        shown = list(screens.map(lambda _: kept("t", slowly), range(20)))
    assert shown == ["a part 1"] * 20


def test_one_key_does_not_wait_for_another():
    assert kept("outer", lambda: kept("inner", Drawing("inner")) + " in outer") == "inner 1 in outer"


def test_a_drawing_that_failed_is_tried_again():
    with pytest.raises(ZeroDivisionError):
        kept("t", lambda: Markup(1 // 0))
    assert kept("t", Drawing()) == "a part 1"


def test_what_was_asked_for_longest_ago_makes_room(monkeypatch):
    monkeypatch.setattr(room, "ROOM", 20)
    first, second, third = Drawing("12345"), Drawing("12345"), Drawing("12345")
    kept("first", first), kept("second", second), kept("first", first), kept("third", third)
    assert kept("first", first) == "12345 1"
    assert kept("second", second) == "12345 2"


def test_a_part_larger_than_the_room_is_shown_and_not_kept(monkeypatch):
    monkeypatch.setattr(room, "ROOM", 3)
    draw = Drawing()
    assert (kept("t", draw), kept("t", draw)) == ("a part 1", "a part 2")
