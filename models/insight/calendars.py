"""Which open tickets run by an older edition of a calendar (P4.4)."""

from sqlalchemy import Select, func, select

from models.ground.db import db
from models.policy.calendar import CalendarRow
from models.policy.version import PolicyVersion
from models.record.ticket import ENDED, Ticket


def left_behind(row: CalendarRow) -> Select[Ticket]:
    """Open tickets of the editions before this one."""
    older = select(PolicyVersion.id).join(CalendarRow, CalendarRow.id == PolicyVersion.calendar_id)
    older = older.where(CalendarRow.name == row.name, CalendarRow.edition < row.edition)
    return select(Ticket).where(Ticket.policy_version_id.in_(older), Ticket.state.not_in(ENDED))


def count_left_behind(row: CalendarRow) -> int:
    """How many there are."""
    return db.session.scalar(select(func.count()).select_from(left_behind(row).subquery())) or 0
