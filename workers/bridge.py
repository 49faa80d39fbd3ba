"""The bridge from the event loop to Flask: a request goes over to a thread whole, its answer comes back whole.

Every crossing changes threads, and threads that run at once take the interpreter from each other; so there is one
crossing for most answers, and one request has the interpreter to itself unless it takes long or waits for the disk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import IO, Any

from a2wsgi.wsgi import build_environ

from models.ground import disk
from workers.body import Message

Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

HEAD_START = 0.02  # seconds that a request has alone; then the next one begins beside it
PIECE = 256 * 1024  # bytes; a longer answer crosses in several


class Bridge:
    """Threads in which an application of WSGI answers."""

    def __init__(self, application: Application, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, "flask")
        self._alone = asyncio.Lock()

    async def answer(self, scope: Message, body: IO[bytes], send: Send) -> None:
        """One request from end to end."""
        exchange = _Exchange(self._application, build_environ(scope, body))  # type: ignore[arg-type]
        async with self._alone:
            waits = exchange.tell_when_it_waits()
            beginning = self._cross(exchange, exchange.begin)
            either: list[asyncio.Future[Any]] = [beginning, waits]
            await asyncio.wait(either, timeout=HEAD_START, return_when=asyncio.FIRST_COMPLETED)
            waits.cancel()
        piece = await beginning
        await send({"type": "http.response.start", "status": exchange.status, "headers": exchange.headers})
        while not exchange.is_over:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await self._cross(exchange, exchange.go_on)
        await send({"type": "http.response.body", "body": piece})

    def _cross(self, exchange: "_Exchange", work: Callable[[], bytes]) -> asyncio.Future[bytes]:
        return asyncio.get_running_loop().run_in_executor(self._threads, exchange.context.run, work)


class _Exchange:
    """One request and its answer, on the side of the threads."""

    def __init__(self, application: Application, environ: dict[str, Any]) -> None:
        self.context = copy_context()
        self.status, self.headers = 500, list[tuple[bytes, bytes]]()
        self.is_over = False
        self._application, self._environ = application, environ
        self._chunks: Iterable[bytes] = ()
        self._rest: Iterator[bytes] = iter(())

    def tell_when_it_waits(self) -> asyncio.Future[None]:
        """Done once the request waits for the disk: another may have the interpreter meanwhile."""
        loop = asyncio.get_running_loop()
        waits: asyncio.Future[None] = loop.create_future()

        def note() -> None:
            if not waits.done():
                waits.set_result(None)

        def tell() -> None:
            with suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(note)

        self.context.run(disk.meanwhile.set, tell)
        return waits

    def begin(self) -> bytes:
        """Let the application answer; its first piece."""
        self._chunks = self._application(self._environ, self._start)
        self._rest = iter(self._chunks)
        return self.go_on()

    def go_on(self) -> bytes:
        """The next piece; with the last one the exchange is over."""
        piece = bytearray()
        try:
            for chunk in self._rest:
                piece += chunk
                if len(piece) >= PIECE:
                    return bytes(piece)
        except BaseException:
            self._close()
            raise
        self._close()
        return bytes(piece)

    def _start(self, status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], None]:
        self.status = int(status.partition(" ")[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return _refuse_to_write

    def _close(self) -> None:
        self.is_over = True
        self._environ["wsgi.input"].close()
        getattr(self._chunks, "close", lambda: None)()


def _refuse_to_write(_chunk: bytes) -> None:
    raise RuntimeError("an answer is returned, not written")
