"""What the customer is told at the end, and what they say to it (P10)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant
from models.people.person import Person


class Resolution(Base):
    """Result, cause, measures and prevention in plain words, one a round (P10.1)."""

    __tablename__ = "resolution"
    __table_args__ = (UniqueConstraint("ticket_id", "round"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int]
    result: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    prevention: Mapped[str] = mapped_column(Text, default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)


class Confirmation(Base):
    """The customer's answer, kept as given, with its scale (客户满意度确认单, P10.3, P10.5, P10.7)."""

    __tablename__ = "confirmation"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    round: Mapped[int]
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"), unique=True)
    means: Mapped[str] = mapped_column(String(12))
    verdict: Mapped[str] = mapped_column(String(8))
    satisfaction: Mapped[str] = mapped_column(String(24), default="")
    scale: Mapped[str] = mapped_column(String(40), default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    said_by: Mapped[str] = mapped_column(String(80), default="")
    how: Mapped[str] = mapped_column(String(80), default="")  # by what means it was spoken (P10.7)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    taken_by: Mapped[Person | None] = relationship()
