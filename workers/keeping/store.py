"""Where backups lie, and what makes one: it is called by its name only once it is whole.

A backup is a folder: the database, the attachments, `SHA256SUMS` as sha256sum(1) reads it, and `manifest.json`, which
holds the digest of that list and is sealed with the key of the house.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hmac import compare_digest
from pathlib import Path

from models.ground import clock, disk, tokens

FOLDER = "backups"
MAKING = ".making-"
NAME = re.compile(r"\d{8}-\d{6}(-\d+)?")
MANIFEST, SUMS, FILES = "manifest.json", "SHA256SUMS", "files"
FORMAT = 1
KEY_MARK = "which-key"


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `head` is the newest event: its number and its chain value."""

    made_at: str
    engine: str
    server: str
    migration: str
    counts: dict[str, int]
    head: list[int | str]
    bytes: int
    sums: str
    absent: list[str] = field(default_factory=list)  # attachments that were missing or damaged when it was made
    key: str = ""
    format: int = FORMAT

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.made_at)

    @property
    def database(self) -> str:
        return "database.sqlite3" if self.engine == "sqlite" else "database.dump"


@dataclass(frozen=True)
class Backup:
    """One that is whole, as far as its name goes."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def database(self) -> Path:
        return self.folder / self.manifest.database


class Damaged(Exception):
    """A backup that cannot be trusted, in one sentence."""


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A folder to fill, under a name that passes for nothing. Left without an error, it becomes a backup.

    One at a time; what a killed one has left is taken away first. Exits when another is being made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("Another backup is being made.")
        for left in folder.glob(f"{MAKING}*"):
            shutil.rmtree(left)
        new = folder / f"{MAKING}{_new_name(folder)}"
        new.mkdir(mode=0o700)
        try:
            yield new
        except BaseException:
            shutil.rmtree(new)
            raise
        sync_folders(new)
        new.rename(folder / new.name.removeprefix(MAKING))
        disk.sync_folder(folder)


def seal(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, which only this key can have written."""
    said = asdict(manifest) | {"key": key_mark()}
    text = json.dumps(said | {"seal": _sealed(said)}, indent=1, ensure_ascii=False)
    write(folder / MANIFEST, text + "\n")


def all_in(folder: Path) -> list[Backup]:
    """Every backup that can be read, the newest first; what has no manifest is none."""
    return [found for found in map(_readable, _named_in(folder)) if found]


def unreadable_in(folder: Path) -> list[str]:
    """The names of those whose manifest cannot be trusted."""
    return [path.name for path in _named_in(folder) if _readable(path) is None]


def find(folder: Path, name: str) -> Backup:
    """The backup of this name; `newest` is one too. Exits when there is none, raises Damaged when it cannot be read."""
    if name == "newest":
        if found := all_in(folder):
            return found[0]
    elif NAME.fullmatch(name) and (folder / name).is_dir():
        return Backup(folder / name, read_manifest(folder / name))
    sys.exit(f"There is no backup {name} in {folder}. See: ./run backup list")


def read_manifest(folder: Path) -> Manifest:
    """What it says of itself. Raises Damaged."""
    try:
        said = json.loads((folder / MANIFEST).read_text())
        sealed = said.pop("seal")
        manifest = Manifest(**said)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Damaged(f"{MANIFEST} cannot be read: {error}.") from error
    if manifest.format > FORMAT:
        raise Damaged("it was made by a newer version of Bihuan.")
    if manifest.key == key_mark() and not compare_digest(sealed, _sealed(said)):
        raise Damaged(f"{MANIFEST} was changed after it was written.")
    return manifest


def key_mark() -> str:
    """Tells one secret key from another, and nothing else of it."""
    return tokens.derive(KEY_MARK, "")[:12]


def sum_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write(path: Path, text: str) -> None:
    """Write a small file, to the disk."""
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Have its content on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folders(top: Path) -> None:
    """Have the names in all folders below on the disk."""
    for path, _folders, _files in os.walk(top):
        disk.sync_folder(Path(path))


def _named_in(folder: Path) -> list[Path]:
    found = (p for p in folder.glob("*") if NAME.fullmatch(p.name) and (p / MANIFEST).exists())
    return sorted(found, reverse=True)


def _readable(path: Path) -> Backup | None:
    try:
        return Backup(path, read_manifest(path))
    except Damaged:
        return None


def _sealed(said: dict[str, object]) -> str:
    return tokens.mac("backup", json.dumps(said, sort_keys=True).encode()).hex()


def _new_name(folder: Path) -> str:
    name = f"{clock.real_now():%Y%m%d-%H%M%S}"
    taken = len(list(folder.glob(f"{name}*")))
    return f"{name}-{taken}" if taken else name
