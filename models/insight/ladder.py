"""The ladder of one ticket, clock by clock: what fired, when and to whom; what is next, if nothing changes (P5.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.ground.asked import remembered
from models.ground.db import db
from models.people.person import Person
from models.policy import clockface
from models.record.deadline import ASK_AGAIN, BREACH, OVERTAKEN, Deadline, Firing, deadlines_of
from models.record.event import Event
from models.record.ticket import Ticket
from models.rules import ladder, marks

FARTHEST = 8  # marks ahead; a ladder has fewer


@dataclass(frozen=True)
class Rung:
    """One mark: a warning in per cent, or a rung; done, or still ahead (`done_at` None)."""

    mark: int
    role: str
    due_at: datetime
    done_at: datetime | None
    people: list[Person]
    passed_over: list[dict[str, Any]]  # {"role", "person": a name or "", "why"}

    @property
    def percent(self) -> int | None:
        """Of a warning."""
        return self.mark if self.mark < BREACH else None

    @property
    def asks_again(self) -> bool:
        return self.mark > ASK_AGAIN

    @property
    def overtaken(self) -> bool:
        """On record only: a later mark was due as well."""
        return self.role == OVERTAKEN

    @property
    def late_by(self) -> float:
        """Seconds between when it was due and when it was done."""
        return (self.done_at - self.due_at).total_seconds() if self.done_at else 0.0


@dataclass(frozen=True)
class Climb:
    """One clock and its rungs."""

    deadline: Deadline
    fired: list[Rung]
    ahead: list[Rung]


def ladder_of(ticket: Ticket) -> list[Climb]:
    """Every clock of the ticket on which something fired or will; the one that rings next first."""
    fired, history = _fired(ticket), marks.history_of(ticket)
    with remembered():
        climbs = [Climb(d, fired.get(d.id, []), _ahead(d, history)) for d in deadlines_of(ticket)]
    climbs = [climb for climb in climbs if climb.fired or climb.ahead]
    return sorted(climbs, key=_when)


def _when(climb: Climb) -> tuple[bool, datetime]:
    return not climb.ahead, (climb.ahead or climb.fired[-1:])[0].due_at


def _fired(ticket: Ticket) -> dict[int, list[Rung]]:
    rows = db.session.scalars(select(Firing).where(Firing.ticket_id == ticket.id).order_by(Firing.id)).all()
    told = select(Event).where(Event.ticket_id == ticket.id, Event.name.in_(("warned", "escalated")))
    events = {_key(event.details): event for event in db.session.scalars(told.order_by(Event.id))}
    names = _people_of(list(events.values()))
    found: dict[int, list[Rung]] = {}
    for row in rows:
        event = events.get((row.deadline.kind, row.deadline.round, row.mark))
        found.setdefault(row.deadline_id, []).append(_rung(row, event, names))
    return found


def _key(details: dict[str, Any]) -> tuple[str, int, int]:
    return details.get("kind", ""), details.get("round", 1), details.get("mark", details.get("percent", 0))


def _rung(row: Firing, event: Event | None, names: dict[int, Person]) -> Rung:
    told = [names[id_] for id_ in event.told if id_ in names] if event else []
    passed_over = event.details.get("passed_over", []) if event else []
    return Rung(row.mark, row.role, row.due_at, row.done_at, told, _named(passed_over, names))


def _ahead(deadline: Deadline, history: marks.History) -> list[Rung]:
    """What rings next, and then, if nobody acknowledges and nothing is done."""
    found: list[Rung] = []
    face = marks.clock_of(deadline, history)
    mark, at = deadline.mark, deadline.ring_at
    while at and len(found) < FARTHEST:
        found.append(_expected(deadline, mark, at))
        if mark > ASK_AGAIN:
            break
        mark, at = clockface.next_mark(
            face, deadline.due_at, after=mark, now=at, acknowledged=deadline.acknowledged_at is not None
        )
    return found


def _expected(deadline: Deadline, mark: int, at: datetime) -> Rung:
    if mark < BREACH:
        warned = ladder.warned(deadline, mark, at=at)
        role, people, passed_over = ladder.RESPONSIBLE, warned.people, warned.passed_over
    else:
        rung = ladder.rung(deadline, mark, at=at)
        role, people, passed_over = str(rung.role), rung.people, rung.passed_over
    return Rung(mark, role, at, None, people, _named(passed_over, _known(passed_over)))


def _people_of(events: list[Event]) -> dict[int, Person]:
    ids = {id_ for event in events for id_ in event.told}
    ids |= {over["person"] for event in events for over in event.details.get("passed_over", []) if over["person"]}
    return _by_id(ids)


def _known(passed_over: list[dict[str, Any]]) -> dict[int, Person]:
    return _by_id({over["person"] for over in passed_over if over["person"]})


def _by_id(ids: set[int]) -> dict[int, Person]:
    return {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))} if ids else {}


def _named(passed_over: list[dict[str, Any]], names: dict[int, Person]) -> list[dict[str, Any]]:
    return [over | {"person": names[over["person"]].name if over["person"] in names else ""} for over in passed_over]
