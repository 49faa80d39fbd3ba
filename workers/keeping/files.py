"""Attachments in and out of a backup: each checked against the digest in its row, and kept once by all backups."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from workers.keeping.store import FILES, sum_of, sync_file, sync_folders

Row = tuple[str, str, int, int | None]  # key, sha256, size, ticket


def place_of(key: str) -> str:
    """Where a file lies, below the folder of files; the same in the house and in a backup."""
    return f"{key[:2]}/{key}"


def gather(rows: Iterable[Row], live: Path, new: Path, former: Path | None) -> tuple[dict[str, str], list[str]]:
    """Put the files of the rows into `new`: (path in the backup → digest, keys of those that were absent or damaged).

    A form that was never sent may have lost its file meanwhile, and a redaction leaves a row without one.
    """
    sums, absent = {}, []
    for key, digest, size, ticket in rows:
        place = f"{FILES}/{place_of(key)}"
        (new / place).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _linked(former / place if former else None, new / place, digest) or _copied(
            live / place_of(key), new / place, digest
        ):
            sums[place] = digest
        elif size and ticket is not None:
            absent.append(key)
    return sums, absent


def put_back(backup: Path, target: Path) -> None:
    """The files of a backup, as copies."""
    (backup / FILES).mkdir(exist_ok=True)
    shutil.copytree(backup / FILES, target, copy_function=_copy_to_disk)
    sync_folders(target)


def _linked(former: Path | None, new: Path, digest: str) -> bool:
    if former is None or not former.exists() or sum_of(former) != digest:
        return False
    try:
        os.link(former, new)
    except OSError:  # a disk that knows no links gets a copy
        return False
    return True


def _copied(live: Path, new: Path, digest: str) -> bool:
    try:
        shutil.copyfile(live, new)
    except FileNotFoundError:
        return False
    if sum_of(new) != digest:
        new.unlink()
        return False
    sync_file(new)
    return True


def _copy_to_disk(live: str, new: str) -> None:
    shutil.copyfile(live, new)
    sync_file(Path(new))
