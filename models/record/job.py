"""Long work that somebody has asked for: what, how far it has come, what came of it. Whoever works on it holds a lease,
kept by beats; a try that has lost it writes nothing any more."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String, bindparam, null, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock
from models.ground.db import Base, Instant, command, db
from models.people.person import Person

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
UNFINISHED = (QUEUED, RUNNING)
LEASE = timedelta(seconds=15)  # after the last beat
KEPT = timedelta(days=7)  # what came of it
GUESSED_AFTER = timedelta(seconds=5)  # how long it will take


class Job(Base):
    """One piece of work. All instants are real time; `attempt` tells one try from the next."""

    __tablename__ = "job"
    __table_args__ = (Index(None, "state", "beat_at"), Index(None, "owner_id", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]  # None: not known yet
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str] = mapped_column(String(200), default="")  # a code, or the sentence of a refusal
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.real_now)
    started_at: Mapped[datetime | None] = mapped_column(Instant)  # the first try
    tried_at: Mapped[datetime | None] = mapped_column(Instant)  # this one
    beat_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    owner: Mapped[Person] = relationship()

    @property
    def version(self) -> int:
        """No progress makes a form stale."""
        return 1

    @property
    def is_over(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def seconds_left(self) -> float | None:
        """As long again for what is left as for what is done; None: it is too early to say."""
        if self.state != RUNNING or not self.tried_at or not self.total or not self.done:
            return None
        took = clock.real_now() - self.tried_at
        return took.total_seconds() * (self.total - self.done) / self.done if took >= GUESSED_AFTER else None


def jobs_of(person: Person | None, limit: int = 50) -> list[Job]:
    """The newest jobs of a person, or (None) of everybody, newest first."""
    wanted = select(Job).options(joinedload(Job.owner)).order_by(Job.id.desc()).limit(limit)
    return list(db.session.scalars(wanted.where(Job.owner_id == person.id) if person else wanted))


def due(kinds: Iterable[str]) -> list[int]:
    """Jobs of these kinds that nobody works on: new ones, and those whose worker has fallen silent; the oldest first.

    What a newer version has asked for is left to it.
    """
    return list(db.session.scalars(_DUE, {"silent_since": clock.real_now() - LEASE, "kinds": list(kinds)}))


def is_at_work() -> bool:
    """Whether somebody is carrying out some job."""
    alive = (Job.state == RUNNING) & (Job.beat_at > clock.real_now() - LEASE)
    return db.session.scalar(select(Job.id).where(alive).limit(1)) is not None


def is_free(silent_since: Any) -> ColumnElement[bool]:
    """Whether a job can be taken: nobody has begun, or whoever has has not been heard of since then."""
    fell_silent: ColumnElement[bool] = (Job.state == RUNNING) & (Job.beat_at <= silent_since)
    return (Job.state == QUEUED) | fell_silent


@command
def forget_results() -> None:
    """What came of a job is kept for seven days; that it ran stays."""
    old = (Job.ended_at <= clock.real_now() - KEPT) & Job.result.is_not(None)
    db.session.execute(update(Job).where(old).values(result=null()))


_DUE = (  # asked at each look of the ticker, so it is built once
    select(Job.id)
    .where(is_free(bindparam("silent_since", type_=Instant())), Job.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(Job.id)
    .limit(100)
)
