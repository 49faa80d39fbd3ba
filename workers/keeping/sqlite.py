"""Copies of an SQLite database: a few pages at a time from one snapshot, while others read and write."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import sleep
from urllib.parse import quote

from sqlalchemy import URL

from models.ground.disk import sync
from workers.keeping.asking import Ask

NAME = "sqlite"
PAGES = 1_000  # of 4 kB in one step
PAUSE = 0.002  # seconds between two steps, for those who are at work
SYNC_EVERY = 8  # steps: what waits for the disk must not wait behind all of it
TAILS = ("", "-wal", "-shm")


class Sqlite:
    """The one file of the house, and what belongs to it."""

    name = NAME

    def __init__(self, url: URL) -> None:
        self.file = Path(url.database or "")

    @property
    def server(self) -> str:
        return sqlite3.sqlite_version

    def size(self) -> int:
        """Bytes that a copy takes."""
        return sum(tail.stat().st_size for tail in self._parts())

    @contextmanager
    def copied(self, target: Path) -> Iterator[Ask]:
        """Copy it to `target`; what is asked meanwhile is asked of the copy."""
        target.touch(mode=0o600)
        with closing(sqlite3.connect(self.file, isolation_level=None)) as source, closing(_bare(target)) as copy:
            source.execute("PRAGMA query_only=ON")
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM sqlite_master").fetchone()  # from here on it sees one moment
            with target.open("rb") as written:
                source.backup(copy, pages=PAGES, progress=_gently(written.fileno()))
                source.execute("ROLLBACK")
                source.execute("PRAGMA wal_checkpoint(PASSIVE)")  # what has piled up meanwhile, in no writer's way
                os.fsync(written.fileno())
            yield lambda words: copy.execute(words).fetchall()

    @contextmanager
    def laid_out(self, copy: Path) -> Iterator[str]:
        """The URL under which the copy can be read. Nothing is written, not even beside it."""
        yield f"sqlite:///file:{quote(str(copy))}?mode=ro&immutable=1&uri=true"

    def faults(self, copy: Path) -> list[str]:
        """What SQLite itself finds wrong in the copy."""
        try:
            with closing(sqlite3.connect(f"file:{quote(str(copy))}?mode=ro&immutable=1", uri=True)) as opened:
                found = [row[0] for row in opened.execute("PRAGMA integrity_check(5)")]
                lost = opened.execute("PRAGMA foreign_key_check").fetchmany(5)
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [each for each in found if each != "ok"] + [f"{row[0]} {row[1]} refers to nothing" for row in lost]

    def make_ready(self, copy: Path) -> None:
        """Lay the copy beside the database, on the same disk."""
        shutil.copyfile(copy, self._ready)
        with self._ready.open("rb") as file:
            os.fsync(file.fileno())

    def take_place(self, aside: Path) -> None:
        """What is there goes aside, and what is ready takes its place."""
        for part in self._parts():
            shutil.move(part, aside / part.name)
        self._ready.rename(self.file)

    @property
    def _ready(self) -> Path:
        return self.file.with_name(f"{self.file.name}.restoring")

    def _parts(self) -> list[Path]:
        return [p for tail in TAILS if (p := self.file.with_name(self.file.name + tail)).exists()]


def _bare(target: Path) -> sqlite3.Connection:
    """It is thrown away unless it becomes whole, so nothing is kept to take anything back."""
    copy = sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF"):
        copy.execute(f"PRAGMA {pragma}")
    return copy


def _gently(file: int):  # type: ignore[no-untyped-def]
    steps = 0

    def pause(_status: int, _remaining: int, _total: int) -> None:
        nonlocal steps
        steps += 1
        if steps % SYNC_EVERY == 0:
            sync(file)
        sleep(PAUSE)

    return pause
