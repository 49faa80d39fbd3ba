"""Events: what happened, append-only and chained. Texts stand in entries; the chain holds their digests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, bindparam, func, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db, index_of_some
from models.ground.vocabulary import Kind
from models.people.person import Person

_BY_PEOPLE = text("actor_id IS NOT NULL")


class Event(Base):
    """One thing that happened to a ticket. The database refuses to change or delete it."""

    __tablename__ = "event"
    __table_args__ = (
        Index(None, "ticket_id", "seq", unique=True),
        Index(None, "at", "id"),
        index_of_some("ix_event_actor_id_at_id", "actor_id", "at", "id", where=_BY_PEOPLE),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    seq: Mapped[int]  # of the ticket, from 1
    name: Mapped[str] = mapped_column(String(24))  # the action, in the past: "triaged"
    at: Mapped[datetime] = mapped_column(Instant)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    link_id: Mapped[int | None]  # the customer's link that acted; neither: the desk itself
    version: Mapped[int]  # of the ticket, after this event
    state: Mapped[str] = mapped_column(String(24))  # of the ticket, after this event
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    told: Mapped[list[int]] = mapped_column(JSON, default=list)  # people whose inbox this reached
    chain: Mapped[str] = mapped_column(String(64))
    actor: Mapped[Person | None] = relationship()


@dataclass(frozen=True)
class Change:
    """What live screens need to know of an event."""

    id: int
    ticket_id: int
    seq: int
    told: list[int]


def level_in(details: dict[str, Any], was: str = "") -> str | None:
    """The level that an event tells, or with `was_` the one before it; None when it does not speak of one."""
    if details.get(f"{was}ticket_kind") == Kind.REQUEST:
        return Kind.REQUEST.value
    return details.get(f"{was}severity")


def is_of_another_kind(details: dict[str, Any]) -> bool:
    """Whether the event made a request of a fault, or the other way round (P3.1)."""
    return "was_ticket_kind" in details and details["was_ticket_kind"] != details["ticket_kind"]


def find_event(ticket_id: int, seq: int) -> Event | None:
    """The event of the ticket with this number."""
    return db.session.scalar(select(Event).where(Event.ticket_id == ticket_id, Event.seq == seq))


def last_deed(ticket_id: int) -> Event | None:
    """What somebody did last on the ticket; what the desk did by itself is passed over."""
    return db.session.scalar(_LAST_DEED, {"ticket": ticket_id})


_BY_SOMEBODY = Event.actor_id.is_not(None) | Event.link_id.is_not(None)
_LAST_DEED = (  # every page of a ticket asks, so it is built once
    select(Event).where(Event.ticket_id == bindparam("ticket"), _BY_SOMEBODY).order_by(Event.seq.desc()).limit(1)
)


def last_deeds(ticket_ids: Sequence[int]) -> dict[int, Event]:
    """The same of several tickets, in one question."""
    newest_of_each = select(func.max(Event.id)).where(Event.ticket_id.in_(ticket_ids), _BY_SOMEBODY)
    wanted = select(Event).where(Event.id.in_(newest_of_each.group_by(Event.ticket_id)))
    return {event.ticket_id: event for event in db.session.scalars(wanted)}


def newest() -> int:
    """The sequence number of the newest event; 0 before the first."""
    return db.session.scalar(select(func.max(Event.id))) or 0


def since(sequence: int, limit: int = 500) -> list[Change]:
    """Events after `sequence`, oldest first, without their texts."""
    rows = db.session.execute(
        select(Event.id, Event.ticket_id, Event.seq, Event.told)
        .where(Event.id > sequence)
        .order_by(Event.id)
        .limit(limit)
    )
    return [Change(*row) for row in rows]
