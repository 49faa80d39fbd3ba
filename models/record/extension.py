"""Extensions (延期申请, P4.6): more time asked for before the due time, and what the supervisor said."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.people.person import Person
from models.record.ticket import Ticket

PENDING, GRANTED, REFUSED, LAPSED = "", "granted", "refused", "lapsed"


class Extension(Base):
    """One request. Granted, it adds its minutes to the clocks of the obligation that began at `counts_from`."""

    __tablename__ = "extension"
    __table_args__ = (Index(None, "outcome", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    counts_from: Mapped[datetime] = mapped_column(Instant)  # when the clocks that it moves were started
    was_due_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)  # the new time that was asked for, within service hours
    minutes: Mapped[float]  # what lies between the two on the clock's own basis
    reason: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(10), default=PENDING)
    comment: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket: Mapped[Ticket] = relationship()
    asked_by: Mapped[Person] = relationship(foreign_keys=asked_by_id)
    decided_by: Mapped[Person | None] = relationship(foreign_keys=decided_by_id)


def extensions_of(ticket: Ticket) -> list[Extension]:
    """Every request of the ticket, oldest first."""
    return list(db.session.scalars(select(Extension).where(Extension.ticket_id == ticket.id).order_by(Extension.id)))


def pending_extension(ticket: Ticket) -> Extension | None:
    """The request that waits for a decision; there is at most one."""
    waiting = select(Extension).where(Extension.ticket_id == ticket.id, Extension.outcome == PENDING)
    return db.session.scalar(waiting.limit(1))
