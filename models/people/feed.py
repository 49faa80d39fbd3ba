"""Calendars that somebody subscribes to: one address each for their turns and for their due times, a key of its own."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, select, text, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock, tokens
from models.ground.db import Base, Instant, db, index_of_some
from models.ground.tokens import new_salt, salted
from models.people.person import Person

ONCALL, DUE = "oncall", "due"
KINDS = (ONCALL, DUE)
_LIVES = text("ended_at IS NULL")


class Feed(Base):
    """One address. Renewed, it ends, and another row has another token; of a kind a person has one that lives."""

    __tablename__ = "feed"
    __table_args__ = (index_of_some("ix_feed_living", "person_id", "kind", unique=True, where=_LIVES),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(8))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    salt: Mapped[str] = mapped_column(String(16), default=new_salt, server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    person: Mapped[Person] = relationship()

    @property
    def token(self) -> str:
        """Derived from the key, never stored: only its owner's page shows it."""
        return tokens.derive("feed", salted(f"{self.id}:{self.kind}", self.salt))


def open_feed(person: Person, kind: str) -> Feed:
    """A new address; the one before it opens nothing any more. Runs inside a command."""
    end_feeds(person, kind)
    feed = Feed(person_id=person.id, kind=kind, created_at=clock.real_now())
    db.session.add(feed)
    db.session.flush()
    feed.token_hash = tokens.digest(feed.token)
    return feed


def end_feeds(person: Person, *kinds: str) -> None:
    """Their addresses of these kinds, or all of them, open nothing any more. Runs inside a command."""
    living = Feed.ended_at.is_(None) & (Feed.person_id == person.id) & Feed.kind.in_(kinds or KINDS)
    db.session.execute(update(Feed).where(living).values(ended_at=clock.real_now()))


def feeds_of(person: Person) -> dict[str, Feed]:
    """Kind → the address that lives."""
    living = select(Feed).where(Feed.person_id == person.id, Feed.ended_at.is_(None))
    return {feed.kind: feed for feed in db.session.scalars(living)}


def find_feed(token: str, kind: str) -> Feed | None:
    """The feed that a token opens, alive or dead; None when there is no such token."""
    wanted = select(Feed).where(Feed.token_hash == tokens.digest(token), Feed.kind == kind)
    whose = joinedload(Feed.person).selectinload(Person.roles_held)
    return db.session.scalars(wanted.options(whose)).one_or_none()
