"""A backup of everything, made while the house runs: the database as it was at one moment, then what its rows name."""

import shutil
from pathlib import Path

from app import Settings
from models.ground import clock
from workers.keeping import asking, store
from workers.keeping.asking import NotPossible
from workers.keeping.databases import database_at
from workers.keeping.files import gather
from workers.keeping.store import FILES, SUMS, Backup, Damaged, Manifest

ROOM = 1.1  # as much space again, and a little


def make(settings: Settings, folder: Path) -> Backup:
    """Make one, and give it back once it is on the disk. Raises NotPossible."""
    database = database_at(settings.database_url)
    with store.making(folder) as new:
        _need_room(new, database.size())
        made_at = clock.real_now()
        copy = new / ("database.sqlite3" if database.name == "sqlite" else "database.dump")
        with database.copied(copy) as ask:
            counts, head, migration = asking.counts(ask), asking.head(ask), asking.migration(ask)
            rows = ask(asking.ATTACHMENTS)
        sums, absent = gather(rows, settings.home / FILES, new, _former(folder))
        sums[copy.name] = store.sum_of(copy)
        store.write(new / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
        size = sum(path.stat().st_size for path in new.rglob("*") if path.is_file())
        manifest = Manifest(
            made_at=made_at.isoformat(), engine=database.name, server=database.server, bytes=size,
            sums=store.sum_of(new / SUMS), absent=absent, counts=counts, head=head, migration=migration,
        )  # fmt: skip
        store.seal(new, manifest)
    return store.find(folder, new.name.removeprefix(store.MAKING))


def _former(folder: Path) -> Path | None:
    """The newest backup before this one: what it has need not be copied again."""
    try:
        return next((each.folder for each in store.all_in(folder)), None)
    except Damaged:
        return None


def _need_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size * ROOM:
        raise NotPossible(f"{size / 1e6:.0f} MB are needed in {folder.parent}, and {free / 1e6:.0f} MB are free")
