"""What the auditor found, once a minute: was everything fired that should have been, and when it should have been?"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.db import Base, Instant, command, db

KEPT_FOR = timedelta(days=7)
MOST_NAMED = 20  # of what is wrong; more are only counted


class Verdict(Base):
    """One look. Counts are of the last 24 hours; `wrong` names clocks that are not due when the recount says."""

    __tablename__ = "verdict"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)  # real time
    fired: Mapped[int]
    late: Mapped[int]  # fired more than LATE_AFTER seconds after they were due
    missing: Mapped[int]  # due for longer than that, and not fired
    slowest_s: Mapped[float]  # seconds
    checked: Mapped[int]  # clocks whose due time was recounted in this look
    wrong_count: Mapped[int]
    wrong: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    seen_event: Mapped[int]  # tickets with later events are looked at next time
    seen_until: Mapped[datetime | None] = mapped_column(Instant)  # clocks that ring later are looked at next time

    @property
    def due(self) -> int:
        """How many marks should have fired by then."""
        return self.fired + self.missing

    @property
    def is_clean(self) -> bool:
        return not self.missing and not self.wrong_count


def last_verdict() -> Verdict | None:
    """The newest one."""
    return db.session.scalar(select(Verdict).order_by(Verdict.id.desc()).limit(1))


def last_objection() -> Verdict | None:
    """The newest that found something wrong or missing; kept for a week."""
    found = select(Verdict).where((Verdict.missing > 0) | (Verdict.wrong_count > 0))
    return db.session.scalar(found.order_by(Verdict.id.desc()).limit(1))


@command
def keep(**found: Any) -> Verdict:
    """Write it down; what is older than a week goes."""
    now = clock.real_now()
    db.session.execute(delete(Verdict).where(Verdict.at < now - KEPT_FOR))
    db.session.add(verdict := Verdict(at=now, **found))
    return verdict
