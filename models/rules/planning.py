"""Writing a plan down (P7.1): what it must say, its rows and files; from then on it cannot be changed."""

from collections.abc import Sequence
from typing import Any, Required, TypedDict, cast

from sqlalchemy import func, select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Invalid
from models.ground.vocabulary import PlanKind, Risk, Rule
from models.people.person import Person
from models.record import attachment
from models.record.approval import ApprovalTemplate
from models.record.plan import PROSE, Choice, Plan, PlanOption, PlanStep, Task
from models.record.ticket import Ticket
from models.rules import rounds

NOT_TEXTS = ("risk", "steps", "options", "touches_customer", "approvers", "template", "files", "shown")
Said = dict[str, Any]  # columns and rows of a plan that is about to be written


class HandedIn(TypedDict, total=False):
    """A plan as it is handed in. Of plain text, each line of `steps` is a step and `options` is one option."""

    kind: str
    risk: Required[str]
    steps: Required[str | Sequence[Task]]
    options: str | Sequence[Choice]
    effect: str
    verification: str
    backup: str
    rollback: str
    window: str
    touches_customer: bool
    explanation: str  # in plain words, where it touches the customer (P7.4)
    approvers: Sequence[Person] | None  # of a major change
    template: ApprovalTemplate | None  # whose seats are taken instead
    files: Sequence[str]  # keys of attachments that the form has sent, or that an earlier revision has
    shown: Sequence[str]  # those of them that the customer may see when they are asked (P7.4)


def said(handed_in: HandedIn) -> Said:
    """The plan as columns and rows; what is missing is refused with its field (P7.1, P7.2, P7.4)."""
    touches_customer = handed_in.get("touches_customer", False)
    texts = cast(dict[str, str | None], {name: said for name, said in handed_in.items() if name not in NOT_TEXTS})
    plan: Said = {name: (text or "").strip() for name, text in texts.items()}
    plan |= {
        "risk": handed_in["risk"],
        "tasks": tasks_of(handed_in["steps"]),
        "choices": choices_of(handed_in.get("options", ())),
        "touches_customer": touches_customer,
        "explanation": plan.get("explanation", "") if touches_customer else "",
    }
    _refuse_incomplete(plan)
    return plan


def write(ticket: Ticket, actor: Person, said: Said, files: Sequence[str], *, shown: Sequence[str] = ()) -> Plan:
    """The plan and its rows, in the database: from here on it cannot be changed."""
    attached = _files(ticket, actor, files, shown=shown if said.get("touches_customer") else ())
    last = db.session.scalar(select(func.max(Plan.revision)).where(Plan.ticket_id == ticket.id)) or 0
    blank = dict.fromkeys(PROSE, "") | {"kind": PlanKind.FIX, "touches_customer": False}
    plan = Plan(
        ticket_id=ticket.id, ticket=ticket, revision=last + 1, author_id=actor.id, author=actor,
        submitted_at=clock.now(), outcome="", late="", rule=Rule.ANY, quorum=1, **(blank | said),
    )  # fmt: skip
    plan.digest = rounds.digest_of(plan, attached)
    db.session.add(plan)
    db.session.flush()
    for file in attached:
        file.plan_id = plan.id
    return plan


def tasks_of(steps: str | Sequence[Task]) -> list[PlanStep]:
    """The steps as rows; of plain text each line is one."""
    tasks = [Task(line) for line in steps.splitlines()] if isinstance(steps, str) else steps
    written = [task for task in tasks if task.body.strip()]
    return [
        PlanStep(position=nth, body=task.body.strip(), owner_id=task.owner.id if task.owner else None,
                 owner=task.owner, planned=task.planned.strip())
        for nth, task in enumerate(written, start=1)
    ]  # fmt: skip


def choices_of(options: str | Sequence[Choice]) -> list[PlanOption]:
    """The options as rows; plain text is one."""
    found = [Choice(options)] if isinstance(options, str) else options
    written = [choice for choice in found if choice.title.strip()]
    return [
        PlanOption(position=nth, title=c.title.strip(), feasibility=c.feasibility.strip(), risk=c.risk.strip(),
                   effort=c.effort.strip(), impact=c.impact.strip(), chosen=c.chosen)
        for nth, c in enumerate(written, start=1)
    ]  # fmt: skip


def _refuse_incomplete(plan: Said) -> None:
    if plan["risk"] == Risk.STANDARD:
        raise Invalid("A standard change is used from its template, unchanged.", field="risk")
    if not plan["tasks"]:
        raise Invalid("Please write the steps of the plan.", field="steps")
    for field, sentence in (
        ("backup", "A major change needs a backup statement."),
        ("rollback", "A major change needs a rollback plan."),
    ):
        if plan["risk"] == Risk.MAJOR and not plan.get(field):
            raise Invalid(sentence, field=field)
    if plan["touches_customer"] and not plan["explanation"]:
        raise Invalid("Please explain in plain words what this means for the customer.", field="explanation")


def _files(ticket: Ticket, actor: Person, keys: Sequence[str], *, shown: Sequence[str]) -> list[attachment.Attachment]:
    """What the form has sent, and copies of what it keeps of earlier revisions: each revision has files of its own."""
    of_plans = attachment.of_plans(ticket.id, list(keys))
    earlier = [file for file in of_plans if file.path.exists()]  # what was redacted meanwhile stays behind
    new = [key for key in keys if key not in {file.key for file in of_plans}]
    sent = attachment.attach(new, ticket_id=ticket.id, person_id=actor.id, link_id=None, public=False)
    files = {file.key: file for file in sent}
    files |= {file.key: attachment.copied(file, person_id=actor.id) for file in earlier}
    for key, file in files.items():
        file.public = key in shown
    return list(files.values())
