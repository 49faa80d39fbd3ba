"""A mail server that is away, slow, hanging, refusing, forgetful: F23–F25."""

from datetime import timedelta
from time import monotonic, sleep

from tests.faults.house import House, Houses, eventually
from tests.faults.sink import ACCEPT, DIES, HANG, LATER, SLOW
from tests.faults.verdict import Verdict, held


def f23(houses: Houses, seconds: float = 15) -> Verdict:
    """SMTP down: the outbox backs off, escalation does not wait for it, and everything leaves once it is back."""
    with houses.house() as house:
        eventually(house.is_quiet, 120)
        house.sink.close()
        numbers = house.reports(5, house.visitor("zhang"))
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        late = house.lateness()
        sleep(seconds)
        tried = house.store.value("SELECT count(*) FROM message WHERE attempts > 0 AND state = 'queued'")
        house.sink.open()
        began = monotonic()
        eventually(house.has_sent(), 150)
        took = monotonic() - began
        figure = f"down {seconds:.0f} s, lateness {late:.1f} s, {tried} letters waited and left within {took:.0f} s"
        complaints = house.judged(numbers, bound=15)
        return held(figure, complaints, tried_meanwhile=tried > 0, lateness_at_most_10_s=late <= 10)


def f24(houses: Houses, pause: float = 4.0) -> Verdict:
    """SMTP slow, then hanging after DATA: in-app notices are on time, few conversations at once, nothing lost."""
    with houses.house() as house:
        eventually(house.is_quiet, 120)
        house.sink.mood, house.sink.pause, house.sink.most_at_once = SLOW, pause, 0
        numbers = house.reports(4, house.visitor("zhang"))
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        late = house.lateness()
        house.sink.mood = HANG
        sleep(14)  # longer than the product waits for one word
        house.sink.mood = ACCEPT
        eventually(house.has_sent(), 200)
        most = house.sink.most_at_once
        figure = f"in-app lateness {late:.1f} s, at most {most} conversations at once, all sent"
        return held(figure, house.judged(numbers, bound=15), lateness_at_most_10_s=late <= 10, few_at_once=most <= 3)


def f25(houses: Houses) -> Verdict:
    """SMTP 450, 550 for one address, and a connection that dies after 250: retried, shown, the same letter."""
    with houses.house() as house:
        eventually(house.is_quiet, 120)
        house.sink.mood = LATER
        house.sink.refused = {"sun@"}
        numbers = house.reports(3, house.visitor("zhang"))
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        sleep(2)
        house.sink.mood = DIES
        began = len(house.sink.taken)
        eventually(lambda: len(house.sink.taken) > began, 60)
        house.sink.mood = ACCEPT
        house.kills += len(house.sink.taken) - began
        eventually(house.has_sent(), 200)
        again = len(house.sink.taken) - len(set(house.sink.taken))
        failed = house.store.rows("SELECT error FROM message WHERE state = 'failed'")
        owed = house.store.value(
            """SELECT count(*) FROM message m JOIN person p ON p.id = m.person_id WHERE m.channel = 'mail'
               AND p.email LIKE 'sun@%' AND m.created_at > ?""", _stored(house),
        )  # fmt: skip
        figure = f"{again} letters again under the same name, {len(failed)} failed and shown with the server's words"
        said = all("550" in row["error"] for row in failed)
        return held(figure, house.judged(numbers, bound=15), the_words_are_kept=said, shown=bool(failed) or not owed)


def _stored(house: House) -> object:
    """When the house was opened, as the driver wants it."""
    began = house.ready_at - timedelta(seconds=1)
    return began.replace(tzinfo=None).isoformat(" ") if house.store.is_sqlite else began
