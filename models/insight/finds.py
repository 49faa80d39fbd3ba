"""What a search finds: numbers first, then titles, then everything else that the reader may read; the newest first."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, or_, select

from models.ground.db import db
from models.insight import paging
from models.people.customer import find_contacts
from models.people.person import Person, find_colleagues
from models.record import search
from models.record.entry import Entry
from models.record.ticket import Ticket
from models.rules.permissions import visible
from models.rules.standing import STAFF

PAGE = 20
LONGEST_NAME, NAMESAKES = 40, 5
AROUND = 36  # characters shown before what was found, and twice as many after it


class Part(NamedTuple):
    """A piece of a text; `found` if it is what was looked for."""

    found: bool
    text: str


@dataclass(frozen=True)
class Hit:
    """One ticket that was found: its title, and the words around what was found elsewhere."""

    ticket: Ticket
    title: list[Part]
    place: str  # "" where the title says it all
    words: list[Part]


def found(actor: Person, q: str, *, of: list[ColumnElement[bool]], after: str = "", most: int = PAGE) -> paging.Page:
    """Tickets whose number ends like `q`, or that hold every word of it where the actor may read, or whose people it
    names."""
    tiers = [search.numbered(q), search.holding(q, search.TITLE), _of_people(actor, q)]
    tiers += [search.holding(q, _places(actor))]
    return _by_tiers(actor, tiers, of, after, most)


def named(actor: Person, q: str, *, most: int) -> list[Ticket]:
    """The few that are found fastest: by number and by title."""
    return _by_tiers(actor, [search.numbered(q), search.holding(q, search.TITLE)], [], "", most).tickets


def hits(actor: Person, page: paging.Page, q: str) -> list[Hit]:
    """The tickets of a page, each with the place at which the words stand; nothing that the actor may not read."""
    entries = defaultdict(list)
    for entry in db.session.scalars(_ENTRIES, {"ids": [key.id for key in page.keys]}) if page.keys else ():
        if entry.public or reads_internal(actor):
            entries[entry.ticket_id].append(entry)
    return [_hit(actor, ticket, entries[ticket.id], search.runs(q)) for ticket in page.tickets]


def reads_internal(actor: Person) -> bool:
    """Whether the actor reads what colleagues write for each other, of tickets that they see (P6.6)."""
    return bool(actor.roles & STAFF)


def parts(text: str, wanted: list[str]) -> list[Part]:
    """The text in pieces, what was looked for by itself."""
    if not wanted:
        return [Part(False, text)]
    longest_first = sorted(map(re.escape, wanted), key=len, reverse=True)
    pieces = re.split(f"({'|'.join(longest_first)})", text, flags=re.IGNORECASE)
    return [Part(bool(nth % 2), piece) for nth, piece in enumerate(pieces) if piece]


def _by_tiers(
    actor: Person, tiers: list[ColumnElement[bool] | None], of: list[ColumnElement[bool]], after: str, most: int
) -> paging.Page:
    """Each tier without what those before it have found."""
    seen = select(*paging.KEY).where(visible(actor), *of)
    lists, before = [], list[ColumnElement[bool]]()
    for tier in tiers:
        if tier is not None:
            lists.append(seen.where(tier, *(~other for other in before)))
            before.append(tier)
    return paging.newest_one_after_another(lists, after, most)


def _of_people(actor: Person, q: str) -> ColumnElement[bool] | None:
    """Those whom the words name, as reporter, contact or handler; only colleagues look for people."""
    if not reads_internal(actor) or not 1 < len(q.strip()) <= LONGEST_NAME:
        return None
    wanted = q.strip().casefold()
    people = [p.id for p in find_colleagues(q, limit=NAMESAKES) if wanted in (p.login, *_names(p.name))]
    contacts = [c.id for c in find_contacts(q, limit=NAMESAKES) if wanted in _names(c.name)]
    said = []
    if people:
        said += [Ticket.reporter_id.in_(people), Ticket.assignee_id.in_(people)]
    if contacts:
        said += [Ticket.contact_id.in_(contacts)]
    return or_(*said) if said else None


def _names(name: str) -> tuple[str, ...]:
    """The whole name, and each word of it."""
    return name.casefold(), *name.casefold().split()


def _places(actor: Person) -> tuple[str, ...]:
    return search.EVERYWHERE if reads_internal(actor) else search.PUBLIC


def _hit(actor: Person, ticket: Ticket, entries: list[Entry], wanted: list[str]) -> Hit:
    title = parts(ticket.title, wanted)
    texts = [("description", ticket.description), ("expected", ticket.expected), ("device", ticket.device)]
    texts += [("steps", ticket.steps)]
    texts += [("root_cause", ticket.root_cause)] if reads_internal(actor) else []
    texts += [(entry.kind, f"{entry.body}\n{entry.outcome}") for entry in entries]
    place, text = max(texts, key=lambda one: _holds(one[1], wanted))
    says_more = _holds(text, wanted) > _holds(ticket.title, wanted)
    return Hit(ticket, title, place, _excerpt(text, wanted)) if says_more else Hit(ticket, title, "", [])


def _holds(text: str, wanted: list[str]) -> int:
    text = text.lower()
    return sum(word in text for word in wanted)


def _excerpt(text: str, wanted: list[str]) -> list[Part]:
    """One line around the first word that was found."""
    text = " ".join(text.split())
    at = min((place for word in wanted if (place := text.lower().find(word)) >= 0), default=0)
    first, last = max(0, at - AROUND), at + 2 * AROUND
    shown = f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"
    return parts(shown, wanted)


_ENTRIES = (
    select(Entry)
    .where(Entry.ticket_id.in_(bindparam("ids", expanding=True)), Entry.redacted_at.is_(None))
    .order_by(Entry.id)
)
