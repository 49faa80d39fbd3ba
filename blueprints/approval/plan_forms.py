"""Forms in which a plan is written, revised, or carried out first in an emergency."""

from typing import Any, Self

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    BooleanField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from blueprints.access import me
from blueprints.approval.rows import OptionRow, Rows, TaskRow
from blueprints.fields import chosen, codes, people, row
from blueprints.labels import label
from models.ground.db import db
from models.ground.vocabulary import PlanKind, Risk, Role
from models.people.person import Person, holders
from models.record.approval import ApprovalTemplate
from models.record.plan import PROSE, Choice, Plan, StandardChange, Task

_TEMPLATES = select(ApprovalTemplate).where(ApprovalTemplate.active).order_by(ApprovalTemplate.name)


def approver_choices() -> list[tuple[int, str]]:
    """Everybody who may sit on a review, but for whoever asks: nobody approves their own plan (P7.3)."""
    return [choice for choice in reviewer_choices() if choice[0] != me().id]


def reviewer_choices() -> list[tuple[int, str]]:
    """Everybody who may sit on a review."""
    found = [*db.session.scalars(holders(Role.APPROVER)), *db.session.scalars(holders(Role.SUPERVISOR))]
    return [(person.id, person.name) for person in dict.fromkeys(found)]


def standard_changes() -> list[tuple[int, str]]:
    """Standard changes that are in use."""
    templates = db.session.scalars(select(StandardChange).where(StandardChange.active).order_by(StandardChange.title))
    return [(template.id, template.title) for template in templates]


def template_choices() -> list[tuple[Any, Any]]:
    """How a round can be made up, after the usual way."""
    known = [
        (template.id, f"{template.name} · {label('risk', template.risk)} · {label('rule', template.rule)}")
        for template in db.session.scalars(_TEMPLATES)
    ]
    return [("", _l("As usual for the risk class")), *known]


class PlanForm(FlaskForm):
    """A plan for approval (P7.1, P7.2)."""

    risk = RadioField(
        _l("Risk"),
        choices=codes("risk", (Risk.NORMAL, Risk.MAJOR)),
        validators=[InputRequired(_l("Please choose a risk class."))],
        description=_l("Normal: one supervisor decides. Major: everybody you name decides, and it must be reversible."),
    )
    steps = Rows(_l("Steps"), TaskRow, blank=3)
    effect = TextAreaField(_l("Expected effect"), validators=[Length(max=4000)])
    rollback = TextAreaField(
        _l("Rollback plan"), validators=[Length(max=4000)], description=_l("Needed for a major change.")
    )
    backup = TextAreaField(_l("Backup"), validators=[Length(max=4000)], description=_l("Needed for a major change."))
    approvers = SelectMultipleField(
        _l("Approvers of a major change"),
        coerce=int,
        choices=approver_choices,
        option_widget=CheckboxInput(),
        description=_l("At least two; all of them must agree."),
    )
    template = SelectField(
        _l("Approval template"),
        coerce=chosen,
        choices=template_choices,
        validators=[Optional()],
        id="approval-template",
    )
    touches_customer = BooleanField(
        _l("The customer will notice it"),
        description=_l("Then they are asked for their consent before it is carried out."),
    )
    explanation = TextAreaField(
        _l("What the customer is told"),
        validators=[Length(max=4000)],
        description=_l("In plain words: what will be done, when, and what they will notice. They read exactly this."),
    )
    kind = RadioField(_l("Kind"), choices=codes("plan_kind", PlanKind), default=PlanKind.FIX.value)
    verification = TextAreaField(_l("How it will be verified"), validators=[Length(max=4000)])
    window = StringField(_l("Time window"), validators=[Length(max=200)])
    options = Rows(_l("Options considered"), OptionRow, blank=2)
    chosen = IntegerField(_l("Chosen"), validators=[Optional()])
    files = MultipleFileField(_l("Files"), id="plan-files", render_kw={"data-shown": ""})
    shown_files = MultipleFileField(_l("Files that the customer may see"), id="plan-shown-files")

    @classmethod
    def of(cls, plan: Plan | None) -> Self:
        """What is sent; at first what the last revision says."""
        return cls(data=_said(plan) if plan and request.method == "GET" else None)

    @property
    def words(self) -> dict[str, Any]:
        """What the plan says, and who is to decide, as the commands want it."""
        texts = {name: self[name].data or "" for name in ("kind", "risk", *PROSE)}
        return texts | {
            "steps": [
                Task(said["body"].strip(), row(Person, said["owner_id"]), (said["planned"] or "").strip())
                for _number, said in self.steps.filled
            ],
            "options": [Choice(**said, chosen=number == self.chosen.data) for number, said in self.options.filled],
            "touches_customer": bool(self.touches_customer.data),
            "approvers": people(self.approvers.data or []),
            "template": row(ApprovalTemplate, self.template.data),
        }

    @property
    def rows(self) -> dict[str, Rows]:
        """What another row can be added to, by the name that the button sends."""
        return {"steps": self.steps, "options": self.options}

    @property
    def has_more(self) -> bool:
        """Whether something is said, or wrong, in what is folded away."""
        folded = (self.verification, self.window)
        return self.kind.data == PlanKind.WORKAROUND or any(field.data or field.errors for field in folded)


class EmergencyForm(PlanForm):
    """On a P0: on whose word it is carried out before it is approved (P7.5)."""

    word_by = SelectField(
        _l("Who gave the word"),
        coerce=chosen,
        choices=[],
        validators=[InputRequired(_l("Please choose whose word it is."))],
    )
    how = StringField(
        _l("How it was given"),
        validators=[InputRequired(_l("Please write how the word was given.")), Length(max=200)],
        description=_l("By telephone at 14:05, for example."),
    )

    def offer(self, leads: list[Person]) -> Self:
        """The duty leads whose word counts."""
        self.word_by.choices = [("", "–"), *((lead.id, lead.name) for lead in leads)]
        return self


class StandardChangeForm(FlaskForm):
    """A standard change, used unchanged (P7.2)."""

    template = SelectField(_l("Standard change"), coerce=int, choices=standard_changes, validators=[InputRequired()])


def _said(plan: Plan) -> dict[str, Any]:
    names = ("kind", "risk", "touches_customer", *PROSE)
    return {name: getattr(plan, name) for name in names} | {
        "steps": [{"body": t.body, "owner_id": t.owner_id, "planned": t.planned} for t in plan.tasks],
        "options": [
            {name: getattr(o, name) for name in ("title", "feasibility", "risk", "effort", "impact")}
            for o in plan.choices
        ],
        "chosen": next((number for number, o in enumerate(plan.choices) if o.chosen), None),
        "template": plan.template_id,
        "approvers": [] if plan.template_id else _named_in(plan),
    }


def _named_in(plan: Plan) -> list[int]:
    """Whom the author had named: neither by a role, nor added, nor in somebody else's place."""
    return [s.person_id for s in plan.approvals if not (s.role or s.added_by_id or s.handed_from_id)]
