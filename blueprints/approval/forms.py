"""Forms of plans and their approval."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput

from blueprints.access import me
from blueprints.fields import codes
from models.ground.db import db
from models.ground.vocabulary import PlanKind, Risk, Role
from models.people.person import holders
from models.record.plan import StandardChange


def approver_choices() -> list[tuple[int, str]]:
    """Everybody who may sit on a review, but for whoever asks: nobody approves their own plan (P7.3)."""
    found = [*db.session.scalars(holders(Role.APPROVER)), *db.session.scalars(holders(Role.SUPERVISOR))]
    return [(person.id, person.name) for person in dict.fromkeys(found) if person.id != me().id]


def standard_changes() -> list[tuple[int, str]]:
    """Templates that are in use."""
    templates = db.session.scalars(select(StandardChange).where(StandardChange.active).order_by(StandardChange.title))
    return [(template.id, template.title) for template in templates]


class PlanForm(FlaskForm):
    """A plan for approval (P7.1, P7.2)."""

    title = _l("Submit a plan")
    kind = RadioField(_l("Kind"), choices=codes("plan_kind", PlanKind), default=PlanKind.FIX.value)
    risk = RadioField(
        _l("Risk"),
        choices=codes("risk", (Risk.NORMAL, Risk.MAJOR)),
        validators=[InputRequired(_l("Please choose a risk class."))],
        description=_l("Normal: one supervisor decides. Major: everybody you name decides, and it must be reversible."),
    )
    steps = TextAreaField(
        _l("Steps, with who and when"),
        validators=[InputRequired(_l("Please write the steps of the plan.")), Length(max=8000)],
    )
    effect = TextAreaField(_l("Expected effect"), validators=[Length(max=4000)])
    verification = TextAreaField(_l("How it will be verified"), validators=[Length(max=4000)])
    options = TextAreaField(_l("Options considered"), validators=[Length(max=8000)])
    backup = TextAreaField(_l("Backup"), validators=[Length(max=4000)], description=_l("Needed for a major change."))
    rollback = TextAreaField(
        _l("Rollback plan"), validators=[Length(max=4000)], description=_l("Needed for a major change.")
    )
    window = StringField(_l("Time window"), validators=[Length(max=200)])
    approvers = SelectMultipleField(
        _l("Approvers of a major change"),
        coerce=int,
        choices=approver_choices,
        option_widget=CheckboxInput(),
        description=_l("At least two; all of them must agree."),
    )

    @property
    def texts(self) -> dict[str, Any]:
        """What the plan says, apart from risk, steps and approvers."""
        names = ("kind", "effect", "verification", "options", "backup", "rollback", "window")
        return {name: self[name].data or "" for name in names}


class StandardChangeForm(FlaskForm):
    """A template, used unchanged (P7.2)."""

    template = SelectField(_l("Standard change"), coerce=int, choices=standard_changes, validators=[InputRequired()])


class ApproveForm(FlaskForm):
    """Agree, with a comment if wanted."""

    comment = TextAreaField(_l("Comment, if you like"), validators=[Length(max=4000)], id="approve-comment")


class ReturnForm(FlaskForm):
    """Send the plan back (P7.3)."""

    comment = TextAreaField(
        _l("Reason"),
        validators=[InputRequired(_l("Please say why you return the plan.")), Length(max=4000)],
        id="return-comment",
    )


class KeepForm(FlaskForm):
    """A plan that worked becomes a template."""

    title = StringField(
        _l("Name of the standard change"),
        validators=[InputRequired(_l("Please name the standard change.")), Length(max=120)],
    )
