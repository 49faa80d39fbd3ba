"""A real house under somebody's hands: started as `./run` starts it, its processes killed, stopped and woken.

Nothing of the application is imported: processes are found by name below the supervisor, the database is read apart.
"""

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import psycopg
import redis

from tests.faults import judge
from tests.faults.sink import Sink
from tests.faults.store import Store, plain
from tests.faults.visitor import Filled, History, Visitor
from tests.faults.wall import NAME, ahead, put

ROOT, SUPERVISOR = Path(__file__).resolve().parents[2], "workers.supervisor"
KEY = "a key for faults only, long enough for anybody"
KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")  # of the surroundings; every setting is given
UNSET = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "BASE_URL")
P0 = {"impact": "all", "urgency": "critical"}
RESPOND = timedelta(minutes=15)  # of a P0, by the wall clock
LISTENING, SPEAKING = "0A", "01"  # as Linux counts the states of a TCP socket
PATIENCE = 4  # times as long as it takes on a machine that does nothing else; promises are not stretched by it
SECONDS_TO_START, SECONDS_TO_STOP = 120.0, 20.0
SECONDS_TO_RECOVER = 90.0  # the auditor looks once a minute
REACH = 10.0  # seconds that a mark may be late after a fault


class House:
    """A running house with its database, its mail server, and what visitors did in it."""

    def __init__(
        self, home: Path, url: str, chance: random.Random, *, is_filled: bool = True, module: str = SUPERVISOR,
        **environment: str,
    ) -> None:  # fmt: skip
        self.home, self.chance, self.sink, self.module = home, chance, Sink(), module
        self.store = Store(url or f"sqlite:///{home / 'bihuan.sqlite3'}")
        self.history = History(home / "history.jsonl")
        self.sink.open()
        self.port = _free_port()
        self.kills = self.injected = 0
        self._environment = {name: value for name, value in os.environ.items() if name in KEPT}
        self._environment |= dict.fromkeys(UNSET, "") | {
            "BIHUAN_HOME": str(home), "BIHUAN_ENV": "demo", "LOG_LEVEL": "INFO", "SECRET_KEY": KEY,
            "PORT": str(self.port), "DATABASE_URL": url, "SMTP_URL": self.sink.url, "RATE_LIMITS": "off",
        }  # fmt: skip
        self._environment |= environment
        self._visitors: list[Visitor] = []
        self.sent_before = judge.letters_sent(self.store) if is_filled else {}
        self.start()

    def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        self.output = self.home / "output"
        with self.output.open("ab") as out:
            words = [sys.executable, "-m", self.module]
            self.process = subprocess.Popen(
                words, cwd=ROOT, env=self._environment, stdout=out, stderr=subprocess.STDOUT
            )
        begin = self.output.stat().st_size

        def is_open() -> bool:
            assert self.process.poll() is None, self.output.read_text()[-2000:]
            return b"ready  " in self.output.read_bytes()[begin:]

        eventually(is_open, SECONDS_TO_START)
        self.ready_at = self.now()

    def surround(self, **environment: str) -> None:
        """What is around it at the next start."""
        self._environment |= environment

    def copy(self, root: Path = ROOT) -> "subprocess.Popen[bytes]":
        """One more whole copy of the application on the same database, at a port and with a folder of its own.

        `root` is where its code lies.
        """
        home = self.home / f"copy-{uuid4().hex[:4]}"
        home.mkdir()
        mine = {"PORT": str(_free_port()), "BIHUAN_HOME": str(home), "DATABASE_URL": self.store.url}
        with (home / "output").open("wb") as out:
            words = [sys.executable, "-m", SUPERVISOR]
            made = subprocess.Popen(words, cwd=root, env=self._environment | mine, stdout=out, stderr=subprocess.STDOUT)
        eventually(lambda: b"ready  " in (home / "output").read_bytes(), SECONDS_TO_START)
        return made

    def stop(self) -> None:
        """Ask it to leave."""
        for pid in self.processes().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.process.terminate()
        self.process.wait(SECONDS_TO_STOP)

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop()
        for visitor in self._visitors:
            visitor.leave()
        self.sink.close()

    def processes(self) -> dict[str, int]:
        """Name → pid of everything that lives below the supervisor."""
        return {name: pid for pid, name in _living_below(self.process.pid)}

    def pid(self, name: str) -> int:
        return int(eventually(lambda: self.processes().get(name)))

    def signal(self, name: str, number: int = signal.SIGKILL) -> int:
        """Kill, stop or wake the process of this name."""
        pid = self.pid(name)
        os.kill(pid, number)
        self.injected += 1
        self.kills += number == signal.SIGKILL
        return pid

    def doors(self) -> list[int]:
        """The TCP ports at which any of its processes listens."""
        return sorted({port for port, _far, pid in _sockets(self.processes().values(), LISTENING)})

    def kill_caller(self, port: int) -> None:
        """Kill whoever of the house speaks from this port."""
        for near, _far, pid in _sockets(self.processes().values(), SPEAKING):
            if near == port:
                os.kill(pid, signal.SIGKILL)
                self.injected += 1
                self.kills += 1

    def visitor(self, login: str) -> Visitor:
        self._visitors.append(made := Visitor(self.port, self.history))
        return made.sign_in(login)

    def now(self) -> datetime:
        """The business time."""
        return self.wall() + timedelta(seconds=self.store.value("SELECT offset_s FROM demo_clock") or 0)

    def wall(self) -> datetime:
        """What it takes for the wall clock."""
        return datetime.now(UTC) + timedelta(seconds=ahead(self.home / NAME))

    def set_wall(self, seconds: float, *, rate: float = 0.0) -> None:
        """Set that clock by so many seconds, as only a house of `another_clock` notices."""
        put(self.home / NAME, seconds, rate=rate)
        self.injected += 1

    def jump(self, span: timedelta) -> None:
        """Set the demonstration's clock forward, behind the application's back."""
        offset = int((self.now() - self.wall() + span).total_seconds())
        there = self.store.value("SELECT count(*) FROM demo_clock")
        said = "UPDATE demo_clock SET offset_s = ?, moved_at = ?" if there else (
            "INSERT INTO demo_clock (offset_s, moved_at, id) VALUES (?, ?, 1)"
        )  # fmt: skip
        landed: Any = self.wall() + timedelta(seconds=offset)
        if self.store.is_sqlite:
            landed = landed.replace(tzinfo=None).isoformat(" ", "microseconds")
        self.store.run(said, offset, landed)
        self.jumped_to = self.now()

    def redis(self) -> redis.Redis:
        """Valkey itself, at the socket of the house."""
        (place,) = self.home.glob("run/valkey-*/socket")
        return redis.Redis(unix_socket_path=str(place))

    def reports(self, count: int, visitor: Visitor) -> list[str]:
        """So many P0 reported; their numbers. Their first breach comes a quarter of an hour later."""
        return [self.number_of(self.sent_again(visitor.report("全部停了", **P0), visitor)) for _ in range(count)]

    def sent_again(self, form: Filled, visitor: Visitor) -> Filled:
        """Press the button until somebody says what became of it, as people do."""
        until = monotonic() + 60
        while visitor.send(form).outcome == "unknown":
            assert monotonic() < until, "nobody answers any more"
            sleep(0.05)
        return form

    def number_of(self, form: Filled) -> str:
        number = self.store.value("SELECT number FROM ticket WHERE description LIKE ?", form.mark + "%")
        assert number, f"{form.mark} was not taken"
        return str(number)

    def fire_soon(self, seconds: float) -> None:
        """Move the clock so that what has just been reported breaches its response in `seconds`."""
        newest = self.store.rows("SELECT reported_at FROM ticket ORDER BY id DESC LIMIT 1")[0]["reported_at"]
        self.jump(newest + RESPOND - self.now() - timedelta(seconds=seconds))

    def breached(self, numbers: list[str]) -> bool:
        """Whether each of these has been told that nobody responded."""
        said = """SELECT count(*) FROM firing f JOIN deadline d ON d.id = f.deadline_id
                  JOIN ticket t ON t.id = d.ticket_id WHERE d.kind = 'respond' AND f.mark = 100 AND t.number IN (%s)"""
        marks = ", ".join(f"'{number}'" for number in numbers)
        return int(self.store.value(said % marks)) >= len(numbers)

    def goes_on(self, seconds: float, *, each: float = 60) -> tuple[list[str], float]:
        """For so many seconds, and at least once, some are reported and breach at once; which, and how late at most."""
        until, told, late, visitor = monotonic() + seconds, list[str](), 0.0, self.visitor("zhang")
        while not told or monotonic() < until:
            next_at, new = monotonic() + each, self.reports(5, visitor)
            self.fire_soon(0)
            eventually(partial(self.breached, new), 30)
            told, late = told + new, max(late, self.lateness())
            sleep(max(0.0, min(next_at, until) - monotonic()))
        return told, late

    def is_quiet(self) -> bool:
        """Nothing due waits any more, neither marks nor letters."""
        return not judge.rests(self.store, business=self.now(), real=self.wall())

    def has_sent(self) -> Callable[[], bool]:
        """Asks whether every letter that is owed now has left or failed."""
        moment = self.now()
        said = "SELECT created_at FROM message WHERE state = 'queued' AND channel = 'mail' AND NOT collected"
        return lambda: not any(row["created_at"] < moment for row in self.store.rows(said))

    def lateness(self, since: datetime | None = None) -> float:
        """The longest that a mark was late, of those that came due after `since`."""
        begin = max(filter(None, (since, getattr(self, "jumped_to", None), self.ready_at)))
        late = [
            (row["done_at"] - row["due_at"]).total_seconds()
            for row in self.store.rows("SELECT due_at, done_at, role FROM firing ORDER BY id")
            if row["due_at"] >= begin and row["role"] != "overtaken"
        ]
        return max(late, default=0.0)

    def judged(self, numbers: list[str] | None = None, *, bound: float = REACH, mail: bool = True) -> list[str]:
        """Everything that the invariants object to, once all is quiet."""
        if mail:
            with suppress(AssertionError):  # one may be on its way, or wait for another try
                eventually(self.has_sent(), 60)
                eventually(lambda: not list(self._letters()), 15)
        broken = [words for visitor in self._visitors for words in visitor.broken]
        now, since = self.now(), getattr(self, "jumped_to", self.ready_at)
        with self.store.at_one_moment():
            broken += judge.complaints(
                judge.acknowledged_are_there(self.store, self.history.deeds.values()),
                judge.led_to_one_place(self.history),
                judge.marks_fired(self.store, now=now, bound=bound, judged_from=since),
                judge.reference(self.store, numbers or ()),
                judge.rows_agree(self.store, KEY),
            )
        return judge.complaints(
            broken,
            self._letters() if mail else (),
            self._readiness(),
            () if self.store.is_whole() else ["the file is damaged"],
        )

    def _letters(self) -> Iterator[str]:
        return judge.letters_arrived(self.store, self.sink.taken, kills=self.kills, before=self.sent_before)

    def _readiness(self) -> list[str]:
        """I12: it says itself that all is well again."""
        stranger = Visitor(self.port)
        try:
            eventually(lambda: stranger.get("/readyz").status == 200, SECONDS_TO_RECOVER, 0.5)
        except AssertionError:
            return [f"I12 not ready: {stranger.get('/readyz').body[:300]}"]
        finally:
            stranger.leave()
        return []


class Houses:
    """Makes houses quickly: the demonstration is loaded once and copied."""

    def __init__(self, chance: random.Random, postgres: str = "") -> None:
        self.chance, self._postgres = chance, postgres
        self._folder = Path(tempfile.mkdtemp(prefix="bihuan-faults-"))
        self._names: list[str] = []
        self._model = ""

    @contextmanager
    def house(self, *, module: str = SUPERVISOR, **environment: str) -> Iterator[House]:
        """One for one fault, with the demonstration in it."""
        home = self._folder / f"home-{uuid4().hex[:6]}"
        home.mkdir()
        made = House(home, self._copied_to(home), self.chance, module=module, **environment)
        try:
            yield made
        finally:
            made.close()
            shutil.rmtree(home, ignore_errors=True)

    def end(self) -> None:
        for name in self._names:
            self._say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _copied_to(self, home: Path) -> str:
        """The database's address; of SQLite "", which is a file in the home."""
        if not self._model:
            self._model = self._load()
        if not self._postgres:
            names = (self._folder / "model" / "bihuan.sqlite3", home / "bihuan.sqlite3")
            with closing(sqlite3.connect(names[0])) as source, closing(sqlite3.connect(names[1])) as target:
                source.backup(target)  # what is still in the log comes along
            return ""
        return self._new(f"TEMPLATE {self._model}")

    def _load(self) -> str:
        home = self._folder / "model"
        home.mkdir()
        url = self._new("") if self._postgres else ""
        first = House(home, url, self.chance, is_filled=False)
        eventually(first.is_quiet, 180, 0.5)  # the letters of the demonstration have left
        first.close()
        return url.partition("?")[0].rpartition("/")[2] or "file"

    def _new(self, how: str) -> str:
        self._names.append(name := f"faults_{uuid4().hex[:10]}")
        self._say(f"CREATE DATABASE {name} {how}")
        self._say(f"ALTER DATABASE {name} SET synchronous_commit = on")  # the server of the tests does not wait
        self._say("CHECKPOINT")  # else the sequences of a copy go back to what was copied when the server is killed
        return self._postgres.replace("/postgres?", f"/{name}?")

    def _say(self, words: str) -> None:
        with psycopg.connect(plain(self._postgres), autocommit=True) as held:
            held.execute(words)  # type: ignore[call-overload]


def eventually(is_so: Callable[[], Any], seconds: float = 20.0, every: float = 0.05) -> Any:
    """Wait until it is true and give it back; fail after so many seconds."""
    until = monotonic() + PATIENCE * seconds
    while not (found := is_so()):
        assert monotonic() < until, "it did not come true in time"
        sleep(every)
    return found


def _sockets(pids: Iterable[int], state: str) -> Iterator[tuple[int, int, int]]:
    """(own port, far port, pid) of each TCP socket in this state that one of them holds."""
    lines = [
        line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]
    ]
    found = {
        words[9]: tuple(int(words[at].rpartition(":")[2], 16) for at in (1, 2)) for words in lines if words[3] == state
    }
    for pid in pids:
        with suppress(OSError):
            for name in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    ports = found.get(os.readlink(name).removeprefix("socket:[").rstrip("]"))
                    if ports:
                        yield *ports, pid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _living_below(parent: int) -> list[tuple[int, str]]:
    """Pid and name of every living descendant; a dead one that nobody has buried does not count."""
    found, new = [], [parent]
    while new:
        below = [int(pid) for each in new for pid in _children(each)]
        found += [(pid, _name(pid)) for pid in below if _state(pid) not in ("Z", "X", "")]
        new = below
    return found


def _children(pid: int) -> list[str]:
    try:
        return [word for each in Path(f"/proc/{pid}/task").glob("*/children") for word in each.read_text().split()]
    except OSError:
        return []


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip().removeprefix("bihuan ")
    return ""


def _state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""
