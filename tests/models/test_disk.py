"""What was answered outlives a power cut and a kill: a command returns when its commit is on the disk (safety rule 15).

A power cut leaves at least what was there when somebody last waited for the disk. So every wait takes a copy of the
database and its log, and whatever is answered must be found in the newest copy.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event, Lock

import pytest
from sqlalchemy import Engine, event, text

from models.ground import db as ground
from models.ground import disk, turns
from models.ground.db import db, last_words
from models.record import once
from models.steps import intake
from tests.conftest import KEY
from tests.factories import person

PEOPLE, EACH = 4, 6
KILLED_AFTER = 40  # answers
ROOT = Path(__file__).parents[2]
REPORTING = r"""
import os
import threading
from sqlalchemy import text
from app import create_app
from models.ground import disk, turns
from models.ground.db import db
from models.people.person import find_person
from models.steps import intake

app = create_app()

def report():
    with app.app_context():
        while True:
            number = intake.report_fault(actor=find_person("zhang"), description="x").number
            os.write(1, f"{number}\n".encode())

with app.app_context():
    level = db.session.scalar(text("PRAGMA synchronous")) if db.engine.dialect.name == "sqlite" else "its own"
    os.write(1, f"{disk.sync.__name__} {level}\n".encode())
for _ in range(4):
    threading.Thread(target=report).start()
"""


class Disk:
    """Copies what would be left; `holds` opens the newest copy anew, as the start after a power cut does."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.file, self.folder, self.copies, self._lock = file, folder, 0, Lock()

    def sync(self, _log: int) -> None:
        with self._lock:
            self.copies += 1
            for ending in ("", "-wal"):
                shutil.copyfile(f"{self.file}{ending}", self.folder / f"{self.copies}{ending}")

    def holds(self, query: str) -> bool:
        with self._lock, closing(sqlite3.connect(self.folder / str(self.copies))) as left:
            return left.execute(query).fetchone() is not None


@pytest.fixture
def left(app, engine, tmp_path, monkeypatch):
    """The disk under SQLite; PostgreSQL waits for its own. No checkpoint comes by itself: we would not see it wait."""

    def no_checkpoint(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA wal_autocheckpoint=0")

    event.listen(engine, "connect", no_checkpoint)
    _hang_up(engine)
    left = Disk(Path(engine.url.database), tmp_path)
    monkeypatch.setattr(disk, "sync", left.sync)
    yield left
    event.remove(engine, "connect", no_checkpoint)
    _hang_up(engine)


def _hang_up(engine: Engine) -> None:
    db.session.remove()
    engine.dispose()


def ticket(number: str) -> str:
    return f"SELECT 1 FROM ticket JOIN event ON event.ticket_id = ticket.id WHERE number = '{number}'"


def report() -> str:
    return intake.report_fault(actor=person("zhang"), description="x").number


@pytest.mark.once
def test_what_is_answered_is_on_the_disk(app, cast, left):
    together = Barrier(PEOPLE)

    def answered() -> list[bool]:
        with app.app_context():
            together.wait()
            return [left.holds(ticket(report())) for _ in range(EACH)]

    with ThreadPoolExecutor(PEOPLE) as pool:
        found = [held for each in pool.map(lambda _: answered(), range(PEOPLE)) for held in each]
    assert found == [True] * PEOPLE * EACH


@pytest.mark.once
def test_the_copies_show_a_wait_that_was_left_out(cast, left, monkeypatch):
    assert left.holds(ticket(report()))
    with monkeypatch.context() as forgetful:
        forgetful.setattr(ground, "settle", lambda: None)
        number = report()
        assert not left.holds(ticket(number))
    report()
    assert left.holds(ticket(number)), "whoever waits later, waits for all"


@pytest.mark.once
def test_the_next_writer_does_not_wait_for_the_disk_of_the_one_before(app, cast, left, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 60.0)
    slow, first_waits = Event(), Event()

    def sync(log: int) -> None:
        if not first_waits.is_set():
            first_waits.set()
            assert slow.wait(20)
        left.sync(log)

    monkeypatch.setattr(disk, "sync", sync)

    def in_context() -> str:
        with app.app_context():
            return report()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(in_context)
        assert first_waits.wait(20)
        second = report()
        assert left.holds(ticket(second))
        assert not first.done(), "and nobody is answered before their own wait is over"
        slow.set()
        assert left.holds(ticket(first.result(20)))


@pytest.mark.once
def test_a_checkpoint_in_between_loses_nothing(cast, left, engine):
    before = report()
    with closing(sqlite3.connect(left.file)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    after = report()
    assert left.holds(ticket(before))
    assert left.holds(ticket(after))


@pytest.mark.once
def test_without_a_log_everything_is_in_the_database_file(cast, left, engine):
    number, copies = report(), left.copies
    _hang_up(engine)
    assert not Path(f"{left.file}-wal").exists(), "the last connection has taken it away"
    ground.settle()
    assert left.copies == copies
    with closing(sqlite3.connect(f"file:{left.file}?immutable=1", uri=True)) as alone:
        assert alone.execute(ticket(number)).fetchone()


@pytest.mark.once
def test_the_first_answer_is_on_the_disk_before_it_is_given_again(cast, left, monkeypatch):
    """A double click: the other process has committed, and still waits for the disk."""
    with monkeypatch.context() as waiting, last_words(lambda ticket: once.spend("a", body="b", location=ticket.number)):
        waiting.setattr(ground, "settle", lambda: None)
        number = report()
    assert once.spent("a").location == number
    assert left.holds(ticket(number))


@pytest.mark.once
def test_a_disk_that_refuses_is_not_an_answer(cast, left, monkeypatch):
    def refuse(_log: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk, "sync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        report()


def test_a_kill_loses_nothing_that_was_answered(app, cast, engine, tmp_path):
    url = engine.url.render_as_string(hide_password=False)
    given = {"DATABASE_URL": url, "BIHUAN_HOME": str(tmp_path), "BIHUAN_ENV": "test", "SECRET_KEY": KEY}
    engine.dispose()
    reporting = subprocess.Popen(
        [sys.executable, "-c", REPORTING], cwd=ROOT, env=os.environ | given, stdout=subprocess.PIPE, text=True
    )
    assert reporting.stdout.readline().strip() in ("fdatasync 1", "fsync 1", "fdatasync its own", "fsync its own")
    answered = [reporting.stdout.readline().strip() for _ in range(KILLED_AFTER)]
    reporting.send_signal(signal.SIGKILL)
    answered += [line.strip() for line in reporting.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    reporting.wait()
    found = set(db.session.scalars(text("SELECT number FROM ticket JOIN event ON event.ticket_id = ticket.id")))
    assert len(answered) >= KILLED_AFTER
    assert set(answered) <= found
