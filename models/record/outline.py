"""What the ladder asks of a clock that has come due, and of its ticket: plain values, hundreds read in one statement.

They stand in for the rows, which are looked for only if something else is asked. What a mark changes of them is written
by whoever read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.people.person import Person
from models.people.team import Team
from models.policy.clockface import Limit
from models.policy.version import PolicyVersion
from models.record.deadline import RUNNING, Deadline
from models.record.limit import limit_of
from models.record.ticket import Ticket


class Known(dict[tuple[type, int | None], Any]):
    """The few people, teams and policies that many outlines name, each looked for once."""

    def __missing__(self, key: tuple[type, int | None]) -> Any:
        kind, id_ = key
        self[key] = db.session.get(kind, id_) if id_ else None
        return self[key]


@dataclass(slots=True)
class TicketOutline:
    """The ticket, as far as the ladder goes."""

    known: Known
    id: int
    state: str
    version: int
    seq: int
    chain: str
    category: str
    escalation: int
    team_id: int | None
    assignee_id: int | None
    policy_version_id: int

    @property
    def team(self) -> Any:
        return self.known[Team, self.team_id]

    @property
    def assignee(self) -> Any:
        return self.known[Person, self.assignee_id]

    @property
    def policy_version(self) -> Any:
        return self.known[PolicyVersion, self.policy_version_id]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.known[Ticket, self.id], name)


@dataclass(slots=True)
class DeadlineOutline:
    """The clock; it runs, and its mark is due."""

    known: Known
    ticket: TicketOutline
    id: int
    ticket_id: int
    policy_version_id: int | None
    kind: str
    round: int
    severity: str
    state: str
    started_at: datetime
    due_at: datetime
    mark: int
    ring_at: datetime | None
    breached_at: datetime | None
    acknowledged_at: datetime | None
    limit_amount: int | None
    limit_basis: str | None
    climb: str | None

    @property
    def ended_at(self) -> None:
        return None

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.limit_amount, self.limit_basis, self.climb)

    @property
    def version(self) -> Any:
        return self.known[PolicyVersion, self.policy_version_id] or self.ticket.policy_version

    def __getattr__(self, name: str) -> Any:
        return getattr(self.known[Deadline, self.id], name)


def outlines(deadline_ids: Sequence[int]) -> list[Deadline]:
    """Those of these clocks whose mark is due now, in the order of time; clocks of one ticket share it."""
    wanted = _WANTED.where(Deadline.id.in_(deadline_ids), Deadline.ring_at <= clock.now())
    known, tickets, found = Known(), dict[int, TicketOutline](), []
    for row in db.session.execute(wanted):
        ticket = tickets.get(row.ticket_id)
        if ticket is None:
            ticket = tickets[row.ticket_id] = TicketOutline(known, *row[-len(_OF_TICKET) :])
        found.append(DeadlineOutline(known, ticket, *row[: len(_OF_CLOCK)]))
    return cast(list[Deadline], found)


_OF_CLOCK = [getattr(Deadline, each.name) for each in fields(DeadlineOutline)[2:]]
_OF_TICKET = [getattr(Ticket, each.name).label(f"ticket_{each.name}") for each in fields(TicketOutline)[1:]]
_WANTED = (
    select(*_OF_CLOCK, *_OF_TICKET)
    .join(Ticket, Ticket.id == Deadline.ticket_id)
    .where(Deadline.state == RUNNING)
    .order_by(Deadline.ring_at, Deadline.id)
)
