"""The fixed table of tasks, and the only kind of job that is ever run: a name from it and row ids."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import structlog
from flask import current_app
from redis import Redis, exceptions
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from models.clockwork import escalation
from models.record import message as outbox
from workers.delivery import deliver_due
from workers.jobs import work
from workers.sweep import sweep

TASKS: dict[str, Callable[..., None]] = {"sweep": sweep, "deliver": deliver_due, "job": work}  # each has its own queue
SECONDS = {"sweep": 60, "deliver": 300, "job": 3600}
LONGEST_PAYLOAD = 1_000  # bytes
SWEEP_UNRUNG = 3.0  # seconds that a due clock waits until a worker comes for it that nobody has rung (safety rule 4)
SEND_UNRUNG = 6.0

log = structlog.get_logger("tasks")


class BihuanJob(Job):
    """A job read with suspicion: from the server come a task's name and ids, nothing else is believed.

    rq itself would import any function, callback or webhook address that a job names.
    """

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:  # noqa: A002
        """Read a job. Raises NoSuchJobError, which rq passes over, for one that is not ours."""
        assert connection is not None
        try:
            return super().fetch(id, connection, JSONSerializer)
        except (NoSuchJobError, exceptions.ConnectionError, exceptions.TimeoutError):
            raise
        except (ValueError, TypeError, KeyError, RecursionError, zlib.error, exceptions.RedisError) as error:
            log.warning("job refused", job=str(id)[:80], reason=str(error)[:200])
            raise NoSuchJobError(str(error)) from error

    def restore(self, raw_data: dict[bytes, bytes]) -> None:
        """Take the task and its ids from the stored hash; every other field keeps its own default."""
        name, instance, args, kwargs = json.loads(_unpack(raw_data[b"data"]))
        if name not in TASKS or instance or kwargs or not all(type(arg) is int for arg in args):
            raise ValueError(f"not a task with ids: {name!r:.40}")
        self.data = json.dumps((name, None, args, {})).encode()
        self.origin, self.description = name, f"{name}{tuple(args)}"
        self.timeout, self.result_ttl, self.failure_ttl = SECONDS[name], 0, 600

    @property
    def func(self) -> Callable[..., None]:
        return TASKS[str(self.func_name)]


def unrung(name: str) -> tuple[int, ...] | None:
    """The ids with which the task should have been rung long ago: no ticker lives, it seems. None: it should not."""
    if name == "sweep" and escalation.oldest_unfired() >= SWEEP_UNRUNG:
        return ()
    if name == "deliver" and current_app.config["SETTINGS"].smtp_url and outbox.unsent_for() >= SEND_UNRUNG:
        return tuple(outbox.due(1)[:1]) or None
    return None


def _unpack(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(packed, LONGEST_PAYLOAD)
    if unpacker.unconsumed_tail:
        raise ValueError("payload too long")
    return data
