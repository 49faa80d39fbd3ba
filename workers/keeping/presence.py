"""Whether somebody is at home: a lock that every process of a running house holds, and a restore must have alone."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

FILE = "running"
UNFINISHED = "restore-unfinished"  # what stands in it is where the former data lies


def come_home(home: Path) -> IO[str]:
    """Hold the door as long as the file that is returned is open, in children too. Exits during a restore."""
    if (mark := home / UNFINISHED).exists():
        sys.exit(f"A restore was broken off: say it once more. The former data lies in {mark.read_text()}.")
    file = (home / FILE).open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("A backup is being restored; wait until it is done.")
    return file


@contextmanager
def nobody_home(home: Path) -> Iterator[None]:
    """Inside, nobody can come home. Exits with one sentence while somebody is there."""
    with (home / FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("The house is running: stop it first (Ctrl-C), then restore.")
        yield
