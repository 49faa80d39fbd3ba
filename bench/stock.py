"""The stock way beside ours: one RQ job for each deadline, against the sweep; both escalate through the same code."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker

from app import Settings, create_app
from bench.databases import KEY, Crowded
from bench.results import Result
from models.clockwork import escalation
from workers import queues, valkey

CLOCKS = 1_000


def escalate_one() -> None:
    """The job of one deadline: claim it and tell who is next."""
    escalation.sweep(limit=1)


def beside_jobs(database: Crowded, set_clocks: Callable[[int], Any]) -> Iterator[Result]:
    """So many clocks by the sweep, and as many by a job each, one after the other in this process."""
    settings = Settings(_env_file=None, home=database.home, database_url=database.url, env="demo", secret_key=KEY)  # type: ignore[call-arg]
    with create_app(settings).app_context(), _redis() as connection:
        set_clocks(CLOCKS)
        ours = _timed(_sweep)
        set_clocks(CLOCKS)
        theirs = _timed(lambda: _work(connection))
    note = f"{CLOCKS} clocks: {ours:.2f} s by the sweep, {theirs:.2f} s by a job each, put into the queue and done by "
    note += f"rq's worker that does not fork; load {os.getloadavg()[0]:.1f}"
    yield Result("a job for each deadline ÷ the sweep", theirs / ours, "×", note=note)


def _sweep() -> None:
    while escalation.sweep():
        pass


def _work(connection: Redis) -> None:
    queue = Queue("bench", connection=connection)
    for _ in range(CLOCKS):
        queue.enqueue(escalate_one, result_ttl=0)
    SimpleWorker([queue], connection=connection).work(burst=True, logging_level="WARNING")


def _timed(work: Callable[[], None]) -> float:
    """Seconds; at the end nothing that was set may be left."""
    began = perf_counter()
    work()
    took = perf_counter() - began
    assert not escalation.is_due(), "not everything has fired"
    return took


@contextmanager
def _redis() -> Iterator[Redis]:
    """A server of our own."""
    program = valkey.find_server()
    assert program, "no Redis to be had"
    with tempfile.TemporaryDirectory(prefix="bihuan-") as folder:
        child = subprocess.Popen([str(program), *valkey.options(Path(folder))], stdout=subprocess.DEVNULL)
        try:
            while not queues.answers(valkey.url(Path(folder))):
                sleep(0.02)
            yield queues.connect(valkey.url(Path(folder)), patience=30)
        finally:
            child.terminate()
            child.wait()
