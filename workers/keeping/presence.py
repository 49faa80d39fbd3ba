"""Whether somebody is at home: a lock that every process of a running house holds, and a restore must have alone."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from models.ground import clock, disk

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


def aside_in(home: Path) -> Path:
    """A new folder for what is moved out of the way, named by the time."""
    name = f"before-{clock.real_now():%Y%m%d-%H%M%S}"
    taken = len(list(home.glob(f"{name}*")))
    folder = home / (f"{name}-{taken}" if taken else name)
    folder.mkdir()
    return folder


def shut(home: Path, aside: Path) -> None:
    """A restore begins to move things: nobody comes home until it is finished. Said once more, the former data still
    lies where the first one has put it."""
    if not (mark := home / UNFINISHED).exists():
        mark.write_text(str(aside))
        disk.sync_folder(home)


def open_again(home: Path) -> None:
    """The restore is whole."""
    (home / UNFINISHED).unlink()
    disk.sync_folder(home)


@contextmanager
def nobody_home(home: Path) -> Iterator[None]:
    """Inside, nobody can come home. Exits with one sentence while somebody is there."""
    with (home / FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("The house is running: stop it first (Ctrl-C), then say this once more.")
        yield
