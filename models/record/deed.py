"""Deeds: what was done beside the tickets – accounts, master data, policies, rotas –, append-only and chained."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.ground.db import Base, Instant

Said = dict[str, Any]  # fields of a thing in plain values, as people would read them


class Deed(Base):
    """One of them. The database refuses to change or delete it.

    Numbers follow one another without a gap. No key refers to another table: whoever writes holds the end of the
    chain and must not wait for anybody's row.
    """

    __tablename__ = "deed"
    __table_args__ = (Index(None, "at", "id"), Index(None, "actor_id", "at", "id"))
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    name: Mapped[str] = mapped_column(String(24))  # in the past: "person_edited"
    actor_id: Mapped[int | None]  # None: the command line or, with an address, somebody who had not signed in
    address: Mapped[str] = mapped_column(String(45), default="")  # from which the form came; "": the command line
    thing: Mapped[str] = mapped_column(String(24), default="")  # the table
    thing_id: Mapped[int | None]
    thing_name: Mapped[str] = mapped_column(String(120), default="")  # as it was called then
    before: Mapped[Said] = mapped_column(JSON, default=dict)  # only what is different
    after: Mapped[Said] = mapped_column(JSON, default=dict)
    chain: Mapped[str] = mapped_column(String(64))
