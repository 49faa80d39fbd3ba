"""Marks: what a clock is computed from, read out of its rows; which mark rings next (P4.7, P5.1)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from models.ground import clock
from models.ground.asked import once
from models.ground.db import db
from models.ground.vocabulary import ClockKind
from models.ground.working_time import Pauses
from models.policy import clockface
from models.policy.clockface import BREACH, EXTENDED, Clock
from models.policy.pack import Pack
from models.policy.version import Edition
from models.record.assessment import date_agreed
from models.record.deadline import Deadline, Firing, Pause, pauses_of
from models.record.extension import GRANTED, Extension, extensions_of
from models.record.ticket import Ticket


@dataclass(frozen=True)
class History:
    """What can have moved the clocks of one ticket."""

    pauses: Sequence[Pause] = ()
    extensions: Sequence[Extension] = ()


UNDISTURBED = History()


def history_of(ticket: Ticket) -> History:
    """The pauses and extensions of the ticket."""
    return History(pauses_of(ticket), extensions_of(ticket))


def histories_of(ticket_ids: Collection[int]) -> dict[int, History]:
    """The same of many tickets, in two statements."""
    if not ticket_ids:
        return {}
    pauses: dict[int, list[Pause]] = {}
    extensions: dict[int, list[Extension]] = {}
    for pause in db.session.scalars(select(Pause).where(Pause.ticket_id.in_(ticket_ids)).order_by(Pause.id)):
        pauses.setdefault(pause.ticket_id, []).append(pause)
    wanted = select(Extension).where(Extension.ticket_id.in_(ticket_ids)).order_by(Extension.id)
    for extension in db.session.scalars(wanted):
        extensions.setdefault(extension.ticket_id, []).append(extension)
    return {id_: History(pauses.get(id_, ()), extensions.get(id_, ())) for id_ in ticket_ids}


def clock_of(
    deadline: Deadline,
    history: History | None = None,
    *,
    until: datetime | None = None,
    under: Edition | None = None,
) -> Clock:
    """What the deadline is computed from. Of a clock that has ended, nothing counts that came afterwards.

    `until` ends it there: a pause that still lasts counts up to it. `under` asks for another edition than its own.
    """
    history = history or history_of(deadline.ticket)
    version, end = under or deadline.version, until or deadline.ended_at
    return Clock(
        pack=version.pack,
        calendar=version.calendar,
        kind=deadline.kind,
        level=deadline.severity,
        started_at=deadline.started_at,
        pauses=_stops(version.pack, deadline.kind, history.pauses, end),
        extended=_granted(deadline, history.extensions, end),
        planned_end=_planned_end(deadline, history.pauses),
        limit=deadline.limit,
    )


def reckoned(deadline: Deadline, history: History | None = None) -> datetime | None:
    """The due time, computed anew from the start; always the one that is stored (P4.7)."""
    return clockface.due_at(clock_of(deadline, history))


def set_next_mark(deadline: Deadline, *, after: int, history: History | None = None) -> None:
    """Find the mark that fires after `after` and when; warnings that are already past are left out."""
    if after >= BREACH:  # from here on it is measured from now, whatever moved the clock before
        agreed = (deadline.version, deadline.kind, deadline.severity, deadline.limit)
        same = (set_next_mark, *agreed, after, deadline.acknowledged_at)
        deadline.mark, deadline.ring_at = once(same, lambda: _next_mark(deadline, after, UNDISTURBED))
    else:
        history = history or History(pauses_of(deadline.ticket))
        deadline.mark, deadline.ring_at = _next_mark(deadline, after, history)


def warn_marks(deadline: Deadline) -> tuple[int, ...]:
    """Per cent of its time at which it warns (P5.1)."""
    return clockface.warn_marks(deadline.version.pack, deadline.kind, deadline.severity, deadline.limit)


def rungs(deadline: Deadline) -> tuple[str, ...]:
    """The roles that are told at its breach, in order (P5.2)."""
    return clockface.ladder(deadline.version.pack, deadline.kind, deadline.severity, deadline.limit)


def last_mark(deadline: Deadline) -> int:
    """The mark that fired last; 0 when none has."""
    fired = select(func.max(Firing.mark)).where(Firing.deadline_id == deadline.id)
    return db.session.scalar(fired) or 0


def minutes_on(deadline: Deadline, minutes: int, *, since: datetime) -> datetime:
    """`minutes` after `since` on the clock's own basis: acknowledgement time (P5.3)."""
    return clockface.minutes_on(clock_of(deadline, UNDISTURBED), minutes, since=since)


def _next_mark(deadline: Deadline, after: int, history: History) -> tuple[int, datetime | None]:
    return clockface.next_mark(
        clock_of(deadline, history),
        deadline.due_at,
        after=after,
        now=clock.now(),
        acknowledged=deadline.acknowledged_at is not None,
    )


def _stops(pack: Pack, kind: str, pauses: Sequence[Pause], end: datetime | None) -> Pauses:
    """The spans that stopped this kind and are over, or were when the clock ended."""
    spans = []
    for pause in pauses:
        over = min((at for at in (pause.ended_at, end) if at), default=None)
        if over and pause.started_at < over and pack.stops(pause.party, kind):
            spans.append((pause.started_at, over))
    return spans


def _granted(deadline: Deadline, extensions: Sequence[Extension], end: datetime | None) -> float:
    if deadline.kind not in EXTENDED:
        return 0
    return sum(
        extension.minutes
        for extension in extensions
        if extension.outcome == GRANTED
        and extension.counts_from == deadline.started_at
        and (end is None or (extension.decided_at is not None and extension.decided_at <= end))
    )


def _planned_end(deadline: Deadline, pauses: Sequence[Pause]) -> datetime | None:
    if deadline.kind == ClockKind.DELIVER:
        return date_agreed(deadline.ticket_id or deadline.ticket.id, deadline.started_at)
    if deadline.kind != ClockKind.WAIT:
        return None
    return next((pause.until for pause in pauses if pause.started_at == deadline.started_at and pause.until), None)
