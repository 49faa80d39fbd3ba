"""Tickets as tales to be played again (P12.3): read in batches, and held against what was recorded."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from models.ground.db import db
from models.ground.vocabulary import Kind, Party
from models.insight.playing import OVERTAKEN_BY, SWEPT, play
from models.insight.tale import Happening, Played, Tale
from models.policy.clockface import Limit
from models.policy.version import Edition, PolicyVersion
from models.record.deadline import OVERTAKEN, RUNNING, Deadline, Firing
from models.record.entry import Entry
from models.record.event import Event
from models.record.extension import Extension
from models.record.limit import limit_of
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules.workflow import SAME, STEPS

BATCH = 500  # tickets that are read together
MOVED, DIFFERS = "moved", "differs"  # why a ticket is left out
TURNS = {step.event for step in STEPS.values() if step.meets or step.opens or step.go_to != (SAME,)}
ANOTHER_EDITION = {"calendar_changed", "policy_changed"}
BESIDE = {"warned", "escalated", "acknowledged", "waited", "resumed", "supplied", "regraded", *ANOTHER_EDITION}
MINDED = sorted(TURNS | BESIDE | set(SWEPT))  # events that clocks mind
FEEDBACK = "feedback"  # the kind of entry that a customer who reopens a ticket leaves, and a supervisor does not


@dataclass(frozen=True)
class Past:
    """A ticket of the past: its tale, and what came of it under its own edition; or why it cannot be played again."""

    ticket_id: int
    number: str
    team_id: int | None
    category: str
    tale: Tale
    under: Edition
    played: Played
    left_out: str


def pasts(ticket_ids: Sequence[int], *, until: datetime) -> Iterator[Past]:
    """Each ticket played under its own edition. One that does not end as the record does is left out, not guessed."""
    editions = {v.id: Edition(v.pack, v.calendar) for v in db.session.scalars(select(PolicyVersion))}
    for first in range(0, len(ticket_ids), BATCH):
        yield from _batch(ticket_ids[first : first + BATCH], editions, until)


def mismatches(played: Played, deadlines: Iterable[Any], firings: Iterable[Any]) -> set[Any]:
    """What only the record says, or only the play: of clocks every column, of firings deadline, mark and due time."""
    recorded = {_clock_of_row(row) for row in deadlines} | {(f.kind, f.round, f.mark, f.due_at) for f in firings}
    rounds = {clock.key: (clock.kind, clock.round) for clock in played.clocks}
    again = {_clock_of_row(clock) for clock in played.clocks}
    return recorded ^ (again | {(*rounds[f.what.key], f.what.mark, f.what.due_at) for f in played.fired})


def rows_of(rows: Any, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The rows of these tickets, by ticket, in one statement."""
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in db.session.execute(rows.where(rows.selected_columns.ticket_id.in_(ids))):
        found[row.ticket_id].append(row)
    return found


def _batch(ids: Sequence[int], editions: dict[int, Edition], until: datetime) -> Iterator[Past]:
    deadlines, firings = rows_of(DEADLINES, ids), rows_of(FIRINGS, ids)
    events, extensions, feedback = rows_of(EVENTS, ids), rows_of(EXTENSIONS, ids), _feedback(ids)
    limited = rows_of(LIMITED, ids)
    for ticket in db.session.execute(_TICKETS.where(Ticket.id.in_(ids)).order_by(Ticket.id)):
        tale = Tale(
            ticket_id=ticket.id,
            level=Kind.REQUEST if ticket.kind == Kind.REQUEST else ticket.severity,
            reported_at=ticket.reported_at,
            created_at=ticket.created_at,
            party=Party.CUSTOMER if ticket.contact_id else Party.REPORTER,
            happenings=_happenings(events[ticket.id], firings[ticket.id], feedback),
            granted={each.id: (each.counts_from, each.minutes) for each in extensions[ticket.id]},
            limits={each.submitted_at: limit for each in limited[ticket.id] if (limit := _limit_in(each))},
        )
        under, moved = editions[ticket.policy_version_id], _has_moved(events[ticket.id], deadlines[ticket.id])
        played = Played() if moved else play(tale, under, until=until)
        differs = not moved and mismatches(played, deadlines[ticket.id], firings[ticket.id])
        why = MOVED if moved else DIFFERS if differs else ""
        yield Past(ticket.id, ticket.number, ticket.team_id, ticket.category, tale, under, played, why)


def _has_moved(events: list[Row[Any]], deadlines: list[Row[Any]]) -> bool:
    """Whether it ran by more than one edition: it followed its calendar (P4.4), or was triaged under another policy
    (P3.2). Which of them would have ruled it when, the record of another edition cannot say."""
    return any(e.name in ANOTHER_EDITION for e in events) or any(d.policy_version_id for d in deadlines)


def _happenings(events: list[Row[Any]], firings: list[Row[Any]], feedback: set[int]) -> list[Happening]:
    """The events, and before the mark that overtook them the warnings that were passed over, which left none."""
    found = [Happening(e.name, e.at, e.state, e.actor_id, _details(e, feedback)) for e in events]
    passed = [firing for firing in firings if firing.role == OVERTAKEN]
    for (kind, nth, at), _ in groupby(passed, key=lambda f: (f.kind, f.round, f.done_at)):
        after = [n for n, it in enumerate(found) if it.at > at or _concerns(it, kind, nth, at)]
        place = after[0] if after else len(found)
        state = found[place - 1].state if place else ""
        found.insert(place, Happening(OVERTAKEN_BY, at, state, None, {"kind": kind, "round": nth}))
    return found


def _concerns(it: Happening, kind: str, nth: int, at: datetime) -> bool:
    """Whether this is the mark of that clock that fired at that time."""
    is_mark = it.name in ("warned", "escalated") and it.at == at
    return is_mark and (it.details.get("kind"), it.details.get("round")) == (kind, nth)


def _details(event: Row[Any], feedback: set[int]) -> dict[str, Any]:
    said: dict[str, Any] = event.details or {}
    return said | {"by_customer": True} if event.id in feedback else said


def _limit_in(row: Row[Any]) -> Limit | None:
    return limit_of(row.limit_amount, row.limit_basis, row.climb)


def _clock_of_row(row: Any) -> tuple[Any, ...]:
    rings = (row.mark, row.ring_at) if row.state == RUNNING else ()
    ended = (row.state, row.met_at, row.cancelled_at, row.breached_at, row.acknowledged_at)
    return (row.kind, row.round, row.severity, row.started_at, row.due_at, *ended, *rings)


def _feedback(ids: Sequence[int]) -> set[int]:
    """The events with which customers reopened a ticket; a supervisor's leave another entry."""
    said = select(Entry.event_id).join(Event, Event.id == Entry.event_id)
    said = said.where(Entry.kind == FEEDBACK, Event.name == "reopened", Event.ticket_id.in_(ids))
    return set(db.session.scalars(said))


_TICKETS = select(
    Ticket.id, Ticket.number, Ticket.kind, Ticket.severity, Ticket.reported_at, Ticket.created_at, Ticket.contact_id,
    Ticket.policy_version_id, Ticket.team_id, Ticket.category,
)  # fmt: skip
DEADLINES = select(
    Deadline.ticket_id, Deadline.kind, Deadline.round, Deadline.severity, Deadline.started_at, Deadline.due_at,
    Deadline.state, Deadline.mark, Deadline.ring_at, Deadline.met_at, Deadline.cancelled_at, Deadline.breached_at,
    Deadline.acknowledged_at, Deadline.policy_version_id,
)  # fmt: skip
FIRINGS = (
    select(Firing.ticket_id, Firing.mark, Firing.role, Firing.due_at, Firing.done_at, Deadline.kind, Deadline.round)
    .join(Deadline, Deadline.id == Firing.deadline_id)
    .order_by(Firing.done_at, Firing.deadline_id, Firing.mark)
)
EVENTS = (
    select(Event.ticket_id, Event.id, Event.name, Event.at, Event.state, Event.actor_id, Event.details)
    .where(Event.name.in_(MINDED))
    .order_by(Event.ticket_id, Event.seq)
)
LIMITED = select(
    Plan.ticket_id, Plan.submitted_at, Plan.limit_amount, Plan.limit_basis, Plan.climb
).order_by(Plan.ticket_id, Plan.revision)  # fmt: skip
EXTENSIONS = select(Extension.ticket_id, Extension.id, Extension.counts_from, Extension.minutes)
