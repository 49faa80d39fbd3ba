"""Is the record still what was written? Every chain, every text in it, and what the anchor knows (safety rule 42).

It only reads, and repairs nothing. Memory does not grow with the desk.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import func, select, text

from models.clockwork import anchor
from models.clockwork.anchor import (
    ACKNOWLEDGED,
    NOTHING,
    PARTED,
    RESTORED,
    End,
    Span,
    end_of,
    fold,
    in_spans,
    in_words,
    spans_of,
)
from models.clockwork.chains import CHANGED, PUT_IN, REMOVED, Count, Finding, numbered, walk_deeds, walk_tickets
from models.ground import clock, tokens
from models.ground.book import Book, Gap, Line
from models.ground.db import db, is_sqlite
from models.record.deed import Deed
from models.record.heartbeat import Heartbeat

BOOK = "book"  # what is wrong with the checkpoints themselves
MOST = 1_000  # findings that are named; more are only counted
NAMED_ON_PAGES = 20
FILE = "verdict.json"
SLOW_BEAT = timedelta(seconds=5)  # between a line in the book and its heartbeat
ELSEWHERE_LIVES = timedelta(hours=3)  # another machine's book is written at least every hour


@dataclass
class Verification:
    """What was looked at and what is wrong; `known` are findings that somebody has acknowledged."""

    count: Count = field(default_factory=Count)
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    unnamed: int = 0
    known: list[Finding] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_sound(self) -> bool:
        return not self.findings


@dataclass(frozen=True)
class Said:
    """What the last verification on this machine said, as pages show it."""

    at: datetime
    tickets: int
    events: int
    deeds: int
    texts: int
    checkpoints: int
    findings: int
    known: int
    named: list[list[str]]  # what, which row


def verify(known: tuple[int, str] | None = None) -> Verification:
    """Look at everything. `known`: the number of an event and the digest up to it, from a letter or a log.

    Whatever it finds is no error; raises SQLAlchemyError when the database does not answer.
    """
    began, seen = clock.steady(), Verification()
    book = anchor.book()
    pages = _read_book(book)  # before the database: whatever these lines know must be there
    _see_one_moment()
    for finding in chain(_all(seen, book, pages), _unlike(known) if known else ()):
        if finding.key in pages.acknowledged:
            seen.known.append(finding)
        elif len(seen.findings) < MOST:
            seen.findings.append(finding)
        else:
            seen.unnamed += 1
    db.session.rollback()
    seen.checkpoints, seen.seconds = pages.lines, clock.steady() - began
    return seen


def keep(seen: Verification) -> None:
    """For the page: what was found, beside the checkpoints."""
    said = asdict(seen.count) | {
        "at": clock.real_now().isoformat(),
        "checkpoints": seen.checkpoints,
        "findings": len(seen.findings) + seen.unnamed,
        "known": len(seen.known),
        "named": [[finding.what, finding.row] for finding in seen.findings[:NAMED_ON_PAGES]],
    }
    folder = anchor.book().folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f"{FILE}.new"
    new.touch(mode=0o600)
    new.write_text(json.dumps({"said": said, "mac": _mac(said)}))
    os.replace(new, folder / FILE)


def last_said() -> Said | None:
    """The last verdict that was kept on this machine; None when there is none, or when it was forged."""
    try:
        kept = json.loads((anchor.book().folder / FILE).read_text())
        if kept["mac"] != _mac(kept["said"]):
            return None
        return Said(**kept["said"] | {"at": datetime.fromisoformat(kept["said"]["at"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _mac(said: dict[str, Any]) -> str:
    return tokens.mac("verdict", json.dumps(said, sort_keys=True).encode()).hex()


def _see_one_moment() -> None:
    """Everything is read as it was at one instant."""
    db.session.rollback()
    if not is_sqlite():  # there every reader sees one instant anyway
        db.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def _all(seen: Verification, book: Book, pages: "_Pages") -> Iterator[Finding]:
    yield from walk_tickets(seen.count)
    yield from walk_deeds(seen.count)
    yield from pages.findings
    yield from _compare(book, pages)
    yield from _witnesses(book)


# --- the book by itself


@dataclass
class _Pages:
    """What one pass over the book says of the second one."""

    lines: int = 0
    last: Line | None = None
    passed: list[Span] = field(default_factory=list)  # numbers of lines on another way than the database's
    acknowledged: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def counts(self, number: int) -> bool:
        """Whether the line was there at the first pass, and speaks of the database as it is now."""
        was_there = self.last is not None and number <= self.last["number"]
        return was_there and not any(first <= number <= last for first, last in self.passed)


def _read_book(book: Book) -> _Pages:
    pages = _Pages()
    for line in book.read():
        if isinstance(line, Gap):
            pages.findings.append(Finding(BOOK, f"checkpoints after {line.after} in {line.file}"))
            continue
        pages.lines += 1
        if line["kind"] == ACKNOWLEDGED:
            pages.acknowledged |= set(line["known"])
        if line["kind"] in (RESTORED, PARTED):
            pages.passed.append((line["fork"] + 1, line["number"] - 1))
            pages.findings.append(_lost(pages.last, line))
        pages.last = line
    return pages


def _lost(before: Line | None, line: Line) -> Finding:
    """What a restore has taken away; the database is not asked."""
    was, now = end_of(before), end_of(line)
    lost = [f"{name} {_span(have + 1, had)}" for name, had, have in
            (("events", was.event, now.event), ("deeds", was.deed, now.deed)) if had > have]  # fmt: skip
    what = " and ".join(lost) or "nothing that has not come again"
    known = f", known until {before['at'][:19]}" if before else ""
    return Finding(line["kind"], f"{what}{known}: checkpoint {line['number']} of {line['at'][:19]}", line["mac"])


# --- the book and the database


def _compare(book: Book, pages: _Pages) -> Iterator[Finding]:
    """Line by line along the events, by number: what a line knows must be there, and nothing else."""
    events, end, missing = _Events(), End(), list[Span]()
    deeds = db.session.scalar(select(func.max(Deed.id))) or 0
    for line in book.read():
        if isinstance(line, Gap) or not pages.counts(line["number"]):
            continue
        come, digest = list[Span](), end.digest
        for number, link in events.until(line["event"]):
            digest = fold(digest, number, link)
            if number > line["after"]:  # what came before belongs to a line that is no more
                come = spans_of([number], come)
        known = in_spans(line["ids"])
        gone, more = _without(known, come), _without(come, known)
        missing += gone
        if more:
            yield Finding(PUT_IN, f"events {in_words(more)}: unknown to checkpoint {line['number']}")
        elif not gone and digest != line["digest"]:
            yield Finding(CHANGED, f"events {_span(end.event + 1, line['event'])}: {_not_those_of(line)}", digest)
        if line["deed"] != end.deed and line["deed"] <= deeds and _deed(line["deed"]) != line["deed_chain"]:
            yield Finding(CHANGED, f"deed {line['deed']}: {_not_those_of(line)}")
        end = end_of(line)
    for span in _joined(missing):
        yield Finding(REMOVED, f"events {in_words([span])}: known to the checkpoints")
    if end.deed > deeds:
        yield Finding(REMOVED, f"deeds {_span(deeds + 1, end.deed)}: known to the checkpoints")


def _not_those_of(line: Line) -> str:
    return f"not what checkpoint {line['number']} of {line['at'][:19]} knows"


def _unlike(known: tuple[int, str]) -> Iterator[Finding]:
    """Whether the events up to this one still are those whose digest somebody kept elsewhere."""
    digest, last = NOTHING, 0
    for number, link in _Events().until(known[0]):
        digest, last = fold(digest, number, link), number
    if (last, digest) != known:
        yield Finding(CHANGED, f"events 1-{known[0]}: not those whose digest was kept", digest)


class _Events:
    """The numbers and chain values of the events, in order; each is given once."""

    def __init__(self) -> None:
        self._rows = numbered()
        self._next = next(self._rows, None)

    def until(self, last: int) -> Iterator[tuple[int, str]]:
        """Those up to this number that were not given before."""
        while self._next and self._next[0] <= last:
            yield self._next
            self._next = next(self._rows, None)


def _deed(number: int) -> str | None:
    return db.session.scalar(select(Deed.chain).where(Deed.id == number))


def _witnesses(book: Book) -> Iterator[Finding]:
    """The database knows when each book was last written: lines torn out at the end, or a whole book, are missed."""
    own, last = anchor.witness_of(book), book.last()
    for beat in db.session.scalars(select(Heartbeat).where(Heartbeat.name.startswith(anchor.WITNESS))):
        is_own = beat.name == own
        last_at = datetime.fromisoformat(last["at"]) if last else None
        if is_own and last_at and beat.at > last_at + SLOW_BEAT:
            yield Finding(BOOK, f"checkpoints after {last_at:%Y-%m-%d %H:%M:%S}", str(beat.at))
        if not is_own and clock.real_now() - beat.at > ELSEWHERE_LIVES:
            yield Finding(
                BOOK, f"all checkpoints of another book, written until {beat.at:%Y-%m-%d %H:%M:%S}", beat.name
            )
        if not is_own and not own:
            yield Finding(BOOK, f"all checkpoints until {beat.at:%Y-%m-%d %H:%M:%S}", beat.name)


# --- spans


def _without(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What of the spans is in none of the others; both rise."""
    left: list[Span] = []
    for first, last in spans:
        for begin, end in others:
            if end < first or begin > last:
                continue
            if begin > first:
                left.append((first, begin - 1))
            first = end + 1
        if first <= last:
            left.append((first, last))
    return left


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in spans:
        if joined and joined[-1][1] == first - 1:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
