"""The doorbell. It hurries the workers and the screens; losing it costs seconds, so ringing never fails loudly."""

import json
from collections.abc import Callable, Mapping

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError, TimeoutError  # noqa: A004 - not the built-in ones
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from models.ground import clock
from workers.tasks import SECONDS, TASKS, BihuanJob

LIVE_CHANNEL = "bihuan:live"
SWEPT = "swept"  # told on it while no mark waits
SECONDS_TO_ANSWER = 0.5
SECONDS_OF_SILENCE = 1.0  # after a failure, so that a dead server is not asked at every turn
JOB_LIVES = 600  # seconds that an unanswered ring stays in its queue

log = structlog.get_logger("doorbell")


def connect(url: str, *, patience: float = SECONDS_TO_ANSWER) -> Redis:
    """A client that answers or fails within `patience` seconds, without trying again on its own."""
    limits = {"socket_timeout": patience, "socket_connect_timeout": SECONDS_TO_ANSWER}
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **limits)


def answers(url: str) -> bool:
    """Whether the server at `url` can be used right now."""
    try:
        return bool(connect(url).ping())
    except (RedisError, OSError):
        return False


def eviction_policy(url: str) -> str | None:
    """What the server does when it is full; None when it cannot or will not say."""
    try:
        return str(connect(url).info("memory").get("maxmemory_policy"))
    except (RedisError, OSError):
        return None


def queue(name: str, connection: Redis) -> Queue:
    """The queue of the task `name`."""
    return Queue(name, connection=connection, job_class=BihuanJob, serializer=JSONSerializer)


class Doorbell:
    """One process's way to ring the workers and tell the live hubs."""

    def __init__(self, url: str) -> None:
        self._connection = connect(url)
        self._queues = {name: queue(name, self._connection) for name in TASKS}
        self._silent_until = 0.0
        self.is_there = True

    def ring(self, task: str, *ids: int) -> bool:
        """Ask a worker to do `task`; False when nobody can have heard."""
        assert task in TASKS
        return self._try(lambda: self._enqueue(task, ids))

    def tell(self, topics: Mapping[str, int]) -> bool:
        """Tell the live hubs the newest version of each topic."""
        return self._try(lambda: self._publish(topics))

    def knock(self) -> bool:
        """Whether the server answers at all."""
        return self._try(lambda: self._connection.ping())

    def _enqueue(self, task: str, ids: tuple[int, ...]) -> None:
        self._queues[task].enqueue_call(
            task, args=ids, timeout=SECONDS[task], ttl=JOB_LIVES, result_ttl=0, failure_ttl=JOB_LIVES
        )

    def _publish(self, topics: Mapping[str, int]) -> None:
        pipeline = self._connection.pipeline(transaction=False)
        for topic, version in topics.items():
            pipeline.publish(LIVE_CHANNEL, json.dumps({"topic": topic, "version": version}))
        pipeline.execute()

    def _try(self, deed: Callable[[], object]) -> bool:
        if clock.steady() < self._silent_until:
            return False
        try:
            deed()
        except (ConnectionError, TimeoutError, OSError) as error:
            self._note(is_there=False, reason=str(error))
            self._silent_until = clock.steady() + SECONDS_OF_SILENCE
            return False
        except RedisError as error:  # full, or a key of another kind: it is there, but this went unheard
            log.warning("unheard", reason=str(error))
            return False
        self._note(is_there=True)
        return True

    def _note(self, *, is_there: bool, reason: str = "") -> None:
        if is_there is not self.is_there:
            log.warning("Redis is back" if is_there else "Redis is away; the ticker does the work", reason=reason)
        self.is_there = is_there
