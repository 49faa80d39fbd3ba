"""Lists of tickets: single indexed queries with keyset paging; nothing counts a whole table."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, exists, func, select
from sqlalchemy.orm import aliased

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import ClockKind, Kind, Party, Role, Severity, State
from models.insight import paging
from models.people.person import Person
from models.people.team import Service
from models.record.event import last_deeds
from models.record.ticket import ASK_CUSTOMER, ENDED, IS_ESCALATED, IS_P0, IS_WAITING, Ticket
from models.rules.permissions import visible, visible_to

PROMISES = (ClockKind.RESPOND, ClockKind.UPDATE, ClockKind.RESOLVE)  # what a reporter has been promised
OPEN = tuple(state for state in State if state not in ENDED)
ASSESSED = (State.AWAITING_ASSESSMENT, State.AWAITING_DIRECTION)


def triage_queue(
    actor: Person, *, box: str = "all", severity: str = "", team_id: int | None = None, after: str = ""
) -> paging.Page:
    """Reports that wait for triage: those that look critical first (P3.4), then the nearest promise. By box: those
    whose turn it is here, those that wait for what was asked, and those about what the actor's team keeps running.
    By severity and by another team (0: none keeps it) if wanted."""
    wanted = (box, severity, actor.team_id, team_id)
    return paging.one_after_another(*_waiting_for_triage(actor.id, actor.roles, *wanted), after)


@lru_cache(maxsize=256)  # the first line looks at it all day, and building it takes longer than asking
def _waiting_for_triage(
    person_id: int, roles: frozenset[str], box: str, severity: str, own_team: int | None, team_id: int | None
) -> tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]:
    waiting = select(*paging.KEY).where(visible_to(person_id, roles), Ticket.state == State.AWAITING_TRIAGE)
    if box == "open":
        waiting = waiting.where(Ticket.waiting_on == "")
    elif box == "asked":
        waiting = waiting.where(Ticket.waiting_on != "")
    elif box == "team":
        waiting = waiting.where(_kept_by(own_team))
    if severity:
        waiting = waiting.where(Ticket.severity == severity)
    if team_id is not None:
        waiting = waiting.where(_kept_by(team_id or None))
    return waiting.where(IS_P0), waiting.where(Ticket.severity != Severity.P0)


def _kept_by(team_id: int | None) -> ColumnElement[bool]:
    """Given to the team, or about what it keeps running; None: neither says whose it is."""
    if team_id is None:
        return Ticket.team_id.is_(None) & Ticket.service_id.is_(None)
    theirs = select(Service.id).where(Service.team_id == team_id)
    return (Ticket.team_id == team_id) | Ticket.service_id.in_(theirs)


def bench(person: Person, *, after: str = "") -> paging.Page:
    """What the engineer has to do, the next clock to blow first."""
    mine = _seen_by(person).where(Ticket.assignee_id == person.id, Ticket.state.in_(OPEN))
    if person.holds(Role.PRODUCT_MANAGER):  # who has lists of their own for what is assessed
        mine = mine.where(~(_owned_by(person) & Ticket.state.in_(ASSESSED)))
    return paging.by_due(mine, after)


def team_queue(person: Person, state: State, *, after: str = "") -> paging.Page:
    """Open tickets in one state that the person may see: what waits for testing, for review."""
    return paging.by_due(_seen_by(person).where(Ticket.state == state), after)


def requests_in(person: Person, state: State, *, after: str = "") -> paging.Page:
    """The open requests in one state that the person owns; and those that nobody does."""
    return paging.by_due(_seen_by(person).where(_owned_by(person), Ticket.state == state), after)


def open_tickets(
    actor: Person, *, severity: str = "", team_id: int | None = None, only: str = "", after: str = ""
) -> paging.Page:
    """Every open ticket that the actor may see, by severity, team (0: none yet) or one of WATCHED if wanted."""
    wanted = _seen_by(actor).where(Ticket.state.in_(OPEN))
    if only in WATCHED:
        wanted = wanted.where(_watched(only))
    if severity:
        wanted = wanted.where(Ticket.severity == severity)
    if team_id is not None:
        wanted = wanted.where(Ticket.team_id == (team_id or None))
    return paging.by_due(wanted, after)


def soonest(actor: Person) -> Ticket | None:
    """The open ticket that is due next, with the clock that says so; None where none is."""
    wanted = _seen_by(actor).where(Ticket.state.in_(OPEN), Ticket.next_due_at > clock.now())
    return next(iter(paging.by_due(wanted, "", 1).tickets), None)


def reported_by(person: Person, *, box: str = "open", after: str = "") -> paging.Page:
    """The person's own reports, newest first: open, waiting for them, or closed."""
    mine = select(*paging.KEY).where(Ticket.reporter_id == person.id)
    if box == "closed":
        mine = mine.where(Ticket.state.in_(ENDED), ~_WORKED_ON_ELSEWHERE)
    else:
        mine = mine.where(Ticket.state.in_(OPEN) | _WORKED_ON_ELSEWHERE)
        if box == "waiting":
            asked = Ticket.waiting_on.in_((Party.REPORTER, Party.CUSTOMER))
            mine = mine.where(asked | Ticket.state.in_(ASK_CUSTOMER))
    return replace(paging.newest_first(mine, after), kinds=PROMISES)


def archive(actor: Person, *, of: Sequence[ColumnElement[bool]] = (), after: str = "") -> paging.Page:
    """Archived tickets, newest first."""
    return paging.newest_first(_seen_by(actor).where(Ticket.state == State.ARCHIVED, *of), after)


def tickets_numbered(actor: Person, numbers: Sequence[str]) -> list[Ticket]:
    """Those tickets of these numbers that the actor may see."""
    return list(db.session.scalars(select(Ticket).where(Ticket.number.in_(numbers), visible(actor))))


def updated_at(tickets: Sequence[Ticket]) -> dict[int, datetime]:
    """When somebody did something on each of them last; that a clock rang is no progress."""
    return {id_: deed.at for id_, deed in last_deeds([ticket.id for ticket in tickets]).items()}


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


_target = aliased(Ticket)
_WORKED_ON_ELSEWHERE = exists().where(  # merged into what is still open, or into what was merged in turn (P3.7)
    _target.id == Ticket.merged_into_id, _target.state.in_((*OPEN, State.MERGED))
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


def _owned_by(person: Person) -> ColumnElement[bool]:
    mine = (Ticket.product_manager_id == person.id) | Ticket.product_manager_id.is_(None)
    return (Ticket.kind == Kind.REQUEST) & mine


def _seen_by(actor: Person) -> Select[*tuple[Any, ...]]:
    return select(*paging.KEY).where(visible(actor))
