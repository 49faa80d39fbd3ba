"""The porter: one caller at a time, and the process that has the fewest lets the next one in."""

import asyncio
import errno
import socket
from contextlib import contextmanager

import pytest

from workers import porter
from workers.porter import MOST, Porter

pytestmark = pytest.mark.once


class House:
    """One process at the door, as far as the porter knows it."""

    def __init__(self, listener, inside: int = 0) -> None:
        self.callers = []
        self.inside = inside
        self.porter = Porter(listener, protocol=self.greet, count=lambda: self.inside + len(self.callers))

    def greet(self):
        house = self

        class Greeting(asyncio.Protocol):
            def connection_made(self, transport):
                house.callers.append(transport)
                transport.write(b"welcome")

        return Greeting()


@contextmanager
def a_door():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


async def call(listener, times: int) -> list[bytes]:
    streams = [await asyncio.open_connection(*listener.getsockname()) for _ in range(times)]
    heard = [await asyncio.wait_for(reader.readexactly(7), 5) for reader, _ in streams]
    for _, writer in streams:
        writer.close()
    return heard


def test_whoever_calls_is_let_in():
    async def evening():
        with a_door() as listener:
            house = House(listener)
            assert await call(listener, 3) == [b"welcome"] * 3
            house.porter.close()

    asyncio.run(evening())


def test_the_one_with_the_fewest_goes_first(monkeypatch):
    monkeypatch.setattr(porter, "COURTESY", 0.02)  # far more than this machine is ever late

    async def evening():
        with a_door() as listener:
            full, empty = House(listener, inside=MOST), House(listener.dup())
            await call(listener, 4)
            assert (len(full.callers), len(empty.callers)) == (0, 4)
            full.porter.close()
            empty.porter.close()

    asyncio.run(evening())


def test_nobody_is_let_in_after_closing():
    async def evening():
        with a_door() as listener:
            house = House(listener)
            house.porter.close()
            await house.porter.wait_closed()
            _, writer = await asyncio.open_connection(*listener.getsockname())
            await asyncio.sleep(0.05)
            assert house.callers == []
            writer.close()

    asyncio.run(evening())


class Crowded:
    """A listener whose process has too many files open, for a while."""

    def __init__(self, listener, errors) -> None:
        self._listener, self._errors = listener, errors

    def __getattr__(self, name):
        return getattr(self._listener, name)

    def accept(self):
        if self._errors:
            raise self._errors.pop()
        return self._listener.accept()


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "too many"), ConnectionAbortedError(), BlockingIOError()])
def test_what_goes_wrong_at_the_door_is_tried_again(monkeypatch, error):
    monkeypatch.setattr(porter, "AGAIN", 0.01)

    async def evening():
        with a_door() as listener:
            house = House(Crowded(listener, [error, error]))
            assert await call(listener, 1) == [b"welcome"]
            house.porter.close()

    asyncio.run(evening())
