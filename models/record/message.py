"""Messages: the outbox and the inbox in one table. Owed in the transaction of the event, sent from here."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, bindparam, func, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock, tokens
from models.ground.db import Base, Instant, command, db
from models.people.customer import Contact
from models.people.person import Person
from models.record.ticket import Ticket

APP, MAIL = "app", "mail"
QUEUED, SENT, FAILED = "queued", "sent", "failed"
LEASE = timedelta(seconds=6)
PAUSES = (10, 30, 120, 600, 1800, 3600, 7200)  # seconds before each further try; then it is failed


class Message(Base):
    """One thing owed to one reader on one channel. The text is made when it is sent, so no secret is stored."""

    __tablename__ = "message"
    __table_args__ = (
        Index(None, "state", "next_try_at"),
        Index(None, "person_id", "channel", "read_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # nobody is told the same thing twice
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    template: Mapped[str] = mapped_column(String(24))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    channel: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    state: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)  # real time; a lease while being sent
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str] = mapped_column(Text, default="")
    ticket: Mapped[Ticket | None] = relationship()
    person: Mapped[Person | None] = relationship()
    contact: Mapped[Contact | None] = relationship()

    @property
    def message_id(self) -> str:
        """Deterministic: a re-send after a crash carries the same Message-ID, so readers see it once."""
        return f"<{tokens.derive('message-id', self.key)[:32]}@bihuan>"

    @property
    def reader(self) -> Person | Contact:
        """Whom it is for."""
        reader = self.person or self.contact
        assert reader is not None
        return reader


def due(limit: int = 100) -> list[int]:
    """Mail that is ready to be sent, oldest first."""
    return list(
        db.session.scalars(
            select(Message.id)
            .where(Message.state == QUEUED, Message.next_try_at <= clock.real_now())
            .order_by(Message.next_try_at, Message.id)
            .limit(limit)
        )
    )


@command
def claim(message_id: int) -> Message | None:
    """Take the message for six seconds, if nobody else has it; None when there is nothing to do."""
    now = clock.real_now()
    taken = db.session.execute(
        update(Message)
        .where(Message.id == message_id, Message.state == QUEUED, Message.next_try_at <= now)
        .values(next_try_at=now + LEASE, attempts=Message.attempts + 1)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    message = db.session.get(Message, message_id, populate_existing=True) if taken else None
    if message and message.attempts > len(PAUSES) + 1:  # it ends whoever sends it: people have to look
        message.state, message.next_try_at, message.error = FAILED, None, "tried too often"
        return None
    return message


@command
def renew(message_id: int) -> None:
    """Keep the claim for six more seconds: the sending is still under way."""
    db.session.execute(
        update(Message)
        .where(Message.id == message_id, Message.state == QUEUED)
        .values(next_try_at=clock.real_now() + LEASE)
    )


@command
def sent(message_id: int) -> None:
    """The other side took the message."""
    db.session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(state=SENT, sent_at=clock.real_now(), next_try_at=None, error="")
    )


@command
def failed(message_id: int, *, error: str, permanent: bool = False) -> None:
    """The message did not go: try again after a growing pause or, for good, show it to people."""
    message = db.session.get_one(Message, message_id, with_for_update=True)
    message.error = error[:500]
    if permanent or message.attempts > len(PAUSES):
        message.state, message.next_try_at = FAILED, None
    else:
        pause = PAUSES[min(message.attempts, len(PAUSES)) - 1]
        message.next_try_at = clock.real_now() + timedelta(seconds=pause)


@command
def try_again(message_id: int) -> None:
    """Put a failed message back into the outbox."""
    db.session.execute(
        update(Message)
        .where(Message.id == message_id, Message.state == FAILED)
        .values(state=QUEUED, attempts=0, next_try_at=clock.real_now())
    )


@command
def mark_read(person: Person, *, upto: int) -> None:
    """Everything in the person's inbox up to message `upto` has been seen."""
    db.session.execute(
        update(Message)
        .where(
            Message.person_id == person.id,
            Message.channel == APP,
            Message.id <= upto,
            Message.read_at.is_(None),
        )
        .values(read_at=clock.now())
    )


def inbox(person: Person, *, before: int | None = None, limit: int = 50) -> list[Message]:
    """The person's messages in the application, newest first; `before` pages on."""
    wanted = select(Message).options(joinedload(Message.ticket))
    wanted = wanted.where(Message.person_id == person.id, Message.channel == APP)
    if before:
        wanted = wanted.where(Message.id < before)
    return list(db.session.scalars(wanted.order_by(Message.id.desc()).limit(limit)))


def outbox(state: str, *, before: int | None = None, limit: int = 50) -> list[Message]:
    """Mail in one state, newest first; `before` pages on."""
    wanted = select(Message).where(Message.channel == MAIL, Message.state == state)
    wanted = wanted.options(joinedload(Message.ticket), joinedload(Message.person), joinedload(Message.contact))
    if before:
        wanted = wanted.where(Message.id < before)
    return list(db.session.scalars(wanted.order_by(Message.id.desc()).limit(limit)))


def unread_count(person: Person) -> int:
    """How many messages wait in the person's inbox; counts to 100 and no further."""
    return db.session.connection().scalar(_UNREAD, {"person": person.id}) or 0


_UNREAD = select(func.count()).select_from(  # every page asks, so it is built once
    select(Message.id)
    .where(Message.person_id == bindparam("person"), Message.channel == APP, Message.read_at.is_(None))
    .limit(100)
    .subquery()
)


def oldest_wait() -> float:
    """Seconds that the oldest ready message has been waiting; 0 when the outbox is empty."""
    at = db.session.scalar(select(func.min(Message.next_try_at)).where(Message.state == QUEUED))
    return max((clock.real_now() - at).total_seconds(), 0.0) if at else 0.0
