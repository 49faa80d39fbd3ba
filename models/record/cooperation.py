"""Cooperation (跨部门协作, P6.4): what another department was asked through its contact, and what it answered."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, bindparam, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground.bulk import read
from models.ground.db import Base, Instant, db
from models.people.person import Person
from models.people.team import Department, Team
from models.record.ticket import Ticket

ASKED, DONE, NOT_OURS, NEEDS_TIME = "", "done", "not_ours", "needs_time"
RESULTS = (DONE, NOT_OURS, NEEDS_TIME)
UNSETTLED = (ASKED, NEEDS_TIME)  # the first owes an answer, the second has promised one


class Cooperation(Base):
    """One request. Whoever needs time has answered, and answers again when it is done."""

    __tablename__ = "cooperation"
    __table_args__ = (Index(None, "contact_id", "result", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))  # the contact's, when they were asked
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    result: Mapped[str] = mapped_column(String(12), default=ASKED)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket: Mapped[Ticket] = relationship()
    team: Mapped[Team | None] = relationship()
    department: Mapped[Department | None] = relationship()
    contact: Mapped[Person] = relationship(foreign_keys=contact_id)
    asked_by: Mapped[Person] = relationship(foreign_keys=asked_by_id)
    answered_by: Mapped[Person | None] = relationship(foreign_keys=answered_by_id)

    @property
    def place(self) -> Team | Department | None:
        """Which department was asked; None when the contact belongs to none."""
        return self.team or self.department

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is expected of the department."""
        return self.result not in UNSETTLED


def cooperations_of(ticket: Ticket) -> list[Cooperation]:
    """Every request of the ticket, oldest first."""
    return list(db.session.scalars(_OF, {"ticket": ticket.id}))


def was_asked(person_id: int, ticket_id: int) -> bool:
    """Whether the person was asked to cooperate on the ticket."""
    return read(_ASKED, {"ticket": ticket_id, "person": person_id}).first() is not None


_PEOPLE = (Cooperation.contact, Cooperation.asked_by, Cooperation.answered_by)
_OF = (
    select(Cooperation)
    .where(Cooperation.ticket_id == bindparam("ticket"))
    .order_by(Cooperation.id)
    .options(*(joinedload(person).lazyload(Person.team) for person in _PEOPLE))
)
_ASKED = (
    select(Cooperation.id)
    .where(Cooperation.ticket_id == bindparam("ticket"), Cooperation.contact_id == bindparam("person"))
    .limit(1)
)
