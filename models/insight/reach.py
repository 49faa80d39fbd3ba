"""What the palette can reach by a few characters: tickets by number and title, colleagues, articles."""

from dataclasses import dataclass

from sqlalchemy import select

from models.ground.db import db
from models.insight import finds
from models.people.person import Person, find_colleagues
from models.record.article import Article, published
from models.record.ticket import Ticket
from models.rules.permissions import visible

MOST = {"tickets": 6, "people": 3, "articles": 3}
SCOPES = tuple(MOST)
MOST_OF_ONE = 12
MOST_RECENT = 6


@dataclass(frozen=True)
class Reached:
    """Each kind the likeliest first."""

    tickets: list[Ticket]
    people: list[Person]
    articles: list[Article]

    def __bool__(self) -> bool:
        return bool(self.tickets or self.people or self.articles)


def reach(actor: Person, q: str, *, scope: str = "") -> Reached:
    """What `q` may mean, of all kinds or, more of them, of one of SCOPES. Colleagues only for those who work with them;
    texts inside tickets are left to the search."""
    if not q.strip():
        return Reached([], [], [])
    few = {kind: MOST_OF_ONE if kind == scope else MOST[kind] for kind in SCOPES if scope in ("", kind)}
    people = few.get("people", 0) if finds.reads_internal(actor) else 0
    return Reached(
        tickets=finds.named(actor, q, most=few["tickets"]) if "tickets" in few else [],
        people=find_colleagues(q, limit=people) if people else [],
        articles=published(q, limit=few["articles"]) if "articles" in few else [],
    )


def recent(actor: Person, numbers: list[str]) -> list[Ticket]:
    """The tickets of these numbers that the actor may see, in their order."""
    found = select(Ticket).where(Ticket.number.in_(numbers[:MOST_RECENT]), visible(actor))
    by_number = {ticket.number: ticket for ticket in db.session.scalars(found)}
    return [by_number[number] for number in numbers if number in by_number]
