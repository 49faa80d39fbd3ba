"""The sweep (P5): claims the marks that have come due, in batches, and tells who is next. Exactly once each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, cast

import structlog
from sqlalchemy import ColumnElement, Table, bindparam, exists, func, insert, literal_column, select, update
from sqlalchemy.exc import OperationalError

from models.clockwork import housekeeping
from models.ground import clock
from models.ground.asked import remembered
from models.ground.bulk import write_many
from models.ground.db import command, db, is_sqlite
from models.ground.vocabulary import HOUSEKEEPING, Category, ClockKind
from models.record.deadline import BREACH, OVERTAKEN, RUNNING, Deadline, Firing
from models.record.outline import outlines
from models.record.ticket import ENDED, Ticket
from models.rules import journal, ladder, marks, workflow
from models.rules.marks import History

TRY_AGAIN_AFTER = timedelta(minutes=1)
BATCH = 1_000  # marks that are fired in one transaction
log = structlog.get_logger("escalation")
_FIRED = insert(cast(Table, Firing.__table__))
_TABLE = cast(Table, Deadline.__table__)
_STANDS = (_TABLE.c.mark == bindparam("stood"), _TABLE.c.state == literal_column(f"'{RUNNING}'"))
_TURN = (  # compare and set
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("clock"), *_STANDS, _TABLE.c.ring_at <= bindparam("now"))
    .values(mark=bindparam("now_mark"), ring_at=bindparam("now_ring"), breached_at=bindparam("now_breached"))
)
_DUE = select(Deadline.id, Deadline.ring_at, Deadline.kind, Deadline.ticket_id, Ticket.category).join_from(
    Deadline, Ticket
)
_IS_KNOWN = Deadline.kind.in_([str(kind) for kind in ClockKind])  # others are left to the newer version that set them
Due = Any  # a line of it
Row = dict[str, Any]


class Next(NamedTuple):
    """The clock whose mark is fired next, and in how many seconds; not above 0 when it waits already."""

    clock: int
    seconds: float

    @property
    def waits(self) -> bool:
        return self.seconds <= 0


def is_due() -> bool:
    """Whether any mark waits to be fired."""
    return (mark := next_mark()) is not None and mark.waits


def next_mark() -> Next | None:
    """The mark that is fired next: one look at an index."""
    wanted = select(Deadline.id, Deadline.ring_at).where(Deadline.ring_at.is_not(None), *_may_fire())
    row = db.session.execute(wanted.order_by(Deadline.ring_at).limit(1)).one_or_none()
    return Next(row.id, (row.ring_at - clock.now()).total_seconds()) if row else None


def newest_firing() -> int:
    """The number of the newest mark that fired; 0 before the first."""
    return db.session.scalar(select(func.max(Firing.id))) or 0


def is_crowd() -> bool:
    """Whether so many marks are due that a second sweeper helps: more than a batch, where two can write at once."""
    if is_sqlite():
        return False
    few = select(Deadline.id).where(*_is_due()).limit(BATCH + 1).subquery()
    return (db.session.scalar(select(func.count()).select_from(few)) or 0) > BATCH


def oldest_unfired() -> float:
    """Seconds that the oldest due mark has been waiting; 0 when nothing waits. One that was tried and could not be
    fired is the auditor's to tell: the sweep does not stand still."""
    at = db.session.scalar(select(Deadline.ring_at).where(*_is_due()).order_by(Deadline.ring_at).limit(1))
    return (clock.now() - at).total_seconds() if at else 0.0


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
def sweep(limit: int = BATCH) -> int:
    """Fire up to `limit` marks that have come due; returns how many. Any number of sweepers may run at once.

    Tickets and clocks are locked as they are found (on PostgreSQL past those that somebody holds or has just fired, so
    two sweepers share what is due), then the marks are looked for anew and claimed by compare-and-set, so a paused,
    doubled or woken sweeper finds nothing left to do.
    """
    wanted = _DUE.where(*_is_due()).order_by(Deadline.ring_at).limit(limit)
    found = db.session.execute(wanted.with_for_update(of=(Ticket, Deadline), skip_locked=True)).all()
    due = sorted(found, key=attrgetter("ring_at", "id"))  # not there: for each batch all of one instant would be sorted
    with remembered():
        return _fire_together(due) if due else 0


def _is_due() -> tuple[ColumnElement[bool], ...]:
    return Deadline.ring_at <= clock.now(), *_may_fire()


def _may_fire() -> tuple[ColumnElement[bool], ...]:
    return _IS_KNOWN, Deadline.not_before.is_(None) | (Deadline.not_before <= clock.now())


def _fire_together(due: Sequence[Due]) -> int:
    """All in one savepoint; when one is in trouble, one by one, so that it does not stop everybody's clocks."""
    try:
        with db.session.begin_nested():
            return _fire(due)
    except OperationalError:
        raise  # the database itself is away or busy: the whole batch is tried again
    except Exception:
        log.exception("a batch could not be fired and is fired one by one")
        return sum(_fire_alone(mark.id) for mark in due)


def _fire_alone(deadline_id: int) -> int:
    try:
        with db.session.begin_nested():
            return _fire_one(deadline_id)
    except OperationalError:
        raise
    except Exception:
        log.exception("a mark could not be fired and is tried again", deadline=deadline_id)
        again = clock.now() + TRY_AGAIN_AFTER
        db.session.execute(update(Deadline).where(Deadline.id == deadline_id).values(not_before=again))
        return 1


def _fire(due: Sequence[Due]) -> int:
    """Do what each mark demands, in their order; whatever stands together on the ladder together."""
    fired = 0
    for plain, some in groupby(due, key=_is_plain):
        ids = [mark.id for mark in some]
        fired += _climb(ids) if plain else sum(map(_fire_one, ids))
    return fired


def _is_plain(mark: Due) -> bool:
    """Whether it only tells somebody; housekeeping moves the ticket, and security lets people in."""
    return mark.kind not in HOUSEKEEPING and mark.category != Category.SECURITY


def _climb(deadline_ids: list[int]) -> int:
    """Marks of the ladder, which change little: outlines stand in for the rows, and each table is written at once."""
    due = [d for d in outlines(deadline_ids) if d.ticket.category != Category.SECURITY]  # graded a moment ago
    stood = {d.id: d.mark for d in due}
    histories = marks.histories_of({d.ticket_id for d in due if d.mark < BREACH})
    fired = [row for d in due for row in _pass_over(d, histories.get(d.ticket_id))]
    telling = [d for d in due if d.mark == stood[d.id]]
    with journal.written_together(len(telling)):
        fired += [_do(d, d.ring_at, histories.get(d.ticket_id)) for d in telling]
    if write_many(_TURN, [_turned(d, stood[d.id]) for d in due]) != len(due):
        raise RuntimeError("somebody else has fired some of these marks")
    write_many(_FIRED, fired)
    return len(due)


def _fire_one(deadline_id: int) -> int:
    """One mark, with the whole of its ticket; 0: an earlier one of the batch has ended its clock."""
    is_due = (Deadline.id == deadline_id, Deadline.state == RUNNING, Deadline.ring_at <= clock.now())
    due_at = db.session.scalar(select(Deadline.ring_at).where(*is_due))
    taken = update(Deadline).where(*is_due).values(ring_at=None).execution_options(synchronize_session=False)
    if not db.session.execute(taken).rowcount:  # type: ignore[attr-defined]
        return 0
    deadline = db.session.get_one(Deadline, deadline_id, populate_existing=True)
    db.session.refresh(deadline.ticket)  # as those before it have left it
    history = marks.history_of(deadline.ticket)
    fired = _pass_over(deadline, history) or [_do(deadline, due_at, history)]
    db.session.flush()
    write_many(_FIRED, fired)
    return 1


def _pass_over(deadline: Deadline, history: History | None) -> list[Row]:
    """Warnings that a later mark has overtaken are recorded and tell nobody; the later one is next."""
    if deadline.kind in HOUSEKEEPING or deadline.mark >= BREACH:
        return []
    due = ladder.due_at_once(deadline, history)
    if len(due) < 2:
        return []
    deadline.mark, deadline.ring_at = due[-1]
    return [_row(deadline, mark, at, OVERTAKEN) for mark, at in due[:-1]]


def _do(deadline: Deadline, due_at: datetime | None, history: History | None) -> Row:
    """Fire the mark, and find what rings next."""
    mark, role = deadline.mark, _act(deadline)
    if deadline.state == RUNNING:
        marks.set_next_mark(deadline, after=mark, history=history)
    return _row(deadline, mark, due_at, role)


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


def _turned(deadline: Deadline, stood: int) -> Row:
    """What a mark of the ladder changes of its clock, if it still stands where it stood."""
    return {
        "clock": deadline.id, "stood": stood, "now": clock.now(), "now_mark": deadline.mark,
        "now_ring": deadline.ring_at, "now_breached": deadline.breached_at,
    }  # fmt: skip


def _row(deadline: Deadline, mark: int, due_at: datetime | None, role: str) -> Row:
    return {
        "deadline_id": deadline.id, "ticket_id": deadline.ticket_id, "mark": mark, "role": role, "due_at": due_at,
        "done_at": clock.now(),
    }  # fmt: skip
