"""The bridge: an answer crosses whole, a long one in pieces; whoever takes long holds up nobody."""

import asyncio
import io
from threading import Event
from time import monotonic

import pytest

from models.ground import disk
from workers import bridge
from workers.bridge import PIECE, Bridge

pytestmark = pytest.mark.once

LONG = b"x" * (2 * PIECE + 1)


class Body(io.BytesIO):
    """What was sent, which must be closed with the answer."""


class Chunks(list):
    """An answer that has to be closed, as an open file has."""

    is_closed = False

    def close(self):
        self.is_closed = True


def test_an_answer_crosses_once(told):
    messages = told(_answering([b"a", b"", b"b"]))
    assert messages == [
        {"type": "http.response.start", "status": 207, "headers": [(b"x-one", b"1"), (b"x-one", b"2")]},
        {"type": "http.response.body", "body": b"ab"},
    ]


def test_a_long_answer_crosses_in_pieces(told):
    _start, *pieces = told(_answering([LONG[:PIECE], LONG[PIECE:-1], LONG[-1:]]))
    assert b"".join(piece["body"] for piece in pieces) == LONG
    assert [piece.get("more_body", False) for piece in pieces] == [True, True, False]


@pytest.mark.parametrize("chunks", [[], [b"x"], [LONG, LONG]])
def test_both_sides_are_closed(told, chunks):
    body, answer = Body(), Chunks(chunks)
    told(_answering(answer), body)
    assert body.closed
    assert answer.is_closed


def test_an_answer_that_breaks_off_is_closed_and_raises(told):
    class Broken(Chunks):
        def __iter__(self):
            yield b"x"
            raise OSError("the disk is gone")

    answer = Broken()
    with pytest.raises(OSError, match="the disk is gone"):
        told(_answering(answer))
    assert answer.is_closed


def test_what_was_sent_is_read(told):
    def echo(environ, start):
        start("200 OK", [])
        return [environ["REQUEST_METHOD"].encode(), environ["wsgi.input"].read()]

    assert told(echo, Body(b" words"))[-1]["body"] == b"POST words"


def test_one_after_the_other_but_who_takes_long_holds_up_nobody(monkeypatch):
    monkeypatch.setattr(bridge, "HEAD_START", 0.05)
    done = Event()

    def application(environ, start):
        start("200 OK", [])
        if environ["PATH_INFO"] == "/slow":
            done.wait(5)
        return [b"ok"]

    async def both():
        bridged, began = Bridge(application, threads=2), monotonic()
        slow = asyncio.create_task(bridged.answer(_scope("/slow"), Body(), _nowhere))
        await asyncio.sleep(0)
        await bridged.answer(_scope("/quick"), Body(), _nowhere)
        waited = monotonic() - began
        done.set()
        await slow
        return waited

    assert 0.04 < asyncio.run(both()) < 4


def test_the_next_begins_while_one_waits_for_the_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(bridge, "HEAD_START", 60)
    (tmp_path / "desk.sqlite3-wal").touch()
    synced = Event()
    monkeypatch.setattr(disk, "sync", lambda _file: synced.wait(60))

    def application(environ, start):
        start("200 OK", [])
        if environ["PATH_INFO"] == "/write":
            disk.settle(str(tmp_path / "desk.sqlite3"))
        else:
            synced.set()
        return [b"ok"]

    async def both():
        bridged = Bridge(application, threads=2)
        writes = asyncio.create_task(bridged.answer(_scope("/write"), Body(), _nowhere))
        await asyncio.sleep(0)
        await asyncio.wait_for(bridged.answer(_scope("/read"), Body(), _nowhere), 30)
        await writes

    asyncio.run(both())


@pytest.fixture
def told():
    """What the application at the other end answers, as the event loop hears it."""

    def tell(application, body=None):
        messages = []

        async def send(message):
            messages.append(message)

        asyncio.run(Bridge(application, threads=1).answer(_scope("/"), body or Body(), send))
        return messages

    return tell


def _answering(chunks):
    def application(_environ, start):
        start("207 Multi", [("X-One", "1"), ("X-One", "2")])
        return chunks

    return application


def _scope(path):
    return {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "http_version": "1.1"}


async def _nowhere(_message):
    pass
