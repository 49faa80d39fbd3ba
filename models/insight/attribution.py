"""Waiting attribution: every instant of a ticket's life belongs to exactly one party (P4.5). Pure sums, then the rows.

The life begins when the report reaches the desk and runs while the ticket is open. Whoever is waited for outside has
the time by day and by night; what belongs to the house belongs to its closing hours while it is closed, unless the
ticket's level runs round the clock.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, select

from models.ground import clock, working_time
from models.ground.db import db
from models.ground.vocabulary import State, Turn
from models.ground.working_time import Calendar
from models.policy.pack import Pack
from models.record.deadline import Pause
from models.record.event import Event, level_in
from models.record.ticket import Ticket
from models.record.turn import OURS, turn_of


class Change(NamedTuple):
    """From `at` on, something is so: the ticket's state, or its level."""

    at: datetime
    to: str


class Wait(NamedTuple):
    """The ticket waits on a party outside; no end: it still does."""

    start: datetime
    end: datetime | None
    party: str


class Stretch(NamedTuple):
    """A piece of the life, half-open, that belongs to one party."""

    start: datetime
    end: datetime
    turn: Turn


@dataclass(frozen=True)
class Part:
    """All that one party had of the life."""

    turn: Turn
    span: timedelta
    percent: float


@dataclass(frozen=True)
class Life:
    """What a ticket's time went to."""

    stretches: list[Stretch]

    @property
    def whole(self) -> timedelta:
        return sum((stretch.end - stretch.start for stretch in self.stretches), timedelta())

    @property
    def parts(self) -> list[Part]:
        """Each party once, the greatest share first; the spans add up to the whole, exactly."""
        spans: dict[Turn, timedelta] = defaultdict(timedelta)
        for stretch in self.stretches:
            spans[stretch.turn] += stretch.end - stretch.start
        ordered = sorted(spans.items(), key=lambda item: (-item[1], item[0]))
        return [Part(turn, span, 100 * (span / self.whole)) for turn, span in ordered]


def attribution_of(ticket: Ticket) -> Life:
    """To whom each minute of the ticket has belonged until now."""
    events = db.session.execute(_EVENTS, {"ticket": ticket.id}).all()
    pauses = db.session.scalars(select(Pause).where(Pause.ticket_id == ticket.id).order_by(Pause.id))
    return attribute(
        ticket.reported_at,
        clock.now(),
        states=[Change(ticket.reported_at, State.AWAITING_TRIAGE), *(Change(e.at, e.state) for e in events)],
        levels=_levels(ticket, events),
        waits=[Wait(p.started_at, p.ended_at, p.party) for p in pauses],
        pack=ticket.policy_version.pack,
        calendar=ticket.policy_version.calendar,
    )


def attribute(
    born: datetime,
    now: datetime,
    *,
    states: Sequence[Change],
    levels: Sequence[Change],
    waits: Sequence[Wait],
    pack: Pack,
    calendar: Calendar,
) -> Life:
    """Cut the time from `born` to `now` at every change and give each piece to one party.

    `states` and `levels` are in order and begin at `born`; the last that has begun counts.
    """
    cuts = {born, now, *(c.at for c in (*states, *levels))}
    cuts |= {at for wait in waits for at in (wait.start, wait.end) if at}
    pieces: list[Stretch] = []
    for start, end in pairwise(sorted(cut for cut in cuts if born <= cut <= now)):
        turn = turn_of(_last(states, start), _waited_for(waits, start))
        closes = turn in OURS and _closes(pack, _last(levels, start))
        pieces += _with_closing_hours(calendar, start, end, turn) if closes else [Stretch(start, end, turn)]
    return Life(list(_joined(piece for piece in pieces if piece.turn is not Turn.NOBODY)))


def _last(changes: Sequence[Change], at: datetime) -> str:
    return next(change.to for change in reversed(changes) if change.at <= at)


def _waited_for(waits: Sequence[Wait], at: datetime) -> str:
    """The party of the latest wait that covers this instant; "" for none."""
    return next((w.party for w in reversed(waits) if w.start <= at and (w.end is None or at < w.end)), "")


def _closes(pack: Pack, level: str) -> bool:
    """Does the house close for tickets of this level? Its promise to solve says so, else its promise to respond."""
    target = pack.target("resolve", level) or pack.target("respond", level)
    return target is not None and target.basis != "wall"


def _with_closing_hours(calendar: Calendar, start: datetime, end: datetime, turn: Turn) -> Iterator[Stretch]:
    reached = start
    for open_ in working_time.explain(calendar, start, end, basis="service"):
        if reached < open_.start:
            yield Stretch(reached, open_.start, Turn.CLOSED_HOURS)
        yield Stretch(open_.start, open_.end, turn)
        reached = open_.end
    if reached < end:
        yield Stretch(reached, end, Turn.CLOSED_HOURS)


def _joined(pieces: Iterator[Stretch]) -> Iterator[Stretch]:
    """Neighbours of the same party made one."""
    held: Stretch | None = None
    for piece in pieces:
        if held and (held.end, held.turn) == (piece.start, piece.turn):
            held = Stretch(held.start, piece.end, held.turn)
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


# --- the rows

_EVENTS = select(Event.at, Event.state, Event.details).where(Event.ticket_id == bindparam("ticket")).order_by(Event.seq)


def _levels(ticket: Ticket, events: Sequence[Row[Any]]) -> list[Change]:
    """The ticket's level through time, as the events tell it."""
    graded = [Change(event.at, level) for event in events if (level := level_in(event.details))]
    first = graded[0].to if graded else ticket.level
    return [Change(ticket.reported_at, first), *graded]
