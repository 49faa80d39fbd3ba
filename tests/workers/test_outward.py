"""Calling outside: one address, looked up once and public; and the heartbeat that falls silent with the sweep."""

import http.server
import socket
from datetime import timedelta
from threading import Event, Thread

import pytest

from models.clockwork import auditor, health
from models.ground import clock
from tests.conftest import settings
from tests.factories import a_ticket
from workers import ticker
from workers.channels import call
from workers.channels.call import NotCalled
from workers.hub import Hub
from workers.queues import SWEPT

from .conftest import eventually

pytestmark = pytest.mark.once
LOOPBACK = "127.0.0.0/8"


class Watcher(http.server.BaseHTTPRequestHandler):
    """Keeps who called, and answers what the test says."""

    def do_GET(self):
        self.server.calls.append((self.path, self.headers["Host"]))
        self.server.waits.wait(10)
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def watcher():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Watcher)
    server.calls, server.status, server.waits = [], 200, Event()
    server.waits.set()
    server.url = f"http://127.0.0.1:{server.server_port}/ping?desk=1"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.waits.set()
    server.shutdown()


def test_one_call_to_the_address_that_was_looked_up(watcher, monkeypatch):
    """The name leads elsewhere by the second look: there is none (DNS rebinding)."""
    looked_up = []

    def look_up(host, port, *_args, **_):
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(call.socket, "getaddrinfo", look_up)
    call.call(f"http://watch.example:{watcher.server_port}/ping?desk=1", allowed=LOOPBACK)
    assert watcher.calls == [("/ping?desk=1", f"watch.example:{watcher.server_port}")]
    assert "watch.example" in looked_up
    assert looked_up.count("watch.example") == 1


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "[::ffff:a9fe:a9fe]", "10.0.0.1",
        "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "[::]", "[fe80::1]", "[fd00::1]", "224.0.0.1",
        "255.255.255.255",
    ],
)  # fmt: skip
def test_what_is_not_public_is_not_called(host):
    """A57: however it is written."""
    with pytest.raises(NotCalled):
        call.addresses_of(f"http://{host}/ping")


@pytest.mark.parametrize(
    "url",
    ["file:/etc/passwd", "gopher://192.0.2.1/", "http://", "http://me:word@192.0.2.1/", "http://192.0.2.1:99999/"],
)
def test_what_is_no_plain_address_is_not_called(url):
    with pytest.raises(NotCalled):
        call.addresses_of(url)


def test_what_is_public_or_allowed_may_be_called():
    assert call.addresses_of("https://8.8.8.8/ping") == ["8.8.8.8"]
    assert call.addresses_of("http://10.1.2.3/ping", allowed="192.168.0.0/16, 10.1.2.0/24") == ["10.1.2.3"]
    with pytest.raises(NotCalled, match="not a public address"):
        call.addresses_of("http://10.1.3.3/ping", allowed="10.1.2.0/24")


def test_a_redirect_is_not_followed_and_a_refusal_is_told(watcher):
    for status in (302, 500):
        watcher.status = status
        with pytest.raises(NotCalled, match=f"answered {status}"):
            call.call(watcher.url, allowed=LOOPBACK)
    assert [path for path, _ in watcher.calls] == ["/ping?desk=1"] * 2


def test_a_watcher_that_never_answers_costs_seconds(watcher, monkeypatch):
    monkeypatch.setattr(call, "SECONDS", 0.2)
    watcher.waits.clear()
    with pytest.raises(NotCalled, match="TimeoutError"):
        call.call(watcher.url, allowed=LOOPBACK)


# --- the heartbeat


@pytest.fixture
def beating(app, watcher, tmp_path, monkeypatch):
    """A ticker that calls the watcher at each tick."""
    monkeypatch.setattr(ticker, "CALL_EVERY", 0.0)
    mine = settings(tmp_path, heartbeat_url=watcher.url, outbound_private=LOOPBACK)
    monkeypatch.setitem(app.config, "SETTINGS", mine)
    made = ticker.Ticker(app, "redis://127.0.0.1:9")

    def tick():
        made._call_outside()
        if made._calling:
            made._calling.result(10)

    made.tick_outside = tick
    return made


def test_it_beats_while_all_is_well_and_stops_when_nothing_is_swept(beating, watcher, time):
    """F43, rule 10: silence is the alarm."""
    beating.tick_outside()
    assert watcher.calls == [], "the auditor has not looked yet"
    auditor.audit()
    beating.tick_outside()
    assert len(watcher.calls) == 1
    a_ticket(severity="P0")
    time(clock.now() + timedelta(hours=1))
    beating.tick_outside()
    assert len(watcher.calls) == 1, "a mark that is due waits"
    auditor.audit()
    assert not health.is_all_well()


def test_a_slow_watcher_does_not_hold_up_the_clocks(beating, watcher):
    auditor.audit()
    watcher.waits.clear()
    began = clock.steady()
    for _ in range(20):
        beating._call_outside()
    assert clock.steady() - began < 1
    eventually(lambda: watcher.calls)
    assert len(watcher.calls) == 1, "one at a time"


def test_open_pages_learn_that_nobody_sweeps(monkeypatch):
    hub = Hub("redis://127.0.0.1:9")
    hub._is_connected = True
    stream = hub.join(frozenset({"tickets"}))
    now = [clock.steady()]
    monkeypatch.setattr(clock, "steady", lambda: now[0])
    for seconds, state in ((29, None), (2, "still"), (1, None)):
        now[0] += seconds
        hub._watch_clocks()
        assert list(stream._states.values()) == ([state] if state else [])
        stream._states.clear()
    assert list(hub.join(frozenset({"tickets"}))._states.values()) == ["still"], "who comes later learns it too"
    hub._pass_on(f'{{"topic": "{SWEPT}", "version": 0}}')
    hub._watch_clocks()
    assert list(stream._states.values()) == ["moving"]
