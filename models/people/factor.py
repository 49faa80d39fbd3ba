"""What somebody has beside a password: an application that counts codes, recovery codes, passkeys.

Secrets are derived from the key and stand in no table; of a passkey only its public half is known here.
"""

import base64
import secrets
import unicodedata
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import BigInteger, ForeignKey, String, Text, exists, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock, tokens
from models.ground.db import Base, Instant, db
from models.people.organisation import roles_with_factor
from models.people.person import Person

STEP = 30  # seconds that a code stands
CODES = 10  # recovery codes of one set
SHOWN_FOR = timedelta(minutes=10)  # after which a new set is shown nowhere


def _nonce() -> str:
    return secrets.token_hex(16)


class Authenticator(Base):
    """An application on a telephone that shows a new code every 30 s (TOTP). It counts once a code was typed."""

    __tablename__ = "authenticator"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    nonce: Mapped[str] = mapped_column(String(32), default=_nonce)
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.real_now)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    last_step: Mapped[int] = mapped_column(default=0)  # of the newest code that was taken: none is taken twice

    @property
    def secret(self) -> str:
        """What the application is told, in base 32."""
        return base64.b32encode(tokens.mac("totp", f"{self.person_id}:{self.nonce}".encode())[:20]).decode()

    def address(self, *, login: str, house: str) -> str:
        """The same as `otpauth:`, for a QR code."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=login, issuer_name=house)

    def step_of(self, code: str) -> int | None:
        """Which step the code is of: this one or a neighbour, for clocks differ; None when it is of none, or used."""
        said, now = _plain(code), int(clock.real_now().timestamp()) // STEP
        code_at = pyotp.TOTP(self.secret).generate_otp
        fitting = [step for step in (now - 1, now, now + 1) if secrets.compare_digest(code_at(step).encode(), said)]
        return next((step for step in fitting if step > self.last_step), None)


class RecoveryCode(Base):
    """One of ten words for whoever has lost the telephone; each opens once."""

    __tablename__ = "recovery_code"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(32), default=_nonce)
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.real_now)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def code(self) -> str:
        return tokens.typeable("recovery", f"{self.person_id}:{self.nonce}")


class Passkey(Base):
    """A key that a device or a stick keeps; `sign_count` rises where it counts at all."""

    __tablename__ = "passkey"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    credential: Mapped[str] = mapped_column(String(1400), unique=True)  # its id, base64url
    public_key: Mapped[str] = mapped_column(Text)  # COSE, base64url
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.real_now)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


def authenticator_of(person: Person) -> Authenticator | None:
    """The application of this person, confirmed or not."""
    return db.session.scalar(select(Authenticator).where(Authenticator.person_id == person.id))


def passkeys_of(person: Person) -> list[Passkey]:
    return list(db.session.scalars(select(Passkey).where(Passkey.person_id == person.id).order_by(Passkey.id)))


def find_passkey(credential: str) -> Passkey | None:
    """The passkey with this id, of somebody whose account is open."""
    known = select(Passkey).join(Person, Person.id == Passkey.person_id)
    return db.session.scalar(known.where(Passkey.credential == credential, Person.active))


def codes_left(person: Person) -> list[RecoveryCode]:
    """Recovery codes that still open."""
    left = select(RecoveryCode).where(RecoveryCode.person_id == person.id, RecoveryCode.used_at.is_(None))
    return list(db.session.scalars(left.order_by(RecoveryCode.id)))


def codes_to_show(person: Person) -> list[RecoveryCode]:
    """The new ones, as long as they may be read."""
    return [code for code in codes_left(person) if clock.real_now() - code.made_at < SHOWN_FOR]


def asks_for_more(person: Person) -> bool:
    """Whether the password alone does not let this person in."""
    confirmed = exists().where(Authenticator.person_id == person.id, Authenticator.confirmed_at.is_not(None))
    return bool(db.session.scalar(select(confirmed | exists().where(Passkey.person_id == person.id))))


def owes_factor(person: Person) -> bool:
    """Whether a role of theirs is let in with a second factor only, and they have none."""
    return bool(person.roles.intersection(roles_with_factor())) and not asks_for_more(person)


def take_code(held: Authenticator, code: str) -> bool:
    """Use the code up; runs inside a command. Of two who send the same one, one is taken."""
    step = held.step_of(code)
    if step is None:
        return False
    newer = update(Authenticator).where(Authenticator.id == held.id, Authenticator.last_step < step)
    taken = db.session.execute(newer.values(last_step=step).execution_options(synchronize_session=False))
    db.session.refresh(held)
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def take_recovery_code(person: Person, code: str) -> bool:
    """The same with one of the ten."""
    said = _plain(code)
    for held in codes_left(person):
        if secrets.compare_digest(_plain(held.code), said):
            unused = update(RecoveryCode).where(RecoveryCode.id == held.id, RecoveryCode.used_at.is_(None))
            return bool(db.session.execute(unused.values(used_at=clock.real_now())).rowcount)  # type: ignore[attr-defined]
    return False


def _plain(code: str) -> bytes:
    """As it was meant, however it was typed: full-width digits, blanks, hyphens, small letters."""
    said = unicodedata.normalize("NFKC", code[:60]).upper()
    return "".join(letter for letter in said if letter.isalnum() and letter.isascii()).encode()
