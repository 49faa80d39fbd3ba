"""Attachments: the row here, the bytes in a file named by our own id. Written before the row, never lost (P2.3)."""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import puremagic
import structlog
from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.db import Base, Instant, after_commit, command, db
from models.ground.errors import Invalid, NoRoom
from models.record.draft import keys_in_drafts

MOST_FILES = 50  # that one form may send
log = structlog.get_logger("attachment")
_folder = Path("var/files")
UNSENT_FOR, ROWLESS_FOR = timedelta(days=1), timedelta(hours=1)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_EMPTY = hashlib.sha256(b"").hexdigest()
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")


class Attachment(Base):
    """A file on a ticket; without a ticket it belongs to a form that has not been accepted yet."""

    __tablename__ = "attachment"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)  # unguessable; what forms and addresses carry
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    work_step_id: Mapped[int | None] = mapped_column(ForeignKey("work_step.id"), index=True)  # evidence (P8.1)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"), index=True)  # what a round decides on (P7)
    public: Mapped[bool] = mapped_column(default=True)
    name: Mapped[str] = mapped_column(String(255))
    shows: Mapped[str] = mapped_column(String(200), default="")  # what a picture is of
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]  # bytes
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def path(self) -> Path:
        return _folder / self.key[:2] / self.key

    @property
    def is_of_report(self) -> bool:
        """Whether it came with the report itself, and with no text, plan or step of the work."""
        return self.entry_id is None and self.plan_id is None and self.work_step_id is None

    @property
    def is_image(self) -> bool:
        return self.media_type in IMAGES


def use_folder(folder: Path) -> None:
    """Keep the bytes under this folder; set once when the application is made."""
    global _folder
    _folder = folder


def store(name: str, content: bytes) -> Attachment:
    """Write the bytes safely (temp, fsync, rename, fsync of the folder) and return the row to add."""
    key = secrets.token_hex(16)
    attachment = Attachment(
        key=key,
        name=_clean(name),
        media_type=_sniff(content, name),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=clock.now(),
    )
    _write(attachment.path, content)
    return attachment


def kept(keys: list[str], *, person_id: int | None, link_id: int | None = None) -> list[Attachment]:
    """Files that this person's (or link's) unfinished form has already sent."""
    if not keys:
        return []
    return list(
        db.session.scalars(
            select(Attachment)
            .where(
                Attachment.key.in_(keys),
                Attachment.ticket_id.is_(None),
                Attachment.person_id == person_id if person_id else Attachment.link_id == link_id,
            )
            .order_by(Attachment.id)
        )
    )


def attachments_of(ticket_id: int) -> list[Attachment]:
    """Every file on the ticket, oldest first."""
    return list(db.session.scalars(select(Attachment).where(Attachment.ticket_id == ticket_id).order_by(Attachment.id)))


def of_plans(ticket_id: int, keys: list[str]) -> list[Attachment]:
    """Those of these files that plans of the ticket have."""
    wanted = select(Attachment).where(Attachment.key.in_(keys), Attachment.ticket_id == ticket_id)
    return list(db.session.scalars(wanted.where(Attachment.plan_id.is_not(None)).order_by(Attachment.id)))


def copied(file: Attachment, *, person_id: int) -> Attachment:
    """The same content once more, as a row and a file of its own; runs inside a command."""
    copy = Attachment(
        key=secrets.token_hex(16), ticket_id=file.ticket_id, person_id=person_id, public=file.public, name=file.name,
        shows=file.shows, media_type=file.media_type, size=file.size, sha256=file.sha256, created_at=clock.now(),
    )  # fmt: skip
    _write(copy.path, file.path.read_bytes())
    db.session.add(copy)
    return copy


def is_intact(file: Attachment) -> bool:
    """Whether the bytes are still those that were sent."""
    if not file.path.exists():
        return False
    with file.path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256


def _clean(name: str) -> str:
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in name if c.isprintable()).strip().rstrip(". ")[-200:] or "file"


def _sniff(content: bytes, name: str) -> str:
    try:
        return str(puremagic.from_string(content, mime=True, filename=name)) or "application/octet-stream"
    except (puremagic.PureError, ValueError):
        return "application/octet-stream"


def _write(path: Path, content: bytes) -> None:
    try:
        _write_safely(path, content)
    except OSError as error:
        if error.errno in FULL:
            raise NoRoom(
                "The server's disk is full. Nothing was saved; please tell an administrator, and try again."
            ) from error
        raise


def _write_safely(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def attach(
    keys: list[str],
    *,
    ticket_id: int,
    person_id: int | None,
    link_id: int | None,
    public: bool,
    entry_id: int | None = None,
) -> list[Attachment]:
    """Move files that the actor's form has sent onto the ticket; runs inside a command. All of them, or Invalid."""
    if len(wanted := set(keys)) > MOST_FILES:
        raise Invalid("At most %(most)s files at a time, please.", field="files", most=MOST_FILES)
    files = kept(keys, person_id=person_id, link_id=link_id)
    if len(files) < len(wanted):
        raise Invalid("A file that you had added is no longer here. Please add it again.", field="files")
    for file in files:
        file.ticket_id, file.entry_id, file.public = ticket_id, entry_id, public
    return files


@command
def remove_orphans() -> int:
    """Remove forms' files that nobody sent for a day, unless a draft holds them, and bytes without a row for an hour
    (safety rule 16).

    Returns how many files went. Asked again while deleting: a form may be attaching one at this moment.
    """
    now = clock.real_now()
    stale = (Attachment.ticket_id.is_(None), Attachment.created_at < now - UNSENT_FOR)
    old = set(db.session.scalars(select(Attachment.key).where(*stale))) - keys_in_drafts()
    db.session.execute(delete(Attachment).where(Attachment.key.in_(old), *stale))
    has_bytes = (Attachment.size > 0) | (Attachment.sha256 == _EMPTY)  # what was redacted has a row and no bytes
    known = set(db.session.scalars(select(Attachment.key).where(has_bytes)))
    gone = [path for path in _folder.glob("??/*") if path.stem not in known and _age(path, now) > ROWLESS_FOR]
    after_commit(partial(unlink, gone))
    return len(gone)


def unlink(paths: Iterable[Path]) -> None:
    """Remove bytes, once nothing brings their row back; what cannot be removed is in the log."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            log.exception("a file could not be removed", file=path.name)


def _age(path: Path, now: datetime) -> timedelta:
    try:
        return timedelta(seconds=now.timestamp() - path.stat().st_mtime)
    except FileNotFoundError:  # it has just got its name
        return timedelta()
