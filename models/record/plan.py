"""Plans (处理方案): one revision is one text, held by its digest; what was carried out of it, and tested (P7, P8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.people.person import Person
from models.record.attachment import Attachment
from models.record.limit import Limited
from models.record.ticket import Ticket

if TYPE_CHECKING:
    from models.record.approval import Approval, ApprovalTemplate, PlanCopy

PROSE = ("effect", "verification", "backup", "rollback", "window", "explanation")  # what a plan says beside its rows
DONE, FAILED, LEFT_OUT, UNDONE = "done", "failed", "left_out", "undone"  # how a step went; the last one in a rollback
DIFFERENTLY = "differently"  # done, with a deviation
LATE_OWED, LATE_GIVEN, LATE_REFUSED = "owed", "given", "refused"  # the approval of a plan that went first (P7.5)


@dataclass(frozen=True)
class Task:
    """A step as it is handed in: what, by whom and when."""

    body: str
    owner: Person | None = None
    planned: str = ""


@dataclass(frozen=True)
class Choice:
    """An option as it is handed in: what was considered, and what speaks for and against it."""

    title: str
    feasibility: str = ""
    risk: str = ""
    effort: str = ""
    impact: str = ""
    chosen: bool = False


class Plan(Limited, Base):
    """One revision of a plan; a change after submission is a new revision with a round of its own."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("ticket_id", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    risk: Mapped[str] = mapped_column(String(10))
    effect: Mapped[str] = mapped_column(Text, default="")
    verification: Mapped[str] = mapped_column(Text, default="")
    backup: Mapped[str] = mapped_column(Text, default="")
    rollback: Mapped[str] = mapped_column(Text, default="")
    window: Mapped[str] = mapped_column(String(200), default="")
    touches_customer: Mapped[bool] = mapped_column(default=False)
    explanation: Mapped[str] = mapped_column(Text, default="")  # what it means for the customer, in plain words (P7.4)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    submitted_at: Mapped[datetime] = mapped_column(Instant)
    digest: Mapped[str] = mapped_column(String(64))
    rule: Mapped[str] = mapped_column(String(10), default="any")  # a Rule: how the seats decide together
    quorum: Mapped[int] = mapped_column(default=1)  # how many slots must agree, where the rule is quorum
    template_id: Mapped[int | None] = mapped_column(ForeignKey("approval_template.id"))
    outcome: Mapped[str] = mapped_column(String(12), default="")
    # approved, emergency (may be carried out); returned, withdrawn, superseded, rolled_back
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    late: Mapped[str] = mapped_column(String(10), default="")  # of an emergency: owed, given, refused (P7.5)
    word_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # the duty lead whose word it went on
    word_how: Mapped[str] = mapped_column(String(200), default="")
    word_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket: Mapped[Ticket] = relationship(back_populates="plans")
    author: Mapped[Person] = relationship(foreign_keys=author_id)
    word_by: Mapped[Person | None] = relationship(foreign_keys=word_by_id)
    template: Mapped["ApprovalTemplate | None"] = relationship()
    tasks: Mapped[list["PlanStep"]] = relationship(order_by="PlanStep.position")
    choices: Mapped[list["PlanOption"]] = relationship(order_by="PlanOption.position")
    files: Mapped[list[Attachment]] = relationship(order_by=Attachment.id, viewonly=True)
    approvals: Mapped[list["Approval"]] = relationship(back_populates="plan", order_by="Approval.slot, Approval.id")
    copies: Mapped[list["PlanCopy"]] = relationship(back_populates="plan", order_by="PlanCopy.id")

    @property
    def steps(self) -> str:
        """Its steps as plain text, one to a line."""
        return "\n".join(task.body for task in self.tasks)

    @property
    def options(self) -> str:
        """The options that were considered as plain text, one to a line."""
        return "\n".join(choice.said for choice in self.choices)

    @property
    def is_emergency(self) -> bool:
        """Whether it was carried out on the duty lead's word; for ever (P7.5)."""
        return bool(self.late)


class PlanStep(Base):
    """One step of a plan: what, by whom and when (P7.1)."""

    __tablename__ = "plan_step"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    position: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    planned: Mapped[str] = mapped_column(String(120), default="")
    owner: Mapped[Person | None] = relationship()


class PlanOption(Base):
    """One option that was considered, and whether it was chosen (P7.1)."""

    __tablename__ = "plan_option"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    feasibility: Mapped[str] = mapped_column(Text, default="")
    risk: Mapped[str] = mapped_column(Text, default="")
    effort: Mapped[str] = mapped_column(Text, default="")
    impact: Mapped[str] = mapped_column(Text, default="")
    chosen: Mapped[bool] = mapped_column(default=False)

    @property
    def said(self) -> str:
        """The option in one line."""
        return " · ".join(part for part in (self.title, self.feasibility, self.risk, self.effort, self.impact) if part)


class WorkStep(Base):
    """One step of the implementation record (实施方案执行记录, P8.1). Without a task it is not in the plan."""

    __tablename__ = "work_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("plan_step.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(10), default=DONE)
    result: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[str] = mapped_column(Text, default="")  # evidence; files are there too
    after: Mapped[str] = mapped_column(Text, default="")
    deviation: Mapped[str] = mapped_column(Text, default="")  # from the plan; of one that was left out, the reason
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime] = mapped_column(Instant)
    redacted_at: Mapped[datetime | None] = mapped_column(Instant)
    redacted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    redaction_reason: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    task: Mapped[PlanStep | None] = relationship()
    files: Mapped[list[Attachment]] = relationship(
        primaryjoin="WorkStep.id == foreign(Attachment.work_step_id)", order_by=Attachment.id, viewonly=True
    )

    @property
    def failed(self) -> bool:
        return self.outcome == FAILED

    @property
    def how(self) -> str:
        """How it went, seen from the plan: done, differently, failed, left_out, undone."""
        return DIFFERENTLY if self.outcome == DONE and self.deviation else self.outcome


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


def plan_submitted(ticket_id: int, at: datetime) -> Plan | None:
    """The plan that was submitted at this instant: the one whose round a clock times that began then."""
    found = select(Plan).where(Plan.ticket_id == ticket_id, Plan.submitted_at == at).order_by(Plan.revision.desc())
    return db.session.scalar(found.limit(1))


PLAN_TEXTS = ("kind", "options", "steps", "effect", "verification", "backup", "rollback", "window")
