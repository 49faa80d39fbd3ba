"""The inbox: what a person has been told, one thread a ticket, the newest first. What has no ticket stands alone."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import contains_eager, joinedload

from models.ground import clock
from models.ground.db import db
from models.people.person import Person
from models.record.message import APP, Message
from models.record.ticket import IS_P0, Ticket
from models.rules.subjects import CALLS

JUST_NOW = timedelta(minutes=5)
ASSIGNED = "assigned"
EARLIER = 10  # messages of a thread that are shown below its newest


@dataclass(frozen=True)
class Thread:
    """All that somebody has been told of one ticket."""

    newest: Message
    count: int
    unread: int
    earlier: list[Message] = field(default_factory=list)  # the newest of them first, EARLIER at most

    @property
    def more(self) -> int:
        """How many there are besides."""
        return self.count - 1 - len(self.earlier)


def threads(person: Person, *, before: int | None = None, limit: int = 50) -> list[Thread]:
    """Threads by their newest message; `before`, the newest message of a thread, pages on."""
    heads = db.session.execute(_HEADS, {"person": person.id, "before": before or 2**31, "limit": limit}).all()
    found = _messages(person, [head.newest for head in heads])
    return [Thread(found[h.newest][0], h.told, h.unread, found[h.newest][1:]) for h in heads]


def newest_urgent(person: Person) -> Message | None:
    """What came just now, is not read and cannot wait: a call to a P0, an escalation, a P0 given to them."""
    wanted = (
        select(Message)
        .outerjoin(Ticket, Ticket.id == Message.ticket_id)
        .where(
            Message.person_id == person.id,
            Message.channel == APP,
            Message.read_at.is_(None),
            Message.created_at > clock.now() - JUST_NOW,
            Message.template.in_(CALLS) | ((Message.template == ASSIGNED) & IS_P0),
        )
        .options(contains_eager(Message.ticket))
    )
    return db.session.scalar(wanted.order_by(Message.id.desc()).limit(1))


def _messages(person: Person, newest: list[int]) -> dict[int, list[Message]]:
    """For each of these newest messages: itself, and those of the same ticket before it."""
    rows = select(Message).join(_PLACES, _PLACES.c.id == Message.id).where(_PLACES.c.place <= EARLIER + 1)
    rows = rows.options(joinedload(Message.ticket)).order_by(Message.id.desc())
    found: dict[int, list[Message]] = defaultdict(list)
    heads: dict[int, int] = {}  # thread → its newest message
    for message in db.session.scalars(rows, {"person": person.id, "newest": newest}):
        found[heads.setdefault(message.ticket_id or -message.id, message.id)].append(message)
    return found


_MINE = (Message.person_id == bindparam("person"), Message.channel == APP)
_THREAD = func.coalesce(Message.ticket_id, -Message.id)
_NEWEST = func.max(Message.id)
_HEADS = (
    select(
        _NEWEST.label("newest"),
        func.count().label("told"),
        func.sum(case((Message.read_at.is_(None), 1), else_=0)).label("unread"),
    )
    .where(*_MINE)
    .group_by(_THREAD)
    .having(bindparam("before") > _NEWEST)
    .order_by(_NEWEST.desc())
    .limit(bindparam("limit"))
)
_THREADS_HERE = select(_THREAD).where(Message.id.in_(bindparam("newest", expanding=True)))
_PLACES = (
    select(
        Message.id,
        func.row_number().over(partition_by=_THREAD, order_by=Message.id.desc()).label("place"),
    )
    .where(*_MINE, _THREAD.in_(_THREADS_HERE))
    .subquery()
)
