"""The front door: streams tell the open pages what changed, and slow callers hold up nobody."""

import http.client
import json
import multiprocessing
import socket
import threading
from time import monotonic

import pytest
from flask import Flask, request
from itsdangerous import URLSafeTimedSerializer

from workers import web
from workers.queues import Doorbell
from workers.web import serve

from .conftest import eventually

pytestmark = pytest.mark.once

SECRET = "s" * 40
LIMIT = 100_000


def an_app() -> Flask:
    app = Flask("door")
    app.config.update(MAX_CONTENT_LENGTH=LIMIT, SECRET_KEY=SECRET)

    @app.post("/length")
    def length():
        return str(len(request.get_data()))

    @app.get("/from")
    def sender():
        return request.headers.get("X-Forwarded-For", "nobody")

    return app


class Door:
    def __init__(self, redis_url: str) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        fork = multiprocessing.get_context("fork")
        words = {"listener": listener, "redis_url": redis_url}
        self.process = fork.Process(target=serve, args=(an_app(),), kwargs=words, daemon=True)
        self.process.start()
        listener.close()
        eventually(lambda: self.ask("GET", "/from")[0] == 200)

    def ask(self, method, path, body=None, headers=None, **how):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {}, **how)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        except OSError:
            return 0, "", {}
        finally:
            connection.close()

    def listen(self, *topics):
        return Listener(self.port, signed(topics))


class Listener:
    """An open page: what it heard so far."""

    def __init__(self, port, token):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", f"/events?topics={token}")
        self.answer, self.lines, self.is_over = connection.getresponse(), [], False
        threading.Thread(target=self._read, daemon=True).start()
        eventually(lambda: "retry: 3000" in self.lines)

    def _read(self):
        while line := self.answer.readline():
            self.lines.append(line.decode().strip())
        self.is_over = True

    @property
    def news(self):
        return [json.loads(line[6:]) for line in self.lines if line.startswith('data: {"')]


def signed(topics, key=SECRET):
    return URLSafeTimedSerializer(key, salt="live-topics").dumps(list(topics))


@pytest.fixture
def bell(redis_server):
    return Doorbell(redis_server.url)


@pytest.fixture
def door(redis_server, bell):
    """A front door that hears the bell already."""
    door = Door(redis_server.url)
    first = door.listen("probe")
    eventually(lambda: bell.tell({"probe": 1}) and first.news)
    yield door
    door.process.kill()


def test_a_change_reaches_every_open_page_within_a_second(door, bell):
    pages = [door.listen("t-12", "tickets") for _ in range(20)]
    began = monotonic()
    bell.tell({"t-12": 7, "tickets": 99})
    eventually(lambda: all(len(page.news) == 2 for page in pages))
    assert monotonic() - began < 1
    assert pages[0].news == [{"topic": "t-12", "version": 7}, {"topic": "tickets", "version": 99}]


def test_a_page_hears_only_of_its_own_topics(door, bell):
    mine, other = door.listen("t-1"), door.listen("t-2")
    bell.tell({"t-2": 1})
    eventually(lambda: other.news)
    assert mine.news == []


def test_a_list_of_topics_that_is_not_ours_is_refused(door):
    too_many = [f"t-{number}" for number in range(51)]
    for token in ("", "t-1", signed(["t-1"], key="x" * 40), signed(too_many), signed([])):
        assert door.ask("GET", f"/events?topics={token}")[0] == 403


def test_an_old_list_is_refused(door, monkeypatch):
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda self: 1_000_000_000)
    assert door.ask("GET", f"/events?topics={signed(['t-1'])}")[0] == 403


def test_the_stream_only_answers_get_and_carries_the_headers_of_every_page(door):
    assert door.ask("POST", "/events")[0] == 405
    headers = door.listen("t-1").answer.headers
    assert headers["Content-Type"].startswith("text/event-stream")
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_pages_are_told_when_nothing_can_be_heard_and_when_it_can_again(door, bell, redis_server):
    page = door.listen("t-1")
    redis_server.kill()
    eventually(lambda: "event: away" in page.lines)
    late = door.listen("t-1")
    eventually(lambda: "event: away" in late.lines)
    redis_server.start()
    eventually(lambda: "event: back" in page.lines and "event: back" in late.lines, seconds=12)
    assert page.lines.count("event: away") == 1
    eventually(lambda: bell.tell({"t-1": 2}) and {"topic": "t-1", "version": 2} in page.news)


def test_what_is_no_news_is_passed_over(door, bell):
    page = door.listen("t-1")
    for nonsense in ("", "[]", '{"topic": 1}', '{"topic": "t-1", "version": "x"}', "\xff"):
        bell._connection.publish("bihuan:live", nonsense)
    bell.tell({"t-1": 3})
    eventually(lambda: page.news == [{"topic": "t-1", "version": 3}])


def test_stopping_does_not_wait_for_open_pages(door):
    pages = [door.listen("t-1") for _ in range(5)]
    began = monotonic()
    door.process.terminate()
    door.process.join(5)
    assert door.process.exitcode is not None
    assert monotonic() - began < 2
    eventually(lambda: all(page.is_over for page in pages))


def test_half_sent_bodies_hold_up_nobody(door):
    slow = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(40)]
    for sender in slow:
        sender.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    began = monotonic()
    assert door.ask("POST", "/length", b"whole")[1] == "5"
    assert monotonic() - began < 0.5
    for sender in slow:
        sender.close()


def test_callers_who_never_ask_are_let_go(redis_server, monkeypatch):
    monkeypatch.setattr(web, "SECONDS_TO_ASK", 1.0)
    door = Door(redis_server.url)
    try:
        silent, half = (socket.create_connection(("127.0.0.1", door.port), timeout=10) for _ in "ab")
        half.sendall(b"GET /from HTTP/1.1\r\nHost: x\r\n")
        page = door.listen("t-1")
        assert silent.recv(1) == b""
        assert half.recv(1) == b""
        assert not page.is_over
    finally:
        door.process.kill()


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, LIMIT])
def test_a_body_arrives_whole(door, size):
    assert door.ask("POST", "/length", b"x" * size)[:2] == (200, str(size))


@pytest.mark.parametrize("size", [70_000, LIMIT])
def test_a_body_of_undeclared_length_arrives_whole(door, size):
    chunks = iter([b"x" * 1000] * (size // 1000))
    assert door.ask("POST", "/length", chunks, encode_chunked=True)[:2] == (200, str(size))


def test_a_body_that_is_too_long_is_refused(door):
    assert door.ask("POST", "/length", b"x" * (LIMIT + 1))[0] == 413
    chunks = iter([b"x" * 1000] * (2 * LIMIT // 1000))
    assert door.ask("POST", "/length", chunks, encode_chunked=True)[0] in (413, 0)


def test_a_header_with_an_underscore_does_not_pass_for_another(door):
    assert door.ask("GET", "/from", headers={"X_Forwarded_For": "1.2.3.4"})[1] == "nobody"
