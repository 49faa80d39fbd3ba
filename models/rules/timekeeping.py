"""Which clocks run: opened, met, cancelled, paused and moved here, always inside the command that caused it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, func, insert, select

from models.ground import clock, working_time
from models.ground.db import db
from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Party
from models.ground.working_time import Pauses
from models.policy.pack import Pack, Target
from models.record.deadline import (
    ASK_AGAIN,
    BREACH,
    CANCELLED,
    MET,
    PAUSED,
    RUNNING,
    Deadline,
    Firing,
    Pause,
    open_deadlines,
)
from models.record.ticket import Ticket

_TABLE = cast(Table, Deadline.__table__)
_COLUMNS = [column.name for column in _TABLE.columns if column.name != "id"]
REMINDER_EVERY_DAYS = 1  # working days between two reminders of an unanswered confirmation (P10.4)


def open_first(ticket: Ticket, kinds: Iterable[str]) -> None:
    """Start the clocks of a ticket that has just been registered: there is no earlier round and no pause to ask for."""
    agreed = [_make(ticket, kind, ticket.created_at, nth=1, pauses=()) for kind in kinds]
    deadlines = [deadline for deadline in agreed if deadline]
    if deadlines:
        rows = [{name: getattr(deadline, name) for name in _COLUMNS} for deadline in deadlines]
        db.session.execute(insert(_TABLE), rows)  # all in one; as objects each would be a statement of its own
    ticket.next_due_at = min((deadline.due_at for deadline in deadlines), default=None)


def open_clock(ticket: Ticket, kind: str, *, started_at: datetime) -> Deadline | None:
    """Start a clock from `started_at`, if the ticket's policy agrees one; the next round if there was one before."""
    return _start(ticket, kind, started_at, nth=_rounds(ticket, kind) + 1, pauses=_pauses(ticket, kind))


def meet(ticket: Ticket, kinds: Iterable[str], *, at: datetime) -> None:
    """The obligations are fulfilled at `at`; nothing of them fires any more."""
    wanted = set(kinds)
    for deadline in _open(ticket, wanted):
        deadline.state, deadline.met_at, deadline.ring_at, deadline.paused_at = MET, at, None, None
        if at > deadline.due_at and deadline.breached_at is None:
            deadline.breached_at = deadline.due_at


def cancel(ticket: Ticket, kinds: Iterable[str]) -> None:
    """The obligations no longer exist; nothing of them fires any more."""
    for deadline in _open(ticket, set(kinds)):
        _cancel(deadline)


def cancel_all(ticket: Ticket) -> None:
    """The ticket has ended: nothing on it is owed any more."""
    for deadline in open_deadlines(ticket):
        _cancel(deadline)


def judge_registration(ticket: Ticket) -> None:
    """Registration is judged there and then (P2.7): from the report reaching the desk to its number."""
    if ticket.reported_at == ticket.created_at:
        return
    if deadline := open_clock(ticket, ClockKind.REGISTER, started_at=ticket.reported_at):
        db.session.flush()
        meet(ticket, [ClockKind.REGISTER], at=ticket.created_at)
        deadline.ring_at = None


def pause(ticket: Ticket, party: Party, *, reason: str) -> None:
    """The ticket waits on `party` from now; the clocks that the policy says stop (P4.5)."""
    now = clock.now()
    resume(ticket, at=now)
    db.session.add(Pause(ticket_id=ticket.id, party=str(party), reason=reason[:200], started_at=now))
    ticket.waiting_on = str(party)
    for deadline in open_deadlines(ticket):
        if _pack(ticket).stops(party, deadline.kind):
            deadline.state, deadline.paused_at, deadline.ring_at = PAUSED, now, None
    db.session.flush()


def resume(ticket: Ticket, *, at: datetime) -> None:
    """Nobody is waited for any more: paused clocks run on, due as much later as counted time was lost."""
    waiting = select(Pause).where(Pause.ticket_id == ticket.id, Pause.ended_at.is_(None))
    for span in db.session.scalars(waiting):
        span.ended_at = at
    ticket.waiting_on = ""
    for deadline in open_deadlines(ticket):
        if deadline.state == PAUSED:
            deadline.state, deadline.paused_at = RUNNING, None
            pauses = _pauses(ticket, deadline.kind)
            deadline.due_at = (
                _due(ticket, deadline.kind, deadline.started_at, deadline.severity, pauses) or deadline.due_at
            )
            set_next_mark(deadline, after=last_mark(deadline), pauses=pauses)


def regrade(ticket: Ticket, *, was: str) -> None:
    """The severity has changed: every running clock starts anew from its original start, under the new targets.

    A clock that is past on the spot is kept as late by triage (P3.6, P4.2). One that the old level
    did not have, such as a P0's maximum, starts with the registration.
    """
    now, held = clock.now(), open_deadlines(ticket)
    for deadline in held:
        if deadline.kind in HOUSEKEEPING or deadline.severity == ticket.severity:
            continue
        _cancel(deadline)
        db.session.flush()
        _restart(ticket, deadline.kind, deadline.started_at, now)
    kinds = {deadline.kind for deadline in held}
    if "resolve" in kinds and "resolve_max" not in kinds and was != ticket.severity:
        started_at = next(d.started_at for d in held if d.kind == "resolve")
        _restart(ticket, "resolve_max", started_at, now)
    if ticket.waiting_on:
        _stop_again(ticket, now)
    note_next(ticket)


def note_next(ticket: Ticket) -> None:
    """Keep the ticket's nearest promise on its own row, so that lists sort by one index."""
    db.session.flush()
    ticket.next_due_at = db.session.scalar(
        select(func.min(Deadline.due_at)).where(
            Deadline.ticket_id == ticket.id,
            Deadline.state == RUNNING,
            Deadline.kind.not_in(HOUSEKEEPING),
        )
    )


def set_next_mark(deadline: Deadline, *, after: int, pauses: Pauses | None = None) -> None:
    """Find the mark that fires after `after` and when; warnings that are already past are left out."""
    if deadline.kind in HOUSEKEEPING:
        deadline.mark = after + 1
        deadline.ring_at = _housekeeping_ring(deadline)
        return
    if after < BREACH:
        pauses = _pauses(deadline.ticket, deadline.kind) if pauses is None else pauses
        for percent in _pack(deadline.ticket).warn_marks(deadline.kind, deadline.severity):
            if percent > after and (rings_at := _part_way(deadline, percent, pauses)) > clock.now():
                deadline.mark, deadline.ring_at = percent, rings_at
                return
        deadline.mark, deadline.ring_at = BREACH, deadline.due_at
        return
    deadline.mark, deadline.ring_at = _next_rung(deadline, after)


def last_mark(deadline: Deadline) -> int:
    """The mark that fired last; 0 when none has."""
    fired = select(func.max(Firing.mark)).where(Firing.deadline_id == deadline.id)
    return db.session.scalar(fired) or 0


def minutes_on(deadline: Deadline, minutes: int, *, since: datetime) -> datetime:
    """`minutes` after `since` on the clock's own basis: acknowledgement time (P5.3)."""
    target = _target(deadline)
    basis = target.minute_basis if target else "wall"
    return working_time.due(_calendar(deadline.ticket), since, basis=basis, amount=minutes)


def _next_rung(deadline: Deadline, after: int) -> tuple[int, datetime | None]:
    """After a rung has been told: the next one if nobody acknowledges; asking again if somebody has."""
    pack, now = _pack(deadline.ticket), clock.now()
    if deadline.acknowledged_at:
        again = pack.ask_again(deadline.severity)
        mark = after + 1 if after > ASK_AGAIN else ASK_AGAIN + 1
        return mark, minutes_on(deadline, again, since=now) if again else None
    if after // BREACH >= len(pack.ladder(deadline.kind, deadline.severity)) or after > ASK_AGAIN:
        return after, None
    return after + BREACH, minutes_on(deadline, pack.acknowledge_within(deadline.severity), since=now)


def _start(ticket: Ticket, kind: str, started_at: datetime, *, nth: int, pauses: Pauses) -> Deadline | None:
    if deadline := _make(ticket, kind, started_at, nth=nth, pauses=pauses):
        db.session.add(deadline)
    return deadline


def _make(ticket: Ticket, kind: str, started_at: datetime, *, nth: int, pauses: Pauses) -> Deadline | None:
    due_at = _due(ticket, kind, started_at, ticket.severity, pauses)
    if due_at is None:
        return None
    deadline = Deadline(
        ticket_id=ticket.id,
        ticket=ticket,
        kind=str(kind),
        round=nth,
        severity=ticket.severity,
        started_at=started_at,
        due_at=due_at,
        state=RUNNING,
        late_by_triage=False,
    )
    set_next_mark(deadline, after=0, pauses=pauses)
    return deadline


def _restart(ticket: Ticket, kind: str, started_at: datetime, now: datetime) -> None:
    if fresh := open_clock(ticket, kind, started_at=started_at):
        fresh.late_by_triage = fresh.due_at <= now


def _stop_again(ticket: Ticket, now: datetime) -> None:
    for deadline in open_deadlines(ticket):
        if deadline.state == RUNNING and _pack(ticket).stops(ticket.waiting_on, deadline.kind):
            deadline.state, deadline.paused_at, deadline.ring_at = PAUSED, now, None


def _due(ticket: Ticket, kind: str, started_at: datetime, severity: str, pauses: Pauses) -> datetime | None:
    pack, calendar = _pack(ticket), _calendar(ticket)
    if kind == ClockKind.ARCHIVE:
        return started_at + timedelta(days=pack.archive_days)
    if kind == ClockKind.SILENCE:
        return working_time.due(calendar, started_at, basis="days", amount=pack.silence.days)
    target = pack.target(kind, severity)
    return target.due(calendar, started_at, pauses) if target else None


def _pauses(ticket: Ticket, kind: str) -> list[tuple[datetime, datetime]]:
    """The spans that stopped this kind of clock so far."""
    spans = db.session.scalars(select(Pause).where(Pause.ticket_id == ticket.id, Pause.ended_at.is_not(None)))
    pack = _pack(ticket)
    return [(s.started_at, s.ended_at) for s in spans if s.ended_at and pack.stops(s.party, kind)]


def _part_way(deadline: Deadline, percent: int, pauses: Pauses) -> datetime:
    target = _target(deadline)
    assert target is not None
    return working_time.part_way(
        _calendar(deadline.ticket),
        deadline.started_at,
        deadline.due_at,
        basis=target.basis,
        percent=percent,
        pauses=pauses,
    )


def _housekeeping_ring(deadline: Deadline) -> datetime | None:
    """Archiving rings once; silence rings for each reminder and then at its end."""
    if deadline.kind == ClockKind.ARCHIVE:
        return deadline.due_at if deadline.mark == 1 else None
    reminders = _pack(deadline.ticket).silence.reminders
    if deadline.mark > reminders:
        return deadline.due_at if deadline.mark == reminders + 1 else None
    days = REMINDER_EVERY_DAYS * deadline.mark
    return working_time.due(_calendar(deadline.ticket), deadline.started_at, basis="days", amount=days)


def _open(ticket: Ticket, kinds: set[str]) -> list[Deadline]:
    return [d for d in open_deadlines(ticket) if d.kind in kinds] if kinds else []


def _cancel(deadline: Deadline) -> None:
    deadline.state, deadline.ring_at, deadline.paused_at = CANCELLED, None, None


def _rounds(ticket: Ticket, kind: str) -> int:
    counted = select(func.max(Deadline.round)).where(Deadline.ticket_id == ticket.id, Deadline.kind == str(kind))
    return db.session.scalar(counted) or 0


def _target(deadline: Deadline) -> Target | None:
    return _pack(deadline.ticket).target(deadline.kind, deadline.severity)


def _pack(ticket: Ticket) -> Pack:
    return ticket.policy_version.pack


def _calendar(ticket: Ticket) -> working_time.Calendar:
    return ticket.policy_version.calendar
