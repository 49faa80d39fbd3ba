"""The front door: answers /events itself and passes everything else to Flask, on one port in one kind of process."""

import asyncio
from contextlib import suppress
from urllib.parse import parse_qs

from flask import Flask
from itsdangerous import BadSignature, URLSafeTimedSerializer

from blueprints.seals import ring
from workers import body
from workers.body import Message, Receive
from workers.bridge import Bridge, Send
from workers.hub import Hub, Stream

THREADS = 8
STREAMS = 1_000
TOPICS = 50
LONGEST_QUERY = 8_000
SIGNED_FOR = 12 * 3600  # seconds
HEARTBEAT = 15.0
SECONDS_TO_READ = 10.0  # that a stream's reader may take for one message
DEFAULT_BODY = 64 * 1024 * 1024
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]


class FrontDoor:
    """The ASGI application of one web process."""

    def __init__(self, app: Flask, *, redis_url: str) -> None:
        self.hub = Hub(redis_url)
        self._bridge = Bridge(app.wsgi_app, threads=THREADS)
        self._signer = URLSafeTimedSerializer(ring(app), salt="live-topics")
        self._longest_body = int(app.config.get("MAX_CONTENT_LENGTH") or DEFAULT_BODY)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/events":
            await self._events(scope, receive, send)
        elif scope["type"] == "http":
            await self._page(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        listening = asyncio.create_task(self.hub.listen())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await send({"type": "lifespan.shutdown.complete"})

    async def _page(self, scope: Message, receive: Receive, send: Send) -> None:
        # A header with an underscore would pass for one with a dash, such as X-Forwarded-For.
        scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if b"_" not in name]}
        try:
            scope, sent = await body.read(scope, receive, limit=self._longest_body)
        except body.Hopeless:
            await _refuse(send, 408, b"The request was not sent to its end in time.")
        else:
            await self._bridge.answer(scope, sent, send)

    async def _events(self, scope: Message, receive: Receive, send: Send) -> None:
        topics = self._allowed(scope["query_string"])
        if scope["method"] != "GET":
            await _refuse(send, 405, b"Only GET.", (b"allow", b"GET"))
        elif not topics:
            await _refuse(send, 403, b"This list of topics is not signed, too old or too long.")
        elif len(self.hub) >= STREAMS:
            await _refuse(send, 503, b"Too many open streams.", (b"retry-after", b"15"))
        else:
            await self._stream(topics, receive, send)

    async def _stream(self, topics: frozenset[str], receive: Receive, send: Send) -> None:
        stream = self.hub.join(topics)
        leaving = asyncio.create_task(_await_leaving(receive, stream))
        try:
            await _tell(stream, send)
        finally:
            leaving.cancel()
            self.hub.leave(stream)

    def _allowed(self, query: bytes) -> frozenset[str]:
        """The topics that the page's signed list names; none when it cannot be trusted."""
        if len(query) > LONGEST_QUERY:
            return frozenset()
        signed = parse_qs(query.decode("latin-1")).get("topics", [""])[0]
        try:
            topics = self._signer.loads(signed, max_age=SIGNED_FOR)
        except BadSignature:
            return frozenset()
        return frozenset(topics) if len(topics) <= TOPICS else frozenset()


async def _tell(stream: Stream, send: Send) -> None:
    """Write the stream until its reader leaves, reads too slowly, or the process stops."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    chunk = b"retry: 3000\n\n"
    with suppress(TimeoutError):
        while not stream.is_over:
            async with asyncio.timeout(SECONDS_TO_READ):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await stream.next(HEARTBEAT)
    await send({"type": "http.response.body", "body": b""})


async def _await_leaving(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


async def _refuse(send: Send, status: int, text: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS[1:], *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
