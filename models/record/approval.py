"""A round of approval (审批): its seats and what they decided, who has a copy, and the templates of rounds (P7)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground import clock
from models.ground.db import Base, Instant
from models.people.person import Person
from models.people.team import Team
from models.record.limit import Limited
from models.record.plan import Plan
from models.record.ticket import Ticket


class Approval(Base):
    """One person's seat in a plan's round. Who share a slot are alternates: one of them decides for it.

    Nobody sits over their own plan.
    """

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("plan_id", "person_id"),
        CheckConstraint("person_id <> author_id", name="not_own_plan"),
        Index(None, "person_id", "decided_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    slot: Mapped[int] = mapped_column(default=1)  # from 1, in the order of a sequence
    role: Mapped[str] = mapped_column(String(20), default="")  # by which they sit; "": named as a reviewer
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))  # in which they hold it; None: anywhere
    required: Mapped[bool] = mapped_column(default=False)  # added (加签): must agree, whatever the rule says
    after_id: Mapped[int | None] = mapped_column(ForeignKey("approval.id"))  # opens when that seat's slot has decided
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    handed_from_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")  # why it was added or handed over
    digest: Mapped[str] = mapped_column(String(64))
    decision: Mapped[str] = mapped_column(String(12), default="")  # approved, returned, handed_over
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)  # a delegate, if one did
    comment: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    plan: Mapped[Plan] = relationship(back_populates="approvals")
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    team: Mapped[Team | None] = relationship()
    added_by: Mapped[Person | None] = relationship(foreign_keys=added_by_id)
    handed_from: Mapped[Person | None] = relationship(foreign_keys=handed_from_id)
    decided_by: Mapped[Person | None] = relationship(foreign_keys=decided_by_id)

    @property
    def ticket(self) -> Ticket:
        return self.plan.ticket


class PlanCopy(Base):
    """A copy (抄送): somebody is to know of a plan and decides nothing."""

    __tablename__ = "plan_copy"
    __table_args__ = (UniqueConstraint("plan_id", "person_id"), Index(None, "person_id", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    plan: Mapped[Plan] = relationship(back_populates="copies")
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    by: Mapped[Person] = relationship(foreign_keys=by_id)


class ApprovalTemplate(Limited, Base):
    """Who sits, how they decide together, and by when, for plans of one risk class."""

    __tablename__ = "approval_template"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    risk: Mapped[str] = mapped_column(String(10))
    rule: Mapped[str] = mapped_column(String(10))
    quorum: Mapped[int] = mapped_column(default=1)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    seats: Mapped[list["ApprovalTemplateSeat"]] = relationship(
        order_by="ApprovalTemplateSeat.position", cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}


class ApprovalTemplateSeat(Base):
    """One slot of a template: a person by name, or everybody who holds a role (in a team) as alternates."""

    __tablename__ = "approval_template_seat"
    __table_args__ = (CheckConstraint("(person_id IS NULL) = (role <> '')", name="person_or_role"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("approval_template.id"), index=True)
    position: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(20), default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))  # None: the ticket's own team
    person: Mapped[Person | None] = relationship()
    team: Mapped[Team | None] = relationship()
