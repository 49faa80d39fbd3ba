"""What a report that is being written may already be: an open one, a known incident, a solved one (P2.4)."""

from dataclasses import dataclass

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import State
from models.people.person import Person
from models.record import search
from models.record.article import PUBLISHED, Article
from models.record.relation import is_affected, is_known_incident
from models.record.ticket import Ticket
from models.rules.permissions import visible

MOST = 5  # suggestions shown
SOLVED = (State.CLOSED, State.ARCHIVED)
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
    incidents = [ticket for ticket in tickets if _is_news(actor, ticket) and ticket not in own]
    articles = select(Article).where(Article.state == PUBLISHED, Article.ticket_id.in_(ids))
    known = {article.ticket_id: article for article in db.session.scalars(articles)}
    solved = [known[id_] for id_ in ids if id_ in known]
    own, incidents = own[:2], incidents[:2]
    return Likely(own, incidents, solved[: MOST - len(own) - len(incidents)])


@dataclass(frozen=True)
class Similar:
    """What stands beside the investigation log (P6.3)."""

    articles: list[Article]
    tickets: list[Ticket]

    def __bool__(self) -> bool:
        return bool(self.articles or self.tickets)


def similar(actor: Person, ticket: Ticket) -> Similar:
    """Published articles, and solved tickets that the actor may see, which resemble this one; the likeliest first."""
    ids = [id_ for id_ in search.alike(f"{ticket.title} {ticket.description}") if id_ != ticket.id]
    known = {
        article.ticket_id: article
        for article in db.session.scalars(select(Article).where(Article.state == PUBLISHED, Article.ticket_id.in_(ids)))
    }
    solved = select(Ticket).where(Ticket.id.in_(ids), Ticket.state.in_(SOLVED), visible(actor))
    found = {held.id: held for held in db.session.scalars(solved)}
    return Similar(
        articles=[known[id_] for id_ in ids if id_ in known][:MOST],
        tickets=[found[id_] for id_ in ids if id_ in found and id_ not in known][:MOST],
    )


def _is_news(actor: Person, ticket: Ticket) -> bool:
    """A known incident of which the actor has not said yet that they have it, too."""
    return is_known_incident(ticket) and not is_affected(actor.id, ticket.id)
