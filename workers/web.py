"""One web process: uvicorn on a socket that the supervisor has bound."""

import asyncio
import socket
from types import FrameType

import uvicorn
from flask import Flask

from workers.hub import Hub
from workers.live import STREAMS, FrontDoor

SECONDS_TO_FINISH = 5  # for requests in hand when told to stop
CONNECTIONS = STREAMS + 1_000


def serve(app: Flask, *, listener: socket.socket, redis_url: str, secret_key: str) -> None:
    """Answer requests from `listener` until SIGTERM or SIGINT."""
    door = FrontDoor(app, redis_url=redis_url, secret_key=secret_key)
    config = uvicorn.Config(
        door,
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


class Server(uvicorn.Server):
    """uvicorn, except that it ends the live streams as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._hub.close)
