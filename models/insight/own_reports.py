"""One's own reports as cards: who has it, how far it is, whose turn, when the next news comes, what is new (V05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, lazyload

from models.ground.db import db
from models.insight.incidents import next_updates
from models.insight.paging import Page, nearest_clocks
from models.people.person import Person
from models.record.article import PUBLISHED, Article
from models.record.deadline import Deadline
from models.record.event import Event
from models.record.message import APP, Message
from models.record.ticket import Ticket

POPULAR = 3


@dataclass(frozen=True)
class Card:
    """One report of the reader's."""

    ticket: Ticket
    clock: Deadline | None  # the nearest of what they have been promised
    next_update_at: datetime | None
    chased_at: datetime | None
    is_unread: bool

    def can_chase_again(self, now: datetime, every: timedelta) -> bool:
        """Whether enough time has passed since we were reminded last."""
        return self.chased_at is None or now >= self.chased_at + every


def cards_of(page: Page, reader: Person) -> list[Card]:
    """In the order of the page; five reads, however many there are."""
    ids = [key.id for key in page.keys]
    if not ids:
        return []
    people = joinedload(Ticket.assignee).options(lazyload(Person.team))
    found = {
        ticket.id: ticket for ticket in db.session.scalars(select(Ticket).where(Ticket.id.in_(ids)).options(people))
    }
    tickets = [found[id_] for id_ in ids]
    clocks, news = nearest_clocks(tickets, page.kinds), next_updates(tickets)
    chased, unread = chased_at(ids), _unread(ids, reader)
    return [
        Card(ticket, clocks.get(ticket.id), news.get(ticket.id), chased.get(ticket.id), ticket.id in unread)
        for ticket in tickets
    ]


def chased_at(ids: Sequence[int]) -> dict[int, datetime]:
    """When each of the tickets was chased last."""
    wanted = select(Event.ticket_id, Event.at).where(Event.ticket_id.in_(ids), Event.name == "chased")
    return {row.ticket_id: row.at for row in db.session.execute(wanted.order_by(Event.id))}


def popular_articles() -> list[Article]:
    """What has helped most often."""
    wanted = select(Article).where(Article.state == PUBLISHED)
    return list(db.session.scalars(wanted.order_by(Article.helped.desc(), Article.id.desc()).limit(POPULAR)))


def _unread(ids: Sequence[int], reader: Person) -> set[int]:
    wanted = select(func.distinct(Message.ticket_id)).where(
        Message.ticket_id.in_(ids), Message.person_id == reader.id, Message.channel == APP, Message.read_at.is_(None)
    )
    return {id_ for id_ in db.session.scalars(wanted) if id_}
