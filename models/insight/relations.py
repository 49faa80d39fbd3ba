"""What a ticket belongs together with, for its page; which open ones may be the same; which may be meant (P3.7)."""

from dataclasses import dataclass

from sqlalchemy import select

from models.ground.db import db
from models.insight.likely import resembling
from models.people.person import Person
from models.record import search
from models.record.relation import (
    DIRECTED,
    Affected,
    Relation,
    Ties,
    affected_by,
    bearer_of,
    merged_in,
    relations_of,
    ties_of,
)
from models.record.ticket import ENDED, Ticket
from models.rules.permissions import can_see, visible

MOST_LIKELY = 3


@dataclass(frozen=True)
class Tie:
    """Another ticket, and what it is to this one: a kind of relation, `child` or `caused` the other way round."""

    kind: str
    ticket: Ticket
    relation: Relation | None = None  # None: it follows from the tickets themselves


class Belonging:
    """Each part is read when it is first asked for; a ticket without ties costs one read."""

    def __init__(self, ticket: Ticket, reader: Person) -> None:
        self.ticket, self.reader = ticket, reader
        self.ties: Ties = ties_of(ticket)

    def __bool__(self) -> bool:
        return any(self.ties) or self.ticket.merged_into_id is not None or self.ticket.parent_id is not None

    @property
    def affected(self) -> list[Affected]:
        """Who said that they have it, too."""
        return affected_by(self.ticket) if self.ties.affected else []

    @property
    def bearer(self) -> Ticket | None:
        """Where the work goes on, of a ticket that is merged; None for one that is not."""
        return bearer_of(self.ticket) if self.ticket.merged_into_id else None

    @property
    def merged(self) -> list[Ticket]:
        """What was merged into it, as far as the reader may see it."""
        return [one for one in merged_in(self.ticket) if can_see(self.reader, one)] if self.ties.has_merged else []

    @property
    def related(self) -> list[Tie]:
        """Everything that stands in a relation to it, as far as the reader may see it; an incident comes first."""
        relations = relations_of(self.ticket) if self.ties.has_relations else []
        found = [_tie(relation, self.ticket) for relation in relations]
        if self.ticket.parent:
            found.append(Tie("follows", self.ticket.parent))
        if self.ties.has_followers_up:
            later = select(Ticket).where(Ticket.parent_id == self.ticket.id).order_by(Ticket.id)
            found += [Tie("followed_by", one) for one in db.session.scalars(later)]
        seen = [tie for tie in found if can_see(self.reader, tie.ticket)]
        return sorted(seen, key=lambda tie: tie.kind not in ("parent", "child"))


def likely_same(actor: Person, ticket: Ticket) -> list[Ticket]:
    """Open tickets of the same kind that the actor may see and that say much the same, the likeliest first."""
    known = {relation.other(ticket).id for relation in relations_of(ticket)}
    open_ones = resembling(
        ticket, Ticket.id.not_in(known), Ticket.state.not_in(ENDED), Ticket.kind == ticket.kind, visible(actor)
    )
    return open_ones[:MOST_LIKELY]


def tickets_meant(actor: Person, typed: str, *, limit: int) -> list[Ticket]:
    """Tickets that the actor may see, by number, the end of a number, or words; the newest first."""
    meant = search.matches(typed)
    if meant is None:
        return []
    return list(db.session.scalars(select(Ticket).where(meant, visible(actor)).order_by(Ticket.id.desc()).limit(limit)))


def _tie(relation: Relation, ticket: Ticket) -> Tie:
    back = {"parent": "child", "caused_by": "caused", "split": "split_into"}
    turned = ticket.id == relation.to_id and relation.kind in (*DIRECTED, "split")
    return Tie(back[relation.kind] if turned else relation.kind, relation.other(ticket), relation)
