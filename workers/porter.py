"""The porter lets callers in one at a time; where several processes stand at one door, that with the fewest goes first.

Left to themselves, the process that wakes first takes everybody who waits, and another stands idle beside it.
"""

import asyncio
import socket
from collections.abc import Callable

COURTESY = 0.0005  # seconds for each caller who is in already; whoever has fewer was faster then
MOST = 10  # callers that count for it
AGAIN = 1.0  # seconds, when nobody can be let in: too many files are open


class Porter:
    """At the door of one web process; `count()` is how many callers are in."""

    def __init__(
        self, listener: socket.socket, *, protocol: Callable[[], asyncio.Protocol], count: Callable[[], int]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener, self._protocol, self._count = listener, protocol, count
        self._soon: asyncio.TimerHandle | None = None
        self._coming = set[asyncio.Task[object]]()
        listener.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Let nobody in any more."""
        self._loop.remove_reader(self._listener)
        if self._soon:
            self._soon.cancel()

    async def wait_closed(self) -> None:
        """Until whoever had been let in before is at their place: uvicorn asks this of a server that it has closed."""
        await asyncio.gather(*self._coming, return_exceptions=True)

    def _listen(self) -> None:
        self._loop.add_reader(self._listener, self._heard)

    def _heard(self) -> None:
        self._loop.remove_reader(self._listener)
        self._soon = self._loop.call_later(min(self._count(), MOST) * COURTESY, self._let_in)

    def _let_in(self) -> None:
        try:
            caller, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another process has taken them, or they have left
            self._listen()
        except OSError:
            self._soon = self._loop.call_later(AGAIN, self._listen)
        else:
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            coming = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, caller))
            self._coming.add(coming)
            coming.add_done_callback(self._coming.discard)
            self._listen()
