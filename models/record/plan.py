"""Plans and their approval: a round covers exactly one revision (P7)."""

from datetime import datetime
from typing import Self

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant
from models.people.person import Person
from models.record.ticket import Ticket


class Plan(Base):
    """One revision of a plan (处理方案); a change after submission is a new revision."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("ticket_id", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    risk: Mapped[str] = mapped_column(String(10))
    options: Mapped[str] = mapped_column(Text, default="")
    steps: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(Text, default="")
    verification: Mapped[str] = mapped_column(Text, default="")
    backup: Mapped[str] = mapped_column(Text, default="")
    rollback: Mapped[str] = mapped_column(Text, default="")
    window: Mapped[str] = mapped_column(String(200), default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime] = mapped_column(Instant)
    digest: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(12), default="")  # approved, returned, withdrawn, rolled_back
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket: Mapped[Ticket] = relationship(back_populates="plans")
    author: Mapped[Person] = relationship()
    approvals: Mapped[list["Approval"]] = relationship(back_populates="plan", order_by="Approval.id")


class Approval(Base):
    """One approver's seat in a plan's round, and what they decided. Nobody sits over their own plan."""

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
    rule: Mapped[str] = mapped_column(String(4))  # any: one suffices; all: everybody named
    digest: Mapped[str] = mapped_column(String(64))
    decision: Mapped[str] = mapped_column(String(10), default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    plan: Mapped[Plan] = relationship(back_populates="approvals")
    person: Mapped[Person] = relationship(foreign_keys=person_id)


class WorkStep(Base):
    """One step of the implementation record (实施方案执行记录, P8.1)."""

    __tablename__ = "work_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text, default="")
    deviation: Mapped[str] = mapped_column(Text, default="")
    failed: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime] = mapped_column(Instant)
    person: Mapped[Person] = relationship()


class Verification(Base):
    """One test of a fix (问题验证报告, P8.2)."""

    __tablename__ = "verification"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    round: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    passed: Mapped[bool]
    with_reporter: Mapped[bool] = mapped_column(default=False)
    findings: Mapped[str] = mapped_column(Text)
    new_problems: Mapped[str] = mapped_column(Text, default="")
    leftovers: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Instant)
    person: Mapped[Person] = relationship()


class StandardChange(Base):
    """A template that a supervisor approved beforehand; used unchanged it needs no round (P7.2)."""

    __tablename__ = "standard_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    options: Mapped[str] = mapped_column(Text, default="")
    steps: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(Text, default="")
    verification: Mapped[str] = mapped_column(Text, default="")
    backup: Mapped[str] = mapped_column(Text, default="")
    rollback: Mapped[str] = mapped_column(Text, default="")
    window: Mapped[str] = mapped_column(String(200), default="")
    approved_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime] = mapped_column(Instant)
    active: Mapped[bool] = mapped_column(default=True)
    approved_by: Mapped[Person] = relationship()

    @classmethod
    def of(cls, plan: Plan, *, title: str, approved_by_id: int, approved_at: datetime) -> Self:
        """The template that this plan makes."""
        texts = {field: getattr(plan, field) for field in PLAN_TEXTS}
        return cls(title=title, approved_by_id=approved_by_id, approved_at=approved_at, **texts)

    @property
    def texts(self) -> dict[str, str]:
        """What a plan made from this template says."""
        return {field: getattr(self, field) for field in PLAN_TEXTS}


PLAN_TEXTS = ("kind", "options", "steps", "effect", "verification", "backup", "rollback", "window")
