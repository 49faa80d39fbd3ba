"""The database read past the product: plain drivers, plain SQL, nothing of the application."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
TEXTS = ("details", "told", "content", "params", "answers", "before", "after")  # JSON, which SQLite gives back as text


class Store:
    """One database, by the address that the house has it by."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite:")
        self.path = url.removeprefix("sqlite:///") if self.is_sqlite else ""
        self._held: Any = None

    @contextmanager
    def open(self) -> Iterator[Any]:
        """A connection of our own for a moment."""
        held = self._sqlite() if self.is_sqlite else psycopg.connect(plain(self.url), row_factory=dict_row)
        try:
            yield held
        finally:
            held.close()

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Inside, everything is read as it was at one instant: clocks go on while somebody compares tables."""
        with self.open() as held:
            if self.is_sqlite:
                held.execute("BEGIN")
            else:
                held.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._held = held
            try:
                yield
            finally:
                self._held = None

    def rows(self, said: str, *values: Any) -> list[Row]:
        """What a SELECT finds, instants aware and JSON read; `?` stands for each value."""
        with nullcontext(self._held) if self._held else self.open() as held:
            found = self._say(held, said, values).fetchall()
        return [{name: _read(name, value) for name, value in dict(row).items()} for row in found]

    def value(self, said: str, *values: Any) -> Any:
        """The first column of the first row; None without one."""
        found = self.rows(said, *values)
        return next(iter(found[0].values())) if found else None

    def run(self, said: str, *values: Any) -> None:
        """Say it, and commit: behind the application's back."""
        with self.open() as held:
            self._say(held, said, values)
            held.commit()

    def tables(self) -> list[str]:
        if self.is_sqlite:
            said = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        else:
            said = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        hidden = ("_data", "_idx", "_content", "_docsize", "_config")  # of the full-text index
        return sorted(row["name"] for row in self.rows(said) if not row["name"].endswith(hidden))

    def digests(self, tables: list[str]) -> dict[str, str]:
        """A digest of every row of every table, whatever their order."""
        if self.is_sqlite:
            with self.open() as held:
                held.row_factory = None
                return {name: _digest(held.execute(f'SELECT * FROM "{name}"').fetchall()) for name in tables}
        each = "SELECT '{0}' AS name, md5(coalesce(string_agg(t::text, '~' ORDER BY t::text), '')) AS digest FROM {0} t"
        found = self.rows(" UNION ALL ".join(each.format(f"public.{name}") for name in tables))
        return {row["name"].removeprefix("public."): row["digest"] for row in found}

    def is_whole(self) -> bool:
        """SQLite's own look at its pages; PostgreSQL is believed."""
        return not self.is_sqlite or self.value("PRAGMA integrity_check") == "ok"

    def _say(self, held: Any, said: str, values: tuple[Any, ...]) -> Any:
        if self.is_sqlite:
            return held.execute(said, values)
        return held.execute(said.replace("%", "%%").replace("?", "%s"), values) if values else held.execute(said)

    def _sqlite(self) -> sqlite3.Connection:
        held = sqlite3.connect(self.path, timeout=10)
        held.row_factory = sqlite3.Row
        return held


def plain(url: str) -> str:
    """The address as PostgreSQL's own library reads it."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    said = {"dbname": parts.path.lstrip("/"), "user": unquote(parts.username or ""), "host": host}
    said |= {"password": unquote(parts.password or ""), "port": str(parts.port or "")}
    return " ".join(f"{name}={value}" for name, value in said.items() if value)


def instant(value: Any) -> datetime | None:
    """An aware instant of what the driver gave back."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if value is None:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _read(name: str, value: Any) -> Any:
    if value is not None and (name == "at" or name.endswith(("_at", "until"))):
        return instant(value)
    return json.loads(value) if name in TEXTS and isinstance(value, str) and value[:1] in "[{" else value


def _digest(rows: list[Any]) -> str:
    return hashlib.md5("~".join(sorted(map(repr, rows))).encode()).hexdigest()
