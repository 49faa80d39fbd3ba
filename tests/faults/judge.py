"""The invariants I1–I12, judged from database, letters and history; nothing of the product is asked."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.faults.store import Row, Store

# The road once more, as the design draws it: state → states that may follow.
ROAD = {
    "": "awaiting_triage",
    "awaiting_triage": "awaiting_engineer awaiting_assessment awaiting_customer cancelled merged",
    "awaiting_engineer": "awaiting_plan awaiting_customer awaiting_triage cancelled merged",
    "awaiting_assessment": "awaiting_direction awaiting_customer awaiting_triage cancelled merged",
    "awaiting_direction": "awaiting_plan awaiting_assessment cancelled",
    "awaiting_plan": "awaiting_approval awaiting_fix awaiting_consent awaiting_engineer cancelled merged",
    "awaiting_approval": "awaiting_fix awaiting_consent awaiting_plan cancelled",
    "awaiting_consent": "awaiting_fix awaiting_plan cancelled",
    "awaiting_fix": "awaiting_test awaiting_plan",
    "awaiting_test": "awaiting_customer awaiting_review awaiting_fix awaiting_plan",
    "awaiting_customer": "awaiting_review awaiting_plan awaiting_assessment",
    "awaiting_review": "closed awaiting_plan awaiting_assessment",
    "closed": "archived awaiting_plan awaiting_assessment",
    "cancelled": "archived",
    "merged": "awaiting_triage awaiting_engineer awaiting_assessment awaiting_plan",
    "archived": "",
}
FREE = ("hand_over_undone", "handed_over", "ratification_refused")  # may lead back from any state of the work
OWED = {  # clocks without which a ticket in this state is lost
    "awaiting_triage": {"resolve", "respond", "triage", "resolve_max", "cooperate"},
    "awaiting_customer": {"follow_up", "silence"},
    "closed": {"archive"},
    "cancelled": {"archive"},
}
CHAINED = ("ticket_id", "seq", "name", "at", "actor_id", "link_id", "version", "state", "details", "told")
HOUSEKEEPING = ("silence", "archive", "wait")
BREACH = 100


def acknowledged_are_there(store: Store, history: Iterable[Row]) -> Iterator[str]:
    """I1–I3: what was answered stands there once; what was refused does not; what is unknown at most once."""
    texts = [row["description"] for row in store.rows("SELECT description FROM ticket")]
    texts += [row["body"] for row in store.rows("SELECT body FROM entry WHERE kind <> 'title'")]
    counts = Counter(text.split()[0] for text in texts if text)
    for deed in history:
        found, least = counts[deed["mark"]], int(deed["outcome"] == "acknowledged")
        most = int(deed["outcome"] != "refused")
        if not least <= found <= most:
            yield f"I1 {deed['mark']} was {deed['outcome']} and is there {found} times"


def led_to_one_place(history: Any) -> Iterator[str]:
    """I3: however often a form was sent, it led to one place."""
    for mark in history.deeds:
        if len(places := history.locations(mark)) > 1:
            yield f"I3 {mark} led to {sorted(places)}"


def marks_fired(store: Store, *, now: datetime, bound: float, judged_from: datetime | None = None) -> Iterator[str]:
    """I4, I6, I7: what should have fired by `now` has, once, not early, and at most `bound` seconds late."""
    fired: dict[int, list[Row]] = {}
    for row in store.rows("SELECT * FROM firing ORDER BY id"):
        fired.setdefault(row["deadline_id"], []).append(row)
    for clock in store.rows("SELECT * FROM deadline"):
        marks = fired.get(clock["id"], [])
        yield from _twice(clock, marks)
        for firing in marks:
            late = (firing["done_at"] - max(firing["due_at"], judged_from or firing["due_at"])).total_seconds()
            if firing["done_at"] < firing["due_at"]:
                yield f"I6 clock {clock['id']} fired {firing['mark']} too early"
            elif late > bound and not clock["late_by_triage"] and firing["role"] != "overtaken":
                yield f"I7 clock {clock['id']} fired {firing['mark']} {late:.1f} s late"
        yield from _missing(clock, marks, now - timedelta(seconds=bound))


def reference(store: Store, numbers: Iterable[str]) -> Iterator[str]:
    """I4 of tickets that count by the wall clock: what is due, reckoned from the report and the policy alone."""
    for number in numbers:
        (ticket,) = store.rows("SELECT * FROM ticket WHERE number = ?", number)
        content = store.value("SELECT content FROM policy_version WHERE id = ?", ticket["policy_version_id"])
        said = "SELECT * FROM deadline WHERE ticket_id = ? AND kind IN ('respond', 'resolve', 'resolve_max')"
        for clock in store.rows(said, ticket["id"]):
            target = content["clocks"][clock["kind"]][ticket["severity"] or clock["severity"]]
            if target["basis"] == "wall" and clock["round"] == 1:
                due = ticket["reported_at"] + timedelta(minutes=target["minutes"])
                if due != clock["due_at"]:
                    yield f"I4 {number}: {clock['kind']} is due {clock['due_at']}, reckoned {due}"


def letters_sent(store: Store) -> dict[str, int]:
    """How many letters are marked as sent, by address."""
    said = """SELECT coalesce(p.email, c.email) AS address, count(*) AS letters FROM message m
              LEFT JOIN person p ON p.id = m.person_id LEFT JOIN contact c ON c.id = m.contact_id
              WHERE m.channel = 'mail' AND m.state = 'sent' AND (m.letter_id IS NULL OR m.letter_id = m.id)
              GROUP BY coalesce(p.email, c.email)"""
    return {row["address"]: row["letters"] for row in store.rows(said)}


def letters_arrived(store: Store, taken: list[tuple[str, str]], *, kills: int, before: dict[str, int]) -> Iterator[str]:
    """I5: every letter that is marked as sent since arrived under a name of its own, and again only after a kill.

    `taken` are the Message-ID and the address of each letter that the mail server took; `before` had left earlier.
    """
    sent = {address: letters - before.get(address, 0) for address, letters in letters_sent(store).items()}
    came = Counter(address for _name, address in set(taken))
    for address in sorted(sent.keys() | came.keys()):
        if came[address] != sent.get(address, 0):
            yield f"I5 {address} was sent {sent.get(address, 0)} letters and got {came[address]}"
    if (again := len(taken) - len(set(taken))) > kills:
        yield f"I5 {again} letters arrived again after {kills} kills"


def rows_agree(store: Store, key: str = "") -> list[str]:
    """I8–I10, and that no row is without those that belong to it; with `key` the chain is reckoned too."""
    events: dict[int, list[Row]] = {}
    for row in store.rows("SELECT * FROM event ORDER BY ticket_id, seq"):
        events.setdefault(row["ticket_id"], []).append(row)
    tickets = store.rows("SELECT * FROM ticket")
    found = [words for ticket in tickets for words in _history(ticket, events.get(ticket["id"], []), key)]
    return [*found, *_clocks(store, tickets), *_messages(store, events), *_plans(store), *_closed(store, events)]


def rests(store: Store, *, business: datetime, real: datetime) -> list[str]:
    """I12: nothing waits to be sent, and no mark waits to be fired."""
    letters = store.rows("SELECT next_try_at FROM message WHERE state = 'queued' AND next_try_at IS NOT NULL")
    clocks = store.rows("SELECT ring_at FROM deadline WHERE ring_at IS NOT NULL")
    due = sum(row["next_try_at"] < real for row in letters)
    unfired = sum(row["ring_at"] < business for row in clocks)
    return [f"I12 {some} {words}" for some, words in ((due, "letters wait"), (unfired, "marks wait")) if some]


def _mac(secret: str, purpose: str, data: str) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode() + b"\0" + data.encode(), hashlib.sha256)


def _twice(clock: Row, marks: list[Row]) -> Iterator[str]:
    for mark, times in Counter(row["mark"] for row in marks).items():
        if times > 1:
            yield f"I4 clock {clock['id']} fired {mark} {times} times"


def _missing(clock: Row, marks: list[Row], then: datetime) -> Iterator[str]:
    """The breach of a promise, and no breach of one that was kept."""
    if clock["kind"] in HOUSEKEEPING:
        return
    breached = [row for row in marks if row["mark"] == BREACH]
    if clock["state"] == "running" and clock["due_at"] < then and not breached:
        yield f"I4 clock {clock['id']} ({clock['kind']}) was due {clock['due_at']} and never fired"
    ended = clock["met_at"] or clock["cancelled_at"]
    if breached and ended and ended < clock["due_at"]:
        yield f"I4 clock {clock['id']} fired although it ended before"


def _history(ticket: Row, events: list[Row], key: str) -> Iterator[str]:
    number, seqs = ticket["number"], [row["seq"] for row in events]
    if seqs != list(range(1, ticket["seq"] + 1)):
        yield f"I8 {number} counts {ticket['seq']} events and has {len(seqs)}"
    elif (events[-1]["state"], events[-1]["chain"]) != (ticket["state"], ticket["chain"]):
        yield f"I8 {number} is {ticket['state']}, its last event says {events[-1]['state']}"
    for before, after in pairwise([{"state": ""}, *events]):
        goes = after["state"] not in (before["state"], *ROAD[before["state"]].split())
        if goes and after["name"] not in FREE:
            yield f"I8 {number} went from {before['state']} to {after['state']}"
    if key and events:
        yield from _chain(number, events, key)


def _chain(number: str, events: list[Row], key: str) -> Iterator[str]:
    before = ""
    for event in events:
        said = {name: event[name] for name in CHAINED} | {"at": event["at"].astimezone(UTC).isoformat()}
        words = before + json.dumps(said, sort_keys=True, ensure_ascii=False)
        before = _mac(key, "event-chain", words).hex()
        if before != event["chain"]:
            yield f"I8 {number}: event {event['seq']} does not fit the chain"
            return


def _clocks(store: Store, tickets: list[Row]) -> Iterator[str]:
    running: dict[int, set[str]] = {}
    for row in store.rows("SELECT ticket_id, kind FROM deadline WHERE state IN ('running', 'paused')"):
        running.setdefault(row["ticket_id"], set()).add(row["kind"])
    for ticket in tickets:
        if ticket["state"] in OWED and not running.get(ticket["id"], set()) & OWED[ticket["state"]]:
            yield f"{ticket['number']} is {ticket['state']} and no clock runs"


def _messages(store: Store, events: dict[int, list[Row]]) -> Iterator[str]:
    """Whoever an event says it told has a message of it."""
    said = "SELECT DISTINCT event_id, person_id FROM message WHERE event_id IS NOT NULL AND person_id IS NOT NULL"
    owed = {(row["event_id"], row["person_id"]) for row in store.rows(said)}
    for event in (event for some in events.values() for event in some):
        for person in event["told"]:
            if (event["id"], person) not in owed:
                yield f"event {event['id']} told {person}, who has no message of it"


def _plans(store: Store) -> Iterator[str]:
    """I9: who approved is neither author nor implementer, what was decided on is what stands there, and once."""
    said = """SELECT p.id, p.digest AS now, a.digest, a.decision, a.decided_by_id, a.author_id FROM plan p
              JOIN approval a ON a.plan_id = p.id WHERE a.decision IN ('approved', 'returned')"""
    for row in store.rows(said):
        if row["decided_by_id"] == row["author_id"]:
            yield f"I9 plan {row['id']} was decided by its author"
        if row["digest"] != row["now"]:
            yield f"I9 plan {row['id']} was decided on another digest"
    said = """SELECT DISTINCT w.plan_id FROM work_step w JOIN approval a ON a.plan_id = w.plan_id
              WHERE a.decision = 'approved' AND a.decided_by_id = w.person_id"""
    yield from (f"I9 plan {row['plan_id']} was carried out by who approved it" for row in store.rows(said))


def _closed(store: Store, events: dict[int, list[Row]]) -> Iterator[str]:
    """I10: closed means that somebody confirmed, or that the silence was long enough, in the round that was closed."""
    answers = {row["ticket_id"] for row in store.rows("SELECT ticket_id FROM confirmation")}
    joint = {row["ticket_id"] for row in store.rows("SELECT ticket_id FROM verification WHERE with_reporter")}
    for ticket_id, some in events.items():
        names = {event["name"] for event in some}
        if "closed" in names and ticket_id not in answers | joint:
            yield f"I10 ticket {ticket_id} was closed and nobody confirmed"


def complaints(*found: Any) -> list[str]:
    """All of them, those of each invariant cut short."""
    return [words for some in found for words in list(some)[:5]]
