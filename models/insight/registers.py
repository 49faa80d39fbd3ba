"""Lists of master data, and what is still missing for the process to run."""

from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import Role
from models.people.person import holders

NEEDED = (Role.FIRST_LINE, Role.ENGINEER, Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR, Role.VERIFIER)


def register_of(model: type[Any], *, after: int, limit: int) -> list[Any]:
    """Rows of a kind of master data in the order of their making, from after an id."""
    return list(db.session.scalars(select(model).where(model.id > after).order_by(model.id).limit(limit)))


def vacant_roles() -> list[Role]:
    """Roles of the process that nobody active holds: what is meant for them falls through to the next (P5.4)."""
    return [role for role in NEEDED if db.session.scalar(holders(role).limit(1)) is None]


def is_empty(model: type[Any]) -> bool:
    """Whether nothing of this kind is in use."""
    return db.session.scalar(select(model.id).where(model.active).limit(1)) is None
