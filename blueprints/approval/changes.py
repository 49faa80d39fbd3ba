"""What a revision says otherwise than another: its texts, its rows and its files, each as words one can read."""

from flask_babel import gettext as _

from blueprints.labels import label
from models.insight.revision import Part, difference
from models.record.attachment import Attachment
from models.record.plan import Plan, PlanOption, PlanStep

SHORT = 8  # characters of a file's digest that tell two versions of it apart


def changes_between(before: Plan, after: Plan) -> dict[str, list[Part]]:
    """Name of the part → its words, marked; only what is not as it was."""
    old, new = _words(before), _words(after)
    return {name: difference(old[name], new[name]) for name in new if old[name] != new[name]}


def _words(plan: Plan) -> dict[str, str]:
    texts = {name: getattr(plan, name) for name in ("effect", "rollback", "backup", "verification", "window")}
    return {
        "kind": label("plan_kind", plan.kind),
        "risk": label("risk", plan.risk),
        "steps": "\n".join(map(_task, plan.tasks)),
        **texts,
        "explanation": plan.explanation if plan.touches_customer else "",
        "options": "\n".join(map(_option, plan.choices)),
        "files": "\n".join(map(_file, plan.files)),
    }


def _task(task: PlanStep) -> str:
    return " · ".join(part for part in (task.body, task.owner.name if task.owner else "", task.planned) if part)


def _file(file: Attachment) -> str:
    reach = _("the customer sees this") if file.public else ""
    return " · ".join(part for part in (f"{file.name} ({file.sha256[:SHORT]})", reach) if part)


def _option(option: PlanOption) -> str:
    return f"{option.said} ✓" if option.chosen else option.said
