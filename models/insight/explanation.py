"""A clock that explains itself (P4.7): who started it, what was agreed, what counted, what moved it, and the sum."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import HOUSEKEEPING, ClockKind, State
from models.insight.reckoning import Reckoning, reckon
from models.policy.clockface import EXTENDED, Clock, added
from models.policy.version import PolicyVersion
from models.record.deadline import PAUSED, Deadline, Pause
from models.record.event import Event
from models.record.extension import Extension
from models.record.plan import plan_submitted
from models.record.ticket import Ticket
from models.rules.marks import History, clock_of, history_of
from models.rules.workflow import CLOCKS_IN, SAME, STEPS, Step

REACHED = "reached"  # what starts `register`: the report reached the desk, before there was any event


@dataclass(frozen=True)
class Waited:
    """A span in which the ticket waited on somebody while the clock was open, and what the policy made of it."""

    pause: Pause
    stops: bool
    minutes: float | None  # that it took off this clock; None while it lasts


@dataclass(frozen=True)
class Explanation:
    """Everything that makes one clock's due time what it is."""

    deadline: Deadline
    clock: Clock
    started_by: str  # an event's name, or REACHED
    waits: tuple[Waited, ...]
    extensions: tuple[Extension, ...]  # asked for on this obligation, whatever came of it
    before: tuple[Deadline, ...]  # earlier rounds of the same kind, oldest first
    limited_by: str = ""  # the approval template that says how long, in place of the policy (P7.2)

    @cached_property
    def reckoning(self) -> Reckoning:
        return reckon(self.clock)

    @property
    def version(self) -> PolicyVersion:
        return self.deadline.version

    @property
    def due_at(self) -> datetime:
        """As it stands on record."""
        return self.deadline.due_at

    @property
    def agrees(self) -> bool:
        """Does the sum come to what stands on record? If not, somebody has tampered with it."""
        return self.reckoning.proves(self.due_at)

    @property
    def is_regraded(self) -> bool:
        """Did the level change under the same obligation, so that it began anew from its original start (P3.6)?"""
        return bool(self.before) and self.before[-1].started_at == self.deadline.started_at

    @property
    def is_under_another_policy(self) -> bool:
        """Did the ticket come under another policy, so that it began anew (P3.2)?"""
        return self.is_regraded and self.before[-1].version.pack_name != self.version.pack_name

    @property
    def due_if_resumed_now(self) -> datetime | None:
        """Of a clock that stands still: when it would be due if the waiting ended at this moment."""
        if self.deadline.state != PAUSED:
            return None
        return reckon(clock_of(self.deadline, self._history, until=clock.now())).due_at

    @property
    def _history(self) -> History:
        return History([waited.pause for waited in self.waits], self.extensions)

    def name_of(self, day: date) -> dict[str, str]:
        """What the calendar calls a date, by language; empty for a day without a name."""
        return self.version.calendar_row.names.get(day.isoformat(), {})


def find_clock(ticket: Ticket, kind: str, nth: int) -> Deadline | None:
    """One promise of the ticket; the desk's own housekeeping explains itself to nobody."""
    if kind in HOUSEKEEPING:
        return None
    wanted = select(Deadline).where(Deadline.ticket_id == ticket.id, Deadline.kind == kind, Deadline.round == nth)
    return db.session.scalar(wanted)


def explain(deadline: Deadline, history: History | None = None) -> Explanation:
    """The deadline with all that made it; its due time is worked out anew and compared with the one on record."""
    history = history or history_of(deadline.ticket)
    face = clock_of(deadline, history)
    end = deadline.ended_at or clock.now()
    return Explanation(
        deadline=deadline,
        clock=face,
        started_by=_started_by(deadline),
        waits=tuple(
            _waited(face, pause, end)
            for pause in history.pauses
            if pause.started_at < end and (pause.ended_at is None or pause.ended_at > deadline.started_at)
        ),
        extensions=tuple(asked for asked in history.extensions if _concerns(asked, deadline)),
        before=tuple(_rounds_before(deadline)),
        limited_by=_limited_by(deadline),
    )


def _waited(face: Clock, pause: Pause, end: datetime) -> Waited:
    stops, over = face.pack.stops(pause.party, face.kind), min(pause.ended_at or end, end)
    if not stops or pause.ended_at is None:
        return Waited(pause, stops, None if stops else 0)
    begun = max(pause.started_at, face.started_at)
    return Waited(pause, stops, added(face, begun, over))


def _concerns(asked: Extension, deadline: Deadline) -> bool:
    return deadline.kind in EXTENDED and asked.counts_from == deadline.started_at


def _started_by(deadline: Deadline) -> str:
    """The newest event at the start, or before it, that can start a clock of this kind."""
    ticket, starters, report = deadline.ticket, _starters(deadline.kind), STEPS["report"].event
    if deadline.kind == ClockKind.REGISTER:
        return REACHED
    if report in starters and deadline.started_at <= ticket.created_at:
        return report
    begun = select(Event.name).where(Event.ticket_id == ticket.id, Event.at <= deadline.started_at)
    newest = begun.order_by(Event.seq.desc()).limit(1)
    return db.session.scalar(newest.where(Event.name.in_(starters))) or db.session.scalar(newest) or ""


def _starters(kind: str) -> set[str]:
    again = {STEPS["update"].event, STEPS["change_policy"].event} if kind == ClockKind.UPDATE else set()
    return again | {
        step.event
        for step in STEPS.values()
        if kind in step.opens.split() or any(kind in CLOCKS_IN.get(State(goal), "").split() for goal in _goals(step))
    }


def _goals(step: Step) -> list[State | str]:
    return [goal for goal in step.go_to if goal != SAME]


def _limited_by(deadline: Deadline) -> str:
    """The name of the template whose limit the round keeps; "" where the policy rules."""
    plan = plan_submitted(deadline.ticket_id, deadline.started_at) if deadline.limit else None
    return plan.template.name if plan and plan.template else ""


def _rounds_before(deadline: Deadline) -> list[Deadline]:
    earlier = select(Deadline).where(
        Deadline.ticket_id == deadline.ticket_id, Deadline.kind == deadline.kind, Deadline.round < deadline.round
    )
    return list(db.session.scalars(earlier.order_by(Deadline.round)))
