"""How tickets belong together (P3.7, P3.8): linked, merged, a major incident with its reports; and who has it too."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, Integer, Select, String, bindparam, exists, func, or_, select
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from models.ground.bulk import read
from models.ground.db import Base, Instant, db
from models.ground.vocabulary import Category, Severity
from models.people.person import Person
from models.record.ticket import ENDED, Ticket

RELATED, DUPLICATE, CAUSED_BY, PARENT, SPLIT = "related", "duplicate", "caused_by", "parent", "split"
BY_HAND = (RELATED, DUPLICATE, PARENT, CAUSED_BY)
DIRECTED = (CAUSED_BY, PARENT)  # the ticket `from` was caused by the other one, or stands below it


class Relation(Base):
    """Two tickets that belong together, for as long as nobody has undone it. Why, is a text of the ticket."""

    __tablename__ = "relation"
    __table_args__ = (Index(None, "from_id", "kind"), Index(None, "to_id", "kind"), Index(None, "kind", "to_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(12))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    from_ticket: Mapped[Ticket] = relationship(foreign_keys=from_id)
    to_ticket: Mapped[Ticket] = relationship(foreign_keys=to_id)
    by: Mapped[Person] = relationship(foreign_keys=by_id)

    def other(self, ticket: Ticket) -> Ticket:
        """The other one of the two."""
        return self.to_ticket if ticket.id == self.from_id else self.from_ticket


class Affected(Base):
    """That somebody has what a known incident is about, too (P2.4): no report of their own, but the same news."""

    __tablename__ = "affected"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    person: Mapped[Person] = relationship()
    ticket: Mapped[Ticket] = relationship()


class Ties(NamedTuple):
    """What a ticket's page asks first, in one read: most tickets have none."""

    has_relations: bool
    has_merged: bool
    has_followers_up: bool
    affected: int


def ties_of(ticket: Ticket) -> Ties:
    """Whether the ticket belongs together with others, and how many people have it too."""
    return Ties._make(read(_TIES, {"ticket": ticket.id}).one())


# --- linked


def relations_of(ticket: Ticket) -> list[Relation]:
    """Every relation of the ticket that stands, in the order in which they came about."""
    return list(db.session.scalars(_relations(), {"ticket": ticket.id}))


def find_relation(ticket: Ticket, other: Ticket, kind: str) -> Relation | None:
    """The relation of this kind between the two that stands, in whichever direction."""
    ends = (Relation.from_id == ticket.id) & (Relation.to_id == other.id)
    back = (Relation.from_id == other.id) & (Relation.to_id == ticket.id)
    standing = select(Relation).where(or_(ends, back), Relation.kind == kind, Relation.undone_at.is_(None))
    return db.session.scalar(standing.limit(1))


# --- a major incident and the reports below it


def parent_of(ticket: Ticket) -> Ticket | None:
    """The major incident that the ticket is one of many reports of."""
    wanted = select(Ticket).join(Relation, Relation.to_id == Ticket.id)
    return db.session.scalar(wanted.where(Relation.from_id == ticket.id, _IS_PARENT).limit(1))


def children_of(ticket: Ticket) -> list[Ticket]:
    """The reports below a major incident, oldest first."""
    return list(db.session.scalars(_CHILDREN, {"ticket": ticket.id}))


def open_children(ticket: Ticket) -> list[Ticket]:
    """Those of them that have not ended."""
    return [child for child in children_of(ticket) if child.is_open]


def has_open_children(ticket: Ticket) -> bool:
    """Whether there are any of those."""
    return bool(db.session.scalar(_HAS_OPEN_CHILDREN, {"ticket": ticket.id}))


# --- merged


def bearer_of(ticket: Ticket) -> Ticket:
    """The ticket on which the work is done: where it was merged, and where that was merged in turn; or itself."""
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def merged_in(ticket: Ticket) -> list[Ticket]:
    """Everything that was merged into the ticket, and into what was merged into it, oldest first."""
    return list(db.session.scalars(_merged(), {"ticket": ticket.id}))


# --- affected too


def is_known_incident(ticket: Ticket) -> bool:
    """What everybody may be told of and join: graded, in work, severe or with many reports, and no secret (P2.4)."""
    if ticket.is_request or not ticket.is_open or ticket.triaged_at is None or ticket.resolved_at is not None:
        return False
    severe = ticket.severity in (Severity.P0, Severity.P1)
    return ticket.category != Category.SECURITY and (severe or has_open_children(ticket))


def is_affected(person_id: int, ticket_id: int) -> bool:
    """Whether the person has said so."""
    return db.session.get(Affected, (ticket_id, person_id)) is not None


def affected_by(ticket: Ticket) -> list[Affected]:
    """Everybody who has it too, in the order in which they said so."""
    return list(db.session.scalars(_AFFECTED, {"ticket": ticket.id}))


_HERE = bindparam("ticket", type_=Integer)
_IS_PARENT = (Relation.kind == PARENT) & Relation.undone_at.is_(None)
_child, _earlier, _later = aliased(Ticket), aliased(Ticket), aliased(Ticket)
_CHILDREN = (
    select(Ticket)
    .join(Relation, Relation.from_id == Ticket.id)
    .where(Relation.to_id == _HERE, _IS_PARENT)
    .order_by(Ticket.id)
)
OPEN_BELOW = exists().where(  # also one of the pieces that closing asks for
    Relation.to_id == _HERE, _IS_PARENT, Relation.from_id == _child.id, _child.state.not_in(ENDED)
)
_HAS_OPEN_CHILDREN = select(OPEN_BELOW)
_AFFECTED = (
    select(Affected)
    .where(Affected.ticket_id == _HERE)
    .order_by(Affected.at, Affected.person_id)
    .options(joinedload(Affected.person).lazyload(Person.team))
)
_TIES = select(
    exists().where(or_(Relation.from_id == _HERE, Relation.to_id == _HERE), Relation.undone_at.is_(None)),
    exists().where(_earlier.merged_into_id == _HERE),
    exists().where(_later.parent_id == _HERE),
    select(func.count()).select_from(Affected).where(Affected.ticket_id == _HERE).scalar_subquery(),
)


@cache
def _relations() -> Select[Relation]:
    either = or_(Relation.from_id == _HERE, Relation.to_id == _HERE)
    standing = select(Relation).where(either, Relation.undone_at.is_(None))
    both = [joinedload(Relation.from_ticket), joinedload(Relation.to_ticket)]
    both.append(joinedload(Relation.by).lazyload(Person.team))
    return standing.order_by(Relation.id).options(*both)


@cache
@cache
def _merged() -> Select[Ticket]:
    first = select(Ticket.id).where(Ticket.merged_into_id == _HERE).cte("merged", recursive=True)
    further = aliased(Ticket)
    whole = first.union_all(select(further.id).where(further.merged_into_id == first.c.id))
    return select(Ticket).where(Ticket.id.in_(select(whole.c.id))).order_by(Ticket.id)
