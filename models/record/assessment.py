"""Assessments of requests (需求评估报告, P8.3), and the delivery dates that were agreed."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.ground.vocabulary import Feasibility
from models.people.person import Person
from models.record.ticket import Ticket

AGREED, DECLINED = "agreed", "declined"


class Assessment(Base):
    """What development, test and product said of a request, what the customer was told, and what they answered."""

    __tablename__ = "assessment"
    __table_args__ = (UniqueConstraint("ticket_id", "nth"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    nth: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(12))
    technology: Mapped[str] = mapped_column(Text, default="")
    resources: Mapped[str] = mapped_column(Text, default="")
    cost: Mapped[str] = mapped_column(String(200), default="")
    development_opinion: Mapped[str] = mapped_column(Text, default="")
    development_by: Mapped[str] = mapped_column(String(80), default="")
    test_opinion: Mapped[str] = mapped_column(Text, default="")
    test_by: Mapped[str] = mapped_column(String(80), default="")
    product_opinion: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[str] = mapped_column(Text)  # for the customer, in plain words
    deliver_at: Mapped[datetime | None] = mapped_column(Instant)  # as it was proposed
    engineer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who will build it
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)

    answer: Mapped[str] = mapped_column(String(10), default="")
    means: Mapped[str] = mapped_column(String(12), default="")
    said_by: Mapped[str] = mapped_column(String(80), default="")
    how: Mapped[str] = mapped_column(String(80), default="")  # by what means it was spoken (P10.7)
    comment: Mapped[str] = mapped_column(Text, default="")
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket: Mapped[Ticket] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    engineer: Mapped[Person | None] = relationship(foreign_keys=engineer_id)
    taken_by: Mapped[Person | None] = relationship(foreign_keys=taken_by_id)

    @property
    def is_to_be_built(self) -> bool:
        return self.verdict != Feasibility.NOT_NOW


class Delivery(Base):
    """A delivery date that was agreed, or changed with a reason; the last one before a clock began is its due time."""

    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    due_at: Mapped[datetime] = mapped_column(Instant)
    at: Mapped[datetime] = mapped_column(Instant)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: whoever holds the link
    reason: Mapped[str] = mapped_column(Text, default="")
    person: Mapped[Person | None] = relationship()


def assessments_of(ticket: Ticket) -> list[Assessment]:
    """Every assessment of the request, oldest first."""
    return list(
        db.session.scalars(select(Assessment).where(Assessment.ticket_id == ticket.id).order_by(Assessment.nth))
    )


def newest_assessment(ticket: Ticket) -> Assessment | None:
    """The one that counts; its number is the round of the direction link."""
    mine = select(Assessment).where(Assessment.ticket_id == ticket.id)
    return db.session.scalar(mine.order_by(Assessment.nth.desc()).limit(1))


def next_nth(ticket: Ticket) -> int:
    """The number of the next assessment."""
    counted = select(func.max(Assessment.nth)).where(Assessment.ticket_id == ticket.id)
    return (db.session.scalar(counted) or 0) + 1


def deliveries_of(ticket: Ticket) -> list[Delivery]:
    """Every date that was agreed, oldest first."""
    return list(db.session.scalars(select(Delivery).where(Delivery.ticket_id == ticket.id).order_by(Delivery.id)))


def date_agreed(ticket_id: int, at: datetime) -> datetime | None:
    """The delivery date that counted at that moment."""
    agreed = select(Delivery.due_at).where(Delivery.ticket_id == ticket_id, Delivery.at <= at)
    return db.session.scalar(agreed.order_by(Delivery.id.desc()).limit(1))
