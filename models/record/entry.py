"""Entries: every text that people write on a ticket. Internal and customer-visible never mix (P6.6)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant
from models.people.person import Person

PUBLIC_KINDS = ("update", "question", "supplement", "result", "feedback")
INTERNAL_KINDS = ("note", "step", "call", "review", "reason", "title")


class Entry(Base):
    """A text on the ticket; never edited, only redacted with a reason (P11.7)."""

    __tablename__ = "entry"
    __table_args__ = (Index(None, "ticket_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    public: Mapped[bool]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    author_name: Mapped[str] = mapped_column(String(80), default="")  # of somebody without an account
    body: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text, default="")  # what was seen, of an investigation step (P6.2)
    created_at: Mapped[datetime] = mapped_column(Instant)
    redacted_at: Mapped[datetime | None] = mapped_column(Instant)
    redacted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    redaction_reason: Mapped[str] = mapped_column(String(200), default="")
    author: Mapped[Person | None] = relationship(foreign_keys=author_id)
