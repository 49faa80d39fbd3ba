"""The full-text table of one row a ticket and the words of articles, filled; and the older table."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from models.ground.likeness import likeness
from models.record.search import words_of

BATCH = 1000
PLACES = ("title", "body", "said", "internal")
_TICKETS = (
    "SELECT id, number, title, description, expected, device, steps, root_cause FROM ticket"
    " WHERE id > :after ORDER BY id LIMIT :most"
)
_ENTRIES = (
    "SELECT ticket_id, public, body, outcome FROM entry"
    " WHERE ticket_id > :first AND ticket_id <= :last AND redacted_at IS NULL ORDER BY id"
)
_ARTICLES = "SELECT id, title, symptom, cause, solution, applies_to FROM article WHERE state = 'published'"


def make_new() -> None:
    """One row a ticket, and in it the places in which a word can stand."""
    op.execute("DROP TABLE search_text")
    if _is_sqlite():
        op.execute("CREATE VIRTUAL TABLE search_text USING fts5(title, body, said, internal, detail=column)")
        add = (
            "INSERT INTO search_text(rowid, title, body, said, internal) VALUES (:id, :title, :body, :said, :internal)"
        )
    else:
        op.execute("CREATE TABLE search_text (ticket_id integer PRIMARY KEY, tokens tsvector NOT NULL)")
        op.execute("CREATE INDEX search_text_tokens ON search_text USING gin (tokens)")
        places = (("title", "A"), ("body", "B"), ("said", "C"), ("internal", "D"))
        weighed = " || ".join(f"setweight(to_tsvector('simple', :{place}), '{weight}')" for place, weight in places)
        add = f"INSERT INTO search_text(ticket_id, tokens) VALUES (:id, {weighed})"  # noqa: S608 - words of this file
    _fill(add)


def make_old() -> None:
    """Rows of words, without their places."""
    op.execute("DROP TABLE search_text")
    if _is_sqlite():
        op.execute("CREATE VIRTUAL TABLE search_text USING fts5(tokens, ticket_id UNINDEXED)")
        words = "(:title || ' ' || :body || ' ' || :said || ' ' || :internal)"
    else:
        op.execute("CREATE TABLE search_text (tokens tsvector NOT NULL, ticket_id integer NOT NULL)")
        op.execute("CREATE INDEX search_text_tokens ON search_text USING gin (tokens)")
        op.execute("CREATE INDEX search_text_ticket ON search_text (ticket_id)")
        words = "to_tsvector('simple', " + " || ' ' || ".join(f"CAST(:{place} AS text)" for place in PLACES) + ")"
    _fill(f"INSERT INTO search_text(ticket_id, tokens) VALUES (:id, {words})")  # noqa: S608


def fill_articles() -> None:
    """The words by which published articles are suggested."""
    bind = op.get_bind()
    add = sa.text("INSERT INTO article_word(word, article_id) VALUES (:word, :id)")
    for row in bind.execute(sa.text(_ARTICLES)).all():
        if words := [{"word": word, "id": row.id} for word in sorted(likeness(" ".join(row[1:])))]:
            bind.execute(add, words)


def _fill(add: str) -> None:
    bind = op.get_bind()
    for rows in _batches():
        bind.execute(sa.text(add), rows)


def _batches() -> Iterator[list[dict[str, Any]]]:
    bind, after = op.get_bind(), 0
    while tickets := bind.execute(sa.text(_TICKETS), {"after": after, "most": BATCH}).all():
        said: dict[int, list[str]] = defaultdict(list)
        internal: dict[int, list[str]] = defaultdict(list)
        for entry in bind.execute(sa.text(_ENTRIES), {"first": after, "last": tickets[-1].id}):
            (said if entry.public else internal)[entry.ticket_id].append(f"{entry.body} {entry.outcome}")
        yield [
            {
                "id": row.id,
                "title": words_of(row.number, row.title),
                "body": words_of(row.description, row.expected, row.device, row.steps),
                "said": words_of(*said[row.id]),
                "internal": words_of(row.root_cause, *internal[row.id]),
            }
            for row in tickets
        ]
        after = tickets[-1].id


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
