"""What both kinds of databases are asked while a copy is made."""

from collections.abc import Callable
from typing import Any


class NotPossible(Exception):
    """Something that is needed is missing here; the message says what, and goes on from "cannot be done: "."""


class Unreadable(NotPossible):
    """The copy itself cannot be read; the message says where it ends."""


Ask = Callable[[str], list[tuple[Any, ...]]]

COUNTED = ("ticket", "event", "entry", "message", "attachment", "deed", "person", "link")
HEAD = "SELECT id, chain FROM event ORDER BY id DESC LIMIT 1"
MIGRATION = "SELECT version_num FROM alembic_version"
ATTACHMENTS = "SELECT key, sha256, size, ticket_id FROM attachment ORDER BY key"


def counts(ask: Ask) -> dict[str, int]:
    """How many rows the tables have that people would miss."""
    return {table: ask(f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED}  # noqa: S608 - names of our own


def head(ask: Ask) -> list[int | str]:
    """The newest event, and its chain value."""
    return list((ask(HEAD) or [(0, "")])[0])


def migration(ask: Ask) -> str:
    """The version of the tables."""
    return " ".join(sorted(row[0] for row in ask(MIGRATION)))
