"""Lists of tickets: single indexed queries with keyset paging; nothing counts a whole table."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Party, State
from models.people.person import Person
from models.record.deadline import PAUSED, RUNNING, Deadline
from models.record.plan import Approval, Plan
from models.record.ticket import ENDED, Ticket
from models.rules.permissions import visible

PAGE = 50
OBLIGATIONS = tuple(kind for kind in ClockKind if kind not in HOUSEKEEPING)
PROMISES = (ClockKind.RESPOND, ClockKind.UPDATE, ClockKind.RESOLVE)  # what a reporter has been promised
FAR = datetime(9999, 1, 1, tzinfo=clock.real_now().tzinfo)


@dataclass(frozen=True)
class Page:
    """One page of tickets with the nearest clock of each, and where the next page begins ("" at the end)."""

    tickets: list[Ticket]
    clocks: dict[int, Deadline]
    next: str


def triage_queue(actor: Person, *, after: str = "") -> Page:
    """Reports that wait for triage, the nearest promise first."""
    return _by_due(_seen_by(actor).where(Ticket.state == State.AWAITING_TRIAGE), after)


def bench(person: Person, *, after: str = "") -> Page:
    """What the engineer has to do, the next clock to blow first."""
    mine = _seen_by(person).where(Ticket.assignee_id == person.id, Ticket.state.not_in(ENDED))
    return _by_due(mine, after)


def team_queue(person: Person, state: State, *, after: str = "") -> Page:
    """Open tickets in one state that the person may see: what waits for testing, for review."""
    return _by_due(_seen_by(person).where(Ticket.state == state), after)


def open_tickets(
    actor: Person, *, severity: str = "", team_id: int | None = None, only: str = "", after: str = ""
) -> Page:
    """Every open ticket that the actor may see, by severity, team or one of WATCHED if wanted."""
    wanted = _seen_by(actor).where(Ticket.state.not_in(ENDED))
    if only in WATCHED:
        wanted = wanted.where(_watched(only))
    if severity:
        wanted = wanted.where(Ticket.severity == severity)
    if team_id:
        wanted = wanted.where(Ticket.team_id == team_id)
    return _by_due(wanted, after)


def reported_by(person: Person, *, box: str = "open", after: str = "") -> Page:
    """The person's own reports, newest first: open, waiting for them, or closed."""
    mine = select(Ticket).options(*_ROW).where(Ticket.reporter_id == person.id)
    if box == "closed":
        mine = mine.where(Ticket.state.in_(ENDED))
    else:
        mine = mine.where(Ticket.state.not_in(ENDED))
        if box == "waiting":
            asked = Ticket.waiting_on.in_((Party.REPORTER, Party.CUSTOMER))
            mine = mine.where(asked | (Ticket.state == State.AWAITING_CUSTOMER))
    page = _newest_first(mine, after)
    return replace(page, clocks=nearest_clocks(page.tickets, PROMISES))


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
    return count_up_to(select(Ticket).where(Ticket.assignee_id == person.id, Ticket.state.not_in(ENDED)), most)


def count_up_to(wanted: Select[Ticket], most: int = 100) -> int:
    """How many tickets a query finds, counting to `most` and no further."""
    few = wanted.with_only_columns(Ticket.id).order_by(None).limit(most).subquery()
    return db.session.scalar(select(func.count()).select_from(few)) or 0


def watch_counts(actor: Person) -> dict[str, int]:
    """The figures of the manager's board: what is late, what will be, what waits, what is escalated."""
    wanted = _seen_by(actor).where(Ticket.state.not_in(ENDED))
    return {only: count_up_to(wanted.where(_watched(only))) for only in WATCHED}


def tag_of(content: Iterable[tuple[int, ...]]) -> str:
    """What identifies the content of a list, the same in every process: numbers only."""
    return f"{hash(tuple(content)) & 0xFFFFFFFFFFFF:x}"


def nearest_clocks(tickets: list[Ticket], kinds: tuple[ClockKind, ...] = OBLIGATIONS) -> dict[int, Deadline]:
    """The clock of each ticket that is due first; a paused one where none runs."""
    if not tickets:
        return {}
    rows = db.session.scalars(
        select(Deadline)
        .where(
            Deadline.ticket_id.in_([ticket.id for ticket in tickets]),
            Deadline.state.in_((RUNNING, PAUSED)),
            Deadline.kind.in_(kinds),
        )
        .order_by(Deadline.state, Deadline.due_at.desc())
    )
    return {row.ticket_id: row for row in sorted(rows, key=lambda d: (d.state == RUNNING, -d.due_at.timestamp()))}


_ROW = (
    joinedload(Ticket.assignee),
    joinedload(Ticket.reporter),
    joinedload(Ticket.contact),
    joinedload(Ticket.team),
)


SOON = timedelta(minutes=30)
WATCHED = ("breached", "half_hour", "hour", "paused", "escalated")


def _watched(only: str) -> ColumnElement[bool]:
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
            return Ticket.waiting_on != ""
        case _:
            return Ticket.escalation > 0


def _seen_by(actor: Person) -> Select[Ticket]:
    return select(Ticket).options(*_ROW).where(visible(actor))


def _by_due(wanted: Select[Ticket], after: str) -> Page:
    """Nearest promise first; tickets without one come last."""
    due = func.coalesce(Ticket.next_due_at, FAR)
    if key := _key(after):
        at, last = datetime.fromisoformat(key[0]), key[1]
        wanted = wanted.where((due > at) | ((due == at) & (Ticket.id > last)))
    rows = list(db.session.scalars(wanted.order_by(due, Ticket.id).limit(PAGE + 1)))
    return _page(rows, lambda t: f"{(t.next_due_at or FAR).isoformat()}_{t.id}")


def _newest_first(wanted: Select[Ticket], after: str) -> Page:
    if key := _key(after):
        wanted = wanted.where(Ticket.id < key[1])
    rows = list(db.session.scalars(wanted.order_by(Ticket.id.desc()).limit(PAGE + 1)))
    return _page(rows, lambda t: f"n_{t.id}")


def _page(rows: list[Ticket], key: object) -> Page:
    shown = rows[:PAGE]
    return Page(shown, nearest_clocks(shown), key(shown[-1]) if len(rows) > PAGE else "")  # type: ignore[operator]


def _key(after: str) -> tuple[str, int] | None:
    at, _, last = after.rpartition("_")
    try:
        if at != "n":
            datetime.fromisoformat(at)
        return (at, int(last)) if len(last) < 10 else None
    except ValueError:
        return None
