"""What the customer is told at the end, and what they say to it (P10)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.ground.errors import Invalid
from models.people.person import Person
from models.record.ticket import Ticket

FEWEST_CHECKS, MOST_CHECKS = 3, 7  # of a joint verification sheet (P10.6)


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
    asked: Mapped[str] = mapped_column(String(40), default="")  # what did not fit together and was asked about (P10.6)
    taken_by: Mapped[Person | None] = relationship()


class Check(Base):
    """One line of the joint verification sheet (共同验证单): what is looked at, and whether it holds (P10.6)."""

    __tablename__ = "joint_check"
    __table_args__ = (UniqueConstraint("ticket_id", "round", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int]
    position: Mapped[int]  # from 1
    text: Mapped[str] = mapped_column(String(200))
    answer: Mapped[str] = mapped_column(String(3), default="")  # yes, no; "" is not answered
    comment: Mapped[str] = mapped_column(String(500), default="")


def write_sheet(ticket: Ticket, texts: list[str], *, answer: str = "") -> None:
    """The checks of this round, in order; blank lines are left out. Raises Invalid for fewer than three."""
    said = [text.strip() for text in texts if text.strip()]
    if said and not FEWEST_CHECKS <= len(said) <= MOST_CHECKS:
        raise Invalid(
            "Please write %(few)s to %(many)s checks, or none.", field="checks", few=FEWEST_CHECKS, many=MOST_CHECKS
        )
    for position, text in enumerate(said, start=1):
        db.session.add(
            Check(ticket_id=ticket.id, round=ticket.round, position=position, text=text[:200], answer=answer)
        )


def sheet_of(ticket: Ticket) -> list[Check]:
    """The checks of the present round."""
    here = select(Check).where(Check.ticket_id == ticket.id, Check.round == ticket.round)
    return list(db.session.scalars(here.order_by(Check.position)))
