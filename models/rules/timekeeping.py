"""Which clocks run: opened, met, given up and computed anew here, always inside the command that caused it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, func, insert, select

from models.ground import clock
from models.ground.bulk import write_many
from models.ground.db import db
from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Party, State
from models.policy import clockface
from models.policy.clockface import BREACH, Clock
from models.policy.pack import Pack
from models.policy.version import PolicyVersion
from models.record.deadline import CANCELLED, MET, PAUSED, RUNNING, Deadline, deadlines_of, open_deadlines
from models.record.extension import LAPSED, pending_extension
from models.record.plan import Plan, plan_submitted
from models.record.ticket import ASK_CUSTOMER, Ticket
from models.rules.marks import UNDISTURBED, History, clock_of, history_of, last_mark, reckoned, set_next_mark

_INSERT = insert(cast(Table, Deadline.__table__))
Row = dict[str, Any]  # of the table of deadlines
STANDS = (ClockKind.RATIFY,)  # owed as agreed when the word was given, whatever level or policy it is now (P7.5)


def first_clocks(version: PolicyVersion, severity: str, kinds: Iterable[str], *, started_at: datetime) -> list[Row]:
    """The clocks of a report that is about to be registered, as rows that lack only the ticket.

    There is no earlier round and no pause to ask for, so this needs no turn to write.
    """
    faces = (Clock(version.pack, version.calendar, str(kind), severity, started_at) for kind in kinds)
    return [_first_row(face, due_at) for face in faces if (due_at := clockface.due_at(face))]


def open_first(ticket: Ticket, clocks: list[Row]) -> None:
    """Start the first clocks of a ticket that has just been registered."""
    if clocks:  # all in one; as objects each would be a statement of its own
        write_many(_INSERT, [row | {"ticket_id": ticket.id} for row in clocks])


def nearest(clocks: list[Row]) -> datetime | None:
    """The nearest promise of clocks that are about to start."""
    return min((row["due_at"] for row in clocks), default=None)


def open_clock(ticket: Ticket, kind: str, *, started_at: datetime, about: int | None = None) -> Deadline | None:
    """Start a clock from `started_at`, if the ticket's policy agrees one; the next round if there was one before.

    It stands still at once while the ticket waits on somebody for whom it stops.
    """
    history = history_of(ticket) if started_at < clock.now() or kind == ClockKind.WAIT else UNDISTURBED
    by = None if about else _limited_by(ticket, kind, started_at)
    deadline = _make(ticket, kind, started_at, nth=_rounds(ticket, kind) + 1, history=history, by=by)
    if deadline:
        deadline.about_id = about
        db.session.add(deadline)
        stop(deadline, waited_for(ticket), at=clock.now())
    return deadline


def go_on(ticket: Ticket, kind: str) -> None:
    """What ended the clock is undone: it goes on from where its last round began, as a round of its own."""
    began = select(func.max(Deadline.started_at)).where(Deadline.ticket_id == ticket.id, Deadline.kind == str(kind))
    if started_at := db.session.scalar(began):
        _restart(ticket, kind, started_at)


def meet(ticket: Ticket, kinds: Iterable[str], *, at: datetime, about: int | None = None) -> None:
    """The obligations are fulfilled at `at`; nothing of them fires any more."""
    for deadline in _open(ticket, kinds, about):
        _end(deadline, MET, at)
        if at > deadline.due_at and deadline.breached_at is None:
            deadline.breached_at = deadline.due_at


def cancel(ticket: Ticket, kinds: Iterable[str], *, about: int | None = None) -> None:
    """The obligations no longer exist; nothing of them fires any more."""
    for deadline in _open(ticket, kinds, about):
        _end(deadline, CANCELLED, clock.now())


def cancel_all(ticket: Ticket) -> None:
    """The ticket has ended: nothing on it is owed any more."""
    for deadline in open_deadlines(ticket):
        _end(deadline, CANCELLED, clock.now())


def has_met(ticket: Ticket, kind: str) -> bool:
    """Whether the obligation has ever been fulfilled on the ticket."""
    return any(deadline.kind == kind and deadline.state == MET for deadline in deadlines_of(ticket))


def judge_registration(ticket: Ticket) -> None:
    """Registration is judged there and then (P2.7): from the report reaching the desk to its number."""
    if ticket.reported_at == ticket.created_at:
        return
    if open_clock(ticket, ClockKind.REGISTER, started_at=ticket.reported_at):
        db.session.flush()
        meet(ticket, [ClockKind.REGISTER], at=ticket.created_at)


def waited_for(ticket: Ticket) -> str:
    """The party for whom clocks stand still now; "" when none do."""
    return ticket.waiting_on or waits_by_itself(ticket.state, ticket.policy_version.pack, caller_party(ticket))


def waits_by_itself(state: str, pack: Pack, caller: Party) -> str:
    """Whom a state waits for without a word from anybody (P4.5): the customer, or the approvers where the policy lets
    them stop clocks; "" for nobody. Pure, the replay asks it too."""
    if state in ASK_CUSTOMER:
        return caller
    return Party.APPROVER if state == State.AWAITING_APPROVAL and pack.stops_any(Party.APPROVER) else ""


def caller_party(ticket: Ticket) -> Party:
    """Whoever asked for it: the customer, or the reporter in the house."""
    return Party.CUSTOMER if ticket.contact_id else Party.REPORTER


def stop(deadline: Deadline, party: str, *, at: datetime) -> None:
    """Let the clock stand still from `at`, if the policy says that it does so for this party (P4.5)."""
    if party and deadline.version.pack.stops(party, deadline.kind):
        deadline.state, deadline.paused_at, deadline.ring_at = PAUSED, at, None


def regrade(ticket: Ticket, *, was: str) -> None:
    """The level is no longer `was`: every open clock starts anew from its original start, under the new targets (P3.6).

    A clock that is past on the spot is kept as late by triage (P4.2). One that the old level did not have, such as a
    P0's maximum, starts with the registration. What an extension granted stays granted: its minutes are added to
    the new target (P4.6). A late approval stays owed as it was.
    """
    lapse_extension(ticket)
    held = _moved_by_level(ticket)
    for deadline in held:
        if deadline.severity != ticket.level:
            _end(deadline, CANCELLED, clock.now())
            db.session.flush()
            _restart(ticket, deadline.kind, deadline.started_at, deadline.about_id)
    resolve = next((deadline for deadline in held if deadline.kind == ClockKind.RESOLVE), None)
    if resolve and was != ticket.level and not any(d.kind == ClockKind.RESOLVE_MAX for d in held):
        _restart(ticket, ClockKind.RESOLVE_MAX, resolve.started_at)
    note_next(ticket)


def judge_again(ticket: Ticket, *, was_kind: str, was_level: str) -> None:
    """Triage, or its undoing, has set kind and level: the clocks follow what has changed."""
    if was_kind != ticket.kind:
        change_kind(ticket, was=was_level)
    elif ticket.level != was_level:
        regrade(ticket, was=was_level)


def change_kind(ticket: Ticket, *, was: str) -> None:
    """A fault turned out to be a request, or the other way round (P3.1); a fault is to be solved from its report on."""
    regrade(ticket, was=was)
    if not ticket.is_request:
        for kind in (ClockKind.RESOLVE, ClockKind.RESOLVE_MAX):
            _restart(ticket, kind, ticket.created_at)
    note_next(ticket)


def lapse_extension(ticket: Ticket) -> None:
    """The clock for which more time was asked is met or another now: a request that waits has lapsed (P4.6)."""
    if extension := pending_extension(ticket):
        extension.outcome, extension.decided_at = LAPSED, clock.now()
        cancel(ticket, [ClockKind.APPROVE], about=extension.id)


def recompute(ticket: Ticket) -> None:
    """Compute every open clock anew from its start: its calendar or policy is another now, or more time was granted."""
    history = history_of(ticket)
    for deadline in open_deadlines(ticket):
        due_at = reckoned(deadline, history)
        if due_at and due_at != deadline.due_at:
            deadline.due_at = due_at
            if deadline.state == RUNNING and (fired := last_mark(deadline)) < BREACH:
                set_next_mark(deadline, after=fired, history=history)
    note_next(ticket)


def move_to(ticket: Ticket, version: PolicyVersion) -> None:
    """Let the ticket run by another edition; the clocks that have ended keep the one by which they were judged."""
    _put_under(ticket, version)
    recompute(ticket)


def begin_anew(ticket: Ticket, version: PolicyVersion, *, owed: Mapping[str, datetime]) -> None:
    """Another policy was chosen by a new triage (P3.2): every open clock starts anew from its original start, under
    that policy's targets, as a round of its own; so does what only that policy agrees, from when it was `owed`. A late
    approval stays owed as it was."""
    lapse_extension(ticket)
    held = _moved_by_level(ticket)
    for deadline in held:
        _end(deadline, CANCELLED, clock.now())
    _keep_edition(deadline for deadline in open_deadlines(ticket) if deadline.kind in STANDS)
    _put_under(ticket, version)
    for deadline in held:
        _restart(ticket, deadline.kind, deadline.started_at, deadline.about_id)
    for kind in sorted(owed.keys() - {deadline.kind for deadline in held}):
        _restart(ticket, kind, owed[kind])
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


def _first_row(face: Clock, due_at: datetime) -> Row:
    mark, ring_at = clockface.next_mark(face, due_at, after=0, now=clock.now())
    return {
        "kind": face.kind,
        "round": 1,
        "severity": face.level,
        "started_at": face.started_at,
        "due_at": due_at,
        "state": RUNNING,
        "mark": mark,
        "ring_at": ring_at,
        "late_by_triage": False,
    }


def _limited_by(ticket: Ticket, kind: str, started_at: datetime) -> Plan | None:
    """The plan whose round the clock times, if that round has a limit of its own (P7.2)."""
    plan = plan_submitted(ticket.id, started_at) if kind == ClockKind.APPROVE else None
    return plan if plan and plan.limit else None


def _make(
    ticket: Ticket, kind: str, started_at: datetime, *, nth: int, history: History, by: Plan | None
) -> Deadline | None:
    deadline = Deadline(
        ticket_id=ticket.id,
        ticket=ticket,
        kind=str(kind),
        round=nth,
        severity=ticket.level,
        started_at=started_at,
        state=RUNNING,
        late_by_triage=False,
    )
    if by:
        deadline.take_limit(by)
    due_at = reckoned(deadline, history)
    if due_at is None:
        return None
    deadline.due_at = due_at
    set_next_mark(deadline, after=0, history=history)
    return deadline


def _moved_by_level(ticket: Ticket) -> list[Deadline]:
    """The open clocks that another level, or another policy, starts anew."""
    return [deadline for deadline in open_deadlines(ticket) if deadline.kind not in (*HOUSEKEEPING, *STANDS)]


def _put_under(ticket: Ticket, version: PolicyVersion) -> None:
    _keep_edition(deadline for deadline in deadlines_of(ticket) if deadline.ended_at)
    ticket.policy_version = version
    db.session.flush()


def _keep_edition(deadlines: Iterable[Deadline]) -> None:
    """They stay under the edition that the ticket has now, whatever it will have."""
    for deadline in deadlines:
        deadline.policy_version_id = deadline.policy_version_id or deadline.ticket.policy_version_id


def _restart(ticket: Ticket, kind: str, started_at: datetime, about: int | None = None) -> None:
    if fresh := open_clock(ticket, kind, started_at=started_at, about=about):
        due_at = clockface.due_at(clock_of(fresh, until=clock.now()))
        fresh.late_by_triage = due_at is not None and due_at <= clock.now()


def _end(deadline: Deadline, state: str, at: datetime) -> None:
    """Met or given up at `at`; one that stands still has been moved on by the waiting up to then."""
    if deadline.state == PAUSED:
        deadline.due_at = clockface.due_at(clock_of(deadline, until=at)) or deadline.due_at
    deadline.state, deadline.ring_at, deadline.paused_at = state, None, None
    deadline.met_at, deadline.cancelled_at = (at, None) if state == MET else (None, at)


def _open(ticket: Ticket, kinds: Iterable[str], about: int | None) -> list[Deadline]:
    wanted = {str(kind) for kind in kinds}
    return [d for d in open_deadlines(ticket) if d.kind in wanted and d.about_id == about] if wanted else []


def _rounds(ticket: Ticket, kind: str) -> int:
    counted = select(func.max(Deadline.round)).where(Deadline.ticket_id == ticket.id, Deadline.kind == str(kind))
    return db.session.scalar(counted) or 0
