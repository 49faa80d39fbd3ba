"""The sent-journal: every letter that a mail server has taken, in files beside the database (safety rule 11).

A restore takes the database back to an earlier hour, but not the letters that have left since: this is what it asks.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from models.ground import clock, disk, tokens

FOLDER = "sent"
BEGUN = "begun"
LINE = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00) (?P<word><\S+>|begun)(?: [0-9a-f]{16})?")
BEFORE = timedelta(days=1)  # a letter that was on its way when the copy was made


def keep_from_now(home: Path) -> None:
    """Say since when the journal is kept; once."""
    if not any((home / FOLDER).glob("*.log")):
        _append(home, [BEGUN])


def note(home: Path, message_ids: Iterable[str], *, reader: str) -> None:
    """A server has taken these for `reader`. On the disk when this returns. Raises OSError."""
    whose = tokens.mac("sent-to", reader.lower().encode()).hex()[:16]
    _append(home, [f"{each} {whose}" for each in message_ids])


def sent_since(home: Path, at: datetime) -> Iterator[str]:
    """The Message-IDs of all letters that left after `at`, and of those that may have been on their way then."""
    since = at - BEFORE
    for said_at, word in _lines(home, first_month=f"{since:%Y-%m}"):
        if word != BEGUN and said_at >= since:
            yield word


def knows(home: Path, message_id: str) -> bool:
    """Whether this one left from here: this month, or the one before."""
    wanted = f" {message_id} ".encode()
    return any(wanted in file.read_bytes() for file in sorted((home / FOLDER).glob("*.log"))[-2:])


def goes_back_to(home: Path, at: datetime) -> bool:
    """Whether every letter that left after `at` is in it."""
    begun = next((said_at for said_at, _ in _lines(home)), None)
    return begun is not None and begun <= at


def _append(home: Path, words: list[str]) -> None:
    now = clock.real_now()
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    disk.append(folder / f"{now:%Y-%m}.log", "".join(f"{now.isoformat()} {word}\n" for word in words))


def _lines(home: Path, first_month: str = "") -> Iterator[tuple[datetime, str]]:
    """What a power cut has torn is passed over."""
    for file in sorted((home / FOLDER).glob("*.log")):
        if file.stem < first_month:
            continue
        for line in file.read_text(errors="replace").splitlines():
            if found := LINE.fullmatch(line):
                yield datetime.fromisoformat(found["at"]), found["word"]
