"""Search: own words (pairs of Chinese characters, Latin words) in SQLite FTS5 and PostgreSQL tsvector, alike in both.

One row a ticket, and in it four places: title, body, said (what the reporter reads too) and internal.
"""

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import BigInteger, ColumnElement, bindparam, column, or_, text
from sqlalchemy.orm import aliased
from sqlalchemy.sql import select

from models.ground.bulk import write_one
from models.ground.db import db, is_sqlite
from models.record.ticket import Ticket

_RUNS = re.compile(r"[一-鿿㐀-䶿]+|[a-z0-9]+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"([A-Z]{1,6})?(\d{3,20})")
_PUNCTUATION = re.compile(r"[\s#_.,:/—–-]+")
_ADD_SQLITE = text(
    "INSERT INTO search_text(rowid, title, body, said, internal) VALUES (:ticket, :title, :body, '', '')"
)
_ADD_POSTGRESQL = text(
    "INSERT INTO search_text(ticket_id, tokens) VALUES (:ticket,"
    " setweight(to_tsvector('simple', :title), 'A') || setweight(to_tsvector('simple', :body), 'B'))"
)
_SAY_SQLITE = {  # a row is written anew each time, so it does not grow for ever
    "said": text("UPDATE search_text SET said = said || ' ' || :words WHERE rowid = :ticket AND length(said) < 300000"),
    "internal": text(
        "UPDATE search_text SET internal = internal || ' ' || :words"
        " WHERE rowid = :ticket AND length(internal) < 300000"
    ),
}
_SAY_POSTGRESQL = {
    "said": text(
        "UPDATE search_text SET tokens = tokens || setweight(to_tsvector('simple', :words), 'C')"
        " WHERE ticket_id = :ticket AND length(tokens) < 30000"
    ),
    "internal": text(
        "UPDATE search_text SET tokens = tokens || setweight(to_tsvector('simple', :words), 'D')"
        " WHERE ticket_id = :ticket AND length(tokens) < 30000"
    ),
}
_RETITLE_SQLITE = text("UPDATE search_text SET title = :title WHERE rowid = :ticket")
_RETITLE_POSTGRESQL = text(
    "UPDATE search_text SET tokens = setweight(to_tsvector('simple', :title), 'A') || ts_filter(tokens, '{b,c,d}')"
    " WHERE ticket_id = :ticket"
)
_FORGET_SQLITE = text("DELETE FROM search_text WHERE rowid = :ticket")
_FORGET_POSTGRESQL = text("DELETE FROM search_text WHERE ticket_id = :ticket")
_ALIKE_SQLITE = text(
    "SELECT rowid FROM search_text WHERE search_text MATCH :wanted AND rowid > (SELECT max(id) FROM ticket) - :newest"
    " ORDER BY rank LIMIT :most"
)
_ALIKE_POSTGRESQL = text(
    "SELECT ticket_id FROM search_text, to_tsquery('simple', :wanted) AS query WHERE tokens @@ query"
    " AND ticket_id > (SELECT max(id) FROM ticket) - :newest ORDER BY ts_rank(tokens, query) DESC LIMIT :most"
)
_FOUND_SQLITE = text("SELECT rowid AS ticket_id FROM search_text WHERE search_text MATCH :wanted")
_FOUND_POSTGRESQL = text("SELECT ticket_id FROM search_text WHERE tokens @@ to_tsquery('simple', :wanted)")
WORDS_COMPARED = 24  # of a report that is being written
NEWEST = 2_000  # tickets with which a text is compared: words that all have would have all of them weighed
MOST_WORDS = 24  # of a query
LONGEST = 20_000  # characters of one text that are indexed
EVERYWHERE, PUBLIC, TITLE = ("title", "body", "said", "internal"), ("title", "body", "said"), ("title",)
_WEIGHT = {"title": "A", "body": "B", "said": "C", "internal": "D"}


def index_report(ticket: Ticket, words: str) -> None:
    """Make the ticket findable by its number, its title and `words`, which were found before the turn to write."""
    title = words_of(ticket.number, ticket.title)
    add = _ADD_SQLITE if is_sqlite() else _ADD_POSTGRESQL
    write_one(add, {"ticket": ticket.id, "title": title, "body": words})


def index_title(ticket: Ticket) -> None:
    """Let it be found by the title that it has now, in the place of the one before."""
    retitle = _RETITLE_SQLITE if is_sqlite() else _RETITLE_POSTGRESQL
    db.session.execute(retitle, {"title": words_of(ticket.number, ticket.title), "ticket": ticket.id})


def index_ticket(ticket: Ticket, *texts: str) -> None:
    """Add texts that the reporter reads too to what finds the ticket; runs inside the command that wrote them."""
    _say(ticket, "said", texts)


def index_internal(ticket: Ticket, *texts: str) -> None:
    """Add texts that only colleagues read."""
    _say(ticket, "internal", texts)


def words_of(*texts: str) -> str:
    """The words of some texts, as the index keeps them."""
    return " ".join(tokens(" ".join(texts)[:LONGEST]))


def forget_ticket(ticket: Ticket) -> None:
    """Take every word of the ticket out of the index, before it is written anew after a redaction."""
    db.session.execute(_FORGET_SQLITE if is_sqlite() else _FORGET_POSTGRESQL, {"ticket": ticket.id})


def matches(query: str) -> ColumnElement[bool] | None:
    """The condition on Ticket for `query`, which is a number in any spelling or words; None for an empty one."""
    parts = [part for part in (numbered(query), holding(query)) if part is not None]
    return or_(*parts) if parts else None


def numbered(query: str) -> ColumnElement[bool] | None:
    """The condition that the number ends as written, in any spelling; None where no number is written (P2.5)."""
    fits = _NUMBER.fullmatch(_compact(query))
    if not fits:
        return None
    numbers = aliased(Ticket)  # asked apart, so that the index of the numbers is read and no row
    return Ticket.id.in_(select(numbers.id).where(numbers.number.like(f"{fits[1] or ''}%{fits[2]}")))


def holding(query: str, places: Sequence[str] = EVERYWHERE) -> ColumnElement[bool] | None:
    """The condition that every word of `query` stands in one of these places of the ticket; None without a word."""
    wanted = [_term(word, places) for word in wanted_words(query)]
    if not wanted:
        return None
    if is_sqlite():
        found, said = _FOUND_SQLITE, f"{{{' '.join(places)}}} : ({' AND '.join(wanted)})"
    else:
        found, said = _FOUND_POSTGRESQL, " & ".join(wanted)
    ids = found.bindparams(bindparam("wanted", said, unique=True)).columns(column("ticket_id", BigInteger)).subquery()
    return Ticket.id.in_(select(ids.c.ticket_id))


def named_by(query: str) -> Ticket | None:
    """The ticket whose whole number is written: without its letters, in any width, with spaces or dashes (P2.5)."""
    compact = _compact(query)
    if not _NUMBER.fullmatch(compact):
        return None
    written = unicodedata.normalize("NFKC", query).strip().upper()[:40]
    spelled = (written, compact, f"TS{compact}", f"RD{compact}")
    return db.session.scalar(select(Ticket).where(Ticket.number.in_(spelled)).limit(1))


def alike(words: str, limit: int = 40) -> list[int]:
    """Ids of the newest tickets that share most with a text, the likeliest first (P2.4); older ones are knowledge."""
    wanted = [word for word in dict.fromkeys(tokens(words[:400])) if len(word) > 1][:WORDS_COMPARED]
    if not wanted:
        return []
    if is_sqlite():
        query, said = _ALIKE_SQLITE, " OR ".join(f'"{word}"' for word in wanted)
    else:
        query, said = _ALIKE_POSTGRESQL, " | ".join(f"'{word}'" for word in wanted)
    return [row[0] for row in db.session.execute(query, {"wanted": said, "most": limit, "newest": NEWEST})]


def tokens(words: str) -> list[str]:
    """Latin words whole, Chinese as overlapping pairs, so that 登录 is found inside 登录失败.

    The last character of a run stands alone too: one character is looked for as the beginning of a pair.
    """
    found: list[str] = []
    for run in runs(words):
        if run.isascii():
            found.append(run[:60])
        else:
            found += (run[i : i + 2] for i in range(len(run)))
    return found


def wanted_words(query: str) -> list[str]:
    """What has to be in a ticket that `query` finds; one that ends with * is the beginning of a word."""
    wanted: list[str] = []
    for run in runs(unicodedata.normalize("NFKC", query)[:200]):
        if run.isascii():
            wanted.append(f"{run[:60]}*" if len(run) > 2 else run)
        elif len(run) == 1:
            wanted.append(f"{run}*")
        else:
            wanted += (run[i : i + 2] for i in range(len(run) - 1))
    return list(dict.fromkeys(wanted))[:MOST_WORDS]


def runs(words: str) -> list[str]:
    """Latin words and unbroken Chinese, in small letters and plain width."""
    return _RUNS.findall(unicodedata.normalize("NFKC", words).lower())


def _say(ticket: Ticket, place: str, texts: tuple[str, ...]) -> None:
    if words := words_of(*texts):
        add = _SAY_SQLITE[place] if is_sqlite() else _SAY_POSTGRESQL[place]
        db.session.execute(add, {"words": words, "ticket": ticket.id})


def _term(word: str, places: Sequence[str]) -> str:
    begins, word = word.endswith("*"), word.rstrip("*")
    if is_sqlite():
        return f'"{word}"{" *" if begins else ""}'
    weights = "".join(_WEIGHT[place] for place in places) if tuple(places) != EVERYWHERE else ""
    mark = f":{'*' if begins else ''}{weights}"
    return f"'{word}'{mark if mark != ':' else ''}"


def _compact(query: str) -> str:
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", query)[:200].upper())
