"""One-time form tokens (safety rule 12): a form acts once, and a replay gets the first answer."""

from datetime import datetime
from typing import cast

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


def spend(token: str, *, body: str, location: str) -> None:
    """Spend the token in the running command; a second spender fails on the primary key."""
    row = {"token": token, "body": body, "location": location, "spent_at": clock.real_now()}
    write_one(_SPEND, row)


def spent(token: str) -> Once | None:
    """What became of the token, if it was spent: its answer may be given again, so it is on the disk."""
    found = db.session.scalar(_SPENT, {"token": token})
    if found:
        settle()
    return found


_SPEND = insert(cast(Table, Once.__table__))
_SPENT = select(Once).where(Once.token == bindparam("token"))
