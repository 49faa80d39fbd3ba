"""Deadlines: obligations as rows (P4.1). One row a ticket, kind and round; `ring_at` is when its next mark is due."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground import clock
from models.ground.db import Base, Instant, db
from models.ground.vocabulary import HOUSEKEEPING
from models.people.person import Person
from models.policy.clockface import ASK_AGAIN as ASK_AGAIN
from models.policy.clockface import BREACH as BREACH
from models.policy.version import PolicyVersion
from models.record.limit import Limited
from models.record.ticket import Ticket

RUNNING, PAUSED, MET, CANCELLED = "running", "paused", "met", "cancelled"
OVERTAKEN = "overtaken"  # in a firing's `role`: a later mark was due as well, so the warning told nobody


class Deadline(Limited, Base):
    """One obligation: when it started, when it is due, whether it waits, was met, was missed."""

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("ticket_id", "kind", "round"),
        Index(None, "ring_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(12))
    round: Mapped[int] = mapped_column(default=1)
    severity: Mapped[str] = mapped_column(String(8))  # with its policy version, this is its target
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey("policy_version.id"))  # None: the ticket's
    about_id: Mapped[int | None]  # which request, where several of a kind can run: the extension of an `approve`
    started_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10), default=RUNNING)
    mark: Mapped[int]  # what fires next
    ring_at: Mapped[datetime | None] = mapped_column(Instant)  # None: nothing more will fire
    not_before: Mapped[datetime | None] = mapped_column(Instant)  # it could not be fired: tried again then
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    met_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    breached_at: Mapped[datetime | None] = mapped_column(Instant)
    late_by_triage: Mapped[bool] = mapped_column(default=False)  # already past when the level was raised (P4.2)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ticket: Mapped[Ticket] = relationship()
    acknowledged_by: Mapped[Person | None] = relationship()
    policy_version: Mapped[PolicyVersion | None] = relationship()

    @property
    def version(self) -> PolicyVersion:
        """The policy that it was computed by: the ticket's, unless the ticket has moved to another since."""
        found = self.policy_version if self.policy_version_id else None
        return found or self.ticket.policy_version

    @property
    def ended_at(self) -> datetime | None:
        """When it was met or given up; None while it is open."""
        return self.met_at or self.cancelled_at

    @property
    def clock_state(self) -> str:
        """running, paused, met, breached, late (met after its due time) or cancelled."""
        if self.state == MET:
            return "late" if self.met_at and self.met_at > self.due_at else "met"
        if self.state == RUNNING and clock.now() >= self.due_at:
            return "breached"
        return self.state


class Pause(Base):
    """A span in which the ticket waited on somebody outside (P4.5).

    The reason is a text, or `asked` (there is a question) or `confirmation` (the result was put before the customer).
    """

    __tablename__ = "pause"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    party: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(200), default="")
    started_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)  # the planned end, if there is one
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Firing(Base):
    """That a mark fired: exactly once, with the time it was due and the time it was done (P5.5)."""

    __tablename__ = "firing"
    __table_args__ = (UniqueConstraint("deadline_id", "mark"), Index(None, "done_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadline.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    mark: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime] = mapped_column(Instant)
    deadline: Mapped[Deadline] = relationship()


def deadlines_of(ticket: Ticket) -> list[Deadline]:
    """Every promise made on the ticket, oldest first; the desk's own housekeeping is left out."""
    return list(db.session.scalars(_PROMISES, {"ticket": ticket.id}))


def open_deadlines(ticket: Ticket) -> list[Deadline]:
    """The ticket's deadlines that are neither met nor cancelled, housekeeping included."""
    return list(
        db.session.scalars(
            select(Deadline)
            .where(Deadline.ticket_id == ticket.id, Deadline.state.in_((RUNNING, PAUSED)))
            .order_by(Deadline.id)
        )
    )


_PROMISES = (  # every page about a ticket asks it, so it is built once
    select(Deadline)
    .where(Deadline.ticket_id == bindparam("ticket"), Deadline.kind.not_in(HOUSEKEEPING))
    .order_by(Deadline.id)
)


def pauses_of(ticket: Ticket) -> list[Pause]:
    """Every span of waiting, oldest first."""
    return list(db.session.scalars(select(Pause).where(Pause.ticket_id == ticket.id).order_by(Pause.id)))


def open_pause(ticket: Ticket) -> Pause | None:
    """What the ticket waits for now."""
    newest = select(Pause).where(Pause.ticket_id == ticket.id, Pause.ended_at.is_(None)).order_by(Pause.id.desc())
    return db.session.scalar(newest.limit(1))
