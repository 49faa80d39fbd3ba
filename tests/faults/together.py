"""Many hands at the same moment: F31 over HTTP, F34."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from tests.faults.house import P0, Houses, eventually
from tests.faults.verdict import Verdict, held
from tests.faults.visitor import Filled, Visitor

HANDS = 10


def f31(houses: Houses, times: int = 50) -> Verdict:
    """One form sent fifty times by ten hands at once: one effect, and everybody is led to the same place."""
    with houses.house() as house:
        zhang, wang = house.visitor("zhang"), house.visitor("wang")
        report = zhang.report("全部停了", **P0)
        _all_at_once(zhang, report, times)
        number = house.number_of(report)
        note = wang.fill(wang.form(f"/t/{number}", "note"), "text", "已电话联系机房。")
        _all_at_once(wang, note, times)
        eventually(house.is_quiet, 120)
        led = [len(house.history.locations(form.mark)) for form in (report, note)]
        figure = f"2 forms sent {times} times each: 1 effect each, led to {led} places"
        return held(figure, house.judged(bound=60), injected=2 * times, one_place=led == [1, 1])


def f34(houses: Houses, editors: int = 8, rounds: int = 5, on_one: int = 25) -> Verdict:
    """Eight editors of one ticket: notes all stay; of corrections of the title on one version one is accepted.

    After `on_one` rounds they go on with another ticket: whole pages of notes take their time.
    """
    with houses.house() as house:
        first, number, lost = house.visitor("zhang"), "", list[str]()
        hands = [house.visitor(login) for login in ("wang", "chen") for _ in range(editors // 2)]
        for nth in range(rounds):
            if nth % on_one == 0:
                number = house.number_of(house.sent_again(first.report("慢"), first))
            titles = [_retitled(hand, number, f"投屏黑屏 {nth}.{place}") for place, hand in enumerate(hands)]
            answers = _together([lambda h=h, f=f: h.send(f) for h, f in zip(hands, titles, strict=True)])
            came = sorted(answer.status for answer in answers)
            lost += [f"corrections of one version were answered {came}"] * (came != [303, *[409] * (editors - 1)])
            notes = [hand.fill(hand.form(f"/t/{number}", "note"), "text", "看过了。") for hand in hands]
            answers = _together([lambda h=h, f=f: h.send(f) for h, f in zip(hands, notes, strict=True)])
            lost += [f"a note was answered {answer.status}" for answer in answers if answer.status != 303]
        eventually(house.is_quiet, 120)
        told = rounds * editors
        figure = f"{told} corrections: {rounds} accepted, {told - rounds} conflicts; {told} notes stay"
        return held(figure, [*lost, *house.judged(bound=60)], injected=2 * told)


def _retitled(hand: Visitor, number: str, words: str) -> Filled:
    form = hand.form(f"/t/{number}/title", "retitle")
    form.fields["title"] = words
    return form


def _all_at_once(visitor: Visitor, form: Filled, times: int) -> None:
    hands = [visitor.double() for _ in range(HANDS)]
    _together([lambda h=h: [h.send(form) for _ in range(times // HANDS)] for h in hands])
    visitor.broken += [words for hand in hands for words in hand.broken]


def _together(deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    barrier, found = threading.Barrier(len(deeds)), [None] * len(deeds)

    def do(number: int) -> None:
        barrier.wait()
        found[number] = deeds[number]()

    threads = [threading.Thread(target=do, args=(number,)) for number in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
