"""What the road has left on a ticket: plans, steps carried out, tests, results and answers, for the ticket page."""

from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, select

from models.ground.bulk import read
from models.ground.db import db
from models.ground.vocabulary import ClockKind
from models.insight.progress import Progress, has_failed, is_carried_out, progress_of
from models.people.person import Person
from models.record.assessment import Assessment, assessments_of
from models.record.consent import Consent, consents_of
from models.record.cooperation import Cooperation, cooperations_of
from models.record.deadline import RUNNING, Deadline, Pause, deadlines_of, open_pause
from models.record.extension import PENDING, Extension, extensions_of
from models.record.plan import LATE_OWED, Plan, Verification, WorkStep
from models.record.resolution import Check, Confirmation, Resolution
from models.record.ticket import Follower, Ticket


class Case:
    """Each list is read when it is first asked for, in the order in which it came about; of plans the newest first."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket

    @cached_property
    def plans(self) -> list[Plan]:
        return self.ticket.plans[::-1]

    @cached_property
    def work(self) -> list[WorkStep]:
        return self._all(WorkStep)

    @cached_property
    def tests(self) -> list[Verification]:
        return self._all(Verification)

    @cached_property
    def assessments(self) -> list[Assessment]:
        """Of a request (P8.3)."""
        return assessments_of(self.ticket) if self.ticket.is_request else []

    @cached_property
    def results(self) -> list[Resolution]:
        return self._all(Resolution)

    @cached_property
    def answers(self) -> list[Confirmation]:
        return self._all(Confirmation)

    @cached_property
    def consents(self) -> list[Consent]:
        """What the customer said to plans that touch them (P7.4)."""
        return consents_of(self.ticket) if any(plan.touches_customer for plan in self.plans) else []

    @cached_property
    def checks(self) -> list[Check]:
        """The sheets that were tested jointly, of every round (P10.6)."""
        return self._all(Check) if self.results else []

    @cached_property
    def followers(self) -> frozenset[int]:
        """Ids of the people who follow the ticket."""
        return frozenset(read(_FOLLOWERS, {"ticket": self.ticket.id}).scalars())

    @cached_property
    def deadlines(self) -> list[Deadline]:
        return deadlines_of(self.ticket)

    @cached_property
    def extensions(self) -> list[Extension]:
        """Requests for more time; each has had an `approve` clock, so without one nobody asked."""
        return extensions_of(self.ticket) if any(deadline.about_id for deadline in self.deadlines) else []

    @cached_property
    def cooperations(self) -> list[Cooperation]:
        """What other departments were asked (P6.4)."""
        return cooperations_of(self.ticket)

    def owed_by(self, person: Person) -> list[Cooperation]:
        """What this contact of a department has yet to answer."""
        return [asked for asked in self.cooperations if asked.contact_id == person.id and not asked.is_settled]

    @cached_property
    def pause(self) -> Pause | None:
        """What the ticket waits for, by its reason."""
        return open_pause(self.ticket) if self.ticket.waiting_on else None

    @property
    def has_time_to_ask_for(self) -> bool:
        """Whether more time can be asked for: the clock runs, is not late yet, and nobody has asked already (P4.6)."""
        runs = any(d.kind == ClockKind.RESOLVE and d.clock_state == RUNNING for d in self.deadlines)
        return runs and not any(extension.outcome == PENDING for extension in self.extensions)

    @property
    def owes_call_back(self) -> bool:
        """Whether somebody who was not satisfied waits to be called back (P10.5)."""
        return any(d.kind == ClockKind.CALL_BACK and d.ended_at is None for d in self.deadlines)

    @property
    def plan(self) -> Plan | None:
        """The revision that counts, if there is any."""
        return self.plans[0] if self.plans else None

    @property
    def late(self) -> Plan | None:
        """The plan that went first on the duty lead's word and still owes its approval (P7.5)."""
        return next((plan for plan in self.plans if plan.late == LATE_OWED), None)

    @property
    def progress(self) -> list[Progress]:
        """Every step of the plan that counts, with what was recorded for it."""
        return progress_of(self.plan, self.work_of(self.plan)) if self.plan else []

    @property
    def is_carried_out(self) -> bool:
        """Whether the plan that counts is carried out, or left out where there was a reason."""
        return self.plan is not None and is_carried_out(self.plan, self.work_of(self.plan))

    @property
    def has_failed(self) -> bool:
        """Whether the last step failed, so that the rollback comes first."""
        return has_failed(self.work_of(self.plan))

    def work_of(self, plan: Plan | None) -> list[WorkStep]:
        """The implementation record of one revision."""
        return [step for step in self.work if plan and step.plan_id == plan.id]

    def _all(self, table: type[Any]) -> list[Any]:
        return list(db.session.scalars(_ALL[table], {"ticket": self.ticket.id}))


def case_of(ticket: Ticket) -> Case:
    """Everything that the steps of the road have written on the ticket."""
    return Case(ticket)


# Built once: putting a query together takes longer than the database takes to answer it.
_ALL: dict[type[Any], Any] = {
    table: select(table).where(table.ticket_id == bindparam("ticket")).order_by(table.id)
    for table in (WorkStep, Verification, Resolution, Confirmation, Check)
}
_FOLLOWERS = select(Follower.person_id).where(Follower.ticket_id == bindparam("ticket"))
