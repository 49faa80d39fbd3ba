"""Whose desk this is: one row, and none until somebody has said so."""

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground.db import Base, db

LONGEST_NAME = 80


class Organisation(Base):
    """The organisation that people read at the top of a page, in letters and on paper."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))


def organisation_name() -> str:
    """ "" where nobody has said it."""
    return db.session.scalar(select(Organisation.name).where(Organisation.id == 1)) or ""


def call_it(name: str) -> Organisation:
    """From now on it has this name; runs inside a command."""
    row = db.session.get(Organisation, 1)
    if row is None:
        db.session.add(row := Organisation(id=1))
    row.name = " ".join(name.split())[:LONGEST_NAME]
    return row
