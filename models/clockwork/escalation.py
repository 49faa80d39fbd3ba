"""The sweep (P5): claims the marks that have come due, in batches, and tells who is next. Exactly once each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast

import structlog
from sqlalchemy import Table, bindparam, exists, func, insert, literal_column, select, tuple_, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import load_only
from sqlalchemy.orm.attributes import set_committed_value

from models.clockwork import housekeeping
from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import HOUSEKEEPING, Category
from models.people.team import Service
from models.policy.version import PolicyVersion
from models.record.deadline import BREACH, OVERTAKEN, RUNNING, Deadline, Firing
from models.record.ticket import ENDED, Ticket
from models.rules import calling, journal, ladder, marks, notices, workflow
from models.rules.marks import History

TRY_AGAIN_AFTER = timedelta(minutes=1)
log = structlog.get_logger("escalation")
_FIRING, _DEADLINES = cast(Table, Firing.__table__), cast(Table, Deadline.__table__)
_TURN = update(_DEADLINES).where(_DEADLINES.c.id == bindparam("deadline")).values(
    mark=bindparam("now_mark"), ring_at=bindparam("now_ring"), breached_at=bindparam("now_breached")
)  # fmt: skip
_CLIMBERS = select(Ticket).options(  # what the ladder asks of a ticket; housekeeping reads the rest when it needs it
    load_only(
        Ticket.number, Ticket.state, Ticket.version, Ticket.seq, Ticket.chain, Ticket.severity, Ticket.category,
        Ticket.team_id, Ticket.assignee_id, Ticket.service_id, Ticket.policy_version_id, Ticket.escalation,
    )
)  # fmt: skip
Row = dict[str, Any]


def is_due() -> bool:
    """Whether any mark waits to be fired."""
    return first_due() is not None


def first_due() -> int | None:
    """The id of the clock whose mark has waited longest to be fired: one look at an index."""
    waiting = select(Deadline.id).where(Deadline.ring_at <= clock.now()).order_by(Deadline.ring_at, Deadline.id)
    return db.session.scalar(waiting.limit(1))


def oldest_unfired() -> float:
    """Seconds that the oldest due mark has been waiting; 0 when nothing waits."""
    at = db.session.scalar(select(Deadline.ring_at).where(Deadline.ring_at.is_not(None)).order_by(Deadline.ring_at))
    return max((clock.now() - at).total_seconds(), 0.0) if at else 0.0


def at_last_resort(most: int = 100) -> int:
    """How many open tickets climbed past everybody, and nobody has acknowledged; counts to `most` (P5.4)."""
    unheard = exists().where(
        Deadline.ticket_id == Ticket.id, Deadline.breached_at.is_not(None), Deadline.acknowledged_at.is_(None),
        Deadline.state == RUNNING,
    )  # fmt: skip
    climbed = Ticket.escalation > literal_column("0")  # as the index of the few that have climbed at all says it
    at_the_top = Ticket.escalation == len(ladder.CLIMB)
    few = select(Ticket.id).where(climbed, at_the_top, Ticket.state.not_in(ENDED), unheard).limit(most).subquery()
    return db.session.scalar(select(func.count()).select_from(few)) or 0


@command
def sweep(limit: int = 500) -> int:
    """Fire up to `limit` marks that have come due; returns how many. Any number of sweepers may run at once.

    The tickets are locked first (skipping those that somebody holds), then the marks are claimed by
    compare-and-set, so a paused, doubled or woken sweeper finds nothing left to do.
    """
    now = clock.now()
    late = (
        select(Deadline.ticket_id).where(Deadline.ring_at <= now).order_by(Deadline.ring_at, Deadline.id).limit(limit)
    )
    wanted = set(db.session.scalars(late))
    if not wanted:
        return 0
    tickets = db.session.scalars(
        _CLIMBERS.where(Ticket.id.in_(wanted)).order_by(Ticket.id).with_for_update(skip_locked=True)
    ).all()
    due = db.session.scalars(
        select(Deadline)
        .where(Deadline.ticket_id.in_([ticket.id for ticket in tickets]), Deadline.ring_at <= now)
        .order_by(Deadline.ring_at, Deadline.id)
        .limit(limit)
    ).all()
    _join(due, tickets)
    with calling.remembered():
        return _fire_together(due)


def _join(due: Sequence[Deadline], tickets: Sequence[Ticket]) -> None:
    """Every clock gets its ticket, every ticket its policy and service, without looking for them one by one."""
    for name, kind in (("policy_version", PolicyVersion), ("service", Service)):
        ids = {getattr(ticket, f"{name}_id") for ticket in tickets}
        found = {id_: db.session.get(kind, id_) if id_ else None for id_ in ids}
        for ticket in tickets:
            set_committed_value(ticket, name, found[getattr(ticket, f"{name}_id")])
    known = {ticket.id: ticket for ticket in tickets}
    for deadline in due:
        set_committed_value(deadline, "ticket", known[deadline.ticket_id])


def _fire_together(due: Sequence[Deadline]) -> int:
    """All in one savepoint; when one is in trouble, one by one, so that it does not stop everybody's clocks."""
    try:
        with db.session.begin_nested(), notices.written_at_once():
            return _fire(due)
    except OperationalError:
        raise  # the database itself is away or busy: the whole batch is tried again
    except Exception:
        log.exception("a batch could not be fired and is fired one by one")
        return sum(_fire_alone(deadline) for deadline in due)


def _fire_alone(deadline: Deadline) -> int:
    try:
        with db.session.begin_nested(), notices.written_at_once():
            db.session.refresh(deadline)  # as the savepoint before left it
            return _fire([deadline])
    except OperationalError:
        raise
    except Exception:
        log.exception("a mark could not be fired and is tried again", deadline=deadline.id, kind=deadline.kind)
        db.session.execute(
            update(Deadline).where(Deadline.id == deadline.id).values(ring_at=clock.now() + TRY_AGAIN_AFTER)
        )
        return 1


def _fire(due: Sequence[Deadline]) -> int:
    """Claim these marks and do what each demands, in their order; whatever stands together on the ladder together."""
    claimed, histories = _claim(due), marks.histories_of([deadline.ticket_id for deadline in due])
    rows: list[dict[str, Any]] = []
    for plain, some in groupby(due, key=_is_plain):
        rows += (_climb if plain else _one_by_one)(list(some), claimed, histories)
    if rows:
        db.session.execute(insert(_FIRING), rows)
    return len(claimed)


def _is_plain(deadline: Deadline) -> bool:
    """Whether it only tells somebody; housekeeping moves the ticket, and security lets people in."""
    return deadline.kind not in HOUSEKEEPING and deadline.ticket.category != Category.SECURITY


def _one_by_one(due: list[Deadline], claimed: dict[int, datetime], histories: dict[int, History]) -> list[Row]:
    rows: list[Row] = []
    for deadline in due:
        if deadline.id in claimed and deadline.state == RUNNING:  # an earlier one of the batch may have ended it
            rows += _do(deadline, claimed[deadline.id], histories)
    db.session.flush()
    return rows


def _climb(due: list[Deadline], claimed: dict[int, datetime], histories: dict[int, History]) -> list[Row]:
    """The same for marks of the ladder, which change little: each table is written in one statement."""
    mine = [deadline for deadline in due if deadline.id in claimed and deadline.state == RUNNING]
    rows: list[Row] = []
    with journal.written_together(len(mine)):
        for deadline in mine:
            rows += _do(deadline, claimed[deadline.id], histories)
        if mine:
            db.session.connection().execute(_TURN, [_turned(deadline) for deadline in mine])
    db.session.expire_all()  # it is written already
    return rows


def _claim(due: Sequence[Deadline]) -> dict[int, datetime]:
    """Compare and set: for exactly one sweeper the ids of its deadlines, each with the time that was due."""
    marked = [(deadline.id, deadline.mark) for deadline in due]
    taken = db.session.scalars(
        update(Deadline)
        .where(
            tuple_(Deadline.id, Deadline.mark).in_(marked),
            Deadline.ring_at <= clock.now(),
            Deadline.state == RUNNING,
        )
        .values(ring_at=None)
        .returning(Deadline.id)
        .execution_options(synchronize_session=False)
    )
    ids = set(taken)
    claimed = {deadline.id: at for deadline in due if deadline.id in ids and (at := deadline.ring_at)}
    for deadline in due:
        if deadline.id in claimed:
            set_committed_value(deadline, "ring_at", None)
    return claimed


def _do(deadline: Deadline, due_at: datetime, histories: dict[int, History]) -> list[Row]:
    """Fire the mark; warnings that a later mark has overtaken tell nobody, and the later one is next."""
    mark = deadline.mark
    history = None if deadline.kind in HOUSEKEEPING else histories[deadline.ticket_id]
    if mark < BREACH and history:
        *passed, newest = ladder.due_at_once(deadline, history) or [(mark, due_at)]
        if passed:
            deadline.mark, deadline.ring_at = newest
            return [_row(deadline, overtaken, at, OVERTAKEN) for overtaken, at in passed]
    role = _act(deadline)
    if deadline.state == RUNNING:
        marks.set_next_mark(deadline, after=mark, history=history)
    return [_row(deadline, mark, due_at, role)]


def _act(deadline: Deadline) -> str:
    if deadline.kind in HOUSEKEEPING:
        return housekeeping.fire(deadline)
    return _warn(deadline) if deadline.mark < BREACH else _escalate(deadline)


def _warn(deadline: Deadline) -> str:
    """Half and four fifths of the time are gone: whoever has to act is told, later the supervisor too (P5.1)."""
    told = ladder.warned(deadline, deadline.mark)
    passed_over: dict[str, Any] = {"passed_over": told.passed_over} if told.passed_over else {}
    workflow.advance(
        deadline.ticket, "warn", actor=None, kind=deadline.kind, round=deadline.round, percent=deadline.mark,
        due=deadline.due_at.isoformat(), people=sorted(person.id for person in told.people), **passed_over,
    )  # fmt: skip
    return ladder.RESPONSIBLE


def _escalate(deadline: Deadline) -> str:
    """The breach, a further rung, or asking again: tell the next living recipient (P5.2–P5.5)."""
    ticket, rung = deadline.ticket, ladder.rung(deadline, deadline.mark)
    deadline.breached_at = deadline.breached_at or deadline.due_at
    workflow.advance(
        ticket, "escalate", actor=None, change={"escalation": max(ticket.escalation, rung.height)},
        kind=deadline.kind, round=deadline.round, rung=rung.number, role=str(rung.role), mark=deadline.mark,
        due=deadline.due_at.isoformat(), passed_over=rung.passed_over,
        people=sorted(person.id for person in rung.people),
    )  # fmt: skip
    return str(rung.role)


def _turned(deadline: Deadline) -> Row:
    """What a mark of the ladder changes of its clock."""
    return {
        "deadline": deadline.id, "now_mark": deadline.mark, "now_ring": deadline.ring_at,
        "now_breached": deadline.breached_at,
    }  # fmt: skip


def _row(deadline: Deadline, mark: int, due_at: datetime, role: str) -> Row:
    return {
        "deadline_id": deadline.id, "ticket_id": deadline.ticket_id, "mark": mark, "role": role, "due_at": due_at,
        "done_at": clock.now(),
    }  # fmt: skip
