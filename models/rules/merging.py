"""For how long a merge can be undone, and to where: the record of the ticket itself says so (P3.7)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.record.event import Event
from models.record.ticket import Ticket

UNDOABLE_FOR = timedelta(days=7)


class Merge(NamedTuple):
    """When the ticket was merged last, and in which state it was then."""

    at: datetime
    was: str

    @property
    def until(self) -> datetime:
        return self.at + UNDOABLE_FOR

    @property
    def too_late(self) -> bool:
        return clock.now() > self.until


def merge_of(ticket: Ticket) -> Merge:
    """The last merge of a ticket that is merged."""
    merged = select(Event.at, Event.details).where(Event.ticket_id == ticket.id, Event.name == "merged")
    at, details = db.session.execute(merged.order_by(Event.seq.desc()).limit(1)).one()
    return Merge(at, details["was"])
