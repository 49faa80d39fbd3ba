"""One web process: uvicorn on a socket that the supervisor has bound."""

import asyncio
import socket
from types import FrameType
from typing import Any, cast

import uvicorn
from flask import Flask
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware, GZipResponder
from starlette.types import Receive, Scope, Send
from zlib_ng import zlib_ng

from models.ground import clock
from workers.hub import Hub
from workers.live import STREAMS, FrontDoor
from workers.porter import Porter

SECONDS_TO_FINISH = 5  # for requests in hand when told to stop
SECONDS_TO_ASK = 30.0  # from connecting, or from the last answer, to the end of the next request's headers
CONNECTIONS = STREAMS + 1_000
TICKS_PER_SECOND = 10  # uvicorn's own


def serve(app: Flask, *, listener: socket.socket, redis_url: str) -> None:
    """Answer requests from `listener` until SIGTERM or SIGINT."""
    door = FrontDoor(app, redis_url=redis_url)
    config = uvicorn.Config(
        Packer(door, minimum_size=500, compresslevel=4),  # leaves the live stream as it is
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # Flask counts the hops it trusts
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    Server(config, door.hub).run([listener])


class Packer(GZipMiddleware):
    """Starlette's, with the same packing done in less than half of the time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "gzip" in Headers(scope=scope).get("Accept-Encoding", ""):
            await _Packed(self.app, self.minimum_size, self.compresslevel)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Packed(GZipResponder):
    @property
    def compressor(self) -> Any:
        if self._compressor is None:
            packed = zlib_ng.compressobj(self.compresslevel, zlib_ng.DEFLATED, 16 + zlib_ng.MAX_WBITS)
            self._compressor = cast(Any, packed)
        return self._compressor


class Server(uvicorn.Server):
    """uvicorn, except that a porter lets callers in, that it ends the live streams when told to stop, and lets go of
    callers who never ask."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub
        self._silent: dict[Any, tuple[object, float]] = {}  # connection → its last request, since when

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup([])
        servers: list[Any] = self.servers  # all that uvicorn asks of them is to close, and to have closed
        servers += [Porter(each, protocol=self._protocol, count=self._count) for each in sockets or ()]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._hub.close)

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_PER_SECOND == 0:
            self._drop_silent()
        return await super().on_tick(counter)

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        return cast(asyncio.Protocol, kind(self.config, self.server_state, self.lifespan.state))

    def _count(self) -> int:
        return len(self.server_state.connections)

    def _drop_silent(self) -> None:
        """Close connections whose next request is not whole after a while: uvicorn waits for headers for ever."""
        now, before, self._silent = clock.steady(), self._silent, {}
        connections: set[Any] = self.server_state.connections
        for connection in connections:
            request = connection.cycle
            if request is None or request.response_complete:
                known, since = before.get(connection, (request, now))
                self._silent[connection] = (request, since if known is request else now)
                if now - self._silent[connection][1] > SECONDS_TO_ASK:
                    connection.transport.close()
