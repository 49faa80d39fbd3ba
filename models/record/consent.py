"""What the customer says to a plan that touches them, before it is carried out (方案沟通与确认, P7.4)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.people.person import Person
from models.record.plan import Plan
from models.record.ticket import Ticket


class Consent(Base):
    """The answer to one revision of a plan, kept as given: once, and never to another text."""

    __tablename__ = "consent"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))  # of the plan that was agreed to
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"))
    means: Mapped[str] = mapped_column(String(12))  # link, portal, spoken
    agreed: Mapped[bool]
    comment: Mapped[str] = mapped_column(Text, default="")
    said_by: Mapped[str] = mapped_column(String(80), default="")
    how: Mapped[str] = mapped_column(String(80), default="")  # by what means it was spoken
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    plan: Mapped[Plan] = relationship()
    taken_by: Mapped[Person | None] = relationship()


def consent_to(plan: Plan) -> Consent | None:
    """What was said to this revision, if anything."""
    return db.session.scalar(select(Consent).where(Consent.plan_id == plan.id))


def consents_of(ticket: Ticket) -> list[Consent]:
    """Every answer on the ticket, in order."""
    return list(db.session.scalars(select(Consent).where(Consent.ticket_id == ticket.id).order_by(Consent.id)))
