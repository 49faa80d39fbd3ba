"""A book of lines in files of a folder: only ever appended to, each line chained to the one before it.

Outside the database, so that the book tells when the database has lost something. Any number of processes may write.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from models.ground import clock, disk, tokens

Line = dict[str, Any]
_in_order = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


@dataclass(frozen=True)
class Gap:
    """Where a line does not continue the one before it: after this number something was removed or changed."""

    after: int
    file: str


@dataclass(frozen=True)
class Book:
    """The folder, what the hashes of its lines are kept apart by, and whether a line has what every line has. A file a
    day, never removed."""

    folder: Path
    purpose: str
    is_whole: Callable[[Line], bool] = bool

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else appends meanwhile."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def append(self, last: Line | None, said: Line) -> Line:
        """Write the line after `last`; on the disk when this returns. Only while held. Raises OSError."""
        now = clock.real_now()
        line = said | {"number": last["number"] + 1 if last else 1, "at": now.isoformat()}
        line["mac"] = self._mac(last["mac"] if last else "", line)
        path = self.folder / f"{max(f'{now:%Y-%m-%d}', self._newest_day())}.jsonl"  # a clock may go back
        disk.append(path, _in_order(line) + "\n")
        return line

    def last(self) -> Line | None:
        """The newest line."""
        return next(self.backwards(), None)

    def backwards(self) -> Iterator[Line]:
        """Line by line from the newest; no more than a day's are in memory. What is no line of ours, `read` tells."""
        for path in reversed(self._files()):
            yield from reversed([line for line in _lines(path) if line and _is_dated(line) and self.is_whole(line)])

    def read(self) -> Iterator[Line | Gap]:
        """Every line from the first; instead of one that does not continue the one before, a Gap."""
        before, number = "", 0
        for path in self._files():
            for line in _lines(path):
                if not line:  # torn by a power cut: it was never continued, or the next one shows it
                    continue
                fits = line["number"] == number + 1 and line["mac"] == self._mac(before, line)
                yield line if fits else Gap(number, path.name)
                before, number = str(line["mac"]), int(line["number"])

    def _mac(self, before: str, line: Line) -> str:
        said = {name: value for name, value in line.items() if name != "mac"}
        return tokens.mac(self.purpose, (before + _in_order(said)).encode()).hex()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def _newest_day(self) -> str:
        return max((path.stem for path in self._files()), default="")


def _lines(path: Path) -> Iterator[Line | None]:
    """What each line says; None where it can not be read."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            yield _parsed(text)


def _is_dated(line: Line) -> bool:
    try:
        return datetime.fromisoformat(line.get("at", "")).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _parsed(text: str) -> Line | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    whole = isinstance(line, dict) and isinstance(line.get("number"), int) and isinstance(line.get("mac"), str)
    return line if whole else None
