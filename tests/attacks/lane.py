"""One lane of mutations.py, started in a copy of the tree: what is not ours is loaded once, every try is a fork of it.

Reads a line of JSON a try, answers with the tests that fail; a try may not take longer than its seconds.
"""

import contextlib
import importlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import flask_migrate
import pytest

CPU, WALL = 90, 300  # seconds
ENDLESS, START = "the clock: it does not end", "the start"
WORDS = ("-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist")
FINE = (0, 5)  # pytest's exit codes: all well, nothing to tell


class Failed:
    """A plugin that keeps the tests that fail."""

    def __init__(self) -> None:
        self.nodes: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._keep(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._keep(report)

    def _keep(self, report: Any) -> None:
        if report.failed and report.nodeid not in self.nodes:
            self.nodes.append(report.nodeid)


def main(modules: Path, finished: Path) -> None:
    """Answer until nobody asks any more."""
    for name in modules.read_text().split():
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_try(asked["nodes"], asked["more"], finished, asked["statements"])), flush=True)


def _try(nodes: list[str], more: list[str], finished: Path, statements: list[str]) -> list[str]:
    """The tests that fail."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        _bound()
        os.write(write, json.dumps(_failed(nodes, more, finished, statements)).encode())
        os._exit(0)
    os.close(write)
    status = os.waitpid(child, 0)[1]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # whoever it has started
    with os.fdopen(read, "rb") as answer:
        said = answer.read().decode()
    return list(json.loads(said)) if os.WIFEXITED(status) and said else [ENDLESS]


def _bound() -> None:
    """A group, an end and no voice of its own."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    signal.alarm(WALL)
    silence = os.open("last.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(silence, stream)


def _failed(nodes: list[str], more: list[str], finished: Path, statements: list[str]) -> list[str]:
    _begin_with(finished, statements)
    failed = Failed()
    code = pytest.main([*WORDS, *more, *nodes], plugins=[failed])
    return failed.nodes or ([] if code in FINE else [START])


def _begin_with(finished: Path, statements: list[str]) -> None:
    """The first database is not migrated but copied; what is taken away from it is taken away there."""
    plain = flask_migrate.upgrade

    def upgrade(*_: Any, **__: Any) -> None:
        from models.ground.db import db

        flask_migrate.upgrade = plain
        place = db.engine.url.database
        db.engine.dispose()
        shutil.copyfile(finished, place)
        with closing(sqlite3.connect(place)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    flask_migrate.upgrade = upgrade


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
