"""Processes that are killed, stopped and doubled: F01, F03–F06, F28, F43."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from time import monotonic, sleep

from tests.faults.house import P0, House, Houses, eventually
from tests.faults.verdict import Verdict, held

SWEEPERS, WEB = ("sweep", "ticker"), ("web 1", "web 2")
STEADY_AFTER = 2.2  # seconds, and a little: who has lived so long is started again at once


def f01(houses: Houses, times: int = 10) -> Verdict:
    """kill −9 a web worker during POST (random 0–50 ms), client retries with the same form token."""
    with houses.house() as house:
        visitor, errors, slowest, born = house.visitor("zhang"), 0, 0.0, dict.fromkeys(WEB, monotonic())
        for number in range(times):
            form, name = visitor.report("全部停了", **P0), WEB[number % 2]
            sleep(max(0.0, born[name] + STEADY_AFTER - monotonic()))  # who dies sooner than that comes back later
            killer = _soon(house.chance.uniform(0, 0.05), partial(house.signal, name))
            errors += visitor.send(form).status == 0
            killer.join()
            slowest = max(slowest, _until_back(house, name))
            born[name] = monotonic()
            house.sent_again(form, visitor)
        figure = f"{times} kills, {errors} lost answers, respawn ≤ {slowest:.1f} s"
        numbers = _numbers(house)
        complaints = house.judged(numbers, bound=60, mail=False)
        unknown = house.history.marks("unknown")
        one_each = len(numbers) == times
        return held(
            figure, [*complaints, *unknown], injected=times, one_ticket_each=one_each, respawn_within_2_s=slowest <= 2
        )


def f03(houses: Houses, times: int = 6) -> Verdict:
    """kill −9 worker in mid-escalation (at random; every point of it is F02's). A house lives through sixty."""
    kills, told, again, complaints = 0, 0, 0, list[str]()
    while kills < times:
        with houses.house() as house:
            visitor, numbers = house.visitor("zhang"), list[str]()
            while house.kills < min(times - kills, 60):
                new = house.reports(24, visitor)
                house.fire_soon(-1)
                for name in ("sweep", "deliver", "ticker") * 2:
                    house.signal(name)
                    sleep(house.chance.uniform(0, 0.4))
                eventually(partial(house.breached, new), 60)
                numbers += new
            eventually(house.is_quiet, 120)
            again += len(house.sink.taken) - len(set(house.sink.taken))
            complaints += house.judged(numbers, bound=30)
            kills, told = kills + house.kills, told + len(numbers)
    return held(f"{kills} kills, {told} of {told} breaches, {again} letters again", complaints, injected=kills)


def f04(houses: Houses, times: int = 2) -> Verdict:
    """kill −9 ticker; then no ticker and no worker is left, and the first that starts catches up."""
    with houses.house() as house:
        visitor = house.visitor("zhang")
        numbers = house.reports(6, visitor)
        house.fire_soon(2)
        for _ in range(times):
            house.signal("ticker")
            sleep(1)
        eventually(lambda: house.breached(numbers), 30)
        late = house.lateness()
        more = house.reports(4, visitor)
        house.process.kill()  # and with it everybody
        house.kills += 1
        house.process.wait()
        house.fire_soon(-1)
        house.start()
        eventually(lambda: house.breached(more), 30)
        eventually(house.is_quiet, 120)
        figure = f"lateness {late:.1f} s while one comes back; all {len(more)} caught up after none was left"
        complaints = house.judged(numbers + more, bound=120)
        return held(figure, complaints, injected=times + 1, lateness_at_most_10_s=late <= 10)


def f05(houses: Houses, times: int = 4, pauses: tuple[float, ...] = (2.5, 5.0), beside: int = 1) -> Verdict:
    """SIGSTOP a sweeper, SIGCONT: the woken one finds its rows already claimed. So many houses side by side."""
    with ExitStack() as stack:
        all_, breaches, again, complaints = list[House](), 0, 0, list[str]()
        for _ in range(beside):
            all_.append(stack.enter_context(houses.house()))
        visitors, told = [house.visitor("zhang") for house in all_], [list[str]() for _ in all_]
        for number in range(times // beside):
            name = SWEEPERS[number % 2]
            for house, visitor, numbers in zip(all_, visitors, told, strict=True):
                numbers += house.reports(3, visitor)
                house.fire_soon(house.chance.uniform(-0.2, 0.3))
                sleep(house.chance.uniform(0, 0.3))
                house.signal(name, signal.SIGSTOP)
            sleep(pauses[number % len(pauses)])
            for house, numbers in zip(all_, told, strict=True):
                house.signal(name, signal.SIGCONT)
                # The ticker sends too: stopped in that for longer than its lease, it is as if dead.
                house.kills += name == "ticker"
                eventually(partial(house.breached, list(numbers)), 30)
        for house, numbers in zip(all_, told, strict=True):
            eventually(house.is_quiet, 120)
            again += len(house.sink.taken) - len(set(house.sink.taken))
            breaches += len(numbers)
            complaints += house.judged(numbers, bound=max(pauses) + 15)
        figure = f"{times} pauses, {breaches} breaches, 0 twice, {again} letters again under their names"
        return held(figure, complaints, injected=times)


def f06(houses: Houses, others: int = 1) -> Verdict:
    """Two whole copies of the application on one database, more than one ticker at work."""
    with houses.house() as house:
        with_others = [house.copy() for _ in range(others)]
        try:
            numbers = house.reports(30, house.visitor("zhang"))
            house.fire_soon(-1)
            eventually(lambda: house.breached(numbers), 60)
            eventually(house.is_quiet, 120)
        finally:
            for other in with_others:
                other.terminate()
                other.wait(20)
        words = house.output.read_text()
        figure = f"{others + 1} copies, {len(numbers)} breaches once each, lateness {house.lateness():.1f} s"
        return held(figure, house.judged(numbers, bound=30), no_violation_in_the_log="IntegrityError" not in words)


def f28(houses: Houses) -> Verdict:
    """A letter that kills whoever sends it: it ends as failed with the reason, everybody else's go on, and clocks."""
    with houses.house() as house:
        eventually(house.is_quiet, 120)
        visitor = house.visitor("zhang")
        house.sink.deadly, house.sink.kill = "liu@", house.kill_caller
        numbers = house.reports(3, visitor)
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        killed = "SELECT count(*) FROM message WHERE state = 'failed' AND error = 'tried too often'"
        told, late = list(numbers), list[float]()
        for _ in range(4):  # meanwhile others come due
            more = house.reports(2, visitor)
            house.fire_soon(0)
            eventually(partial(house.breached, more), 30)
            late.append(house.lateness())
            told += more
        eventually(lambda: int(house.store.value(killed)) > 0, 240, 0.25)
        house.sink.deadly = ""
        eventually(house.has_sent(), 200)
        figure = (
            f"{house.kills} kills, {house.store.value(killed)} given up and shown, neighbours ≤ {max(late):.1f} s late"
        )
        complaints = house.judged(told, bound=15)
        return held(figure, complaints, injected=house.kills, neighbours_at_most_10_s_late=max(late) <= 10)


def f43(houses: Houses) -> Verdict:
    """Silence: ticker and workers stopped altogether; /readyz is 503 and says how long the oldest waits."""
    with houses.house() as house:
        visitor = house.visitor("zhang")
        numbers = house.reports(2, visitor)
        eventually(lambda: visitor.get("/readyz").status == 200, 30, 0.25)
        house.fire_soon(6)
        sleep(3)  # what else came due with the jump has been fired
        for name in ("ticker", "sweep", "deliver", "job"):
            house.signal(name, signal.SIGSTOP)
        began = monotonic()
        eventually(lambda: visitor.get("/readyz").status == 503, 45, 0.25)
        noticed, words = monotonic() - began, visitor.get("/readyz").body
        for name in ("ticker", "sweep", "deliver", "job"):
            house.signal(name, signal.SIGCONT)
        eventually(lambda: house.breached(numbers), 30)
        eventually(lambda: visitor.get("/readyz").status == 200, 60, 0.25)
        eventually(house.is_quiet, 120)
        said = "oldest_due_unfired_s" in words
        figure = f"noticed after {noticed:.1f} s, ready again afterwards"
        return held(figure, house.judged(numbers, bound=120), noticed_within_30_s=noticed <= 30, oldest_is_said=said)


def _soon(seconds: float, deed: Callable[[], object]) -> threading.Thread:
    def later() -> None:
        sleep(seconds)
        deed()

    thread = threading.Thread(target=later)
    thread.start()
    return thread


def _until_back(house: House, name: str) -> float:
    began = monotonic()
    house.pid(name)
    return monotonic() - began


def _numbers(house: House) -> list[str]:
    return [row["number"] for row in house.store.rows("SELECT number FROM ticket WHERE description LIKE 'op-%'")]
