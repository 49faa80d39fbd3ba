"""One-time form tokens (safety rule 12): a form acts once, and a replay gets the first answer."""

from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import String, Table, bindparam, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.bulk import write_one
from models.ground.db import Base, Instant, db, settle


class Once(Base):
    """A token that has been spent: with what, and where its answer stands."""

    __tablename__ = "once"
    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[str] = mapped_column(String(64))  # digest of what was sent
    location: Mapped[str] = mapped_column(String(400))
    spent_at: Mapped[datetime] = mapped_column(Instant)


class Spent(NamedTuple):
    """What became of a token."""

    body: str
    location: str


def spend(token: str, *, body: str, location: str) -> None:
    """Spend the token in the running command; a second spender fails on the primary key."""
    row = {"token": token, "body": body, "location": location, "spent_at": clock.real_now()}
    write_one(_SPEND, row)


def spent(token: str) -> Spent | None:
    """What became of the token, if it was spent: its answer may be given again, so it is on the disk."""
    found = db.session.connection().execute(_SPENT, {"token": token}).one_or_none()
    if found:
        settle()
    return Spent(*found) if found else None


_TABLE = cast(Table, Once.__table__)
_SPEND = insert(_TABLE)
_SPENT = select(_TABLE.c.body, _TABLE.c.location).where(_TABLE.c.token == bindparam("token"))
