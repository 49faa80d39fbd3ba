"""Every test: a fresh migrated database with the cast in it, and a clock that stands still until moved."""

import gc
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import flask_migrate
import psycopg
import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.engine import URL, make_url
from werkzeug.http import parse_cookie

from app import Settings, create_app
from blueprints import kept
from blueprints.account.sign_in import remember
from models import demonstration
from models.ground import clock, disk, tokens
from models.ground.db import db
from models.people.customer import Contact
from models.people.person import Person, find_person
from models.people.team import Service, Team
from models.record import attachment
from models.rules import attempts, limits
from models.steps import accounts
from tests.browsing import Browser
from tests.shelf import SHELF

SERVER = os.environ.get("BIHUAN_TEST_DB")  # a PostgreSQL server on which databases may be made; unset: SQLite
TEN_O_CLOCK = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # Wednesday, a working day, 10:00 in Shanghai


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="tell also what takes too long for every run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `full` is left out, unless asked for."""
    if config.getoption("--full"):
        return
    full = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=full)
    items[:] = [item for item in items if item not in set(full)]


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def examples(number: int) -> int:
    """How many random histories are told: all of them on SQLite, a fifth on PostgreSQL, where each takes longer."""
    return number // 5 if SERVER else number


KEY = "a key for tests only, long enough for anybody"


class Cast:
    """The people of the demonstration by their login (`cast.zhang`), read anew at each look, and their things."""

    def __getattr__(self, login: str) -> Person:
        person = find_person(login)
        if person is None:
            raise AttributeError(f"nobody is called {login}")
        return person

    @property
    def contact(self) -> Contact:
        """Somebody at a customer, reached by mail."""
        return db.session.scalars(select(Contact).order_by(Contact.id)).first()

    def team(self, code: str) -> Team:
        return db.session.scalars(select(Team).where(Team.code == code)).one()

    def service(self, english: str) -> Service:
        return db.session.scalars(select(Service).where(Service.name_en == english)).one()


class SqliteFile:
    """One file, copied from the finished one before each test."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "test.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def keep(self, name: str = "finished") -> None:
        db.session.rollback()
        db.engine.dispose()
        with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(self._kept(name))) as target:
            source.backup(target)

    def renew(self, name: str = "finished") -> None:
        db.session.rollback()
        db.engine.dispose()
        for ending in ("-wal", "-shm"):
            self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
        shutil.copyfile(self._kept(name), self.file)

    def _kept(self, name: str) -> Path:
        return self.file.with_name(f"{name}.sqlite3")


class PostgresDatabase:
    """A database of this process's own. The finished rows are kept beside it, in a schema, and put back by one
    statement before each test: making a database anew waits for the disk. Needs a superuser, as our own server has."""

    def __init__(self, server: URL) -> None:
        self.server, self.name = server, f"bihuan_{uuid4().hex[:12]}"
        self.back: dict[str, str] = {}
        self.url = server.set(database=self.name).render_as_string(hide_password=False)
        self._say(f"CREATE DATABASE {self.name}")

    def keep(self, name: str = "finished") -> None:
        db.session.rollback()
        tables = [f'"{table.name}"' for table in db.metadata.sorted_tables] + ["search_text"]
        copies = [f"CREATE TABLE {name}.{table} AS TABLE public.{table}" for table in tables]
        self._say("; ".join([f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}", *copies]), self.name)
        emptied = [f"DELETE FROM public.{table}" for table in tables]
        filled = [f"INSERT INTO public.{table} SELECT * FROM {name}.{table}" for table in tables]
        self.back[name] = "; ".join(
            ["SET session_replication_role = replica", *emptied, *filled]
        )  # no guards meanwhile

    def renew(self, name: str = "finished") -> None:
        db.session.rollback()
        self._say(self.back[name], self.name)

    def drop(self) -> None:
        db.engine.dispose()
        self._say(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def _say(self, words: str, database: str | None = None) -> None:
        plain = self.server.set(drivername="postgresql", database=database or self.server.database)
        with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(words)


@pytest.fixture(scope="session")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The application and its database, made once a process."""
    home = tmp_path_factory.mktemp("home")
    database = PostgresDatabase(make_url(SERVER)) if SERVER else SqliteFile(home)
    app = create_app(settings(home, database_url=database.url))
    app.config["TESTING"] = False  # refusals and errors become pages, as they do for people
    with app.app_context(), clock.hold(TEN_O_CLOCK):
        if isinstance(database, SqliteFile):
            _never_wait_for_the_disk(db.engine)
            SHELF.database = database
            event.listen(
                db.engine, "begin", lambda c: SHELF.close() if c.get_execution_options().get("write") else None
            )
        flask_migrate.upgrade()
        demonstration.found_desk()
        demonstration.cast_people()
        cookies = {login: _sign_in(app, login) for login, *_ in demonstration.PEOPLE}
        db.session.remove()
        database.keep()
    yield SimpleNamespace(app=app, database=database, home=home, cookies=cookies)
    if SERVER:
        with app.app_context():
            database.drop()


def settings(home: Path, **given: object) -> Settings:
    """Settings of a test: nothing of the surroundings gets in."""
    known: dict[str, object] = {"home": home, "env": "test", "secret_key": KEY, "base_url": "http://localhost"}
    known["rate_limits"] = False  # tests that are about them put them in force
    with _bare_surroundings():
        return Settings(_env_file=None, **(known | given))


@pytest.fixture
def app(_house: SimpleNamespace, time: object, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on a fresh database, with an application context for commands."""
    with _house.app.app_context():
        # Another application may have been made meanwhile in this process; these belong to the last one.
        tokens.use_key(KEY)
        limits.enforce(on=False)
        attempts.pause_after = _no_pause
        attachment.use_folder(_house.home / "files")
        shutil.rmtree(_house.home / "sent", ignore_errors=True)  # letters of other tests bear the same names
        _house.database.renew()
        kept.forget()
        if "monkeypatch" not in request.fixturenames:  # histories made under a changed house are its own
            SHELF.open()
        yield _house.app
        db.session.remove()


@pytest.fixture
def time() -> Iterator[Callable[[datetime | timedelta], None]]:
    """The clock stands at 10:00 in Shanghai on a working Wednesday; call it to set it or to move it on."""
    clock.follow(None)
    with clock.hold(TEN_O_CLOCK) as move:
        yield move


@pytest.fixture
def cast(app: Flask) -> Cast:
    return Cast()


@pytest.fixture
def engine(app: Flask) -> Engine:
    """The database's engine; `engine.dialect.name` says which of the two is under test."""
    return db.engine


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Flask's own test client, for requests that no browser would send."""
    return app.test_client()


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A stranger's browser."""
    return Browser(app)


@pytest.fixture
def sign_in(app: Flask, _house: SimpleNamespace) -> Callable[[str], Browser]:
    """`sign_in("zhang")`: a browser in which that person has signed in; the cast did so before the first test."""

    def signed_in(login: str) -> Browser:
        browser, held = Browser(app), _house.cookies.get(login)
        if held and held.is_good():
            browser.client.set_cookie("bihuan", held.cookie)
        else:
            browser.sign_in(login, demonstration.PASSWORD)
        return browser

    return signed_in


@dataclass(frozen=True)
class Held:
    """The cookie of a session; it ends when the person's epoch rises."""

    person: int
    epoch: int
    cookie: str

    def is_good(self) -> bool:
        db.session.rollback()
        return db.session.scalar(select(Person.epoch).where(Person.id == self.person, Person.active)) == self.epoch


def _sign_in(app: Flask, login: str) -> Held:
    """A session opened for them, with the cookie that /login would have given."""
    with app.test_request_context():
        person = find_person(login)
        assert person
        remember(person, accounts.sign_in(person, browser="test"))
        response = app.make_response("")
        app.session_interface.save_session(app, session._get_current_object(), response)
        return Held(person.id, person.epoch, parse_cookie(response.headers["Set-Cookie"])["bihuan"])


def _no_pause(_used: int) -> timedelta:
    """Tests that are about wrong passwords put the pauses in force."""
    return timedelta()


def _close_the_shelf(connection: Connection) -> None:
    if connection.get_execution_options().get("write"):
        SHELF.close()


def _never_wait_for_the_disk(engine: Engine) -> None:
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    disk.sync = lambda _log: None


@contextmanager
def _bare_surroundings() -> Iterator[None]:
    names = [field.validation_alias for field in Settings.model_fields.values()]
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(str(name), raising=False)
        yield
