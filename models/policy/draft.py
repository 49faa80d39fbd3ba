"""Drafts of policies: one a policy, edited till it is published or thrown away (P12.3)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.people.person import Person
from models.policy.calendar import CalendarRow
from models.policy.pack import Pack


class PolicyDraft(Base):
    """What the next edition of a policy is to be. Once proposed it waits for a second person to confirm it."""

    __tablename__ = "policy_draft"
    __table_args__ = {"sqlite_autoincrement": True}  # a form of a draft that is gone never meets another one
    id: Mapped[int] = mapped_column(primary_key=True)
    pack_name: Mapped[str] = mapped_column(String(40), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"))
    edited_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    edited_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime | None] = mapped_column(Instant)
    effective_at: Mapped[datetime | None] = mapped_column(Instant)  # None: as soon as it is confirmed
    is_default: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)
    calendar_row: Mapped[CalendarRow] = relationship(lazy="joined")
    edited_by: Mapped[Person | None] = relationship(foreign_keys=edited_by_id)
    proposed_by: Mapped[Person | None] = relationship(foreign_keys=proposed_by_id)
    __mapper_args__ = {"version_id_col": version}

    @property
    def pack(self) -> Pack:
        return Pack.from_dict(self.content)


def drafts() -> list[PolicyDraft]:
    """Every draft, by policy."""
    return list(db.session.scalars(select(PolicyDraft).order_by(PolicyDraft.pack_name)))


def draft_of(pack_name: str) -> PolicyDraft | None:
    """The draft of a policy, if there is one."""
    return db.session.scalar(select(PolicyDraft).where(PolicyDraft.pack_name == pack_name))
