"""What the road has left on a ticket: plans, steps carried out, tests, results and answers, for the ticket page."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.record.plan import Plan, Verification, WorkStep
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import Ticket


@dataclass(frozen=True)
class Case:
    """Each list in the order in which it came about, except plans: the newest revision first."""

    plans: list[Plan]
    work: list[WorkStep]
    tests: list[Verification]
    results: list[Resolution]
    answers: list[Confirmation]

    @property
    def plan(self) -> Plan | None:
        """The revision that counts, if there is any."""
        return self.plans[0] if self.plans else None

    @property
    def has_worked(self) -> bool:
        """Whether at least one step of the plan that counts was carried out well."""
        return any(not step.failed for step in self.work_of(self.plan))

    def work_of(self, plan: Plan | None) -> list[WorkStep]:
        """The implementation record of one revision."""
        return [step for step in self.work if plan and step.plan_id == plan.id]


def case_of(ticket: Ticket) -> Case:
    """Everything that the steps of the road have written on the ticket."""
    return Case(
        plans=ticket.plans[::-1],
        work=_all(WorkStep, ticket),
        tests=_all(Verification, ticket),
        results=_all(Resolution, ticket),
        answers=_all(Confirmation, ticket),
    )


def _all(table: type[Any], ticket: Ticket) -> list[Any]:
    return list(db.session.scalars(select(table).where(table.ticket_id == ticket.id).order_by(table.id)))
