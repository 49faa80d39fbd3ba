"""A mail server that is away, slow, hanging, refusing, forgetful; answers to letters that nobody wrote: F23–F26."""

import re
import socket
from contextlib import suppress
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

from tests.faults.house import House, Houses, eventually
from tests.faults.sink import ACCEPT, DIES, HANG, LATER, SLOW
from tests.faults.verdict import Verdict, held
from tests.faults.visitor import Visitor


def f23(houses: Houses, seconds: float = 15) -> Verdict:
    """SMTP down: the outbox backs off, escalation does not wait for it, and everything leaves once it is back."""
    with houses.house() as house:
        eventually(house.is_quiet, 120)
        house.sink.close()
        numbers, late = house.goes_on(seconds)
        said = "SELECT count(*) FROM message WHERE channel = 'mail' AND state = 'queued' AND NOT collected"
        waiting = house.store.value(said)
        tries = house.store.value("SELECT tries FROM outage")
        house.sink.open()
        began = monotonic()
        eventually(house.has_sent(), 150)
        took = monotonic() - began
        left = f"{waiting} letters waited and left within {took:.0f} s"
        figure = f"down {seconds:.0f} s, {len(numbers)} breaches, lateness {late:.1f} s, {tries} tries, {left}"
        complaints = house.judged(numbers, bound=15)
        return held(
            figure, complaints, tried_meanwhile=tries > 0, lateness_at_most_10_s=late <= 10, sent_within_60_s=took <= 60
        )


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
        sleep(75)  # longer than the product waits for a letter to be taken
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


def f26(houses: Houses, times: int = 200) -> Verdict:
    """Bounces and automatic answers: whatever a machine does with a letter, nothing comes of it, and nothing leaves."""
    with houses.house() as house:
        eventually(house.is_quiet, 120)
        house.sink.letters.clear()
        numbers = house.reports(4, house.visitor("zhang"))
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.has_sent(), 90)
        letters, doors = list(house.sink.letters), house.doors()
        asks = [letter for letter in letters if not _says_that_a_machine_wrote(letter)]
        before, taken = _deeds_of_people(house), 0
        for _ in range(times):
            letter = house.chance.choice(letters)
            taken += _answered(letter, house.chance.choice(doors))
            _opened(letter, house)
        after = _deeds_of_people(house)
        figure = f"{times} answers and {times} opened links for {len(letters)} letters, 0 taken, 0 deeds, 0 letters"
        complaints = [f"{before} became {after}"] * (before != after) + ["an answer was taken"] * bool(taken)
        complaints += [f"{len(asks)} letters ask for an automatic answer"] * bool(asks) + house.judged(
            numbers, bound=15
        )
        return held(figure, complaints, injected=2 * times, there_were_letters=bool(letters), has_doors=bool(doors))


def _says_that_a_machine_wrote(letter: Any) -> bool:
    """RFC 3834: then no well-behaved machine answers."""
    return letter["Auto-Submitted"] == "auto-generated" and letter["X-Auto-Response-Suppress"] == "All"


def _answered(letter: Any, door: int) -> bool:
    """An out-of-office note, or a bounce, brought to a door of the house; whether it was taken."""
    words = f"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:{letter['From']}\r\nDATA\r\n"
    note = f"Subject: Re: {letter['Subject']}\r\nIn-Reply-To: {letter['Message-ID']}\r\n\r\nAway.\r\n.\r\nQUIT\r\n"
    with suppress(OSError), socket.create_connection(("127.0.0.1", door), timeout=5) as line:
        line.sendall((words + note).encode())
        return line.recv(4096).startswith((b"2", b"3"))
    return False


def _opened(letter: Any, house: House) -> None:
    """What looks at links before people do."""
    text = letter.get_body(("plain",)).get_content()
    stranger = Visitor(house.port)
    for path in re.findall(r"https?://[^/\s]+(/\S*)", text)[:1]:
        stranger.get(path)
    stranger.leave()


def _deeds_of_people(house: House) -> tuple[Any, ...]:
    """Events that somebody caused, answers, entries, and what was owed because of them; clocks go on meanwhile."""
    counts = (
        "SELECT count(*) FROM event WHERE actor_id IS NOT NULL OR link_id IS NOT NULL",
        "SELECT count(*) FROM confirmation",
        "SELECT count(*) FROM entry",
        "SELECT count(*) FROM message m LEFT JOIN event e ON e.id = m.event_id WHERE e.id IS NULL OR e.actor_id > 0",
    )
    return tuple(house.store.value(said) for said in counts)


def _stored(house: House) -> object:
    """When the house was opened, as the driver wants it."""
    began = house.ready_at - timedelta(seconds=1)
    return began.replace(tzinfo=None).isoformat(" ") if house.store.is_sqlite else began
