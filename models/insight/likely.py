"""What a report that is being written may already be: an open one, a known incident, a solved one (P2.4)."""

from dataclasses import dataclass

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import Category, Severity
from models.people.person import Person
from models.record import search
from models.record.article import PUBLISHED, Article
from models.record.ticket import Ticket

MOST = 5  # suggestions shown
FEWEST_LATIN, FEWEST_CHINESE = 8, 4  # characters before anything is suggested


@dataclass(frozen=True)
class Likely:
    """Suggestions, each kind the likeliest first."""

    own: list[Ticket]
    incidents: list[Ticket]
    articles: list[Article]

    def __bool__(self) -> bool:
        return bool(self.own or self.incidents or self.articles)


def likely(actor: Person, words: str) -> Likely:
    """The actor's own open tickets, open P0 and P1 faults that everybody may know of, and published articles."""
    if len(words.strip()) < (FEWEST_LATIN if words.isascii() else FEWEST_CHINESE):
        return Likely([], [], [])
    ids = search.alike(words)
    found = {ticket.id: ticket for ticket in db.session.scalars(select(Ticket).where(Ticket.id.in_(ids)))}
    tickets = [found[id_] for id_ in ids if id_ in found]
    own = [ticket for ticket in tickets if ticket.reporter_id == actor.id and ticket.is_open]
    incidents = [ticket for ticket in tickets if _is_known_incident(ticket) and ticket not in own]
    articles = select(Article).where(Article.state == PUBLISHED, Article.ticket_id.in_(ids))
    known = {article.ticket_id: article for article in db.session.scalars(articles)}
    solved = [known[id_] for id_ in ids if id_ in known]
    own, incidents = own[:2], incidents[:2]
    return Likely(own, incidents, solved[: MOST - len(own) - len(incidents)])


def _is_known_incident(ticket: Ticket) -> bool:
    """Graded, open, severe, and no secret."""
    severe = ticket.severity in (Severity.P0, Severity.P1)
    return ticket.is_open and severe and ticket.triaged_at is not None and ticket.category != Category.SECURITY
