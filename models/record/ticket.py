"""The ticket: one fault on its road. Only workflow.advance() writes `state`, only the journal `seq`."""

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, Select, String, Text, bindparam, column, select, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock
from models.ground.db import Base, Instant, db, index_of_some
from models.ground.vocabulary import Kind, State, Status
from models.people.customer import Contact, Customer
from models.people.person import Person
from models.people.team import Service, Team
from models.policy.version import PolicyVersion

if TYPE_CHECKING:
    from models.record.plan import Plan

STATUS_OF = {
    State.AWAITING_TRIAGE: Status.OPEN,
    State.AWAITING_ENGINEER: Status.OPEN,
    State.AWAITING_ASSESSMENT: Status.IN_PROGRESS,
    State.AWAITING_DIRECTION: Status.IN_PROGRESS,
    State.AWAITING_PLAN: Status.IN_PROGRESS,
    State.AWAITING_APPROVAL: Status.IN_PROGRESS,
    State.AWAITING_CONSENT: Status.IN_PROGRESS,
    State.AWAITING_FIX: Status.IN_PROGRESS,
    State.AWAITING_TEST: Status.IN_TESTING,
    State.AWAITING_CUSTOMER: Status.RESOLVED,
    State.AWAITING_REVIEW: Status.RESOLVED,
    State.CLOSED: Status.CLOSED,
    State.ARCHIVED: Status.ARCHIVED,
    State.CANCELLED: Status.CANCELLED,
    State.MERGED: Status.MERGED,
}
ENDED = (State.CLOSED, State.ARCHIVED, State.CANCELLED, State.MERGED)
ASK_CUSTOMER = (State.AWAITING_DIRECTION, State.AWAITING_CONSENT, State.AWAITING_CUSTOMER)  # whose answer is owed
TITLE_LENGTH = 80
# What few tickets are has an index of those few.
IS_P0, IS_ESCALATED, IS_WAITING = text("severity = 'P0'"), text("escalation > 0"), text("waiting_on <> ''")
IS_OWNED, IS_CLOSED = text("product_manager_id IS NOT NULL"), text("closed_at IS NOT NULL")
SELDOM = ("contact_id", "customer_id", "parent_id", "merged_into_id")
IS_URGENT = text(
    "severity IN ('P0', 'P1') AND resolved_at IS NULL AND state NOT IN ('closed', 'archived', 'cancelled', 'merged')"
)


class Follower(Base):
    """That somebody follows a ticket (P3.10)."""

    __tablename__ = "follower"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Ticket(Base):
    """A fault. `version` moves with its fields and locks its forms; `seq` moves with every event, for live screens."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "assignee_id", "state"),
        Index(None, "reporter_id", "id"),
        Index(None, "team_id", "state"),
        Index(None, "state", "next_due_at", "id"),
        Index(None, "created_at"),
        index_of_some("ix_ticket_p0", "state", "next_due_at", "id", where=IS_P0),
        index_of_some("ix_ticket_urgent", "severity", "id", where=IS_URGENT),
        index_of_some("ix_ticket_escalated", "state", where=IS_ESCALATED),
        index_of_some("ix_ticket_waiting", "state", where=IS_WAITING),
        index_of_some("ix_ticket_owned", "product_manager_id", "state", where=IS_OWNED),
        index_of_some("ix_ticket_closed", "closed_at", where=IS_CLOSED),
        *(index_of_some(f"ix_ticket_{name}", name, where=column(name).is_not(None)) for name in SELDOM),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(8), default=Kind.FAULT)
    state: Mapped[str] = mapped_column(String(24))
    version: Mapped[int] = mapped_column(default=1)
    seq: Mapped[int] = mapped_column(default=0)
    chain: Mapped[str] = mapped_column(String(64), default="")
    round: Mapped[int] = mapped_column(default=1)  # rises when a result is disputed or a ticket reopened

    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str] = mapped_column(Text)  # of a request: the scene
    expected: Mapped[str] = mapped_column(Text, default="")  # of a request: the effect that is hoped for
    occurred_at: Mapped[datetime | None] = mapped_column(Instant)
    device: Mapped[str] = mapped_column(String(200), default="")
    steps: Mapped[str] = mapped_column(Text, default="")
    frequency: Mapped[str] = mapped_column(String(200), default="")
    affected: Mapped[str] = mapped_column(String(200), default="")
    workaround: Mapped[str] = mapped_column(Text, default="")

    channel: Mapped[str] = mapped_column(String(12))
    reported_at: Mapped[datetime] = mapped_column(Instant)  # reached the desk
    created_at: Mapped[datetime] = mapped_column(Instant)  # registered
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    registrar_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    discoverer: Mapped[str] = mapped_column(String(80), default="")
    confirmer: Mapped[str] = mapped_column(String(80), default="")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))

    severity: Mapped[str] = mapped_column(String(8))  # suggested until triaged_at is set; of a request: its priority
    wished: Mapped[str] = mapped_column(String(8), default="")  # the priority that whoever made the request asked for
    impact: Mapped[str] = mapped_column(String(12), default="")
    urgency: Mapped[str] = mapped_column(String(12), default="")
    category: Mapped[str] = mapped_column(String(20), default="")
    category_other: Mapped[str] = mapped_column(String(80), default="")
    triaged_at: Mapped[datetime | None] = mapped_column(Instant)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    product_manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # owns a request to its end
    deliver_at: Mapped[datetime | None] = mapped_column(Instant)  # the delivery date that was agreed last (P8.3)
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"))

    escalation: Mapped[int] = mapped_column(default=0)  # the highest rung that has been told
    waiting_on: Mapped[str] = mapped_column(String(12), default="")  # a Party, "" when it is our turn
    next_due_at: Mapped[datetime | None] = mapped_column(Instant)

    root_cause: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(String(20), default="")
    scope: Mapped[str] = mapped_column(Text, default="")
    temporary_measure: Mapped[str] = mapped_column(Text, default="")
    emergency: Mapped[bool] = mapped_column(default=False)  # carried out on the duty lead's word; for ever (P7.5)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    review: Mapped[str] = mapped_column(Text, default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))  # what it follows up
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))  # the same report (P3.7)
    lead_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))  # of several departments (P6.4)

    reporter: Mapped[Person | None] = relationship(foreign_keys=reporter_id)
    registrar: Mapped[Person | None] = relationship(foreign_keys=registrar_id)
    assignee: Mapped[Person | None] = relationship(foreign_keys=assignee_id)
    product_manager: Mapped[Person | None] = relationship(foreign_keys=product_manager_id)
    contact: Mapped[Contact | None] = relationship()
    customer: Mapped[Customer | None] = relationship()
    service: Mapped[Service | None] = relationship()
    team: Mapped[Team | None] = relationship(foreign_keys=team_id)
    lead_team: Mapped[Team | None] = relationship(foreign_keys=lead_team_id)
    policy_version: Mapped[PolicyVersion] = relationship()
    parent: Mapped["Ticket | None"] = relationship(foreign_keys=parent_id, remote_side="Ticket.id")
    merged_into: Mapped["Ticket | None"] = relationship(foreign_keys=merged_into_id, remote_side="Ticket.id")
    plans: Mapped[list["Plan"]] = relationship(back_populates="ticket", order_by="Plan.revision")
    followers: Mapped[list[Person]] = relationship(secondary="follower", order_by=Person.id)
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}

    @property
    def is_request(self) -> bool:
        return self.kind == Kind.REQUEST

    @property
    def level(self) -> str:
        """The column of the policy by which its clocks run: a request has one of its own, whatever its priority."""
        return Kind.REQUEST.value if self.is_request else self.severity

    @property
    def status(self) -> str:
        """The public status of this state (P9)."""
        return STATUS_OF[State(self.state)].value

    @property
    def side_statuses(self) -> list[str]:
        """What stands beside the status, when it applies (P9)."""
        said = []
        if self.waiting_on in ("reporter", "customer") or self.state in ASK_CUSTOMER:
            said.append("waiting_for_you")
        if self.state == State.AWAITING_APPROVAL:
            said.append("awaiting_approval")
        if self.escalation and self.state not in ENDED:
            said.append("escalated")
        return said

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED

    @property
    def caller(self) -> Person | Contact | None:
        """Who is told and asked: the customer's contact if there is one, else the reporter."""
        return self.contact or self.reporter


def find_ticket(number: str) -> Ticket | None:
    """The ticket with exactly this number."""
    return db.session.scalars(_by_number(), {"number": number.upper()}).unique().one_or_none()


def title_of(description: str) -> str:
    """The first sentence of what was written, so that nobody has to invent a title."""
    first = description.strip().splitlines()[0].strip() if description.strip() else ""
    for end in "。!?!?;;":
        first = first.split(end)[0] or first
    return first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1] + "…"


def age(ticket: Ticket) -> float:
    """Seconds since the report reached the desk."""
    return (clock.now() - ticket.reported_at).total_seconds()


@cache
def _by_number() -> Select[Ticket]:
    """Built once: every page about a ticket asks it, for its plans too, but not for the teams of its people."""
    people = (Ticket.reporter, Ticket.registrar, Ticket.assignee)
    teamless = (joinedload(person).lazyload(Person.team) for person in people)
    things = (joinedload(thing) for thing in (Ticket.contact, Ticket.customer, Ticket.team, Ticket.service))
    wanted = select(Ticket).where(Ticket.number == bindparam("number"))
    return wanted.options(*teamless, *things, joinedload(Ticket.plans))
