"""One ticket of the past, really lived: by the real commands, under a clock that is moved on, its marks swept in time.

Lives come one after the other, each from its report to its end or to today: what still runs then rings after today, so
the sweeps of a later life touch no earlier one. What happens is drawn by chance from what the state allows.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select

from bench.deeds import ROAD, Turn
from bench.stories import words
from models.clockwork import escalation
from models.demonstration_past import MATRIX, Move
from models.ground import clock, working_time
from models.ground.db import db
from models.ground.errors import DomainError
from models.ground.vocabulary import Kind, Severity, State
from models.people.customer import Contact
from models.people.person import Person
from models.people.team import Service
from models.record.deadline import Deadline, open_deadlines
from models.record.ticket import Ticket
from models.rules.permissions import allows
from models.steps import intake, wish
from models.steps.escalation import acknowledge_escalation

LEVELS, SHARES = tuple(MATRIX), (3, 12, 45, 40)
REQUESTS, BY_TELEPHONE = 0.05, 0.2
LATE = 0.03  # how often the sweep sleeps and comes late
HEARD, UNTIL_HEARD = 0.4, 15  # how often somebody takes charge of a breach before the next thing happens; minutes
SOONER = {Severity.P0: 12.0, Severity.P1: 3.0}  # how many times faster things happen, and round the clock
_NEXT = select(func.min(Deadline.ring_at))


class Crew:
    """The people and things that lives refer to."""

    def __init__(self) -> None:
        people = {person.login: person for person in db.session.scalars(select(Person))}
        self.wang, self.chen, self.he, self.zhou = (people[login] for login in ("wang", "chen", "he", "zhou"))
        self.reporters = [people[login] for login in ("zhang", "feng", "yang", "qian")]
        self.engineers = [people[login] for login in ("li", "zhao")]
        self.ladder = [people[login] for login in ("chen", "wu", "liu", "sun", "admin")]
        self.services = list(db.session.scalars(select(Service).order_by(Service.id)))
        self.contact = db.session.scalars(select(Contact)).one()


def live(crew: Crew, random: Random, go: Move, until: datetime) -> Ticket:
    """One life from now on, as far as it comes until then; at its end nothing is due."""
    life = Life(crew, random, go, until)
    with suppress(_Today):
        while turns := ROAD.get(State(life.ticket.state)):
            life.go_on(random.choices(turns, [turn.weight for turn in turns])[0])
    return life.ticket


class Life:
    """One ticket on its way."""

    def __init__(self, crew: Crew, random: Random, go: Move, until: datetime) -> None:
        self.crew, self.random, self.go, self.until = crew, random, go, until
        self.ticket = self._report()

    def go_on(self, turn: Turn) -> None:
        """Time passes, and if the ticket is where it was, the thing is done; what is refused is not done."""
        was = self.ticket.state
        self._take_charge()
        self.wait(turn.minutes)
        if self.ticket.state == was:
            with suppress(DomainError):
                turn.deed(self)

    def wait(self, usual: float) -> None:
        """More or less so many minutes, in service hours but for what is urgent."""
        minutes = usual * self.random.lognormvariate(0, 0.8) / SOONER.get(Severity(self.ticket.severity), 1)
        basis: working_time.Basis = "wall" if self.ticket.severity in SOONER else "service"
        calendar = self.ticket.policy_version.calendar
        self._pass(working_time.due(calendar, clock.now(), basis=basis, amount=1 + round(minutes)))

    def says(self) -> str:
        """Something, in one of the two languages."""
        return words(self.random, chinese=self.random.random() < 0.5)

    def often(self, share: float) -> bool:
        """True so often."""
        return self.random.random() < share

    @property
    def holder(self) -> Person:
        """Whoever works on it."""
        return self.ticket.assignee or self.crew.wang

    def _report(self) -> Ticket:
        known: dict[str, Any] = {"description": self.says(), "service": self.random.choice(self.crew.services)}
        is_request, spoken = self.often(REQUESTS), timedelta(minutes=self.random.choice((0, 3, 9)))
        if is_request:
            known |= {"expected": self.says(), "wished": "P2"}
        else:
            known |= zip(("impact", "urgency"), MATRIX[self.random.choices(LEVELS, SHARES)[0]], strict=True)
        if self.often(BY_TELEPHONE):
            known |= {"kind": Kind.REQUEST if is_request else Kind.FAULT, "reported_at": clock.now() - spoken}
            return intake.register_call(actor=self.crew.wang, contact=self.crew.contact, **known)
        report = wish.make_request if is_request else intake.report_fault
        return report(actor=self.random.choice(self.crew.reporters), **known)

    def _take_charge(self) -> None:
        unheard = any(each.breached_at and not each.acknowledged_at for each in open_deadlines(self.ticket))
        if unheard and self.often(HEARD):
            self.wait(UNTIL_HEARD)
            told = (person for person in self.crew.ladder if allows(person, "acknowledge", self.ticket))
            with suppress(DomainError, StopIteration):  # all is well again meanwhile
                acknowledge_escalation(self.ticket, actor=next(told))

    def _pass(self, goal: datetime) -> None:
        """Each mark fires at its time; or the sweep sleeps, and comes at the end. Raises _Today."""
        goal, is_late = min(goal, self.until), self.often(LATE)
        while (rings_at := db.session.scalar(_NEXT)) and rings_at <= goal:
            self.go(goal if is_late else max(rings_at, clock.now()))
            escalation.sweep()
        self.go(goal)
        if goal == self.until:
            raise _Today


class _Today(Exception):
    """Further than this no life goes."""
