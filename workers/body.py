"""Request bodies are read whole before a thread is given to them: a slow sender holds up nobody else."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from typing import IO, Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

IN_MEMORY = 256 * 1024  # bytes; the rest goes to a temporary file
SECONDS_TO_SEND_MORE = 20.0


class Hopeless(Exception):
    """The sender has gone, or sends too slowly."""


async def read(scope: Message, receive: Receive, *, limit: int) -> tuple[Message, IO[bytes]]:
    """Collect the body; give back the scope with its true length, and the body from its begin.

    A body over `limit` bytes is not read to its end but announced as too long: Flask answers 413.
    Raises Hopeless.
    """
    store: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the answer
    declared = _declared_length(scope)
    if declared == 0 or declared > limit:
        return scope, store
    length, more = 0, True
    while more and length <= limit:
        message = await _next(receive)
        store.write(message.get("body", b""))
        length, more = store.tell(), message.get("more_body", False)
    store.seek(0)
    return _with_length(scope, length), store


async def _next(receive: Receive) -> Message:
    try:
        async with asyncio.timeout(SECONDS_TO_SEND_MORE):
            message = await receive()
    except TimeoutError as error:
        raise Hopeless from error
    if message["type"] != "http.request":
        raise Hopeless
    return message


def _declared_length(scope: Message) -> int:
    """The length the sender promised; 0 for none, -1 for a body of unknown length."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return -1
    return int(headers.get(b"content-length", b"0"))


def _with_length(scope: Message, length: int) -> Message:
    headers = [(n, v) for n, v in scope["headers"] if n not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*headers, (b"content-length", b"%d" % length)]}
