"""A rehearsal: what would happen to a ticket that nobody touches, told by the engine's own functions. Nothing is
written; the ticket and its clocks are only thought of (P3.4, P4.2, P5)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from models.ground.asked import remembered
from models.ground.db import db
from models.ground.errors import Invalid
from models.ground.vocabulary import Role, Severity
from models.insight.suggestion import suggest_assignee
from models.people.person import Person
from models.people.team import Team
from models.policy import clockface
from models.policy.clockface import ASK_AGAIN, BREACH
from models.policy.version import PolicyVersion
from models.record.deadline import RUNNING, Deadline
from models.record.message import APP, MAIL
from models.record.ticket import Ticket
from models.rules import ladder
from models.rules.calling import holding, seniors
from models.rules.marks import UNDISTURBED, clock_of
from models.rules.notices import TOLD, told_of
from models.rules.workflow import CLOCKS_IN, FIRST_CLOCKS, STEPS

HANDED_OVER = (*(kind for kind in FIRST_CLOCKS if kind not in CLOCKS_IN.values()), STEPS["triage"].opens)


@dataclass(frozen=True)
class Line:
    """Something that would happen: the report, the hand-over to a team, a warning or an escalation."""

    at: datetime
    event: str
    kind: str = ""  # of the clock that rings
    mark: int = 0
    rung: int = 0
    role: str = ""
    told: list[tuple[Person, list[str]]] = field(default_factory=list)  # on which channels
    passed_over: list[dict[str, Any]] = field(default_factory=list)  # {"role", "person": a name or "", "why"}

    @property
    def percent(self) -> int | None:
        """Of a warning."""
        return self.mark if self.event == "warned" else None

    @property
    def asks_again(self) -> bool:
        return self.mark > ASK_AGAIN


def rehearse(
    version: PolicyVersion, *, level: str, start: datetime, team: Team | None = None, acknowledged: bool = False
) -> list[Line]:
    """What happens from the report at `start` on, in the order of time; with a team, triage hands it there at once.

    `acknowledged`: whoever is told first of a breach takes charge at once, and is asked again once (P5.3). Who is told
    follows rota, duty and absences of each moment. Raises Invalid for a level that the policy does not have, and where
    its calendar ends before a clock does.
    """
    if level not in [known.code for known in version.pack.levels]:
        raise Invalid("The policy has no such level.", field="level")
    start = start.astimezone(UTC)
    untriaged = Ticket(policy_version=version, severity=level, category="")
    with remembered():
        lines = [_reported(untriaged, start)]
        ticket = untriaged
        if team:
            ticket = Ticket(
                policy_version=version, severity=level, category="", team=team,
                assignee=suggest_assignee(team.id, level, at=start),
            )  # fmt: skip
            lines.append(_triaged(ticket, start))
        try:
            for kind in HANDED_OVER if team else FIRST_CLOCKS:
                lines += _climb(ticket, kind, start, acknowledged=acknowledged)
        except ValueError as error:
            raise Invalid("There is not enough time left in this calendar.", field="start") from error
    return sorted(lines, key=lambda line: line.at)


def _reported(ticket: Ticket, at: datetime) -> Line:
    """The first line hears of it; a P0 calls its crew at once (P3.4)."""
    channels = {audience: channels for audience, _template, channels in TOLD["reported"]}
    told = [(person, channels["first_line"]) for person in holding(Role.FIRST_LINE, ticket, at=at)]
    if ticket.severity == Severity.P0:
        crew = [*holding(Role.DUTY_LEAD, ticket, at=at), *seniors(ticket, at=at)]
        told += [(person, channels["if_p0"]) for person in crew]
    return Line(at, "reported", told=_reached((person, channel) for person, ways in told for channel in ways))


def _triaged(ticket: Ticket, at: datetime) -> Line:
    return Line(at, "triaged", role="assignee", told=_told(ticket, "triaged", {"was_severity": ticket.severity}))


def _climb(ticket: Ticket, kind: str, start: datetime, *, acknowledged: bool) -> Iterator[Line]:
    """One clock from its start to where nothing rings any more, or to the first time that it asks again."""
    deadline = Deadline(
        ticket=ticket, kind=str(kind), severity=ticket.severity, round=1, started_at=start, state=RUNNING
    )
    face = clock_of(deadline, UNDISTURBED)
    due_at = clockface.due_at(face)
    if due_at is None:
        return
    mark, at = clockface.next_mark(face, due_at, after=0, now=start)
    while at:
        line, people = _ring(deadline, mark, at)
        yield line
        if mark > ASK_AGAIN:
            return
        if acknowledged and mark >= BREACH and not deadline.acknowledged_by:
            deadline.acknowledged_by, deadline.acknowledged_at = next(iter(people), None), at
        charge = deadline.acknowledged_by is not None
        mark, at = clockface.next_mark(face, due_at, after=mark, now=at, acknowledged=charge)


def _ring(deadline: Deadline, mark: int, at: datetime) -> tuple[Line, list[Person]]:
    if mark < BREACH:
        warned = ladder.warned(deadline, mark, at=at)
        event, rung, role, people, over = "warned", 0, ladder.RESPONSIBLE, warned.people, warned.passed_over
    else:
        reached = ladder.rung(deadline, mark, at=at)
        event, rung, role = "escalated", reached.number, str(reached.role)
        people, over = reached.people, reached.passed_over
    told = _told(deadline.ticket, event, {"people": [person.id for person in people]})
    return Line(at, event, deadline.kind, mark, rung, role, told, [_named(each) for each in over]), people


def _told(ticket: Ticket, event: str, details: dict[str, Any]) -> list[tuple[Person, list[str]]]:
    notices = told_of(ticket, event, actor=None, details=details)
    return _reached((notice.person, notice.channel) for notice in notices if notice.person)


def _reached(told: Iterable[tuple[Person, str]]) -> list[tuple[Person, list[str]]]:
    """Everybody once, with the channels that reach them; mail only where there is an address."""
    people: dict[int, Person] = {}
    ways: dict[int, set[str]] = {}
    for person, channel in told:
        people[person.id] = person
        ways.setdefault(person.id, set()).update([channel] if channel != MAIL or person.email else [])
    return [(person, [way for way in (APP, MAIL) if way in ways[id_]]) for id_, person in people.items()]


def _named(over: dict[str, Any]) -> dict[str, Any]:
    person = db.session.get(Person, over["person"]) if over["person"] else None
    return over | {"person": person.name if person else ""}
