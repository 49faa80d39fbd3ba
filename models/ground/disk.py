"""The disk: a commit counts once it would outlive a power cut (safety rule 15).

SQLite appends a commit to the `-wal` file and, with `synchronous=NORMAL`, leaves the waiting to us, so that it happens
after the turn: the writers behind go on meanwhile, and the kernel joins the waits of several. What a checkpoint has
moved into the database file was synced there by SQLite itself, before the log was begun anew or removed.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

sync = getattr(os, "fdatasync", os.fsync)  # macOS has the slower one only


meanwhile: ContextVar[Callable[[], object] | None] = ContextVar("meanwhile", default=None)  # called before each wait
_waits = True


@contextmanager
def waited_for_once(database: str | None) -> Iterator[None]:
    """Inside, commits are not waited for one by one, but all of them at the end: for what nobody is told of before."""
    global _waits
    _waits = False
    try:
        yield
    finally:
        _waits = True
    settle(database)


def settle(database: str | None) -> None:
    """Wait until everything committed so far is on the disk. Raises OSError when the disk refuses it."""
    if not _waits or not database or database == ":memory:":
        return
    try:
        log = os.open(f"{database}-wal", os.O_RDWR)
    except FileNotFoundError:  # removed with the last connection, after a checkpoint
        return
    try:
        if tell := meanwhile.get():
            tell()
        sync(log)
    finally:
        os.close(log)


def append(path: Path, lines: str) -> None:
    """Add whole lines to a file; one that a power cut has torn is ended first, so that it tears no other.

    They are on the disk when this returns. Raises OSError, also when there was room for a part of them only.
    """
    is_new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        content = (_ending(file) + lines).encode()
        if os.write(file, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        sync(file)
    finally:
        os.close(file)
    if is_new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in it on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _ending(file: int) -> str:
    """What ends a line that a power cut has torn."""
    size = os.fstat(file).st_size
    return "\n" if size and os.pread(file, 1, size - 1) != b"\n" else ""
