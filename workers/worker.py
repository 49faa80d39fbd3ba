"""The worker: does the tasks of one queue in a process that has the application loaded already."""

from time import sleep
from types import FrameType
from typing import Any

import structlog
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker.base import WorkerStatus
from sqlalchemy.exc import SQLAlchemyError

from models.ground import clock
from models.ground.errors import DomainError
from models.record import heartbeat
from workers import jobs, queues
from workers.tasks import SECONDS, TASKS, BihuanJob, unrung

WORKER_TTL = 30  # seconds
MAINTENANCE = 15  # seconds
LOOK_EVERY = 2  # seconds without a ring
PAUSE = 0.5  # seconds between two tries to reach Redis

log = structlog.get_logger("worker")


def work(app: Flask, *, redis_url: str, name: str) -> None:
    """Do the tasks of the queue `name` until told to stop; a lost Redis is waited for."""
    connection = queues.connect(redis_url, patience=WORKER_TTL)  # it waits for jobs on this connection
    was_away = False
    try:
        while not jobs.leaving.is_set():
            try:
                _clear(connection, name)
                _begin(connection, app, name).work(logging_level="WARNING")
            except RedisError as error:
                if not (was_away or jobs.leaving.is_set()):
                    log.warning("Redis is away", queue=name, reason=str(error))
                was_away = True
            else:
                was_away = False
            if not jobs.leaving.is_set():
                sleep(PAUSE)
    except StopRequested:
        return


class DeskWorker(SimpleWorker):
    """rq's simple worker, with the application at hand, a sign of life in the database, and no remote control."""

    job_class = BihuanJob
    log_job_description = False
    max_connection_wait_time = 2.0
    app: Flask
    _beat_at = float("-inf")

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        with self.app.app_context():
            return super().perform_job(job, queue, execution)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for a ring. While none comes, look whether somebody should have rung: every ticker may have died."""
        taken = None
        while not (taken or jobs.leaving.is_set()):
            taken = super().dequeue_job_and_maintain_ttl(LOOK_EVERY, LOOK_EVERY)
            if not taken:
                self._attempt_unrung()
        return taken

    def _attempt_unrung(self) -> None:
        name = self.queues[0].name
        try:
            with self.app.app_context():
                if (ids := unrung(name)) is not None:
                    log.warning("nobody rang", task=name)
                    self.set_state(WorkerStatus.BUSY)  # told to stop, it ends this first
                    self.heartbeat(SECONDS[name])
                    TASKS[name](*ids)
        except (SQLAlchemyError, DomainError):
            log.exception("not done unrung", task=name)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        if clock.steady() - self._beat_at >= 5:
            self._beat_at = clock.steady()
            _beat(self.app, f"worker-{self.queues[0].name}")

    def subscribe(self) -> None:
        """Stay deaf to rq's commands: whoever reaches the server must not stop the worker."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self._stop_requested = True
        jobs.leaving.set()
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested


def _begin(connection: Redis, app: Flask, name: str) -> DeskWorker:
    worker = DeskWorker(
        [queues.queue(name, connection)],
        connection=connection,
        worker_ttl=WORKER_TTL,
        maintenance_interval=MAINTENANCE,
        job_class=BihuanJob,
        serializer=JSONSerializer,
    )
    worker.app = app
    return worker


def _clear(connection: Redis, name: str) -> None:
    """Forget half-taken jobs, and a queue that is none: what still matters is rung again."""
    taken = queues.queue(name, connection)
    connection.delete(taken.intermediate_queue_key)
    if connection.type(taken.key) not in (b"list", b"none"):
        connection.delete(taken.key)


def _beat(app: Flask, name: str) -> None:
    try:
        with app.app_context():
            heartbeat.beat(name)
    except (SQLAlchemyError, DomainError):
        log.exception("no sign of life", name=name)
