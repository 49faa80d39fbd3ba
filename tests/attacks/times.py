"""What the time of an answer tells: two kinds of question, asked in turn, and whether their times can be told apart."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from statistics import median
from time import process_time

import pytest

from models.ground.vocabulary import Category
from models.rules import attempts
from tests.attacks.figures import heavy
from tests.attacks.site import Site
from tests.browsing import Page
from tests.factories import a_ticket

TRIES, WARM = 250, 10
FAIR = 0.15  # how far from one half the chance may be that one of the first kind takes longer than one of the second
SHARE = 0.03  # of the whole: a difference of medians that nobody sees through a network
LOOKED = 0.003  # seconds of the processor: to ask whether somebody has to do with a ticket; a page takes ten times that


@heavy
def a17_all(site: Site) -> str:
    """Sign-ins with a wrong password as somebody who is there and somebody who is not, by name and by address."""
    browser = site.new_browser()
    form = browser.get("/login").form("sign_in")

    def tried(login: str) -> Page:
        return browser.press(form, login=login, password="not the password")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts, "FREE", 1_000_000)  # that tries end soon is A18's
        first = _told_apart(lambda: tried("zhang"), lambda: tried("zzzzz"), 422)
        second = _told_apart(lambda: tried("chen@example.com"), lambda: tried("zzzz@example.com"), 422)
    return f"{first}; by address {second}"


@heavy
def a33_all(site: Site) -> str:
    """A number that is another's and one that is nobody's: numbers are no secret, but nothing is drawn of either."""
    secret, browser = a_ticket("awaiting_plan", category=Category.SECURITY).number, site.browser("yang")
    absent = secret[:-3] + "999"
    return _told_apart(lambda: browser.open(f"/t/{secret}"), lambda: browser.open(f"/t/{absent}"), 404, least=LOOKED)


def _told_apart(one: Callable[[], Page], other: Callable[[], Page], status: int, *, least: float = 0.0) -> str:
    """Fails when the medians differ by what could be seen, and the ranks say that it is no chance."""
    taken: tuple[list[float], list[float]] = ([], [])
    sizes: tuple[set[int], set[int]] = (set(), set())
    for nth in range(-WARM, TRIES):
        for which, ask in ((0, one), (1, other))[:: 1 if nth % 2 else -1]:
            began = process_time()
            answer = ask()
            took = process_time() - began
            assert answer.status == status, answer.status
            sizes[which].add(len(answer.response.data))
            taken[which].extend([took] if nth >= 0 else [])
    first, second, chance = median(taken[0]), median(taken[1]), _chance(*taken)
    says = f"{TRIES} each, {first * 1000:.2f} and {second * 1000:.2f} ms, {chance:.2f} of pairs"
    close = abs(first - second) <= max(SHARE * first, least)
    assert close or abs(chance - 0.5) <= FAIR, says
    assert max(sizes[0]) - min(sizes[1]) in range(-20, 21), (says, sizes)
    return says


def _chance(first: list[float], second: list[float]) -> float:
    """That one of the first takes longer than one of the second (Mann and Whitney's U, as a share)."""
    ordered = sorted(second)
    below = sum(bisect_left(ordered, each) + bisect_right(ordered, each) for each in first) / 2
    return below / (len(first) * len(second))
