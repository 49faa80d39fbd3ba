"""The servers that are measured, ours whole and the bare one, each under the real supervisor with two web processes.

`python -m bench.stack ours|bare` is one of them; it takes its settings from the environment, as `./run` does.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep

from bench.bare import create_bare
from bench.databases import KEY, Crowded
from bench.visitor import Visitor, WrongAnswer
from workers import entrance, logs, supervisor
from workers.processes import Child

ROOT = Path(__file__).resolve().parents[1]
WEB_PROCESSES = 2
KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")  # of the surroundings; every setting is given
SECONDS_TO_START, SECONDS_TO_STOP = 60.0, 20.0


class BareHouse(supervisor.House):
    """Web processes and nothing that works behind them."""

    def _start(self, redis_url: str) -> None:
        for number in range(1, supervisor.WEB_PROCESSES + 1):
            self._family.add(Child(f"web {number}", partial(self._web, redis_url)))


class Server:
    """A running stack: where it listens, and its processes."""

    def __init__(self, kind: str, database: Crowded) -> None:
        self.port, self.database = free_port(), database
        surroundings = {name: value for name, value in os.environ.items() if name in KEPT}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "bench.stack", kind],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            env=surroundings | {
                "PORT": str(self.port), "BIHUAN_HOME": str(database.home), "DATABASE_URL": database.url,
                "BIHUAN_ENV": "demo", "REDIS_URL": "", "SMTP_URL": "", "BASE_URL": "", "SECRET_KEY": KEY,
                "LOG_LEVEL": "WARNING", "RATE_LIMITS": "off",
            },
        )  # fmt: skip

    def await_opening(self) -> None:
        """Until the door answers. Raises WrongAnswer when it does not."""
        deadline = monotonic() + SECONDS_TO_START
        while True:
            try:
                Visitor(self.port).get("/healthz")
                return
            except OSError as error:
                if monotonic() > deadline or self._child.poll() is not None:
                    raise WrongAnswer("the server did not start; its words are above") from error
                sleep(0.1)

    def stop(self) -> None:
        self._child.send_signal(signal.SIGTERM)
        self._child.wait(SECONDS_TO_STOP)

    def memory(self) -> list[tuple[str, float]]:
        """Each process with its MB: its own, and its share of what is common to several (PSS)."""
        return [(_name(pid), _proportional(pid)) for pid in self._processes()]

    def largest(self, name: str) -> float:
        """MB that the process of this name had at most, its share of what is common to all included (RSS)."""
        lines = Path(f"/proc/{self._pid(name)}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024

    def processor_seconds(self, name: str) -> float:
        """Processor time of every thread of the process of this name."""
        threads = Path(f"/proc/{self._pid(name)}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def _pid(self, name: str) -> int:
        return next(pid for pid in self._processes() if _name(pid) == name)

    def _processes(self) -> list[int]:
        found, new = [], [self._child.pid]
        while new:
            found += new
            new = [child for pid in new for child in _children(pid)]
        return found


@contextmanager
def running(kind: str, database: Crowded) -> Iterator[Server]:
    """A stack that runs while the block lasts."""
    server = Server(kind, database)
    try:
        server.await_opening()
        yield server
    finally:
        server.stop()


def main(words: list[str]) -> int:
    """Be one of the stacks until SIGTERM."""
    supervisor.WEB_PROCESSES = WEB_PROCESSES
    if words == ["ours"]:
        return supervisor.main([])
    settings = entrance.read_settings()
    logs.set_up(level=settings.log_level, as_json=False)
    listener = entrance.listen(settings)
    return BareHouse(create_bare(settings), settings, listener).stand()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip().removeprefix("bihuan ")


def _proportional(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
