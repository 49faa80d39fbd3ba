"""Lists of tickets page by page: keyset paging by the nearest promise or the newest; rows are read when drawn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, String, bindparam, select, type_coerce
from sqlalchemy.orm import joinedload, lazyload, load_only

from models.ground import clock
from models.ground.db import db
from models.ground.instants import instant_of, moment_of
from models.ground.vocabulary import HOUSEKEEPING, ClockKind
from models.people.customer import Contact
from models.people.person import Person
from models.people.team import Team
from models.record.deadline import PAUSED, RUNNING, Deadline
from models.record.ticket import Ticket

PAGE = 50
OBLIGATIONS = tuple(kind for kind in ClockKind if kind not in HOUSEKEEPING)
NEXT_LIST = "~"  # before a place in the second of several lists; in the third, twice
FAR = datetime(9999, 1, 1, tzinfo=clock.real_now().tzinfo)


class Key(NamedTuple):
    """A place in a list: enough to know whether it has changed, and where to go on."""

    id: int
    seq: int
    due: datetime | str | None  # as the database keeps it: of a whole page only the last is ever read


@dataclass(frozen=True)
class Page:
    """One page of tickets, and where the next one begins ("" at the end). Their rows are read when they are drawn."""

    keys: Sequence[Key]
    kinds: tuple[ClockKind, ...]
    next: str

    @cached_property
    def tickets(self) -> list[Ticket]:
        """The rows in the order of the page, each with the clock that counts as its `next_deadline`."""
        if not self.keys:
            return []
        ids = [key.id for key in self.keys]
        rows = {row.id: row for row in db.session.scalars(_ROWS, {"ids": ids})}
        tickets = [rows[id_] for id_ in ids]
        clocks = nearest_clocks(tickets, self.kinds)
        for ticket in tickets:
            ticket.next_deadline = clocks.get(ticket.id)  # type: ignore[attr-defined]
        return tickets


def by_due(wanted: Select[*tuple[Any, ...]], after: str, most: int | None = None) -> Page:
    """Nearest promise first; tickets without one come last."""
    due = Ticket.next_due_at
    if key := _key(after):
        at, last = key
        undated = due.is_(None)
        later = (due > at) | ((due == at) & (Ticket.id > last)) | undated
        wanted = wanted.where(later if at < FAR else undated & (Ticket.id > last))
    most = most or PAGE
    keys = _read(_by_due(wanted), most)
    return _page(keys, most, lambda last: _name(_moment(last.due), last.id))


def newest_first(wanted: Select[*tuple[Any, ...]], after: str, most: int | None = None) -> Page:
    """Newest first, by the order in which they were reported."""
    if key := _key(after):
        wanted = wanted.where(Ticket.id < key[1])
    most = most or PAGE
    return _page(_read(wanted.order_by(Ticket.id.desc()).limit(_MOST), most), most, lambda last: _name(None, last.id))


def one_after_another(first: Select[*tuple[Any, ...]], second: Select[*tuple[Any, ...]], after: str) -> Page:
    """Two lists by due as one: the second begins on the page on which the first ends."""
    return _joined([first, second], after, PAGE, by_due)


def newest_one_after_another(lists: Sequence[Select[*tuple[Any, ...]]], after: str, most: int) -> Page:
    """Several lists as one, each the newest first."""
    return _joined(lists, after, most, newest_first)


def tag_of(content: Iterable[tuple[int, ...]]) -> str:
    """What identifies the content of a list, the same in every process: numbers only."""
    return f"{hash(tuple(content)) & 0xFFFFFFFFFFFF:x}"


def nearest_clocks(tickets: Sequence[Ticket], kinds: tuple[ClockKind, ...] = OBLIGATIONS) -> dict[int, Deadline]:
    """The clock of each ticket that is due first; a paused one where none runs."""
    if not tickets:
        return {}
    rows = db.session.scalars(_NEAREST, {"ids": [ticket.id for ticket in tickets], "kinds": kinds})
    return {row.ticket_id: row for row in rows}


def _joined(lists: Sequence[Select[*tuple[Any, ...]]], after: str, most: int, read: Callable[..., Page]) -> Page:
    """`after` begins with as many marks as lists have gone by."""
    place = after.lstrip(NEXT_LIST)
    nth, keys = len(after) - len(place), list[Key]()
    for wanted in lists[nth:]:
        if len(keys) == most:
            if _read(wanted.limit(_MOST), 0):
                return Page(keys, OBLIGATIONS, NEXT_LIST * nth)
        else:
            page = read(wanted, place, most - len(keys))
            keys += page.keys
            if page.next:
                return Page(keys, OBLIGATIONS, NEXT_LIST * nth + page.next)
        nth, place = nth + 1, ""
    return Page(keys, OBLIGATIONS, "")


def _read(wanted: Select[*tuple[Any, ...]], most: int) -> list[Key]:
    return [Key(*row) for row in db.session.connection().execute(wanted, {"most": most + 1})]


@lru_cache(maxsize=64)
def _by_due(wanted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Of a list that is built once, its order is too."""
    return wanted.order_by(Ticket.next_due_at.asc().nulls_last(), Ticket.id).limit(_MOST)


def _page(keys: list[Key], most: int, name: Callable[[Key], str]) -> Page:
    return Page(keys[:most], OBLIGATIONS, name(keys[most - 1]) if len(keys) > most else "")


def _moment(stored: datetime | str | None) -> datetime | None:
    """SQLite keeps an instant as text, in UTC and without saying so."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) if isinstance(stored, str) else stored


def _name(due_at: datetime | None, id_: int) -> str:
    """A place in a list as an address can carry it."""
    return f"{instant_of(due_at or FAR)}_{id_}"


def _key(after: str) -> tuple[datetime, int] | None:
    """The place that an address names; None for anything that `_name` has not written."""
    at, _, last = after.partition("_")
    is_ours = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (at, last))
    return (moment_of(min(int(at), instant_of(FAR))), int(last)) if is_ours else None


# Statements that every list asks for are built once: building takes longer than running them.
KEY = (Ticket.id, Ticket.seq, type_coerce(Ticket.next_due_at, String))
_MOST = bindparam("most", type_=Integer)
_ROWS = (
    select(Ticket)
    .where(Ticket.id.in_(bindparam("ids", expanding=True)))
    .options(
        load_only(
            Ticket.number, Ticket.kind, Ticket.title, Ticket.state, Ticket.severity, Ticket.version, Ticket.seq,
            Ticket.escalation, Ticket.waiting_on, Ticket.created_at, Ticket.next_due_at, Ticket.policy_version_id,
            Ticket.emergency, Ticket.assignee_id,
        ),
        joinedload(Ticket.assignee).options(load_only(Person.name), lazyload("*")),
        joinedload(Ticket.reporter).options(load_only(Person.name), lazyload("*")),
        joinedload(Ticket.contact).options(load_only(Contact.name), lazyload("*")),
        joinedload(Ticket.team).load_only(Team.name, Team.name_en),
    )
)  # fmt: skip
_NEAREST_OF_TICKET = (
    select(Deadline.id)
    .where(
        Deadline.ticket_id == Ticket.id,
        Deadline.state.in_((RUNNING, PAUSED)),
        Deadline.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by((Deadline.state == RUNNING).desc(), Deadline.due_at)
    .limit(1)
    .correlate(Ticket)
    .scalar_subquery()
)
_NEAREST = (
    select(Deadline)
    .join(Ticket, Deadline.id == _NEAREST_OF_TICKET)
    .where(Ticket.id.in_(bindparam("ids", expanding=True)))
    .options(
        load_only(
            Deadline.ticket_id, Deadline.kind, Deadline.started_at, Deadline.due_at, Deadline.state, Deadline.met_at
        )
    )
)
