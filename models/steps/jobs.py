"""Long work: asked for by a person, taken by one worker at a time, carried out with the rights of whoever asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Refused
from models.insight import replayed
from models.people.person import Person
from models.record.job import CANCELLED, DONE, FAILED, LEASE, QUEUED, RUNNING, UNFINISHED, Job, is_free
from models.rules.deeds import name_of, record
from models.rules.notices import tell_inbox
from models.rules.permissions import allows

TRIES = 3  # of which each fell silent; then it is the job's own fault
GIVEN_UP = "given_up"
Progress = Callable[[int, int | None], None]  # so much of so much is done; raises what ends the work


@dataclass(frozen=True)
class Work:
    """One kind of job: who may ask for it, and what is done."""

    right: str
    do: Callable[[dict[str, Any], Person, Progress], dict[str, Any]]


WORK = {"replay": Work("replay_policy", replayed.answer)}


@command
def start_job(*, actor: Person, kind: str, arguments: dict[str, Any]) -> Job:
    """Put it down to be done; what the same person has asked for already and waits for is not begun twice."""
    if not allows(actor, WORK[kind].right):
        raise Refused("You may not do this. Ask a supervisor or an administrator if you need to.")
    waiting = select(Job).where(Job.owner_id == actor.id, Job.kind == kind, Job.state.in_(UNFINISHED))
    for job in db.session.scalars(waiting):
        if job.arguments == arguments:
            return job
    job = Job(kind=kind, arguments=arguments, owner_id=actor.id)
    db.session.add(job)
    db.session.flush()
    return job


@command
def cancel_job(job: Job, *, actor: Person) -> Job:
    """Not wanted any more; whoever works on it stops at the next beat. Another's is called off on record."""
    if not allows(actor, "cancel_job", job):
        raise Refused("Only whoever asked for it, or an administrator, calls it off.")
    if job.is_over:
        raise Conflict("It has come to its end already.")
    job.state, job.ended_at = CANCELLED, clock.real_now()
    if job.owner_id != actor.id:
        record("job_cancelled", actor=actor, thing=job, after={"kind": job.kind, "person_id": name_of(job.owner)})
    return job


@command
def claim_job(job_id: int) -> Job | None:
    """Take it, unless somebody else is at it, it is over or not of our time; None: nothing to do."""
    now = clock.real_now()
    taken = db.session.execute(
        update(Job)
        .where(Job.id == job_id, Job.kind.in_(WORK), is_free(now - LEASE))
        .values(
            state=RUNNING, attempt=Job.attempt + 1, started_at=func.coalesce(Job.started_at, now), tried_at=now,
            beat_at=now, done=0, total=None,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    job = db.session.get_one(Job, job_id, populate_existing=True)
    if job.attempt > TRIES:
        _end(job.id, job.attempt, state=FAILED, error=GIVEN_UP)
        return None
    return job


@command
def beat_job(job_id: int, attempt: int, *, done: int, total: int | None) -> bool:
    """This try goes on and has come so far; False: it was called off, or is somebody else's by now."""
    return _write(job_id, attempt, beat_at=clock.real_now(), done=done, total=total)


@command
def finish_job(job_id: int, attempt: int, *, result: dict[str, Any]) -> bool:
    """What came of it; its owner is told. False: this try had lost it, and nothing was written."""
    return _end(job_id, attempt, state=DONE, result=result)


@command
def fail_job(job_id: int, attempt: int, *, error: str) -> bool:
    """It came to nothing, and its owner is told why. False: this try had lost it."""
    return _end(job_id, attempt, state=FAILED, error=error)


@command
def release_job(job_id: int, attempt: int) -> bool:
    """The worker leaves before the end: somebody else may begin at once, and the try does not count."""
    return _write(job_id, attempt, state=QUEUED, attempt=Job.attempt - 1)


def carry_out(job: Job, progress: Progress) -> dict[str, Any]:
    """Do the work itself, outside any command. Raises DomainError."""
    work = WORK[job.kind]
    if not allows(job.owner, work.right):
        raise Refused("Whoever asked for it may not do so any more.")
    return work.do(job.arguments, job.owner, progress)


def _write(job_id: int, attempt: int, /, **values: Any) -> bool:
    mine = update(Job).where(Job.id == job_id, Job.state == RUNNING, Job.attempt == attempt)
    written = db.session.execute(mine.values(values).execution_options(synchronize_session=False))
    return bool(written.rowcount)  # type: ignore[attr-defined]


def _end(job_id: int, attempt: int, *, state: str, **values: Any) -> bool:
    if not _write(job_id, attempt, state=state, ended_at=clock.real_now(), **values):
        return False
    job = db.session.get_one(Job, job_id, populate_existing=True)
    tell_inbox(job.owner, f"job_{state}", key=f"job:{job.id}", params={"job": job.id, "kind": job.kind})
    return True
