"""What narrows a list of tickets down: state, system, category, level, month."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import ColumnElement

from models.ground.vocabulary import State
from models.record.ticket import ENDED, Ticket

OPEN, DONE, ARCHIVED = "open", "ended", "archived"
STANDS = (OPEN, DONE, ARCHIVED)


@dataclass(frozen=True)
class Facets:
    """Of which tickets; what is empty narrows nothing."""

    stands: str = ""  # one of STANDS
    service_id: int | None = None
    category: str = ""
    severity: str = ""
    month: str = ""  # 2026-11, in the reader's zone

    def __bool__(self) -> bool:
        return self != Facets()

    def conditions(self, zone: tzinfo) -> list[ColumnElement[bool]]:
        """The same of a query."""
        said: list[ColumnElement[bool]] = []
        if self.stands:
            said.append(_STANDS[self.stands])
        if self.service_id:
            said.append(Ticket.service_id == self.service_id)
        if self.category:
            said.append(Ticket.category == self.category)
        if self.severity:
            said.append(Ticket.severity == self.severity)
        if self.month:
            first, next_ = month_of(self.month, zone)
            said += [Ticket.created_at >= first, Ticket.created_at < next_]
        return said


def month_of(said: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """When the month begins, and when the next one does. Raises ValueError for anything else than 2026-11."""
    first = datetime.strptime(said, "%Y-%m").replace(tzinfo=zone)
    year, month = divmod(first.year * 12 + first.month, 12)
    return first, first.replace(year=year, month=month + 1)


_STANDS = {
    OPEN: Ticket.state.not_in(ENDED),
    DONE: Ticket.state.in_(ENDED),
    ARCHIVED: Ticket.state == State.ARCHIVED,
}
