"""The file that others hold: F13, F14; a disk that is full: F15 (the database's part)."""

import sqlite3
import threading
from statistics import quantiles
from time import monotonic, sleep

from tests.faults.house import P0, Houses, eventually
from tests.faults.verdict import Verdict, held

TOO_MANY = 429  # so many reports of one person are held back, lock or no lock


def f13(houses: Houses) -> Verdict:
    """SQLite: another process holds a write lock 3 s, then 14 s: writers wait, then a 503 that keeps the text."""
    with houses.house() as house:
        visitor, reader = house.visitor("zhang"), house.visitor("wang")
        outcomes, took = [], list[float]()
        for seconds in (3.0, 14.0):
            form = visitor.report("全部停了", **P0)
            holder = threading.Thread(target=_hold, args=(house.store.path, seconds))
            reading = threading.Thread(target=_read, args=(reader, seconds, took))
            holder.start()
            sleep(0.2)
            reading.start()
            answer = visitor.send(form)
            outcomes.append((seconds, answer.status, form.mark in answer.body))
            holder.join()
            reading.join()
            house.sent_again(form, visitor)
        p95 = 1000 * quantiles(took, n=20)[-1]
        figure = f"3 s: {outcomes[0][1]}, 14 s: {outcomes[1][1]} with the text kept; read p95 {p95:.0f} ms"
        eventually(house.has_sent(), 90)  # what left meanwhile is recorded now
        waits, refuses = outcomes[0][1] == 303, outcomes[1][1:] == (503, True)
        return held(figure, house.judged(bound=60), waits_for_3_s=waits, refuses_after_10_s=refuses)


def f14(houses: Houses, clients: int = 16, seconds: float = 10) -> Verdict:
    """Sixteen clients, mixed reading and writing: nobody hears that the database is locked."""
    with houses.house() as house:
        failed, made = list[str](), list[int]()
        logins = ("zhang", "wang", "li", "zhao", "chen", "liu", "sun", "zhou")
        visitors = [house.visitor(logins[number % len(logins)]) for number in range(clients)]
        until = monotonic() + seconds

        def live(visitor: object) -> None:
            while monotonic() < until:
                answer = visitor.send(visitor.report("慢"))  # type: ignore[attr-defined]
                failed.extend([str(answer.status)] * (answer.status not in (303, TOO_MANY)))
                visitor.get("/my")  # type: ignore[attr-defined]
                made.append(1)

        threads = [threading.Thread(target=live, args=(visitor,)) for visitor in visitors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        locked = house.output.read_text().count("database is locked")
        figure = f"{len(made)} reports of {clients} clients, {len(failed)} refused, {locked} times locked"
        complaints = house.judged(bound=60, mail=False)
        return held(figure, complaints, injected=len(made), nobody_refused=not failed, never_locked=not locked)


def _hold(path: str, seconds: float) -> None:
    held_by_us = sqlite3.connect(path, isolation_level=None)
    held_by_us.execute("PRAGMA busy_timeout = 5000")
    held_by_us.execute("BEGIN IMMEDIATE")
    sleep(seconds)
    held_by_us.execute("ROLLBACK")
    held_by_us.close()


def _read(visitor: object, seconds: float, took: list[float]) -> None:
    until = monotonic() + seconds - 0.3
    while monotonic() < until:
        began = monotonic()
        visitor.get("/triage")  # type: ignore[attr-defined]
        took.append(monotonic() - began)
        sleep(0.05)
