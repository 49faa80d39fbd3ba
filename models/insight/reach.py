"""What the palette can reach by a few characters: tickets by number and title, colleagues, articles."""

from dataclasses import dataclass

from sqlalchemy import select

from models.ground.db import db
from models.insight import finds
from models.people.person import Person, find_colleagues
from models.record.article import Article, published
from models.record.ticket import Ticket
from models.rules.permissions import visible

MOST_TICKETS, MOST_PEOPLE, MOST_ARTICLES = 6, 3, 3
MOST_RECENT = 6


@dataclass(frozen=True)
class Reached:
    """Each kind the likeliest first."""

    tickets: list[Ticket]
    people: list[Person]
    articles: list[Article]

    def __bool__(self) -> bool:
        return bool(self.tickets or self.people or self.articles)


def reach(actor: Person, q: str) -> Reached:
    """What `q` may mean. Colleagues only for those who work with them; texts inside tickets are left to the search."""
    if not q.strip():
        return Reached([], [], [])
    return Reached(
        tickets=finds.named(actor, q, most=MOST_TICKETS),
        people=find_colleagues(q, limit=MOST_PEOPLE) if finds.reads_internal(actor) else [],
        articles=published(q, limit=MOST_ARTICLES),
    )


def recent(actor: Person, numbers: list[str]) -> list[Ticket]:
    """The tickets of these numbers that the actor may see, in their order."""
    found = select(Ticket).where(Ticket.number.in_(numbers[:MOST_RECENT]), visible(actor))
    by_number = {ticket.number: ticket for ticket in db.session.scalars(found)}
    return [by_number[number] for number in numbers if number in by_number]
