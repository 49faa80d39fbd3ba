"""Open tickets follow their calendar into its newest edition, where that was asked for on publishing (P4.4)."""

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from models.ground.db import command, db
from models.insight.calendars import left_behind
from models.policy.calendar import CalendarRow
from models.policy.version import like_with_calendar
from models.record.ticket import Ticket
from models.rules import timekeeping, workflow

BATCH = 50  # tickets in one transaction: writers wait a fifth of a second
log = structlog.get_logger("calendars")


def is_moving() -> bool:
    """Whether tickets have to follow: one look at a small table."""
    return db.session.scalar(select(CalendarRow.id).where(CalendarRow.moves_tickets).limit(1)) is not None


@command
def move_tickets(limit: int | None = None) -> int:
    """Move a batch, or up to `limit` tickets; returns how many. When none is left that can be moved, it is over."""
    wanted = select(CalendarRow).where(CalendarRow.moves_tickets).order_by(CalendarRow.id).limit(1)
    calendar = db.session.scalar(wanted.with_for_update(of=CalendarRow))
    if calendar is None:
        return 0
    behind = left_behind(calendar).order_by(Ticket.id).limit(limit or BATCH).with_for_update(of=Ticket)
    tried = 0
    while tickets := list(db.session.scalars(behind.where(Ticket.id > tried))):
        if moved := sum(_move_alone(ticket, calendar) for ticket in tickets):
            return moved
        tried = tickets[-1].id  # a whole batch in trouble must not keep those behind it
    calendar.moves_tickets = False
    return 0


def _move_alone(ticket: Ticket, calendar: CalendarRow) -> bool:
    """One ticket in a savepoint of its own: what is wrong with it must not keep the others from following."""
    try:
        with db.session.begin_nested():
            _move(ticket, calendar)
            return True
    except OperationalError:
        raise  # the database itself is away or busy: the whole batch is tried again
    except Exception:
        log.exception("a ticket could not follow its calendar", ticket=ticket.number, calendar=calendar.id)
        return False


def _move(ticket: Ticket, calendar: CalendarRow) -> None:
    was = ticket.policy_version
    version = like_with_calendar(was, calendar.id)
    workflow.advance(
        ticket,
        "change_calendar",
        actor=None,
        calendar=calendar.name,
        edition=calendar.edition,
        was_edition=was.calendar_row.edition,
        policy=version.edition,
        was_policy=was.edition,
        by=calendar.published_by_id,
    )
    timekeeping.move_to(ticket, version)
