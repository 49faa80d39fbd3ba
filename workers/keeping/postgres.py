"""Copies of a PostgreSQL database: pg_dump from one snapshot, and back into a database beside the present one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from workers.keeping.asking import Ask, NotPossible, Unreadable

NAME = "postgresql"
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
MAINTENANCE = "postgres"  # where one stands to make or rename another


class Postgres:
    """The database of the house on its server."""

    name = NAME

    def __init__(self, url: URL) -> None:
        self._url = url
        self._database = url.database or ""

    @property
    def server(self) -> str:
        with self._connected() as connection:
            return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]

    def size(self) -> int:
        """Bytes that a copy takes at most."""
        with self._connected() as connection:
            return int(connection.execute("SELECT pg_database_size(current_database())").fetchone()[0])  # type: ignore[index]

    @contextmanager
    def copied(self, target: Path) -> Iterator[Ask]:
        """Dump it to `target`; what is asked meanwhile is asked of the same snapshot."""
        with self._connected() as connection:
            connection.execute("SET idle_in_transaction_session_timeout = 0")
            connection.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = str(connection.execute("SELECT pg_export_snapshot()").fetchone()[0])  # type: ignore[index]
            self._run("pg_dump", "-Fc", "-Z1", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                      "-f", str(target), "-d", self._conninfo())  # fmt: skip
            yield lambda words: connection.execute(words.encode()).fetchall()

    @contextmanager
    def laid_out(self, copy: Path) -> Iterator[str]:
        """The URL of a database that has the copy's contents, for as long as it is looked at."""
        name = f"{self._database}_looked_at_{token_hex(4)}"
        self._make(name)
        try:
            self._load(copy, name)
            yield self._url.set(database=name).render_as_string(hide_password=False)
        finally:
            self._say("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def faults(self, copy: Path) -> list[str]:
        """What PostgreSQL itself finds wrong in the copy."""
        done = subprocess.run([_program("pg_restore"), "--list", str(copy)], capture_output=True, text=True)
        return [] if done.returncode == 0 else [_sentence(done.stderr)]

    def make_ready(self, copy: Path) -> None:
        """Load the copy into a database beside the present one. Raises NotPossible while anybody is connected."""
        if busy := self._asked("SELECT count(*) FROM pg_stat_activity WHERE datname = %s"):
            raise NotPossible(
                f"{busy} connections to {self._database} are open; stop every house and program that uses it"
            )
        self._say("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._ready)
        self._make(self._ready)
        self._load(copy, self._ready)

    def take_place(self, aside: Path) -> None:
        """What is there goes aside under another name, and what is ready takes its place."""
        former = f"{self._database}_{aside.name.replace('-', '_')}"
        if self._asked("SELECT count(*) FROM pg_database WHERE datname = %s"):  # else one broken off has moved it
            self._say("ALTER DATABASE {} RENAME TO {}", self._database, former)
        self._say("ALTER DATABASE {} RENAME TO {}", self._ready, self._database)
        (aside / "database").write_text(former + "\n")

    @property
    def _ready(self) -> str:
        return f"{self._database}_restoring"

    def _make(self, name: str) -> None:
        try:
            self._say("CREATE DATABASE {} TEMPLATE template0", name)
        except psycopg.errors.InsufficientPrivilege:
            raise NotPossible(
                f"the account {self._url.username} may not create databases (ALTER ROLE … CREATEDB)"
            ) from None

    def _load(self, copy: Path, name: str) -> None:
        """Raises Unreadable, whatever pg_restore has against it: the database is new, and its own."""
        words = ("--no-owner", "--no-privileges", "--exit-on-error", "--jobs=2", "-d", self._conninfo(name), str(copy))
        self._run("pg_restore", *words, refusal=Unreadable)
        with self._connected(name) as connection:
            connection.execute("ANALYZE")

    def _say(self, words: str, *names: str) -> None:
        """One sentence about databases, said from outside them."""
        with self._connected(MAINTENANCE) as connection:
            connection.execute(sql.SQL(words).format(*map(sql.Identifier, names)))

    def _asked(self, words: LiteralString) -> int:
        """A number about this database, asked from outside it."""
        with self._connected(MAINTENANCE) as connection:
            return int(connection.execute(words, [self._database]).fetchone()[0])  # type: ignore[index]

    def _connected(self, name: str | None = None) -> psycopg.Connection[Any]:
        return psycopg.connect(self._conninfo(name), autocommit=True, password=self._url.password)

    def _conninfo(self, name: str | None = None) -> str:
        """Without the password: a command line can be read by everybody on the machine."""
        said = {"host": self._url.host, "port": self._url.port, "user": self._url.username, **self._url.query}
        return make_conninfo(dbname=name or self._database, **{k: v for k, v in said.items() if v})  # type: ignore[arg-type]

    def _run(self, program: str, *words: str, refusal: type[NotPossible] = NotPossible) -> None:
        password = {"PGPASSWORD": str(self._url.password)} if self._url.password else {}
        done = subprocess.run([_program(program), *words], env=os.environ | password, capture_output=True, text=True)
        if done.returncode:
            raise refusal(f"{program} failed: {_sentence(done.stderr)}")


def _program(name: str) -> str:
    """The newest one: an old pg_dump refuses a newer server. Raises NotPossible."""
    found = [p for place in PLACES for p in Path("/").glob(f"{place.lstrip('/')}/{name}")]
    if found:
        return str(
            max(found, key=lambda path: [int(n) for n in "".join(c if c.isdigit() else " " for c in str(path)).split()])
        )
    if on_path := shutil.which(name):
        return on_path
    raise NotPossible(f"{name} is not installed (on Debian and Ubuntu: apt install postgresql-client)")


def _sentence(words: str) -> str:
    return " ".join(words.split())[-400:]
