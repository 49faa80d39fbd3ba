"""Drafts: forms that somebody has begun and not sent. No event, no clock; only whoever wrote one ever sees it."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import JSON, ForeignKey, String, Table, UniqueConstraint, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.bulk import write_one
from models.ground.db import Base, Instant, command, db
from models.record.once import Once

Said = dict[str, list[str]]
KEPT_FOR = timedelta(days=30)


class FormDraft(Base):
    """What stands in a form, by field. Its place is the form's deed and address."""

    __tablename__ = "form_draft"
    __table_args__ = (UniqueConstraint("person_id", "place"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(String(300))
    said: Mapped[Said] = mapped_column(JSON)
    files: Mapped[list[str]] = mapped_column(JSON)  # keys of files that went ahead
    version: Mapped[int | None]  # of the thing, when the form was shown
    token: Mapped[str] = mapped_column(String(64))  # the form's own: once it is spent, the draft is over
    saved_at: Mapped[datetime] = mapped_column(Instant, index=True)


def drafts_of(person_id: int) -> dict[str, FormDraft]:
    """The person's drafts by place; not those whose form was accepted meanwhile, however late they came in."""
    return {draft.place: draft for draft in db.session.scalars(_UNSENT, {"person": person_id})}


def forget(person_id: int, place: str) -> None:
    """The form was accepted, or what was typed is thrown away; runs inside a command."""
    write_one(_FORGET, {"person_id": person_id, "place": place})


def keys_in_drafts() -> set[str]:
    """Files that a draft still holds."""
    return {key for keys in db.session.scalars(select(FormDraft.files)) for key in keys}


@command
def remove_stale() -> int:
    """Remove drafts that nobody touched for thirty days; returns how many."""
    old = delete(FormDraft).where(FormDraft.saved_at < clock.now() - KEPT_FOR)
    return int(db.session.execute(old).rowcount)  # type: ignore[attr-defined]


_TABLE = cast(Table, FormDraft.__table__)
_FORGET = delete(_TABLE).where(_TABLE.c.person_id == bindparam("person_id"), _TABLE.c.place == bindparam("place"))
_UNSENT = select(FormDraft).where(  # every page with a form asks, so it is built once
    FormDraft.person_id == bindparam("person"), ~select(Once.token).where(Once.token == FormDraft.token).exists()
)
