"""Search: own tokens (CJK bigrams, Latin words) in SQLite FTS5 and PostgreSQL tsvector; same results in both."""

import re
import unicodedata

from sqlalchemy import BigInteger, ColumnElement, column, text
from sqlalchemy.sql import select

from models.ground.db import db, is_sqlite
from models.record.ticket import Ticket

_RUNS = re.compile(r"[一-鿿㐀-䶿]+|[a-z0-9]+", re.ASCII | re.IGNORECASE)
_ADD_SQLITE = text("INSERT INTO search_text(tokens, ticket_id) VALUES (:words, :ticket)")
_ADD_POSTGRESQL = text("INSERT INTO search_text(tokens, ticket_id) VALUES (to_tsvector('simple', :words), :ticket)")
_ALIKE_SQLITE = text("SELECT ticket_id FROM search_text WHERE search_text MATCH :wanted ORDER BY rank LIMIT :most")
_ALIKE_POSTGRESQL = text(
    "SELECT ticket_id FROM search_text, to_tsquery('simple', :wanted) AS query WHERE tokens @@ query"
    " ORDER BY ts_rank(tokens, query) DESC LIMIT :most"
)
WORDS_COMPARED = 24  # of a report that is being written
LONGEST = 20_000  # characters of one text that are indexed


def index_ticket(ticket: Ticket, *texts: str) -> None:
    """Add `texts` to what finds the ticket; runs inside the command that wrote them."""
    index_words(ticket, words_of(*texts))


def index_words(ticket: Ticket, words: str) -> None:
    """The same with the words found already, before the turn to write."""
    if words:
        db.session.execute(_ADD_SQLITE if is_sqlite() else _ADD_POSTGRESQL, {"words": words, "ticket": ticket.id})


def words_of(*texts: str) -> str:
    """The words of some texts, as the index keeps them."""
    return " ".join(tokens(" ".join(texts)[:LONGEST]))


def forget_ticket(ticket: Ticket) -> None:
    """Take every word of the ticket out of the index, before it is written anew after a redaction."""
    db.session.execute(text("DELETE FROM search_text WHERE ticket_id = :ticket"), {"ticket": ticket.id})


def matches(query: str) -> ColumnElement[bool] | None:
    """The condition on Ticket for `query`, which is a number in any spelling or words; None for an empty one."""
    query = unicodedata.normalize("NFKC", query).strip()[:200]
    compact = _compact(query)
    if re.fullmatch(r"(TS)?-?\d{3,15}", compact):
        return Ticket.number.like(f"%{compact.removeprefix('TS')}")
    words = tokens(query)
    if not words:
        return None
    if is_sqlite():
        found = text("SELECT ticket_id FROM search_text WHERE search_text MATCH :wanted")
        wanted = " AND ".join(f'"{word}"' for word in words)
    else:
        found = text("SELECT ticket_id FROM search_text WHERE tokens @@ to_tsquery('simple', :wanted)")
        wanted = " & ".join(words)
    ids = found.bindparams(wanted=wanted).columns(column("ticket_id", BigInteger)).subquery()
    return Ticket.id.in_(select(ids.c.ticket_id))


def named_by(query: str) -> Ticket | None:
    """The ticket whose whole number is written, with or without its letters, in any width (P2.5)."""
    compact = _compact(unicodedata.normalize("NFKC", query).strip()[:200])
    if not re.fullmatch(r"[A-Z]*-?[\d-]{3,20}", compact):
        return None
    return db.session.scalar(select(Ticket).where(Ticket.number.in_((compact, f"TS{compact}"))).limit(1))


def alike(words: str, limit: int = 40) -> list[int]:
    """Ids of the tickets that share most with a text, the likeliest first (P2.4)."""
    wanted = list(dict.fromkeys(tokens(words[:400])))[:WORDS_COMPARED]
    if not wanted:
        return []
    if is_sqlite():
        query, said = _ALIKE_SQLITE, " OR ".join(f'"{word}"' for word in wanted)
    else:
        query, said = _ALIKE_POSTGRESQL, " | ".join(wanted)
    rows = db.session.execute(query, {"wanted": said, "most": limit})
    return list(dict.fromkeys(row[0] for row in rows))


def tokens(words: str) -> list[str]:
    """Latin words whole, Chinese as overlapping pairs, so that 登录 is found inside 登录失败."""
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", words).lower()):
        if run.isascii():
            found.append(run[:60])
        elif len(run) == 1:
            found.append(run)
        else:
            found += (run[i : i + 2] for i in range(len(run) - 1))
    return found


def _compact(query: str) -> str:
    return query.upper().replace(" ", "").lstrip("#")
