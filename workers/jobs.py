"""Long work: a job under a lease, so that no two workers do it at once; how far it has come is said each second."""

import threading
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from models.ground.errors import DomainError
from models.record.job import Job
from models.steps import jobs
from workers.lease import renewed

BEAT_EVERY = 1.0  # seconds; the lease itself lasts 15
UNEXPECTED = "unexpected"
leaving = threading.Event()  # set when this process is told to stop

log = structlog.get_logger("jobs")


def work(job_id: int) -> None:
    """Carry the job out, unless somebody else is at it or it is over, and record what became of it."""
    if job := jobs.claim_job(job_id):
        _carry_out(job, _Try(job.id, job.attempt))


class Stopped(Exception):
    """It was called off, is somebody else's by now, or the worker leaves."""


class _Try:
    """One try at a job: how far it has come, and whether it still counts."""

    def __init__(self, job_id: int, attempt: int) -> None:
        self.job_id, self.attempt = job_id, attempt
        self._come: tuple[int, int | None] = (0, None)
        self._is_lost = False

    def come(self, done: int, total: int | None) -> None:
        """So much of so much is done. Raises Stopped."""
        self._come = done, total
        if self._is_lost or leaving.is_set():
            raise Stopped

    def beat(self) -> None:
        done, total = self._come
        self._is_lost = not jobs.beat_job(self.job_id, self.attempt, done=done, total=total)

    def end(self, how: Any, **said: Any) -> None:
        how(self.job_id, self.attempt, **said)


def _carry_out(job: Job, this: _Try) -> None:
    try:
        with renewed(this.beat, every=BEAT_EVERY):
            result = jobs.carry_out(job, this.come)
    except Stopped:
        this.end(jobs.release_job)  # to be begun anew; one that was called off, or taken, is left as it is
    except DomainError as refusal:
        this.end(jobs.fail_job, error=refusal.message)
    except SQLAlchemyError:  # the database is away or busy: another try, once the lease is over
        log.exception("job interrupted", job=this.job_id, attempt=this.attempt)
    except Exception:  # whatever it is, it is written down: nobody waits for a job that has died
        log.exception("job failed", job=this.job_id, attempt=this.attempt)
        this.end(jobs.fail_job, error=UNEXPECTED)
    else:
        this.end(jobs.finish_job, result=result)
