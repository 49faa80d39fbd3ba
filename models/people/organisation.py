"""Whose desk this is: one row, and none until somebody has said so."""

from collections.abc import Iterable

from sqlalchemy import JSON, String, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground.db import Base, db

LONGEST_NAME = 80


class Organisation(Base):
    """The organisation that people read at the top of a page, in letters and on paper."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    factor_roles: Mapped[list[str]] = mapped_column(JSON, default=list)  # let in with a second factor only


def organisation_name() -> str:
    """ "" where nobody has said it."""
    return db.session.scalar(select(Organisation.name).where(Organisation.id == 1)) or ""


def roles_with_factor() -> list[str]:
    """Roles whose holders need a second factor."""
    return db.session.scalar(select(Organisation.factor_roles).where(Organisation.id == 1)) or []


def call_it(name: str) -> Organisation:
    """From now on it has this name; runs inside a command."""
    row = the_row()
    row.name = " ".join(name.split())[:LONGEST_NAME]
    return row


def ask_factor_of(roles: Iterable[str]) -> Organisation:
    """From now on these roles need a second factor; runs inside a command."""
    row = the_row()
    row.factor_roles = sorted(roles)
    return row


def the_row() -> Organisation:
    """The one row, made where there is none yet; runs inside a command."""
    row = db.session.get(Organisation, 1)
    if row is None:
        db.session.add(row := Organisation(id=1, name=""))
    return row
