"""The record as one list: deeds of administration and events of tickets, the newest first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.ground.db import db
from models.people.person import Person
from models.record.deed import Deed
from models.record.event import Event
from models.record.ticket import Ticket

LOOK = 20_000  # rows among which one page looks for a kind
OF_TICKETS, OF_ADMINISTRATION = 0, 1
_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"(\d{1,17})\.([01])\.(\d{1,10})")


class Place(NamedTuple):
    """Where something stands in the list: by time, then deeds before events, then by number."""

    at: datetime
    source: int
    id: int


@dataclass(frozen=True)
class Wanted:
    """What is looked for; whatever is None or empty does not narrow it down."""

    person_id: int | None = None
    ticket_id: int | None = None
    source: int | None = None
    name: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Some rows, and the place after which the next ones come: "" at the end."""

    rows: Sequence[Deed | Event]
    next: str


def read(wanted: Wanted, after: str, *, most: int) -> Page:
    """The next rows after this place. May be fewer than `most` although more come: then only so many were looked at."""
    place = place_of(after)
    found, ends = list[tuple[Place, Deed | Event]](), list[Place]()
    for source in (OF_TICKETS, OF_ADMINISTRATION):
        if _may_be_in(source, wanted):
            rows, end = _read(source, wanted, place, most + 1)
            found += [(Place(row.at, source, row.id), row) for row in rows]
            ends += [end] if end else []
    horizon = max(ends, default=None)  # beyond it, one of the two has not been looked at
    seen = sorted((one for one in found if not horizon or one[0] >= horizon), key=lambda one: one[0], reverse=True)
    if len(seen) > most:
        return Page([row for _, row in seen[:most]], _in_address(seen[most - 1][0]))
    return Page([row for _, row in seen], _in_address(horizon) if horizon else "")


def place_of(words: str) -> Place | None:
    """A place as it stands in an address. Raises ValueError."""
    if not words:
        return None
    if not (match := _PLACE.fullmatch(words)):
        raise ValueError("not a place")
    return Place(_SINCE + int(match[1]) * _MICROSECOND, int(match[2]), int(match[3]))


def people_of(rows: Sequence[Deed | Event]) -> dict[int, Person]:
    """Those who did them."""
    ids = {row.actor_id for row in rows if row.actor_id}
    return {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))} if ids else {}


def tickets_of(rows: Sequence[Deed | Event]) -> dict[int, Ticket]:
    """Those that they happened to."""
    ids = {row.ticket_id for row in rows if isinstance(row, Event)}
    return {ticket.id: ticket for ticket in db.session.scalars(select(Ticket).where(Ticket.id.in_(ids)))} if ids else {}


def _may_be_in(source: int, wanted: Wanted) -> bool:
    return wanted.source in (None, source) and (source == OF_TICKETS or wanted.ticket_id is None)


def _read(source: int, wanted: Wanted, place: Place | None, most: int) -> tuple[Sequence[Any], Place | None]:
    """Rows of one table; and, when there is more than was looked at, the place where the look ended."""
    table: Any = Event if source == OF_TICKETS else Deed
    rows = _narrowed(select(table), table, source, wanted, place).order_by(table.at.desc(), table.id.desc())
    if not wanted.name:
        return db.session.scalars(rows.limit(most)).all(), None
    looked = aliased(table, rows.limit(LOOK).subquery())
    kind = select(looked).where(looked.name == wanted.name).order_by(looked.at.desc(), looked.id.desc()).limit(most)
    found = db.session.scalars(kind).all()
    if len(found) == most:
        return found, None
    last = db.session.execute(rows.with_only_columns(table.at, table.id).offset(LOOK - 1).limit(1)).one_or_none()
    return found, Place(last.at, source, last.id) if last else None


def _narrowed(rows: Select[Any], table: Any, source: int, wanted: Wanted, place: Place | None) -> Select[Any]:
    if wanted.person_id is not None:
        rows = rows.where(table.actor_id == wanted.person_id)
    if wanted.ticket_id is not None:
        rows = rows.where(table.ticket_id == wanted.ticket_id)
    if wanted.since:
        rows = rows.where(table.at >= wanted.since)
    if wanted.until:
        rows = rows.where(table.at < wanted.until)
    if place is None:
        return rows
    if source > place.source:
        return rows.where(table.at < place.at)
    rows = rows.where(table.at <= place.at)
    return rows.where((table.at < place.at) | (table.id < place.id)) if source == place.source else rows


def _in_address(place: Place) -> str:
    return f"{(place.at - _SINCE) // _MICROSECOND}.{place.source}.{place.id}"
