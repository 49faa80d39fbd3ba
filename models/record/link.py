"""Signed links: the customer's way in, without an account (P10.3). Only digests of tokens are stored."""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ForeignKey, Index, Select, String, bindparam, select
from sqlalchemy.orm import Mapped, lazyload, mapped_column, relationship

from models.ground import clock, tokens
from models.ground.db import Base, Instant, db
from models.ground.tokens import new_salt, salted
from models.ground.vocabulary import State
from models.record.assessment import newest_assessment
from models.record.ticket import Ticket

PROGRESS = "progress"  # see progress, add information, confirm
CONSENT = "consent"  # agree to one revision of a plan, or not (P7.4)
DIRECTION = "direction"  # agree to the direction of a request (P8.3)
ASKED_IN = {State.AWAITING_CONSENT: CONSENT, State.AWAITING_DIRECTION: DIRECTION}


class Link(Base):
    """A door to one ticket, for one purpose and round. Viewing repeats, answering counts once."""

    __tablename__ = "link"
    __table_args__ = (Index(None, "ticket_id", "purpose", "round"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    purpose: Mapped[str] = mapped_column(String(12))
    round: Mapped[int]
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    salt: Mapped[str] = mapped_column(String(16), default=new_salt, server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket: Mapped[Ticket] = relationship(lazy="joined")

    @property
    def token(self) -> str:
        """Derived from the key, never stored: rendered only when sent, copied or shown (safety rule 27)."""
        return tokens.derive("link", salted(f"{self.id}:{self.purpose}:{self.round}", self.salt))

    @property
    def death(self) -> str:
        """Why the link no longer works: revoked, expired, superseded; "" while it lives."""
        if self.revoked_at:
            return "revoked"
        if self.expires_at <= clock.real_now():
            return "expired"
        return "superseded" if self.round != round_of(self.ticket, self.purpose) else ""


def purpose_in(state: str) -> str:
    """What the customer's link is for while the ticket stands there: a question has a link of its own (P10.3)."""
    return ASKED_IN.get(State(state), PROGRESS)


def round_of(ticket: Ticket, purpose: str) -> int:
    """What a link of this purpose must belong to: the ticket's round, its newest plan's revision, its newest
    assessment's number."""
    if purpose == CONSENT:
        return ticket.plans[-1].revision if ticket.plans else 0
    if purpose == DIRECTION:
        assessment = newest_assessment(ticket)
        return assessment.nth if assessment else 0
    return ticket.round


def open_link(ticket: Ticket, *, days: int, purpose: str = PROGRESS) -> Link:
    """The living link of this round, made if there is none; runs inside a command, after the plan or assessment that
    is asked about."""
    if found := living_link(ticket, purpose=purpose):
        return found
    now = clock.real_now()
    link = Link(
        ticket=ticket,
        purpose=purpose,
        round=round_of(ticket, purpose),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    db.session.add(link)
    db.session.flush()
    link.token_hash = tokens.digest(link.token)
    return link


def living_link(ticket: Ticket, *, purpose: str = PROGRESS) -> Link | None:
    """The link of this round that still works, if any."""
    here = {"ticket_id": ticket.id, "purpose": purpose, "round": round_of(ticket, purpose)}
    return next((link for link in db.session.scalars(_of_round(), here) if not link.death), None)


def living_links(ticket: Ticket) -> list[Link]:
    """Every door to the ticket that is open, whatever it is for."""
    links = db.session.scalars(select(Link).where(Link.ticket_id == ticket.id).order_by(Link.id))
    return [link for link in links if not link.death]


def find_link(token: str) -> Link | None:
    """The link a token opens, alive or dead; None when there is no such token."""
    return db.session.scalar(select(Link).where(Link.token_hash == tokens.digest(token)))


@cache
def _of_round() -> Select[Link]:
    """Built once; whoever asks has the ticket already."""
    here = (column == bindparam(column.key) for column in (Link.ticket_id, Link.purpose, Link.round))
    return select(Link).where(*here).order_by(Link.id.desc()).options(lazyload(Link.ticket))
