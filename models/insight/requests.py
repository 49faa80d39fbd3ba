"""Requests for more time (P4.6) in the boxes of whoever decides on them or has asked."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.ground.db import db
from models.people.person import Person
from models.record.extension import PENDING, Extension
from models.record.ticket import Ticket
from models.rules.permissions import allows, visible

MOST = 50


def requests_for_time(person: Person, box: str) -> list[Extension]:
    """What waits for the person (`todo`), what they decided (`done`), what they asked for (`mine`); newest first."""
    wanted = select(Extension).join(Ticket).where(visible(person)).order_by(Extension.id.desc()).limit(MOST)
    wanted = wanted.options(joinedload(Extension.ticket), joinedload(Extension.asked_by))
    if box == "mine":
        return list(db.session.scalars(wanted.where(Extension.asked_by_id == person.id)))
    if box == "done":
        return list(db.session.scalars(wanted.where(Extension.decided_by_id == person.id)))
    waiting = db.session.scalars(wanted.where(Extension.outcome == PENDING))
    return [extension for extension in waiting if allows(person, "grant_extension", extension)]
