"""The anchor: once a minute, outside the database, how far its chains of events and deeds have come (safety rule 42).

A chain shows what was changed inside it; that its end was cut off, only somebody outside can know. Lines stand in
`anchors/` of the data folder. Any number of processes may write, and every machine has a book of its own.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy import func, select, text

from models.ground import clock
from models.ground.book import Book, Line
from models.ground.db import command, db, is_sqlite, settle
from models.ground.vocabulary import Role
from models.people.person import holders
from models.record.deed import Deed
from models.record.event import Event
from models.record.heartbeat import beat
from models.record.message import Message
from models.rules.notices import owe_person

CHECKPOINT, RESTORED, PARTED, ACKNOWLEDGED = "checkpoint", "restored", "parted", "acknowledged"
AT_LEAST_EVERY = timedelta(hours=1)  # when nothing happens
BATCH = 1_000  # events of one line, so that what is missing is missing among few
MOST_LINES = 50  # in one go; the first ones of a large desk take some minutes
PATIENCE = 5.0  # seconds in which a transaction that has taken a lower number should end
NOTHING = "0" * 64
LETTER = "checkpoint"  # the template
WITNESS = "anchor"  # before the book's own sign: the name of its heartbeat

Span = tuple[int, int]  # from, to; both are in it
Come = tuple[int, str]  # an event's number and chain value


@dataclass(frozen=True)
class End:
    """How far the chains have come. `digest` runs over the number and chain value of every event so far."""

    event: int = 0  # its number
    events: int = 0  # how many
    digest: str = NOTHING
    chain: str = ""  # of the event with that number
    deed: int = 0
    deed_chain: str = ""


def use_folder(folder: Path) -> None:
    """Keep the lines here; set once when the application is made."""
    global _book
    _book = Book(folder, "anchor", _is_whole)


def book() -> Book:
    """The lines as they stand, for whoever verifies."""
    return _book


def checkpoint() -> list[Line]:
    """Write down what has come since the last line, if something has; what was written. Raises OSError.

    When the database is not the one that the last line knows, a line of kind `parted` says so and begins anew.
    """
    db.session.rollback()  # nothing older is to be seen
    with _book.held():
        lines, last, newest = list[Line](), _book.last(), _newest_event()
        if last and not is_there(end_of(last)):
            lines.append(last := _begin_anew(last, PARTED))
        end, deed = end_of(last), _newest_deed()
        for _ in range(MOST_LINES):
            come = _read(end, newest)
            ended = replace(_after(end, come), **deed)
            if ended == end and not _is_old(last):
                break
            settle()  # what a line knows must outlive a power cut
            spans = spans_of(number for number, _ in come)
            last = _book.append(last, {"kind": CHECKPOINT} | _ends(end, ended, spans))
            lines, end = [*lines, last], ended
        if witness := witness_of(_book) if lines else "":
            beat(witness)
    return lines


def restored(source: str) -> None:
    """The database was put back from `source`: what earlier lines know beyond it is missing from now on.

    Once it is in its place; `./run audit verify` tells what is missing until somebody acknowledges it.
    """
    db.session.rollback()
    with _book.held():
        _begin_anew(_book.last(), RESTORED, source=source)


def acknowledge(known: Iterable[str], note: str) -> None:
    """Somebody has looked at these findings, by their keys; a verification tells them apart from then on."""
    with _book.held():
        last = _book.last()
        said = {"kind": ACKNOWLEDGED, "note": note, "known": sorted(known)}
        _book.append(last, said | _ends(end_of(last), end_of(last), []))


@command
def send_letter(line: Line) -> int:
    """Once a day every administrator is sent how far the record has come: what nobody can take back from a mailbox.

    How many letters are owed because of this call.
    """
    day = f"{clock.real_now():%Y-%m-%d}"
    readers = [person for person in db.session.scalars(holders(Role.ADMIN)) if person.email]
    keys = {f"{LETTER}:{day}:{person.id}": person for person in readers}
    owed = set(db.session.scalars(select(Message.key).where(Message.key.in_(keys))))
    said = {name: line[name] for name in ("number", "event", "digest", "deed")}
    for key, person in keys.items():
        if key not in owed:
            owe_person(person, LETTER, key=key, params=said)
    return len(keys) - len(owed)


def end_of(line: Line | None) -> End:
    """How far the chains had come with this line."""
    return End(**{name: line[name] for name in _FIELDS}) if line else End()


def fold(digest: str, event: int, chain: str) -> str:
    """The running digest after this event."""
    return hashlib.sha256(f"{digest}{event}:{chain}".encode()).hexdigest()


def is_there(end: End) -> bool:
    """Whether the database still has the event and the deed with which the chains ended then."""
    event = select(Event.chain).where(Event.id == end.event)
    deed = select(Deed.chain).where(Deed.id == end.deed)
    return (not end.event or db.session.scalar(event) == end.chain) and (
        not end.deed or db.session.scalar(deed) == end.deed_chain
    )


def witness_of(kept: Book) -> str:
    """The name under which the database knows when this book was last written; "" while nothing stands in it."""
    first = next((line for line in kept.read() if isinstance(line, dict)), None)
    return f"{WITNESS} {first['mac'][:16]}" if first else ""


def spans_of(numbers: Iterable[int], known: Sequence[Span] = ()) -> list[Span]:
    """Rising numbers as spans of neighbours, going on from `known`."""
    spans = list(known)
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans


def in_words(spans: Iterable[Span]) -> str:
    """The spans as a line holds them and people read them: 3-7,9."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def in_spans(words: str) -> list[Span]:
    """The same, read."""
    pairs = [part.partition("-") for part in words.split(",") if part]
    return [(int(first), int(last or first)) for first, _, last in pairs]


def _begin_anew(last: Line | None, kind: str, **said: str) -> Line:
    """Go on from the newest line that the database still knows, with everything that it has beyond that."""
    fork, newest = _newest_there(), _newest_event()
    start = end = end_of(fork)
    spans: list[Span] = []
    while come := _read(end, newest):
        end, spans = _after(end, come), spans_of((number for number, _ in come), spans)
    settle()
    known = {"kind": kind, "fork": fork["number"] if fork else 0}
    return _book.append(last, known | said | _ends(start, replace(end, **_newest_deed()), spans))


def _newest_there() -> Line | None:
    """The newest line at which the database was on its way to what it is now."""
    highest = None
    for line in _book.backwards():
        if highest is None or line["number"] <= highest:
            if is_there(end_of(line)):
                return line
            highest = line.get("fork", highest)  # before that one it was on another way
    return None


def _newest_event() -> int:
    """The highest number below which none can appear any more. 0 when somebody takes longer than our patience."""
    if is_sqlite():  # there writers take turns
        return db.session.scalar(select(func.max(Event.id))) or 0
    newest, running = db.session.execute(_NEWEST_AND_RUNNING).one()
    began = clock.steady()
    while db.session.scalar(_OLDEST_RUNNING) < running:
        if clock.steady() - began > PATIENCE:
            return 0
        sleep(0.02)
    return newest or 0


def _newest_deed() -> dict[str, Any]:
    row = db.session.execute(select(Deed.id, Deed.chain).order_by(Deed.id.desc()).limit(1)).one_or_none()
    return {"deed": row.id, "deed_chain": row.chain} if row else {"deed": 0, "deed_chain": ""}


def _read(end: End, newest: int) -> list[Come]:
    """The next events, by number."""
    wanted = select(Event.id, Event.chain).where(Event.id > end.event, Event.id <= newest)
    return [(row.id, row.chain) for row in db.session.execute(wanted.order_by(Event.id).limit(BATCH))]


def _after(end: End, come: list[Come]) -> End:
    digest = end.digest
    for number, chain in come:
        digest = fold(digest, number, chain)
    if not come:
        return end
    return replace(end, event=come[-1][0], events=end.events + len(come), digest=digest, chain=come[-1][1])


def _ends(start: End, end: End, spans: list[Span]) -> Line:
    return asdict(end) | {"after": start.event, "ids": in_words(spans)}


def _is_whole(line: Line) -> bool:
    said = all(isinstance(line.get(field.name), type(field.default)) for field in fields(End))
    return said and isinstance(line.get("kind"), str)


def _is_old(last: Line | None) -> bool:
    return last is not None and clock.real_now() - datetime.fromisoformat(last["at"]) >= AT_LEAST_EVERY


_FIELDS = tuple(asdict(End()))
_book = Book(Path("var/anchors"), "anchor", _is_whole)
_NEWEST_AND_RUNNING = text("SELECT max(id), pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM event")
_OLDEST_RUNNING = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
