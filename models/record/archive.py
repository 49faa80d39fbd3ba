"""The archive: a frozen copy of the whole record with its digest (P11.3)."""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.db import Base, Instant
from models.record.ticket import Ticket


class ArchiveRecord(Base):
    """What was known when the ticket was archived. The database refuses to change it."""

    __tablename__ = "archive_record"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    archived_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def is_sound(self) -> bool:
        """Whether the content is still what was frozen."""
        return self.digest == _digest(self.content)


def freeze(ticket: Ticket, content: dict[str, Any]) -> ArchiveRecord:
    """The row that keeps `content`, which must be plain JSON values."""
    return ArchiveRecord(ticket_id=ticket.id, content=content, digest=_digest(content), archived_at=clock.now())


def _digest(content: dict[str, Any]) -> str:
    said = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def redact(record: ArchiveRecord, secret: str, mark: str) -> str:
    """Take `secret` out of the frozen record and return its new digest, which the redaction's event must carry.

    The row itself is changed by the caller after that event, or the database refuses (P11.3, P11.7).
    """
    record.content = _without(record.content, secret, mark)
    record.digest = _digest(record.content)
    return record.digest


def _without(value: Any, secret: str, mark: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, secret, mark) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, secret, mark) for inner in value]
    return value.replace(secret, mark) if isinstance(value, str) else value
