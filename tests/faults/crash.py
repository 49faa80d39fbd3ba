"""The crash matrix (F02): commands are aborted at every statement, commit, sync and rename,
what they cause at every word to the mail server and to Redis.

It takes hold of the machinery from outside. Wherever a story carries out a command, the database is put aside, and
before the story goes on the command runs in children of this process: the k-th ends without a word at its k-th point.
What it leaves is read with plain drivers: nothing, or everything; and the same form, sent once more, leaves everything.
"""

import json
import os
import random
import shutil
import smtplib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from redis.connection import AbstractConnection
from sqlalchemy import event
from sqlalchemy.engine.default import DefaultDialect

from models.ground import clock, disk
from models.ground import db as ground
from models.ground.db import db
from models.record import once
from tests.faults.judge import rows_agree
from tests.faults.store import Store

ABORTED = 77
SEED = 20261123
COMMITTED = "committed"
BETWEEN = 7  # what left every row as it was is tried again every seventh time: the next try is the first one again
_run_once = ground._once


@dataclass
class Found:
    """What the crashes of one command have shown."""

    command: str
    points: list[str]
    complaints: list[str] = field(default_factory=list)
    ways: int = 1  # in which each point was told

    @property
    def injected(self) -> int:
        return len(self.points) * self.ways


class Warmed(Exception):
    """The command has come to its end, and is not kept."""


class Injected(Exception):
    """Something broke at this point, and the process lives on."""


class Counter:
    """Counts the points that the process passes; at the one it was given (0: never) it ends it, or breaks something."""

    def __init__(self, last: int = 0, *, breaks: bool = False) -> None:
        self.last, self.breaks, self.passed = last, breaks, list[str]()

    def point(self, label: str) -> None:
        self.passed.append(label)
        if len(self.passed) == self.last:
            if self.breaks:
                raise Injected
            os._exit(ABORTED)


counter: Counter | None = None  # of a child; the process itself is never aborted


def point(label: str) -> None:
    if counter:
        counter.point(label)


class Matrix:
    """Tries every point of the commands that are carried out while it is installed."""

    def __init__(self, *, shapes: int = 1, wants: Callable[[str], bool] = lambda _: True, breaks: bool = False) -> None:
        self.found: list[Found] = []
        self.left_out: list[str] = []  # commands that were carried out without being tried, and why
        self._shapes, self._wants, self._breaks = shapes, wants, breaks
        self._seen: dict[str, set[tuple[str, ...]]] = {}
        self._kept: Kept | None = None
        self._pid = os.getpid()

    @contextmanager
    def installed(self) -> Iterator["Matrix"]:
        """Inside, each command is first tried to pieces, and then carried out."""
        ground._once = self._before  # type: ignore[assignment]
        try:
            yield self
        finally:
            ground._once = _run_once

    @property
    def points(self) -> int:
        return sum(found.injected for found in self.found)

    @property
    def complaints(self) -> list[str]:
        return [complaint for found in self.found for complaint in found.complaints]

    def _before(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        name = f"{function.__module__}.{function.__name__}"
        mine = os.getpid() == self._pid and threading.current_thread() is threading.main_thread()
        if mine and len(self._seen.get(name, ())) < self._shapes and self._wants(name):
            self._try(name, lambda: _run_once(function, args, kwargs))
        return _run_once(function, args, kwargs)

    def _try(self, name: str, deed: Callable[[], Any]) -> None:
        if refused := _warmed(deed):
            return self.left_out.append(f"{name}: {refused}")
        db.engine.dispose()
        if db.engine.pool.checkedout():  # type: ignore[attr-defined]
            return self.left_out.append(f"{name}: somebody reads beside us, the database cannot be put aside")
        kept, self._moment = self._put_aside(), clock.real_now()
        token, before = sha256(name.encode()).hexdigest(), kept.look()
        passed, trouble = self._sent(deed, token, at=0)
        after = kept.look()
        kept.back(after)
        shape = tuple(passed)
        if trouble:
            return self.left_out.append(f"{name}: {trouble}")
        if shape in self._seen.setdefault(name, set()):
            return None
        self._seen[name].add(shape)
        self.found.append(found := Found(name, passed, ways=1 + self._breaks))
        commit = passed.index(COMMITTED) + 1 if COMMITTED in passed else len(passed) + 1
        for k in range(1, len(passed) + 1):
            found.complaints += self._crash(deed, token, k, kept, before, after, is_whole=k >= commit)
            if self._breaks:
                found.complaints += self._break(deed, token, k, kept, before, after)
        return None

    def _crash(
        self, deed: Any, token: str, k: int, kept: "Kept", before: Any, after: Any, *, is_whole: bool
    ) -> Iterator[str]:
        """Abort at the k-th point, look, send the same form again, look again, and put everything back."""
        _passed, trouble = self._sent(deed, token, at=k)
        if trouble:
            yield trouble
        kept.settle()
        left = kept.look()
        if left != (after if is_whole else before):
            yield f"{token[:6]} aborted at point {k}: left {_differing(left, after if is_whole else before)}"
        yield from (f"point {k}: {words}" for words in kept.complaints(left))
        if is_whole or k % BETWEEN == 1:
            if left == before:
                kept.count_again()
            _passed, trouble = self._sent(deed, token, at=0)
            again = kept.look()
            if trouble or again != after:
                yield f"sent again after point {k}: {trouble or _differing(again, after)}"
            left = again
        kept.back(left)

    def _break(self, deed: Any, token: str, k: int, kept: "Kept", before: Any, after: Any) -> Iterator[str]:
        """Break something at the k-th point: all is undone, or done, or whoever caught it has left what agrees."""
        _passed, said = in_a_child(lambda: _send(deed, token), at=k, moment=self._moment, breaks=True)
        kept.settle()
        left = kept.look()
        if said.startswith("Injected") and left not in (before, after):
            yield f"{token[:6]} broken at point {k}: left {_differing(left, before)}"
        yield from (f"broken at point {k}: {words}" for words in kept.complaints(left))
        kept.back(left)

    def _sent(self, deed: Callable[[], Any], token: str, *, at: int) -> tuple[list[str], str]:
        return in_a_child(lambda: _send(deed, token), at=at, moment=self._moment)

    def _put_aside(self) -> "Kept":
        url = db.engine.url.render_as_string(hide_password=False)
        if self._kept is None or self._kept.store.url != url:
            self._kept = SqliteKept(url) if url.startswith("sqlite") else PostgresKept(url)
        self._kept.keep()
        return self._kept


def _warmed(deed: Callable[[], Any]) -> str:
    """Carry it out and take it back, so that every child finds its statements compiled; why not, when it is refused."""
    try:
        with ground.last_words(_take_back):
            deed()
    except Warmed:
        return ""
    except Exception as error:
        return repr(error)
    finally:
        db.session.rollback()
    return "it does not end as commands do"


def _take_back(_result: Any) -> None:
    raise Warmed


def in_a_child(deed: Callable[[], Any], *, at: int, moment: datetime, breaks: bool = False) -> tuple[list[str], str]:
    """Do it in a child, which ends at its point `at`, 0: never; the points it passed, and what went wrong.

    With `breaks` it lives on there, and hears of an error.
    """
    ear, mouth = os.pipe()
    pid = os.fork()
    if not pid:
        _live(deed, Counter(at, breaks=breaks), mouth, moment)
    os.close(mouth)
    with os.fdopen(ear) as said:
        words = said.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if at and not breaks:
        return [], "" if code == ABORTED else f"did not end at point {at} but with {code}"
    passed, trouble = json.loads(words) if words else ([], f"ended with {code}")
    return passed, trouble


def _live(deed: Callable[[], Any], counts: Counter, mouth: int, moment: datetime) -> None:
    """The rest of a child's life."""
    global counter
    trouble = ""
    try:
        _make_steady(moment)
        _hook(db.engine)
        counter = counts
        deed()
    except BaseException as error:
        trouble = f"{type(error).__name__}: {error}"
    os.write(mouth, json.dumps([counter.passed if counter else [], trouble]).encode())
    os._exit(0)


def _send(deed: Callable[[], Any], token: str) -> None:
    """As a form does: once only, its token spent in the transaction of the command."""
    if once.spent(token):
        return
    db.session.rollback()
    words = ground._last_words.get()

    def spend(result: Any) -> None:
        if words:
            words(result)
        once.spend(token, body="", location="/")

    with ground.last_words(spend):
        _result, afterwards = deed()
    ground.settle()
    for act in afterwards:
        act()


def _make_steady(moment: datetime) -> None:
    """Chance and the wall clock say the same in every child, so that what they leave can be compared."""
    chance = random.Random(SEED)
    os.urandom = random._urandom = chance.randbytes  # type: ignore[attr-defined]
    random.seed(SEED)

    class Steady(datetime):
        """Of those, too, that took hold of the clock's function before."""

        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return moment

    clock.datetime = Steady  # type: ignore[misc]


def _hook(engine: Any) -> None:
    event.listen(engine, "before_cursor_execute", lambda *said: point(str(said[2]).split(None, 1)[0]))
    commit, sync, rename = DefaultDialect.do_commit, disk.sync, os.rename

    def do_commit(self: Any, connection: Any) -> None:
        point("commit")
        commit(self, connection)
        point(COMMITTED)

    def do_sync(log: int) -> None:
        point("sync")
        sync(log)
        point("synced")

    def do_rename(*names: Any, **more: Any) -> None:
        point("rename")
        rename(*names, **more)
        point("renamed")

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    disk.sync, os.rename = do_sync, do_rename  # type: ignore[assignment]
    _before_each(smtplib.SMTP, "putcmd", "verb")
    _before_each(smtplib.SMTP, "getreply", "reply")
    _before_each(AbstractConnection, "send_packed_command", "redis")


def _before_each(kind: Any, name: str, label: str) -> None:
    plain = getattr(kind, name)

    def counted(*args: Any, **more: Any) -> Any:
        point(label)
        return plain(*args, **more)

    setattr(kind, name, counted)


class Kept:
    """A database that can be put aside, looked at and brought back."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.tables = self.store.tables()
        self._judged: dict[str, list[str]] = {}

    def look(self) -> dict[str, str]:
        return self.store.digests(self.tables)

    def complaints(self, looked: dict[str, str]) -> list[str]:
        """What of the rows does not fit together; the same rows are judged once."""
        key = repr(looked)
        if key not in self._judged:
            self._judged[key] = rows_agree(self.store)
        return self._judged[key]

    def keep(self) -> None:
        raise NotImplementedError

    def back(self, looked: dict[str, str]) -> None:
        raise NotImplementedError

    def count_again(self) -> None:
        """Give the numbers again that a crash has used up, so that rows can be compared."""

    def settle(self) -> None:
        """Until the machine has noticed that the process is gone."""


class SqliteKept(Kept):
    """A file and its copy."""

    def keep(self) -> None:
        shutil.copyfile(self.store.path, self.store.path + "-aside")

    def back(self, looked: dict[str, str]) -> None:
        for ending in ("-wal", "-shm"):
            Path(self.store.path + ending).unlink(missing_ok=True)
        shutil.copyfile(self.store.path + "-aside", self.store.path)


class PostgresKept(Kept):
    """Copies of the tables in a schema beside them; only what differs is put back, and the sequences."""

    def keep(self) -> None:
        copies = [f'CREATE TABLE aside."{name}" AS TABLE public."{name}"' for name in self.tables]
        self.store.run("; ".join(["DROP SCHEMA IF EXISTS aside CASCADE", "CREATE SCHEMA aside", *copies]))
        self._before = self.look()
        found = "SELECT sequencename AS name, last_value AS value FROM pg_sequences WHERE schemaname = 'public'"
        self._numbers = [
            f"setval('public.\"{row['name']}\"', {row['value'] or 1}, {str(row['value'] is not None).lower()})"
            for row in self.store.rows(found)
        ]

    def back(self, looked: dict[str, str]) -> None:
        differing = [name for name in self.tables if looked[name] != self._before[name]]
        parts = [f'DELETE FROM public."{n}"; INSERT INTO public."{n}" SELECT * FROM aside."{n}"' for n in differing]
        numbers = "SELECT " + ", ".join(self._numbers)
        self.store.run("; ".join(["SET session_replication_role = replica", *parts, numbers]))

    def count_again(self) -> None:
        self.store.run("SELECT " + ", ".join(self._numbers))
        used = 'SELECT setval(\'public."{0}_id_seq"\', max(id)) FROM public."{0}" HAVING max(id) > coalesce(({1}), 0)'
        before = "SELECT last_value FROM pg_sequences WHERE sequencename = '{0}_id_seq'"
        counted = [name for name in self.tables if any(f'"{name}_id_seq"' in number for number in self._numbers)]
        self.store.run("; ".join(used.format(name, before.format(name)) for name in counted))  # by what was committed

    def settle(self) -> None:
        until = monotonic() + 5
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while self.store.value(others):
            assert monotonic() < until, "a transaction outlived its process"
            sleep(0.002)


def _differing(found: dict[str, str], wanted: dict[str, str]) -> str:
    return "other rows in " + ", ".join(sorted(name for name in wanted if found[name] != wanted[name]))
