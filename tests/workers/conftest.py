"""A real Valkey for every test that rings, and a whole running house for those that watch it live."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep
from uuid import uuid4

import psycopg
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy.engine import make_url

from app import Settings, create_app
from models import demonstration
from models.ground import clock
from workers import queues, valkey

ROOT = Path(__file__).parents[2]
NOT_MOVED = shutil.ignore_patterns("run", "pid", "log", "output", "preparing")


class Server:
    """A Valkey that a test may kill, start again and wipe."""

    def __init__(self, folder: Path) -> None:
        self.url = valkey.url(folder)
        self._words = [str(valkey.find_server()), *valkey.options(folder)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._words, stdout=subprocess.DEVNULL)
        eventually(lambda: queues.answers(self.url))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class House:
    """`python -m workers.supervisor` with a demonstration in a folder of its own, and the same database at hand."""

    def __init__(self, home: Path, database: str, *words: str, **environment: str) -> None:
        self.port = free_port()
        known = surroundings(home) | {"DATABASE_URL": database, "PORT": str(self.port)}
        self.environment = os.environ | known | environment
        self.process, self.first_words = start_house(self.environment, home / "output", *words)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (known | environment).items():
                patch.setenv(name, value)
            self.app = create_app(Settings())

    def processes(self) -> dict[str, int]:
        """Name → pid of everything that lives below the supervisor."""
        return {name: pid for pid, name in _living_below(self.process.pid)}

    def pid(self, name: str) -> int:
        """The pid of the process of this name, as soon as there is one."""
        return eventually(lambda: self.processes().get(name))

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        pid = self.pid(name)
        os.kill(pid, number)
        return pid


def surroundings(home: Path) -> dict[str, str]:
    """Every setting, so that nothing of this machine's own gets in; empty means unset."""
    unset = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "SMTP_URL", "BASE_URL", "SECRET_KEY"), "")
    return unset | {"BIHUAN_HOME": str(home), "BIHUAN_ENV": "demo", "LOG_LEVEL": "INFO"}


def start_house(
    environment: dict[str, str], output: Path, *said: str, module: str = "workers.supervisor"
) -> tuple[subprocess.Popen[bytes], str]:
    """Start a supervisor and wait until it says that it is ready, or ends."""
    with output.open("wb") as out:
        words = [sys.executable, "-m", module, *said]
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: "ready  " in output.read_text() or process.poll() is not None, seconds=120)
    except AssertionError:
        process.kill()
        raise
    return process, output.read_text()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def eventually(is_so, seconds=5.0):
    """Wait until `is_so()` is true and give it back; fail after `seconds`."""
    deadline = monotonic() + seconds
    while not (found := is_so()):
        assert monotonic() < deadline, "it did not come true in time"
        sleep(0.02)
    return found


@contextmanager
def a_database() -> Iterator[str]:
    """The URL of a fresh database: SQLite in the house's folder, or one of its own on the test server."""
    server = os.environ.get("BIHUAN_TEST_DB")
    if not server:
        yield ""
        return
    name = f"house_{uuid4().hex[:12]}"
    plain = make_url(server).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def a_house(home: Path, *words: str, **environment: str) -> Iterator[House]:
    with a_database() as database:
        house = House(home, database, *words, **environment)
        try:
            yield house
        finally:
            stop(house.process)
            clock.follow(None)  # this process followed the house's clock


@contextmanager
def a_furnished_house(home: Path, **environment: str) -> Iterator[House]:
    """The same, with the demonstration brought along: loading it is half of a start. On PostgreSQL it is loaded."""
    if not os.environ.get("BIHUAN_TEST_DB"):
        shutil.copytree(_furnished(), home, ignore=NOT_MOVED, dirs_exist_ok=True)
    with a_house(home, **environment) as house:
        yield house


@contextmanager
def a_house_of_people(home: Path, **environment: str) -> Iterator[House]:
    """A house with the people of the demonstration and no ticket: whatever is mailed is the test's own doing."""
    with a_house(home, "--no-demo", **environment) as house:
        with house.app.app_context():
            demonstration.cast_people()
        yield house


@cache
def _furnished() -> Path:
    """The data folder of a house of this process that has loaded the demonstration and stopped."""
    home = Path(mkdtemp(prefix="bihuan-furnished-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with a_house(home):
        return home


@pytest.fixture
def redis_server(tmp_path_factory) -> Iterator[Server]:
    server = Server(valkey.make_folder(tmp_path_factory.mktemp("home")))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    """One house for all tests of a file; they leave it as they found it."""
    with a_furnished_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def smtp_url(sink) -> Iterator[str]:
    """Where the file's own `sink` takes letters: a real SMTP conversation."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


@pytest.fixture
def own_house(tmp_path) -> Iterator[House]:
    with a_furnished_house(tmp_path) as house:
        yield house


def _living_below(parent: int) -> list[tuple[int, str]]:
    """Pid and name of every living descendant, from ps; a dead one that nobody has buried does not count."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,comm="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 3) for line in listing.stdout.splitlines()]
    family, found = {str(parent)}, []
    for _generation in range(3):
        for pid, ppid, stat, name in rows:
            if ppid in family and pid not in family and "Z" not in stat:
                family.add(pid)
                found.append((int(pid), name.removeprefix("bihuan ").strip()))
    return found
