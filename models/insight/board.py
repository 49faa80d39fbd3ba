"""Lists of tickets: single indexed queries with keyset paging; nothing counts a whole table."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, TextClause, bindparam, func, select
from sqlalchemy.orm import joinedload, lazyload, load_only

from models.ground import clock
from models.ground.db import db
from models.ground.instants import instant_of, moment_of
from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Party, Severity, State
from models.people.customer import Contact
from models.people.person import Person
from models.people.team import Team
from models.record.deadline import PAUSED, RUNNING, Deadline
from models.record.plan import Approval, Plan
from models.record.ticket import ENDED, IS_ESCALATED, IS_P0, IS_WAITING, Ticket
from models.rules.permissions import visible

PAGE = 50
OBLIGATIONS = tuple(kind for kind in ClockKind if kind not in HOUSEKEEPING)
PROMISES = (ClockKind.RESPOND, ClockKind.UPDATE, ClockKind.RESOLVE)  # what a reporter has been promised
OPEN = tuple(state for state in State if state not in ENDED)
SECOND = "~"  # before a place in the second of two lists
FAR = datetime(9999, 1, 1, tzinfo=clock.real_now().tzinfo)


class Key(NamedTuple):
    """A place in a list: enough to know whether it has changed, and where to go on."""

    id: int
    seq: int
    due_at: datetime | None


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


def triage_queue(actor: Person, *, after: str = "") -> Page:
    """Reports that wait for triage: those that look critical first (P3.4), then the nearest promise."""
    waiting = _seen_by(actor).where(Ticket.state == State.AWAITING_TRIAGE)
    return _one_after_another(waiting.where(IS_P0), waiting.where(Ticket.severity != Severity.P0), after)


def bench(person: Person, *, after: str = "") -> Page:
    """What the engineer has to do, the next clock to blow first."""
    mine = _seen_by(person).where(Ticket.assignee_id == person.id, Ticket.state.in_(OPEN))
    return _by_due(mine, after)


def team_queue(person: Person, state: State, *, after: str = "") -> Page:
    """Open tickets in one state that the person may see: what waits for testing, for review."""
    return _by_due(_seen_by(person).where(Ticket.state == state), after)


def open_tickets(
    actor: Person, *, severity: str = "", team_id: int | None = None, only: str = "", after: str = ""
) -> Page:
    """Every open ticket that the actor may see, by severity, team or one of WATCHED if wanted."""
    wanted = _seen_by(actor).where(Ticket.state.in_(OPEN))
    if only in WATCHED:
        wanted = wanted.where(_watched(only))
    if severity:
        wanted = wanted.where(Ticket.severity == severity)
    if team_id:
        wanted = wanted.where(Ticket.team_id == team_id)
    return _by_due(wanted, after)


def reported_by(person: Person, *, box: str = "open", after: str = "") -> Page:
    """The person's own reports, newest first: open, waiting for them, or closed."""
    mine = select(*_KEY).where(Ticket.reporter_id == person.id)
    if box == "closed":
        mine = mine.where(Ticket.state.in_(ENDED))
    else:
        mine = mine.where(Ticket.state.in_(OPEN))
        if box == "waiting":
            asked = Ticket.waiting_on.in_((Party.REPORTER, Party.CUSTOMER))
            mine = mine.where(asked | (Ticket.state == State.AWAITING_CUSTOMER))
    return replace(_newest_first(mine, after), kinds=PROMISES)


def archive(actor: Person, *, after: str = "") -> Page:
    """Archived tickets, newest first."""
    return _newest_first(_seen_by(actor).where(Ticket.state == State.ARCHIVED), after)


def found(actor: Person, condition: object, *, after: str = "") -> Page:
    """Tickets that a search condition finds, newest first."""
    return _newest_first(_seen_by(actor).where(condition), after)  # type: ignore[arg-type]


def seats(person: Person, box: str) -> list[Plan]:
    """Plans in one of the approver's boxes: todo, done, mine (as author)."""
    wanted = select(Plan).options(joinedload(Plan.ticket), joinedload(Plan.author)).order_by(Plan.id.desc())
    if box == "mine":
        wanted = wanted.where(Plan.author_id == person.id)
    else:
        wanted = wanted.join(Approval).where(Approval.person_id == person.id)
        if box == "done":
            wanted = wanted.where(Approval.decision != "")
        else:
            wanted = wanted.where(Approval.decision == "", Plan.outcome == "")
    return list(db.session.scalars(wanted.limit(PAGE)).unique())


def held_by(person: Person, most: int = 100) -> int:
    """How many open tickets are the person's, counting to `most`."""
    return count_up_to(select(Ticket).where(Ticket.assignee_id == person.id, Ticket.state.in_(OPEN)), most)


def count_up_to(wanted: Select[*tuple[Any, ...]], most: int = 100) -> int:
    """How many tickets a query finds, counting to `most` and no further."""
    few = wanted.with_only_columns(Ticket.id).order_by(None).limit(most).subquery()
    return db.session.scalar(select(func.count()).select_from(few)) or 0


def watch_counts(actor: Person) -> dict[str, int]:
    """The figures of the manager's board: what is late, what will be, what waits, what is escalated."""
    wanted = _seen_by(actor).where(Ticket.state.in_(OPEN))
    return {only: count_up_to(wanted.where(_watched(only))) for only in WATCHED}


def tag_of(content: Iterable[tuple[int, ...]]) -> str:
    """What identifies the content of a list, the same in every process: numbers only."""
    return f"{hash(tuple(content)) & 0xFFFFFFFFFFFF:x}"


def nearest_clocks(tickets: Sequence[Ticket], kinds: tuple[ClockKind, ...] = OBLIGATIONS) -> dict[int, Deadline]:
    """The clock of each ticket that is due first; a paused one where none runs."""
    if not tickets:
        return {}
    rows = db.session.scalars(_NEAREST, {"ids": [ticket.id for ticket in tickets], "kinds": kinds})
    return {row.ticket_id: row for row in rows}


# Statements that every list asks for are built once: building takes longer than running them.
_KEY = (Ticket.id, Ticket.seq, Ticket.next_due_at)
_ROWS = (
    select(Ticket)
    .where(Ticket.id.in_(bindparam("ids", expanding=True)))
    .options(
        load_only(
            Ticket.number, Ticket.title, Ticket.state, Ticket.severity, Ticket.version, Ticket.seq, Ticket.escalation,
            Ticket.waiting_on, Ticket.created_at, Ticket.next_due_at, Ticket.policy_version_id,
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


SOON = timedelta(minutes=30)
WATCHED = ("breached", "half_hour", "hour", "paused", "escalated")


def _watched(only: str) -> ColumnElement[bool] | TextClause:
    now = clock.now()
    soon, later = now + SOON, now + 2 * SOON
    match only:
        case "breached":
            return Ticket.next_due_at <= now
        case "half_hour":
            return (Ticket.next_due_at > now) & (Ticket.next_due_at <= soon)
        case "hour":
            return (Ticket.next_due_at > soon) & (Ticket.next_due_at <= later)
        case "paused":
            return IS_WAITING
        case _:
            return IS_ESCALATED


def _seen_by(actor: Person) -> Select[*tuple[Any, ...]]:
    return select(*_KEY).where(visible(actor))


def _one_after_another(first: Select[*tuple[Any, ...]], second: Select[*tuple[Any, ...]], after: str) -> Page:
    """Two lists as one: the second begins on the page on which the first ends."""
    if after.startswith(SECOND):
        return _marked(_by_due(second, after.removeprefix(SECOND)))
    page = _by_due(first, after)
    if page.next:
        return page
    if len(page.keys) == PAGE:
        return replace(page, next=SECOND if _read(second, 0) else "")
    rest = _marked(_by_due(second, "", most=PAGE - len(page.keys)))
    return replace(rest, keys=[*page.keys, *rest.keys])


def _marked(page: Page) -> Page:
    return replace(page, next=page.next and SECOND + page.next)


def _by_due(wanted: Select[*tuple[Any, ...]], after: str, most: int | None = None) -> Page:
    """Nearest promise first; tickets without one come last."""
    due = Ticket.next_due_at
    if key := _key(after):
        at, last = key
        undated = due.is_(None)
        later = (due > at) | ((due == at) & (Ticket.id > last)) | undated
        wanted = wanted.where(later if at < FAR else undated & (Ticket.id > last))
    most = most or PAGE
    keys = _read(wanted.order_by(due.asc().nulls_last(), Ticket.id), most)
    return _page(keys, most, lambda last: _name(last.due_at, last.id))


def _newest_first(wanted: Select[*tuple[Any, ...]], after: str) -> Page:
    if key := _key(after):
        wanted = wanted.where(Ticket.id < key[1])
    return _page(_read(wanted.order_by(Ticket.id.desc()), PAGE), PAGE, lambda last: _name(None, last.id))


def _read(wanted: Select[*tuple[Any, ...]], most: int) -> list[Key]:
    return [Key(*row) for row in db.session.connection().execute(wanted.limit(most + 1))]


def _page(keys: list[Key], most: int, name: Callable[[Key], str]) -> Page:
    return Page(keys[:most], OBLIGATIONS, name(keys[most - 1]) if len(keys) > most else "")


def _name(due_at: datetime | None, id_: int) -> str:
    """A place in a list as an address can carry it."""
    return f"{instant_of(due_at or FAR)}_{id_}"


def _key(after: str) -> tuple[datetime, int] | None:
    """The place that an address names; None for anything that `_name` has not written."""
    at, _, last = after.partition("_")
    is_ours = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (at, last))
    return (moment_of(min(int(at), instant_of(FAR))), int(last)) if is_ours else None
