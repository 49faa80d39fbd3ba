"""Sign-in sessions and password resets, kept on the server; only digests of their tokens are stored."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, bindparam, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock, tokens
from models.ground.db import Base, Instant, db
from models.people.person import Person

SESSION_LASTS = timedelta(days=14)
RESET_LASTS = timedelta(hours=1)
CODE_LASTS = timedelta(hours=24)  # of a reset that an administrator hands over as a code
CODE_SHOWN_FOR = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)


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
    seen_at: Mapped[datetime | None] = mapped_column(Instant)  # something was done from it, to a few minutes
    proved_at: Mapped[datetime | None] = mapped_column(Instant)  # the password was typed in it last
    person: Mapped[Person] = relationship(lazy="joined")


class PasswordReset(Base):
    """A request to set a new password; its token is derived when the mail is written, used once."""

    __tablename__ = "password_reset"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    is_code: Mapped[bool] = mapped_column(default=False)  # handed over by an administrator, not mailed
    person: Mapped[Person] = relationship(lazy="joined")

    @property
    def code(self) -> str:
        """What an administrator reads aloud."""
        return tokens.typeable("reset-code", f"{self.id}:{self.nonce}")

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
            seen_at=now,
            proved_at=now,
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


def sessions_of(person: Person) -> list[Session]:
    """Where the person is signed in, the newest first."""
    living = select(Session).where(
        Session.person_id == person.id, Session.epoch == person.epoch, Session.ended_at.is_(None),
        Session.expires_at > clock.real_now(),
    )  # fmt: skip
    return list(db.session.scalars(living.order_by(Session.id.desc())).unique())


def has_been_here(person: Person) -> bool:
    """Whether the person has ever signed in."""
    return db.session.scalar(select(Session.id).where(Session.person_id == person.id).limit(1)) is not None


def see(digest: str) -> None:
    """Something was done from this session; runs inside a command."""
    seen = update(Session).where(Session.token_hash == digest).values(seen_at=clock.real_now())
    db.session.execute(seen.execution_options(synchronize_session=False))


def code_of(typed: str) -> PasswordReset | None:
    """The reset that an administrator's code opens, if it is still good and its person's account is open."""
    said = "".join(letter for letter in typed.upper() if letter.isalnum()).encode()
    good = select(PasswordReset).where(
        PasswordReset.is_code, PasswordReset.used_at.is_(None), PasswordReset.expires_at > clock.real_now(),
        PasswordReset.person.has(Person.active),
    )  # fmt: skip
    fitting = [
        reset
        for reset in db.session.scalars(good).unique()
        if secrets.compare_digest(reset.code.replace("-", "").encode(), said)
    ]
    return fitting[0] if fitting else None


def code_to_show(person: Person) -> PasswordReset | None:
    """A code that was made for the person a moment ago and not used yet."""
    newest = (
        select(PasswordReset)
        .where(PasswordReset.person_id == person.id, PasswordReset.is_code, PasswordReset.used_at.is_(None))
        .order_by(PasswordReset.id.desc())
        .limit(1)
    )
    found = db.session.scalar(newest)
    fresh = found and found.expires_at - CODE_LASTS + CODE_SHOWN_FOR > clock.real_now()
    return found if fresh else None


def reset_of(token: str) -> PasswordReset | None:
    """The reset this token opens, if it is still good and its person's account is open."""
    number, _, _secret = token.partition(".")
    found = (
        db.session.get(PasswordReset, int(number))
        if number.isascii() and number.isdigit() and len(number) < 12
        else None
    )
    if not found or found.used_at or found.expires_at <= clock.real_now():
        return None
    return found if secrets.compare_digest(found.token, token) and found.person.active else None


def use_up_resets(person: Person) -> None:
    """No link or code that was given out opens anything any more; runs inside a command."""
    unused = update(PasswordReset).where(PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None))
    db.session.execute(unused.values(used_at=clock.real_now()))
