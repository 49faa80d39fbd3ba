"""The hub of one web process: hears what the tickers tell and passes it to the open pages."""

import asyncio
import json
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from models.ground import clock
from workers.queues import LIVE_CHANNEL, SWEPT

QUIET = 5.0  # seconds without a word before the server is asked whether it is there
LONGEST_PAUSE = 5.0  # seconds between two tries to reach it
STILL_AFTER = 30.0  # seconds without a word that all marks are fired: nobody sweeps
AWAY, BACK, STILL, MOVING = "away", "back", "still", "moving"
KINDS = {AWAY: "connection", BACK: "connection", STILL: "clocks", MOVING: "clocks"}

log = structlog.get_logger("hub")


class Stream:
    """One open page: the topics it may hear of, and what it has not been told yet.

    Only the newest version of a topic is kept, so that a slow reader costs no memory.
    """

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self.is_over = False
        self._news: dict[str, int] = {}
        self._states: dict[str, str] = {}  # the last one of each kind
        self._woken = asyncio.Event()

    def tell(self, topic: str, version: int) -> None:
        self._news[topic] = version
        self._woken.set()

    def tell_state(self, state: str) -> None:
        self._states[KINDS[state]] = state
        self._woken.set()

    def end(self) -> None:
        self.is_over = True
        self._woken.set()

    async def next(self, patience: float) -> bytes:
        """What is new, as server-sent events; a comment when nothing was for `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._woken.wait()
        except TimeoutError:
            return b": still here\n\n"
        self._woken.clear()
        states, news = self._states, self._news
        self._states, self._news = {}, {}
        told = [f"event: {state}\ndata: {{}}\n\n" for state in states.values()]
        told += [f"data: {json.dumps({'topic': t, 'version': v})}\n\n" for t, v in news.items()]
        return "".join(told).encode()


class Hub:
    """All open pages of this process."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._streams: set[Stream] = set()
        self._by_topic: dict[str, set[Stream]] = {}
        self._is_connected = False
        self._is_closed = self._is_still = False
        self._swept_at = clock.steady()

    def __len__(self) -> int:
        return len(self._streams)

    def join(self, topics: frozenset[str]) -> Stream:
        """Open a stream; it learns at once when the hub cannot hear anything at the moment."""
        stream = Stream(topics)
        self._streams.add(stream)
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(stream)
        if not self._is_connected:
            stream.tell_state(AWAY)
        if self._is_still:
            stream.tell_state(STILL)
        if self._is_closed:
            stream.end()
        return stream

    def leave(self, stream: Stream) -> None:
        self._streams.discard(stream)
        for topic in stream.topics:
            listeners = self._by_topic.get(topic, set())
            listeners.discard(stream)
            if not listeners:
                self._by_topic.pop(topic, None)

    def close(self) -> None:
        """End every stream, so that the process can stop without waiting for its readers."""
        self._is_closed = True
        for stream in self._streams:
            stream.end()

    async def listen(self) -> None:
        """Hear the tickers for ever; while Redis is away the pages know and look for themselves."""
        pause = 0.1
        while True:
            try:
                await self._hear()
            except (RedisError, OSError) as error:
                pause = 0.1 if self._is_connected else min(2 * pause, LONGEST_PAUSE)
                self._set_connected(False, reason=str(error))
            await asyncio.sleep(pause)

    async def _hear(self) -> None:
        client = Redis.from_url(self._url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2.0)
        async with client, client.pubsub() as channel:
            await channel.subscribe(LIVE_CHANNEL)
            asked = False
            self._swept_at = clock.steady()  # while Redis was away nobody could say so
            while True:
                self._watch_clocks()
                message = await channel.get_message(timeout=QUIET)
                if message is None and asked:
                    raise OSError("no answer")
                asked = message is None
                if message is None:
                    await channel.ping()
                elif message["type"] == "subscribe":
                    self._set_connected(True)
                elif message["type"] == "message":
                    self._pass_on(message["data"])

    def _pass_on(self, data: Any) -> None:
        try:
            told = json.loads(data)
            topic, version = str(told["topic"]), int(told["version"])
        except (ValueError, TypeError, KeyError):
            log.warning("not news", data=str(data)[:80])
            return
        if topic == SWEPT:
            self._swept_at = clock.steady()
        for stream in self._by_topic.get(topic, ()):
            stream.tell(topic, version)

    def _watch_clocks(self) -> None:
        """Open pages learn when nobody sweeps, and when somebody does again."""
        is_still = clock.steady() - self._swept_at > STILL_AFTER
        if is_still is self._is_still:
            return
        self._is_still = is_still
        log.warning("nobody sweeps" if is_still else "the clocks are swept again")
        for stream in self._streams:
            stream.tell_state(STILL if is_still else MOVING)

    def _set_connected(self, is_connected: bool, *, reason: str = "") -> None:
        if is_connected is self._is_connected:
            return
        self._is_connected = is_connected
        log.info("live updates flow" if is_connected else "live updates wait for Redis", reason=reason)
        for stream in self._streams:
            stream.tell_state(BACK if is_connected else AWAY)
