"""F38: the migrations killed at every statement, one after the other, with data in the tables; two who begin at once.

Each way up is one transaction: what is left is the old schema with the old rows or the new one with the new, and
whoever goes on ends with the same.
"""

import json
import os
import re
import threading
from pathlib import Path

import flask_migrate
import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy.engine import make_url

from app import create_app
from models import demonstration
from models.ground import clock
from models.ground.db import db
from tests.conftest import SERVER, PostgresDatabase, SqliteFile, settings
from tests.factories import a_request, a_ticket
from tests.faults.crash import in_a_child
from tests.faults.store import Store, plain
from workers import prepare

pytestmark = pytest.mark.full
FOLDER = "FAULTS_FOLDER"
WORD = re.compile(r"[^\s,()]+")
COPY = "upgrades_copy"
STAMPED = {"0004": "calendar"}  # the table in which a step writes the database's own time, which no two runs share
FIRST = "0003"  # so far down people's work comes along


@pytest.fixture
def filled(tmp_path):
    """An application with work in every state that the oldest tables can hold."""
    database = PostgresDatabase(make_url(SERVER)) if SERVER else SqliteFile(tmp_path)
    app = create_app(settings(tmp_path, database_url=database.url))
    with app.app_context():
        flask_migrate.upgrade()
        demonstration.found_desk()
        demonstration.cast_people()
        for state in ("awaiting_triage", "awaiting_approval", "awaiting_fix", "awaiting_customer", "closed"):
            a_ticket(state)
        a_request("awaiting_direction")
        yield app
        db.session.remove()
        db.engine.dispose()
        if isinstance(database, PostgresDatabase):
            database.drop()


def test_killed_at_every_statement_of_every_step_up(filled):
    steps, told = _revisions(filled), []
    _quiet(lambda: flask_migrate.downgrade(revision=steps[0]))
    for revision in steps[1:]:
        told += _to_pieces(revision)
    _keep_figures(told)
    assert _heads() == steps[-1]
    assert [objection for _, objection in told if objection] == []
    assert len(told) > 5 * len(steps)


def test_of_two_who_prepare_at_once_one_does(tmp_path):
    database = PostgresDatabase(make_url(SERVER)) if SERVER else SqliteFile(tmp_path)
    apps = [create_app(settings(tmp_path, database_url=database.url)) for _ in range(2)]
    done, together = list[bool](), threading.Barrier(2)

    def begin(app: Flask) -> None:
        with app.app_context():
            together.wait()
            with prepare.alone(tmp_path):
                done.append(prepare.migrate(app))
            db.session.remove()
            db.engine.dispose()

    threads = [threading.Thread(target=begin, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if isinstance(database, PostgresDatabase):
        with apps[0].app_context():
            database.drop()
    assert sorted(done) == [False, True]


def _to_pieces(revision: str) -> list[tuple[str, str]]:
    """Abort the step at each of its points: (point, objection or "")."""
    keeper = _Keeper(leaving_out=STAMPED.get(revision, ""))
    before, told = keeper.look(), []
    passed, trouble = in_a_child(lambda: _up(revision), at=0, moment=clock.real_now())
    assert not trouble, f"{revision}: {trouble}"
    keeper.settle()
    after = keeper.look()
    for k, label in enumerate(passed, start=1):
        keeper.back()
        in_a_child(lambda: _up(revision), at=k, moment=clock.real_now())
        keeper.settle()
        left = keeper.look()
        wrong = "" if left in (before, after) else f"{revision} aborted at {k}: something between"
        if left == before and k % 5 == 1:  # whoever goes on ends the same way
            in_a_child(lambda: _up(revision), at=0, moment=clock.real_now())
            keeper.settle()
            wrong = wrong or ("" if keeper.look() == after else f"{revision} gone on after {k}: another end")
        told.append((label, wrong))
    keeper.back()
    _quiet(lambda: _up(revision))
    return told


def _up(revision: str) -> None:
    flask_migrate.upgrade(revision=revision)


def _quiet(deed) -> None:
    deed()
    db.session.remove()
    db.engine.dispose()


def _heads() -> str:
    return str(Store(_url()).value("SELECT version_num FROM alembic_version"))


def _url() -> str:
    return db.engine.url.render_as_string(hide_password=False)


def _revisions(app: Flask) -> list[str]:
    """From the oldest that is told, in their order."""
    scripts = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
    found = [script.revision for script in scripts.walk_revisions()][::-1]
    return found[found.index(FIRST) :]


class _Keeper:
    """The database as it stands, kept aside whole, with its schema."""

    def __init__(self, leaving_out: str) -> None:
        self._left_out = leaving_out
        db.session.remove()
        db.engine.dispose()
        self.store = Store(_url())
        if self.store.is_sqlite:
            with self.store.open() as held:
                held.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._bytes = Path(self.store.path).read_bytes()
        else:
            self._name = self.store.value("SELECT current_database() AS name")
            self._say(f"DROP DATABASE IF EXISTS {COPY}", f"CREATE DATABASE {COPY} TEMPLATE {self._name}")

    def look(self) -> object:
        """The schema and a digest of every table. A table that is built anew names its constraints in any order, so the
        words of its definition are compared without theirs."""
        if self.store.is_sqlite:
            schema = "SELECT name, coalesce(sql, '') AS said FROM sqlite_master ORDER BY type, name"
        else:
            schema = """SELECT table_name || '.' || column_name AS name, data_type || is_nullable AS said
                        FROM information_schema.columns WHERE table_schema = 'public' UNION ALL
                        SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal UNION ALL
                        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"""
        said = [(row["name"], sorted(WORD.findall(row["said"]))) for row in self.store.rows(schema)]
        return said, self.store.digests([name for name in self.store.tables() if name != self._left_out])

    def back(self) -> None:
        if self.store.is_sqlite:
            for ending in ("-wal", "-shm"):
                Path(self.store.path + ending).unlink(missing_ok=True)
            Path(self.store.path).write_bytes(self._bytes)
        else:
            self._say(f"DROP DATABASE {self._name} WITH (FORCE)", f"CREATE DATABASE {self._name} TEMPLATE {COPY}")

    def settle(self) -> None:
        """Until the machine has noticed that the process is gone."""
        if not self.store.is_sqlite:
            others = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()"
            )
            self.store.rows(others, self._name)

    def _say(self, *words: str) -> None:
        with psycopg.connect(plain(SERVER), autocommit=True) as held:
            for each in words:
                held.execute(each)


def _keep_figures(told: list[tuple[str, str]]) -> None:
    if folder := os.environ.get(FOLDER):
        line = json.dumps(["migrations", len(told), sum(bool(words) for _, words in told)])
        (Path(folder) / f"crashes-{os.getpid()}.jsonl").write_text(line + "\n")
