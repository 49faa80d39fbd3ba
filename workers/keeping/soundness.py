"""Whether a backup can be trusted: every byte by its digest, the database by itself, the record by its chains."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from app import Settings, create_app
from models.clockwork.chains import Count, walk_deeds, walk_tickets
from models.ground.db import db
from models.record.attachment import Attachment
from models.record.event import Event
from workers.keeping.asking import COUNTED, NotPossible, Unreadable
from workers.keeping.databases import database_at
from workers.keeping.files import place_of
from workers.keeping.store import FILES, MANIFEST, SUMS, Backup, key_mark, sum_of

MOST_NAMED = 20
Sums = dict[str, str]  # path → digest
Inside = Callable[[Backup, Sums], Iterable[str]]


@dataclass
class Findings:
    """What is wrong, and what could not be looked at."""

    wrong: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def look_at(backup: Backup, settings: Settings) -> Findings:
    """Whether it is, byte by byte, what was copied, and has what its rows name: what a restore needs to know."""
    return _look(backup, settings, _of_rows)


def look_through(backup: Backup, settings: Settings) -> Findings:
    """The same; and the database against its own indexes and keys, and every row of the record against its chain."""
    found = _look(backup, settings, _of_everything)
    if not found.wrong:
        found.wrong += [f"the database: {each}" for each in database_at(settings.database_url).faults(backup.database)]
    return found


def _look(backup: Backup, settings: Settings, inside: Inside) -> Findings:
    found = Findings()
    sums = _listed(backup, found)
    found.wrong += _of_bytes(backup, sums)
    if not found.wrong:
        _look_inside(backup, settings, found, lambda: inside(backup, sums))
    found.wrong[MOST_NAMED:-1] = []
    return found


def _listed(backup: Backup, found: Findings) -> Sums:
    """Path → digest, of everything that is a part of it."""
    path = backup.folder / SUMS
    if not path.exists() or sum_of(path) != backup.manifest.sums:
        found.wrong.append(f"{SUMS} is not the list that was written")
        return {}
    lines = (line.split("  ", 1) for line in path.read_text().splitlines())
    return {name: digest for digest, name in lines}


def _of_bytes(backup: Backup, sums: Sums) -> Iterator[str]:
    there = {p.relative_to(backup.folder).as_posix() for p in backup.folder.rglob("*") if p.is_file()}
    for name, digest in sums.items():
        if name not in there:
            yield f"{name} is missing"
        elif sum_of(backup.folder / name) != digest:
            yield f"{name} is damaged"
    yield from (f"{name} does not belong to it" for name in sorted(there - set(sums) - {MANIFEST, SUMS}))


def _look_inside(backup: Backup, settings: Settings, found: Findings, look: Callable[[], Iterable[str]]) -> None:
    try:
        with database_at(settings.database_url).laid_out(backup.database) as url:
            inside = settings.model_copy(update={"database_url": url, "home": backup.folder})
            with create_app(inside).app_context():
                found.wrong += look()
                db.session.remove()
                db.engine.dispose()
    except DatabaseError as error:
        found.wrong.append(f"the database: {error.orig}")
    except Unreadable as reason:
        found.wrong.append(f"the database: {reason}")
    except NotPossible as reason:
        found.unseen.append(f"what is inside: {reason}")
    if backup.manifest.key != key_mark():
        found.unseen.append("its seal and its chains: it was made under another secret key")


def _of_everything(backup: Backup, sums: Sums) -> Iterator[str]:
    yield from _of_rows(backup, sums)
    if backup.manifest.key == key_mark():
        yield from _of_chains()


def _of_rows(backup: Backup, sums: Sums) -> Iterator[str]:
    """Whether what the manifest counts and the rows name is there."""
    for table in COUNTED:
        count = db.session.scalar(db.select(db.func.count()).select_from(db.metadata.tables[table]))
        if count != backup.manifest.counts[table]:
            yield f"{table}: {count} rows instead of {backup.manifest.counts[table]}"
    newest = db.session.execute(select(Event.id, Event.chain).order_by(Event.id.desc()).limit(1)).one_or_none()
    if list(newest or (0, "")) != backup.manifest.head:
        yield "the newest event is another one"
    rows = select(Attachment.key, Attachment.sha256).where(Attachment.ticket_id.is_not(None), Attachment.size > 0)
    for key, digest in db.session.execute(rows):
        if sums.get(f"{FILES}/{place_of(key)}") != digest and key not in backup.manifest.absent:
            yield f"attachment {key} is missing"


def _of_chains() -> Iterator[str]:
    """Every ticket's events with their texts, and the deeds, against their chains."""
    seen, others = Count(), 0
    for nth, finding in enumerate(chain(walk_tickets(seen), walk_deeds(seen))):
        if nth < MOST_NAMED:
            yield f"{finding.row}: {finding.what}"
        else:
            others += 1
    if others:
        yield f"and {others} more rows"
