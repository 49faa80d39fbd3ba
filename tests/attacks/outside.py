"""What comes from outside or is called there: addresses that we would fetch, packages that nobody pinned."""

import hashlib
import http.server
import os
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.attacks.figures import heavy, nothing
from tests.attacks.site import Site
from tests.house.source import ROOT
from tests.house.test_tree import test_pinned_with_hashes
from workers.channels import call
from workers.checks import surroundings
from workers.checks.finding import GOOD

INWARD = (
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1",
    "127.0.1", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::7f00:1]", "169.254.169.254", "0xa9fea9fe", "2852039166",
    "[::ffff:a9fe:a9fe]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "0", "[::]", "[fe80::1]",
    "[fd00::1]", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "%31%32%37.0.0.1", "①②⑦.0.0.1",
    "me@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1#example.com", "127.0.0.1\\@example.com", "",
)  # fmt: skip
SCHEMES = (
    "file:/etc/passwd",
    "gopher://127.0.0.1/",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1/",
    "//127.0.0.1/",
    "javascript:1",
)
PUBLIC = "8.8.8.8"
FORGED = "blinker"


def a57(site: Site) -> str:
    """A server inside, asked for by every spelling, by names that change their mind and by redirects: never reached."""
    with _server() as inside:
        urls = [f"http://{host}:{inside.server_port}/secret" for host in INWARD] + list(SCHEMES)
        nothing([url for url in urls if _is_called(url)])
        for answers in ([PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, "::1"]):
            with _names_lead_to([answers]):
                assert not _is_called(f"http://rebound.example:{inside.server_port}/")
        with _names_lead_to([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]) as reached:
            _is_called(f"http://rebound.example:{inside.server_port}/")
        assert reached == [PUBLIC], "the address that was looked at is the one that is called"
        with _server(location=f"http://127.0.0.1:{inside.server_port}/secret") as outside:
            assert not _is_called(f"http://127.0.0.1:{outside.server_port}/", allowed="127.0.0.1/32")
            assert outside.calls == 1
        assert inside.calls == 0, "nobody reached it"
        assert _is_called(f"http://127.0.0.1:{inside.server_port}/", allowed="127.0.0.1/32"), "or this proves nothing"
    with _names_lead_to([]) as reached:
        for url in site.urls[::6]:
            site.browser("chen").open(url)
    assert reached == []
    pages = len(site.urls[::6])
    return f"{len(urls)} spellings, 4 names that change, 1 redirect: 0 reached; {pages} pages, 0 calls outside"


@heavy
def a66(site: Site) -> str:
    """A package that is not the pinned one, has no hash or no pin: pip, as ./run calls it, installs none of them."""
    assert '"--require-hashes", "--no-deps"' in (ROOT / "run").read_text("utf-8")
    pins = (ROOT / "requirements.txt").read_text("utf-8")
    found = re.search(rf"^{FORGED}==(\S+)", pins, re.M)
    assert found
    wheel = _forged(site.home, FORGED, found[1])
    own = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert own not in pins
    true = re.search(rf"^{FORGED}==.*(?:\\\n.*)*", pins, re.M)
    assert true
    lines = [true[0], f"{FORGED}=={found[1]}", FORGED, f"{FORGED}>=1", f"{FORGED}=={found[1]} --hash=sha256:{'0' * 64}"]
    assert _installs(wheel, f"{FORGED}=={found[1]} --hash=sha256:{own}"), "or this proves nothing"
    nothing([line for line in lines if _installs(wheel, line)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surroundings, "PINS", site.home / "pins.txt")
        for tampered in (
            pins.replace(found[0], f"{FORGED}==0.1"),
            f"{pins}\nevil-package==1.0 \\\n    --hash=sha256:0\n",
        ):
            surroundings.PINS.write_text(tampered)
            assert surroundings.packages(site.app.config["SETTINGS"]).state != GOOD
    test_pinned_with_hashes()
    return f"{len(lines)} forged pins refused, 2 strange packages named by the doctor"


@contextmanager
def _server(*, location: str = "") -> Iterator[Any]:
    """Somebody on this machine who counts callers, and may send them elsewhere."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.calls += 1
            self.send_response(302 if location else 200)
            self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.calls = 0
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _is_called(url: str, *, allowed: str = "") -> bool:
    try:
        call.call(url, allowed=allowed)
    except call.NotCalled:
        return False
    return True


@contextmanager
def _names_lead_to(answers: list[list[str]]) -> Iterator[list[str]]:
    """Each look-up gets the next answer; nobody is reached, but who would have been is kept."""
    reached: list[str] = []

    def look_up(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = answers.pop(0) if answers else []
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, port)) for each in found]

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> None:
        reached.append(address[0])
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        patch.setattr(socket, "create_connection", connect)
        yield reached


def _forged(folder: Path, name: str, version: str) -> Path:
    """A package that calls itself the pinned one."""
    wheel = folder / "forged" / f"{name}-{version}-py3-none-any.whl"
    wheel.parent.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", "evil = True\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def _installs(wheel: Path, line: str) -> bool:
    """Whether pip would, with nothing to be had but the forged one."""
    (wheel.parent / "pins.txt").write_text(line + "\n")
    words = [
        "install",
        "--require-hashes",
        "--no-deps",
        "--no-input",
        "--dry-run",
        "--ignore-installed",
        "-r",
        "pins.txt",
    ]
    only = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    surroundings_ = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | only
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words], cwd=wheel.parent, env=surroundings_, capture_output=True
    )
    return done.returncode == 0
