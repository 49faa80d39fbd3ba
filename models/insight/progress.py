"""How far a plan is carried out (P8.1): each of its steps with what was recorded for it."""

from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select

from models.ground.db import db
from models.record.plan import DIFFERENTLY, DONE, FAILED, UNDONE, Plan, PlanStep, WorkStep

OPEN = "open"


@dataclass(frozen=True)
class Progress:
    """One step of the plan and its records, oldest first; the newest says how it stands."""

    task: PlanStep
    records: list[WorkStep]

    @property
    def how(self) -> str:
        """open, done, differently, failed or left_out."""
        return self.records[-1].how if self.records else OPEN

    @property
    def is_settled(self) -> bool:
        """Whether it was carried out, or left out for a reason."""
        return self.how not in (OPEN, FAILED)


def work_of(plan: Plan) -> list[WorkStep]:
    """The implementation record of a plan, in the order in which it was written."""
    return list(db.session.scalars(select(WorkStep).where(WorkStep.plan_id == plan.id).order_by(WorkStep.id)))


def progress_of(plan: Plan, work: list[WorkStep]) -> list[Progress]:
    """Every step of the plan in its order."""
    by_task = sorted((step for step in work if step.task_id), key=lambda step: (step.task_id, step.id))
    records = {task_id: list(steps) for task_id, steps in groupby(by_task, key=lambda step: step.task_id)}
    return [Progress(task, records.get(task.id, [])) for task in plan.tasks]


def beyond(work: list[WorkStep]) -> list[WorkStep]:
    """What was carried out without being in the plan."""
    return [step for step in work if step.task_id is None and step.outcome != UNDONE]


def undone(work: list[WorkStep]) -> list[WorkStep]:
    """What was rolled back."""
    return [step for step in work if step.outcome == UNDONE]


def has_failed(work: list[WorkStep]) -> bool:
    """Whether the last step failed: the rollback is near, and going on needs a word (P8.1)."""
    return bool(work) and work[-1].failed


def is_carried_out(plan: Plan, work: list[WorkStep]) -> bool:
    """Whether nothing of the plan is missing, nothing failed last, and something was done."""
    return (
        not has_failed(work)
        and any(step.how in (DONE, DIFFERENTLY) for step in work)
        and all(step.is_settled for step in progress_of(plan, work))
    )
