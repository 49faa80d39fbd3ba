"""What a report that is being written may already be: an open one, a known incident, a solved one (P2.4)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from models.ground.db import db
from models.ground.likeness import likeness
from models.ground.vocabulary import State
from models.insight.incidents import offered
from models.insight.masking import mask
from models.people.person import Person
from models.record import search
from models.record.article import PUBLISHED, Article, sharing
from models.record.ticket import ENDED, Ticket
from models.rules.permissions import visible

MOST = 5  # suggestions shown
COMPARED = 20  # own open reports, and known incidents, that are looked at
SOLVED = (State.CLOSED, State.ARCHIVED)
FEWEST_LATIN, FEWEST_CHINESE = 8, 4  # characters before anything is suggested
ENOUGH = 0.2  # the part of what was written that has to be shared, by the weight of its words
FEWEST_SHARED = 2  # one word alone says little
OWN, INCIDENT, ARTICLE = "own", "incident", "article"
LIKELIER = {OWN: 1.1, INCIDENT: 1.25, ARTICLE: 1.0}  # what many have now is likelier than what somebody had once


class Suggested(NamedTuple):
    """One thing that it may be; `share` is the part of what was written that it has too."""

    share: float
    kind: str  # OWN, INCIDENT or ARTICLE
    thing: Ticket | Article


def likely(actor: Person, words: str) -> list[Suggested]:
    """The actor's own open tickets, known incidents that everybody may know of, and articles; the likeliest first."""
    if len(words.strip()) < (FEWEST_LATIN if words.isascii() else FEWEST_CHINESE):
        return []
    written = likeness(words)
    now = [(OWN, ticket) for ticket in _own(actor)] + [(INCIDENT, ticket) for ticket in offered(actor, COMPARED)]
    known = sharing(written)
    shared = [_shared(written, kind, ticket) for kind, ticket in now]
    weights = _weights(written, [*shared, *known.values()])
    best = sorted(known, key=lambda id_: (-_share(known[id_], weights), -id_))[:MOST]
    found = [Suggested(_share(has, weights) * LIKELIER[kind], kind, ticket)
             for (kind, ticket), has in zip(now, shared, strict=True) if len(has) >= FEWEST_SHARED]  # fmt: skip
    found += [Suggested(_share(known[article.id], weights), ARTICLE, article)
              for article in _articles(best) if len(known[article.id]) >= FEWEST_SHARED]  # fmt: skip
    found.sort(key=lambda one: (-one.share, -one.thing.id))
    return [one for one in found if one.share >= ENOUGH][:MOST]


@dataclass(frozen=True)
class Similar:
    """What stands beside the investigation log (P6.3)."""

    articles: list[Article]
    tickets: list[Ticket]

    def __bool__(self) -> bool:
        return bool(self.articles or self.tickets)


def similar(actor: Person, ticket: Ticket) -> Similar:
    """Published articles, and solved tickets that the actor may see, which resemble this one; the likeliest first."""
    articles = articles_like(text_of(ticket))
    learned = {article.ticket_id for article in articles}
    solved = resembling(ticket, Ticket.state.in_(SOLVED), visible(actor))
    return Similar(articles, [held for held in solved if held.id not in learned][:MOST])


def resembling(ticket: Ticket, *of: ColumnElement[bool]) -> list[Ticket]:
    """Tickets that share enough of what this one says, the likeliest first."""
    ids = [id_ for id_ in search.alike(text_of(ticket)) if id_ != ticket.id]
    written = likeness(text_of(ticket))
    found = list(db.session.scalars(select(Ticket).where(Ticket.id.in_(ids), *of)))
    shared = {one: written & likeness(text_of(one)) for one in found}
    weights = _weights(written, list(shared.values()))
    fit = [one for one in found if len(shared[one]) >= FEWEST_SHARED and _share(shared[one], weights) >= ENOUGH]
    return sorted(fit, key=lambda one: (-_share(shared[one], weights), -one.id))


def text_of(ticket: Ticket) -> str:
    """What tickets are compared by."""
    return f"{ticket.title} {ticket.description}"


def articles_like(words: str) -> list[Article]:
    """Published articles that share most with a text."""
    written = likeness(words)
    known = sharing(written)
    weights = _weights(written, list(known.values()))
    fit = [id_ for id_, has in known.items() if len(has) >= FEWEST_SHARED and _share(has, weights) >= ENOUGH]
    best = sorted(fit, key=lambda id_: (-_share(known[id_], weights), -id_))[:MOST]
    return sorted(_articles(best), key=lambda article: best.index(article.id))


def unlearned(actor: Person, most: int) -> list[Ticket]:
    """The newest closed tickets that the actor sees and that have no article."""
    has_one = select(Article.id).where(Article.ticket_id == Ticket.id).exists()
    closed = select(Ticket).where(Ticket.state.in_(SOLVED), visible(actor), Ticket.root_cause != "", ~has_one)
    return list(db.session.scalars(closed.order_by(Ticket.id.desc()).limit(most)))


def _weights(written: Iterable[str], shared: Sequence[set[str] | frozenset[str]]) -> dict[str, float]:
    """How much each word of what was written says: what few have says more than what all have."""
    held = Counter(word for words in shared for word in words)
    return {word: log(1 + (len(shared) + 1) / (held[word] + 0.5)) if held[word] else 1.0 for word in written}


def _share(has: Iterable[str], weights: dict[str, float]) -> float:
    return sum(weights[word] for word in has) / (sum(weights.values()) or 1)


def _shared(written: frozenset[str], kind: str, ticket: Ticket) -> frozenset[str]:
    """With an incident without whom it is about: nobody shall find out by asking (P2.9)."""
    text = text_of(ticket)
    has = written & likeness(text)
    return has & likeness(mask(text, ticket)) if kind == INCIDENT and len(has) >= FEWEST_SHARED else has


def _own(actor: Person) -> list[Ticket]:
    mine = select(Ticket).where(Ticket.reporter_id == actor.id, Ticket.state.not_in(ENDED))
    return list(db.session.scalars(mine.order_by(Ticket.id.desc()).limit(COMPARED)))


def _articles(ids: list[int]) -> list[Article]:
    return list(db.session.scalars(select(Article).where(Article.id.in_(ids), Article.state == PUBLISHED)))
