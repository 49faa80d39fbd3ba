"""The ladder (P5): claims the marks that have come due, in batches, and tells who is next. Exactly once each."""

from datetime import timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from models.clockwork import housekeeping
from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Role
from models.people.person import Person
from models.record.deadline import ASK_AGAIN, BREACH, RUNNING, Deadline, Firing
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules import notices, timekeeping, workflow

TRY_AGAIN_AFTER = timedelta(minutes=1)
log = structlog.get_logger("escalation")
NEXT_ROLE = {Role.SUPERVISOR: Role.TECH_MANAGER, Role.TECH_MANAGER: Role.DIRECTOR, Role.DIRECTOR: Role.ADMIN}


def is_due() -> bool:
    """Whether any mark waits to be fired: one look at an index."""
    waiting = select(Deadline.id).where(Deadline.ring_at <= clock.now()).limit(1)
    return db.session.scalar(waiting) is not None


def oldest_unfired() -> float:
    """Seconds that the oldest due mark has been waiting; 0 when nothing waits."""
    at = db.session.scalar(select(Deadline.ring_at).where(Deadline.ring_at.is_not(None)).order_by(Deadline.ring_at))
    return max((clock.now() - at).total_seconds(), 0.0) if at else 0.0


@command
def sweep(limit: int = 500) -> int:
    """Fire up to `limit` marks that have come due; returns how many. Any number of sweepers may run at once.

    The tickets are locked first (skipping those that somebody holds), then each mark is claimed by
    compare-and-set, so a paused, doubled or woken sweeper finds nothing left to do.
    """
    now = clock.now()
    late = select(Deadline.ticket_id).where(Deadline.ring_at <= now).order_by(Deadline.ring_at).limit(limit)
    wanted = set(db.session.scalars(late))
    if not wanted:
        return 0
    tickets = db.session.scalars(
        select(Ticket).where(Ticket.id.in_(wanted)).order_by(Ticket.id).with_for_update(skip_locked=True)
    ).all()
    due = db.session.scalars(
        select(Deadline)
        .where(Deadline.ticket_id.in_([ticket.id for ticket in tickets]), Deadline.ring_at <= now)
        .order_by(Deadline.ring_at, Deadline.id)
        .limit(limit)
    )
    return sum(_fire_alone(deadline) for deadline in list(due))


def _fire_alone(deadline: Deadline) -> bool:
    """One mark in a savepoint of its own: what is wrong with one ticket must not stop everybody's clocks."""
    try:
        with db.session.begin_nested():
            return _fire(deadline)
    except OperationalError:
        raise  # the database itself is away or busy: the whole batch is tried again
    except Exception:
        log.exception("a mark could not be fired and is tried again", deadline=deadline.id, kind=deadline.kind)
        db.session.execute(
            update(Deadline).where(Deadline.id == deadline.id).values(ring_at=clock.now() + TRY_AGAIN_AFTER)
        )
        return True


def _fire(deadline: Deadline) -> bool:
    if not _claim(deadline):
        return False
    mark, due_at = deadline.mark, deadline.ring_at
    assert due_at is not None
    if deadline.kind in HOUSEKEEPING:
        role = housekeeping.fire(deadline)
    elif mark < BREACH:
        role = _warn(deadline)
    else:
        role = _escalate(deadline)
    db.session.add(
        Firing(
            deadline_id=deadline.id,
            ticket_id=deadline.ticket_id,
            mark=mark,
            role=role,
            due_at=due_at,
            done_at=clock.now(),
        )
    )
    if deadline.state == RUNNING:
        timekeeping.set_next_mark(deadline, after=mark)
    timekeeping.note_next(deadline.ticket)
    db.session.flush()
    return True


def _claim(deadline: Deadline) -> bool:
    """Compare and set: true for exactly one sweeper."""
    taken = db.session.execute(
        update(Deadline)
        .where(
            Deadline.id == deadline.id,
            Deadline.mark == deadline.mark,
            Deadline.ring_at == deadline.ring_at,
            Deadline.state == RUNNING,
        )
        .values(ring_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def _warn(deadline: Deadline) -> str:
    """Half and four fifths of the time are gone: whoever has to act is told, later the supervisor too (P5.1)."""
    ticket = deadline.ticket
    told = _responsible(deadline)
    if deadline.mark >= ticket.policy_version.pack.warnings.supervisor_from:
        told += notices.people(Role.SUPERVISOR, ticket)
    workflow.advance(
        ticket, "warn", actor=None, kind=deadline.kind, percent=deadline.mark,
        due=deadline.due_at.isoformat(), people=sorted({person.id for person in told}),
    )  # fmt: skip
    return "assignee"


def _escalate(deadline: Deadline) -> str:
    """The breach, a further rung, or asking again: tell the next living recipient (P5.2–P5.5)."""
    ticket = deadline.ticket
    ladder = ticket.policy_version.pack.ladder(deadline.kind, deadline.severity)
    rung = _rung_told(deadline) if deadline.mark > ASK_AGAIN else min(deadline.mark // BREACH, len(ladder))
    role, told, passed_over = _living(Role(ladder[rung - 1]), ticket)
    if deadline.mark > ASK_AGAIN and deadline.acknowledged_by and deadline.acknowledged_by.active:
        told = [deadline.acknowledged_by]
    level = max(ticket.escalation, _height(role))
    deadline.breached_at = deadline.breached_at or deadline.due_at
    workflow.advance(
        ticket, "escalate", actor=None, change={"escalation": level}, kind=deadline.kind, rung=rung, role=str(role),
        mark=deadline.mark, due=deadline.due_at.isoformat(), passed_over=passed_over,
        people=sorted({person.id for person in told}),
    )  # fmt: skip
    return str(role)


def _rung_told(deadline: Deadline) -> int:
    """The rung that was told last: asking again climbs no further."""
    told = select(func.max(Firing.mark)).where(Firing.deadline_id == deadline.id, Firing.mark < ASK_AGAIN)
    return (db.session.scalar(told) or BREACH) // BREACH


def _living(role: Role, ticket: Ticket) -> tuple[Role, list[Person], list[str]]:
    """The first role from here upward that somebody holds; at the very last, every administrator (P5.4)."""
    passed_over = []
    while not (found := notices.people(role, ticket)) and role in NEXT_ROLE:
        passed_over.append(str(role))
        role = NEXT_ROLE[role]
    return role, found, passed_over


def _height(role: Role) -> int:
    """How high an escalation stands: 1 supervisor, 2 technical manager, 3 director, 4 the last resort."""
    return [Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR, Role.ADMIN].index(role) + 1


def _responsible(deadline: Deadline) -> list[Person]:
    """Who has to act so that this clock is met."""
    ticket = deadline.ticket
    match deadline.kind:
        case ClockKind.TRIAGE:
            return notices.people(Role.FIRST_LINE, ticket)
        case ClockKind.CLOSE:
            return notices.people(Role.SUPERVISOR, ticket)
        case ClockKind.TEST:
            found = notices.people(Role.VERIFIER, ticket)
        case ClockKind.APPROVE:
            newest = select(Plan).where(Plan.ticket_id == ticket.id).order_by(Plan.revision.desc()).limit(1)
            plan = db.session.scalar(newest)
            found = [seat.person for seat in plan.approvals if not seat.decision] if plan else []
        case _:
            found = []
    own = [ticket.assignee] if ticket.assignee else notices.people(Role.FIRST_LINE, ticket)
    return found or own
