"""Messages: the outbox and the inbox in one table. Owed in the transaction of the event, sent from here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.ground import clock, tokens
from models.ground.db import Base, Instant, command, db, index_of_some
from models.ground.errors import Missing
from models.people.customer import Contact
from models.people.person import Person
from models.record import known_letter, outage
from models.record.event import Event
from models.record.ticket import Ticket

APP, MAIL = "app", "mail"
QUEUED, SENT, FAILED = "queued", "sent", "failed"
LEASE = timedelta(seconds=6)
LEFT_FOR = timedelta(seconds=30)
CROWD = 200  # messages that are due; with more the ticker sends, too
LONGEST_LETTER = 1_000  # messages; what is more makes another letter
KNOWN = "known from the sent-journal"  # in the place of a server's answer
TRIAL = "trial"  # the letter that shows whether letters arrive
OF_A_MARK = ("warned", "escalated")  # events
MARK = ("kind", "round", "mark", "percent", "due")  # what tells one mark of a ticket from another
JOINED = ("warning", "escalated")  # what arises in one minute for one person goes out as one letter
JOINED_FOR = timedelta(minutes=1)
PAUSES = (10, 30, 120, 600, 1800, 3600, 7200)  # seconds before each further try; then it is failed

IS_NEWS = text("event_id IS NULL AND channel = 'app'")  # in an inbox, and no event rings for it
_IS_JOINED = text("letter_id IS NOT NULL")


class Message(Base):
    """One thing owed to one reader on one channel. The text is made when it is sent, so no secret is stored."""

    __tablename__ = "message"
    __table_args__ = (
        Index(None, "state", "next_try_at"),
        Index(None, "person_id", "channel", "read_at"),
        index_of_some("ix_message_news", "id", where=IS_NEWS),
        index_of_some("ix_message_letter_id", "letter_id", where=_IS_JOINED),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # nobody is told the same thing twice
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    template: Mapped[str] = mapped_column(String(24))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    letter_id: Mapped[int | None] = mapped_column()  # the first message of the letter that it is part of
    collected: Mapped[bool] = mapped_column(default=False)  # it waits for the letter of the day
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
    answer: Mapped[str] = mapped_column(Text, server_default="")  # what the other side said when it took the letter
    ticket: Mapped[Ticket | None] = relationship()
    event: Mapped[Event | None] = relationship()
    person: Mapped[Person | None] = relationship()
    contact: Mapped[Contact | None] = relationship()

    @property
    def message_id(self) -> str:
        """Deterministic: a re-send after a crash carries the same Message-ID, so readers see it once."""
        return f"<{tokens.derive('message-id', self._matter)[:32]}@bihuan>"

    @property
    def _matter(self) -> str:
        """What it says, to whom, whatever numbers its rows have: after a restore other rows are given the same ones.

        A mark of a clock is the same matter when it fires once more after a restore; nothing else is.
        """
        name = self.key.partition(":")[2]
        if self.event is None or self.ticket is None:
            return f"{self.key}:{self.created_at.isoformat()}"
        said = self.event.details
        if self.event.name not in OF_A_MARK:
            return f"{self.event.chain}:{name}"
        mark = [self.event.name, *(str(said.get(part)) for part in MARK)]
        return ":".join([self.ticket.number, self.ticket.created_at.isoformat(), *mark, name, self.reader.email])

    @property
    def joins(self) -> ColumnElement[bool] | None:
        """What it goes out with, of the same person: the news of the day or the minute's warnings. None: nothing."""
        if self.person_id is None or not (self.collected or self.template in JOINED):
            return None
        return Message.collected.is_(True) if self.collected else Message.template.in_(JOINED)

    @property
    def reader(self) -> Person | Contact:
        """Whom it is for."""
        reader = self.person or self.contact
        assert reader is not None
        return reader


def first_try(template: str, now: datetime) -> datetime:
    """When a mail goes out: at once; what is joined waits for the end of its minute (P0 calls are never joined)."""
    return now.replace(second=0, microsecond=0) + JOINED_FOR if template in JOINED else now


def news(limit: int = 200) -> list[tuple[int, int]]:
    """The newest messages of inboxes that belong to no event: (id, whose)."""
    newest = select(Message.id, Message.person_id).where(IS_NEWS).order_by(Message.id.desc()).limit(limit)
    return [(row.id, row.person_id) for row in db.session.execute(newest)]


def due(limit: int = 100) -> list[int]:
    """Mail that may be sent now, oldest first; of what goes out as one letter, one. In an outage one, after a pause."""
    now = clock.real_now()
    ready = (
        select(Message.id, Message.letter_id, Message.person_id, Message.template, Message.collected)
        .where(Message.state == QUEUED, Message.next_try_at <= now, _IS_MAIL)
        .order_by(Message.next_try_at, Message.id)
    )
    rows = db.session.execute(ready.limit(limit)).all()
    if rows and (away := outage.outage_of(MAIL)):
        rows = [*(rows[:1] if away.next_try_at <= now else ()), *db.session.execute(ready.where(*_IS_FIRST_TRIAL))]
    letters: dict[tuple[str, int], int] = {}
    for row in rows:
        joins = (row.collected or row.template in JOINED) and row.person_id and not row.letter_id
        kind = "news" if row.collected else "minute"
        letters.setdefault((kind, row.person_id) if joins else ("letter", row.letter_id or row.id), row.id)
    return list(letters.values())


def is_crowd() -> bool:
    """Whether so much mail is due that a second sender helps."""
    wanted = select(Message.id).where(Message.state == QUEUED, Message.next_try_at <= clock.real_now(), _IS_MAIL)
    return db.session.scalar(wanted.offset(CROWD).limit(1)) is not None


def claim(message_id: int) -> Message | None:
    """Take the letter that the message is part of for six seconds, if nobody else has it; None: nothing to do.

    What comes back is the letter's first message; `together` has all of them.
    """
    try:
        return _claim(message_id)
    except _NotItsTurn:
        return None


class _NotItsTurn(Exception):
    """Another letter tries whether letters are let in again: this one stays as it was."""


@command
def _claim(message_id: int) -> Message | None:
    now = clock.real_now()
    first = _letter_of(message_id, now)
    taken = db.session.execute(
        update(Message)
        .where(_in_letter(first), Message.state == QUEUED, Message.next_try_at <= now, _IS_MAIL)
        .values(next_try_at=now + LEASE, attempts=Message.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    message = db.session.get_one(Message, first, populate_existing=True)
    if known_letter.known_of([message.message_id]):
        _mark_known(_in_letter(first))
        return None
    if message.attempts > len(PAUSES) + 1:  # it ends whoever sends it: people have to look
        _write(first, state=FAILED, next_try_at=None, error="tried too often")
        return None
    is_first_trial = message.template == TRIAL and message.error == ""
    if not (is_first_trial or outage.may_try(MAIL)):
        raise _NotItsTurn
    return message


def together(message: Message) -> list[Message]:
    """Everything that goes out in the same letter, in the order in which it arose."""
    if message.letter_id is None:
        return [message]
    wanted = select(Message).where(Message.letter_id == message.letter_id).order_by(Message.id)
    return list(db.session.scalars(wanted.options(joinedload(Message.ticket), joinedload(Message.event))))


@command
def renew(message_id: int) -> None:
    """Keep the claim for six more seconds: the sending is still under way."""
    db.session.execute(
        update(Message)
        .where(_in_letter(message_id), Message.state == QUEUED)
        .values(next_try_at=clock.real_now() + LEASE)
    )


@command
def sent(message_id: int, *, answer: str = "") -> None:
    """The other side took the letter: all of it, in one transaction."""
    if answer != KNOWN:
        outage.is_over(MAIL)
    _write(message_id, state=SENT, sent_at=clock.real_now(), next_try_at=None, error="", answer=answer)


@command
def failed(message_id: int, *, error: str, permanent: bool = False, is_answer: bool = False) -> None:
    """The letter did not go: try again after a growing pause or, for good, show it to people.

    `is_answer`: the other side said so, of this letter; it lets letters in.
    """
    (outage.is_over if is_answer else outage.hand_back)(MAIL)
    _put_off(message_id, error=error, permanent=permanent)


@command
def unheard(message_id: int, *, error: str, is_refused: bool = False, is_offered: bool = False) -> None:
    """Nobody said anything of the letter, so no other goes until one is let in.

    It stays due, and the try does not count, unless the letter had been offered: that may be what silences the server.
    `is_refused`: whoever answers does not let us in, whatever the letter.
    """
    since = outage.note(MAIL, error, is_refused=is_refused)
    if is_offered:
        _put_off(message_id, error=error)
    else:
        first = min(since, _earliest() or since)  # it keeps its place before those that were owed after it
        _write(message_id, next_try_at=first, attempts=Message.attempts - 1, error=error[:500])


def _put_off(message_id: int, *, error: str, permanent: bool = False) -> None:
    message = db.session.get_one(Message, message_id, with_for_update=True)
    if permanent or message.attempts > len(PAUSES):
        _write(message_id, state=FAILED, next_try_at=None, error=error[:500])
    else:
        pause = PAUSES[min(message.attempts, len(PAUSES)) - 1]
        _write(message_id, next_try_at=clock.real_now() + timedelta(seconds=pause), error=error[:500])


@command
def leave(message_id: int) -> None:
    """Whoever tried cannot write this letter, a newer version can: the try does not count, and another comes soon."""
    outage.hand_back(MAIL)
    later = clock.real_now() + LEFT_FOR
    _write(message_id, next_try_at=later, attempts=Message.attempts - 1, error="of a newer version")


def put_back(message_id: int) -> bool:
    """A failed letter waits in the outbox again, all of it; whether it had failed. Runs inside a command."""
    first = db.session.get_one(Message, message_id).letter_id or message_id
    waits = {"state": QUEUED, "attempts": 0, "next_try_at": clock.real_now()}
    failed = update(Message).where(_in_letter(first), Message.state == FAILED).values(waits)
    return bool(db.session.execute(failed).rowcount)  # type: ignore[attr-defined]


@command
def try_again(message_id: int) -> None:
    """The same by itself, on nobody's word."""
    put_back(message_id)


def hold_back() -> int:
    """What waits is not sent until a person lets it go; how many. Runs inside a command."""
    held = update(Message).where(Message.channel == MAIL, Message.state == QUEUED).values(next_try_at=None)
    return int(db.session.execute(held).rowcount)  # type: ignore[attr-defined]


def count_held() -> int:
    """How many letters a restore has held back."""
    return db.session.scalar(select(func.count()).select_from(Message).where(*_HELD)) or 0


def release() -> int:
    """What was held back leaves; how many. Runs inside a command."""
    gone = update(Message).where(*_HELD).values(next_try_at=clock.real_now())
    return int(db.session.execute(gone).rowcount)  # type: ignore[attr-defined]


def bring_forward() -> None:
    """The clock was set back: what was to leave at once in the time that is to come again leaves now; runs inside a
    command. Not what has been tried, whose pause may be somebody's lease, and what waits for the end of quiet hours."""
    now = clock.real_now()
    is_quiet = select(Person.id).where(Person.id == Message.person_id, Person.quiet_from != "").exists()
    waits = update(Message).where(_IS_MAIL, Message.state == QUEUED, Message.attempts == 0, ~is_quiet)
    is_at_once = waits.where(Message.collected.is_(False), Message.next_try_at > now + JOINED_FOR)
    db.session.execute(is_at_once.values(next_try_at=now).execution_options(synchronize_session=False))


def hasten(at: datetime, whose: ColumnElement[bool]) -> None:
    """What was collected and has not begun to leave goes out at `at`; runs inside a command."""
    waits = update(Message).where(whose, Message.collected.is_(True), Message.state == QUEUED, Message.next_try_at > at)
    has_not_begun = waits.where(Message.letter_id.is_(None)).values(next_try_at=at)
    db.session.execute(has_not_begun.execution_options(synchronize_session=False))


_IS_MAIL = Message.channel == literal_column(f"'{MAIL}'")  # other channels are of a newer version
_IS_FIRST_TRIAL = (
    Message.template == TRIAL,
    Message.error == "",
)  # who sends one wants to know now; then it waits, too
_HELD = (Message.channel == MAIL, Message.state == QUEUED, Message.next_try_at.is_(None))


def _letter_of(message_id: int, now: datetime) -> int:
    """The first message of the letter. A letter is put together once and never changes: another try says the same."""
    found = db.session.get(Message, message_id)
    if found is None or found.joins is None:
        return message_id
    one_at_a_time = select(Person.id).where(Person.id == found.person_id).with_for_update(key_share=True)
    db.session.execute(one_at_a_time)
    db.session.refresh(found)
    if found.letter_id is None:
        ready = select(Message.id).where(
            Message.person_id == found.person_id, Message.channel == MAIL, Message.state == QUEUED,
            found.joins, Message.letter_id.is_(None), Message.next_try_at <= now,
        )  # fmt: skip
        ids = _unknown(db.session.scalars(ready.order_by(Message.id).limit(LONGEST_LETTER)).all())
        if ids:
            db.session.execute(update(Message).where(Message.id.in_(ids)).values(letter_id=ids[0]))
            db.session.refresh(found)
    return found.letter_id or message_id


def _unknown(ids: Sequence[int]) -> Sequence[int]:
    """Those that may go into a new letter: what has left before a restore is no part of it."""
    if known_letter.is_empty():
        return ids
    ids_by_header = {m.message_id: m.id for m in db.session.scalars(select(Message).where(Message.id.in_(ids)))}
    known = known_letter.known_of(ids_by_header)
    gone = [id_ for header, id_ in ids_by_header.items() if header in known]
    _mark_known(Message.id.in_(gone))
    return [id_ for id_ in ids if id_ not in gone]


def _mark_known(which: ColumnElement[bool]) -> None:
    known = {"state": SENT, "sent_at": clock.real_now(), "next_try_at": None, "error": "", "answer": KNOWN}
    db.session.execute(update(Message).where(which).values(known).execution_options(synchronize_session=False))


def _in_letter(first: int) -> ColumnElement[bool]:
    return or_(Message.id == first, Message.letter_id == first)


def _write(first: int, **values: Any) -> None:
    db.session.execute(update(Message).where(_in_letter(first)).values(**values))


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


@command
def mark_unread(person: Person, *, message_id: int) -> None:
    """One message of the person's own inbox is to be looked at again. Raises Missing for any other."""
    own = (Message.person_id == person.id, Message.channel == APP, Message.id == message_id)
    marked = db.session.execute(update(Message).where(*own).values(read_at=None))
    if not marked.rowcount:  # type: ignore[attr-defined]
        raise Missing("There is no such message.")


def outbox(state: str, *, before: int | None = None, limit: int = 50) -> list[Message]:
    """Mail in one state, newest first; `before` pages on."""
    wanted = select(Message).where(Message.channel == MAIL, Message.state == state)
    wanted = wanted.options(joinedload(Message.ticket), joinedload(Message.person), joinedload(Message.contact))
    if before:
        wanted = wanted.where(Message.id < before)
    return list(db.session.scalars(wanted.order_by(Message.id.desc()).limit(limit)))


def last_trial(person: Person) -> Message | None:
    """The newest letter of trial that the person sent to themselves; None when there was never one."""
    own = select(Message).where(Message.person_id == person.id, Message.template == TRIAL)
    return db.session.scalar(own.order_by(Message.id.desc()).limit(1))


def unread_count(person: Person) -> int:
    """How many messages wait in the person's inbox; counts to 100 and no further."""
    return db.session.connection().scalar(_UNREAD, {"person": person.id}) or 0


_UNREAD = select(func.count()).select_from(  # every page asks, so it is built once
    select(Message.id)
    .where(Message.person_id == bindparam("person"), Message.channel == APP, Message.read_at.is_(None))
    .limit(100)
    .subquery()
)


def unsent_for() -> float:
    """Seconds for which a letter could have been sent, and was not; in an outage those since its pause."""
    away = outage.outage_of(MAIL)
    since_pause = (clock.real_now() - away.next_try_at).total_seconds() if away else float("inf")
    return max(min(oldest_wait(), since_pause), 0.0)


def oldest_wait() -> float:
    """Seconds that the oldest ready message has been waiting; 0 when the outbox is empty."""
    at = _earliest()
    return max((clock.real_now() - at).total_seconds(), 0.0) if at else 0.0


def _earliest() -> datetime | None:
    return db.session.scalar(select(func.min(Message.next_try_at)).where(Message.state == QUEUED))
