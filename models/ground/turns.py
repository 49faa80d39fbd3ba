"""Writers take turns. SQLite lets those who wait poll with growing pauses; a queue of our own hands over at once.

Only a courtesy: BEGIN IMMEDIATE still decides, so another program, or a writer that gave up waiting, is safe too.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

from models.ground import clock

PATIENCE = 5.0  # seconds; then SQLite's own busy time-out begins
POLL = 0.0005  # seconds between two looks at another process's turn

_turn = threading.Lock()


@contextmanager
def turn(database: str | None) -> Iterator[None]:
    """Hold the one turn to write into this SQLite file, among the threads and processes of this machine."""
    if not database or database == ":memory:":
        yield
        return
    until = clock.steady() + PATIENCE
    ours = _turn.acquire(timeout=PATIENCE)
    try:
        with _held(f"{database}-turn", until):
            yield
    finally:
        if ours:
            _turn.release()


@contextmanager
def _held(path: str, until: float) -> Iterator[None]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _wait(descriptor, until)
        yield
    finally:
        os.close(descriptor)  # lets go of the lock as well


def _wait(descriptor: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if clock.steady() > until:
                return
            sleep(POLL)
