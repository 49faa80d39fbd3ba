"""Sign-in sessions and password resets, kept on the server; only digests of their tokens are stored."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, bindparam, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock, tokens
from models.ground.db import Base, Instant, db
from models.people.person import Person

SESSION_LASTS = timedelta(days=14)
RESET_LASTS = timedelta(hours=1)


class Session(Base):
    """One browser signed in. Ends by sign-out, by its limit, or when the person's epoch rises."""

    __tablename__ = "session"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    browser: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[Person] = relationship(lazy="joined")


class PasswordReset(Base):
    """A request to set a new password; its token is derived when the mail is written, used once."""

    __tablename__ = "password_reset"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    person: Mapped[Person] = relationship(lazy="joined")

    @property
    def token(self) -> str:
        """`<id>.<secret>`: the id finds the row, the secret proves the mail was read."""
        return f"{self.id}.{tokens.derive('password-reset', f'{self.id}:{self.nonce}')}"


def open_session(person: Person, *, browser: str) -> str:
    """Start a session for the person and return its token; runs inside a command."""
    token = secrets.token_urlsafe(32)
    now = clock.real_now()
    db.session.add(
        Session(
            person_id=person.id,
            token_hash=tokens.digest(token),
            epoch=person.epoch,
            created_at=now,
            expires_at=now + SESSION_LASTS,
            browser=browser[:200],
        )
    )
    return token


def session_of(token: str) -> Session | None:
    """The living session with this token: not ended, not expired, of an active person's present epoch."""
    found = db.session.scalars(_SESSION, {"digest": tokens.digest(token)}).unique().one_or_none()
    if not found or found.ended_at or found.expires_at <= clock.real_now():
        return None
    return found if found.person.active and found.epoch == found.person.epoch else None


# Every request asks it, so it is built once, and is one statement.
_SESSION = (
    select(Session)
    .where(Session.token_hash == bindparam("digest"))
    .options(joinedload(Session.person).joinedload(Person.roles_held))
)


def reset_of(token: str) -> PasswordReset | None:
    """The reset this token opens, if it is still good."""
    number, _, _secret = token.partition(".")
    found = (
        db.session.get(PasswordReset, int(number))
        if number.isascii() and number.isdigit() and len(number) < 12
        else None
    )
    if not found or found.used_at or found.expires_at <= clock.real_now():
        return None
    return found if secrets.compare_digest(found.token, token) else None
