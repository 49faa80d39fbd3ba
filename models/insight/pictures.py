"""The figures behind the pictures of the watch: what is open and how old, what each team has to do, whether we keep
up."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Kind
from models.insight.board import OPEN, SOON
from models.people.person import Person
from models.people.team import Team
from models.record.ticket import Ticket
from models.rules.permissions import visible

AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7))  # younger than; what is older comes last
DAYS = 14
MOST_TEAMS = 12


class TeamLoad(NamedTuple):
    """What a team has open; and of that, as the watch names it, what is breached, due within SOON, and paused. What is
    paused can be breached all the same: `resting` is paused and neither breached nor due soon."""

    team: Team | None
    open: int
    breached: int
    half_hour: int
    paused: int
    resting: int


class Day(NamedTuple):
    """What came in and what was closed on one day."""

    at: datetime
    made: int
    closed: int


def open_by_age(actor: Person) -> dict[str, tuple[int, ...]]:
    """Severity → how many faults are open, by age: younger than each of AGES, and older."""
    now = clock.now()
    ages = _bands(Ticket.reported_at, [now - age for age in AGES], newer=True)
    wanted = select(Ticket.severity, *ages).where(visible(actor), Ticket.state.in_(OPEN), Ticket.kind == Kind.FAULT)
    rows = db.session.execute(wanted.group_by(Ticket.severity).order_by(Ticket.severity))
    return {severity: tuple(counts) for severity, *counts in rows}


def load_by_team(actor: Person) -> list[TeamLoad]:
    """The teams that have most to fear: what is late first, then what is due soon; at most MOST_TEAMS."""
    now = clock.now()
    late = Ticket.next_due_at <= now
    soon = (Ticket.next_due_at > now) & (Ticket.next_due_at <= now + SOON)
    waits = Ticket.waiting_on != ""
    rests = waits & (Ticket.next_due_at.is_(None) | (Ticket.next_due_at > now + SOON))
    wanted = select(Ticket.team_id, func.count(), *map(_count, (late, soon, waits, rests)))
    wanted = wanted.where(visible(actor), Ticket.state.in_(OPEN)).group_by(Ticket.team_id)
    rows = sorted(db.session.execute(wanted), key=lambda row: (-row[2], -row[3], -row[1], row[0] or 0))
    return [TeamLoad(db.session.get(Team, id_) if id_ else None, *counts) for id_, *counts in rows[:MOST_TEAMS]]


def made_and_closed(actor: Person, zone: ZoneInfo) -> list[Day]:
    """The last DAYS days of `zone`, today last: what was registered and what was closed."""
    today = clock.now().astimezone(zone).date()
    edges = [datetime.combine(today - timedelta(days=n), time(), zone) for n in range(DAYS - 1, -2, -1)]
    edges = [edge.astimezone(UTC) for edge in edges]
    days = list(pairwise(edges))
    sums = [_count((moment >= start) & (moment < end)) for moment in (Ticket.created_at, Ticket.closed_at)
            for start, end in days]  # fmt: skip
    recent = or_(Ticket.created_at >= edges[0], Ticket.closed_at >= edges[0])
    row = db.session.execute(select(*sums).where(visible(actor), recent)).one()
    return [Day(start, row[n], row[n + DAYS]) for n, (start, _end) in enumerate(days)]


def _bands(moment: InstrumentedAttribute[Any], edges: list[datetime], *, newer: bool) -> list[ColumnElement[int]]:
    """One count a band between the edges, and one of all the rest, tickets without the moment among them."""
    within = [moment > edge if newer else moment <= edge for edge in edges]
    band = case(*((is_in, n) for n, is_in in enumerate(within)), else_=len(edges))
    return [_count(band == n) for n in range(len(edges) + 1)]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
