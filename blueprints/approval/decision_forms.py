"""Forms of a decision: agree, return, bring in somebody else."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from blueprints.approval.plan_forms import approver_choices, reviewer_choices
from blueprints.fields import chosen
from blueprints.lookup import ColleagueLookup

REASONS = {
    "rollback": _l("The rollback plan is missing or not enough."),
    "steps": _l("The steps are not clear enough."),
    "risk": _l("The risk or the impact is underestimated."),
    "window": _l("The time does not fit."),
}


class ApproveForm(FlaskForm):
    """Agree, with a comment if wanted. `digest` is what was read."""

    comment = TextAreaField(_l("Comment, if you like"), validators=[Length(max=4000)], id="approve-comment")
    digest = HiddenField(id="approve-digest")


class ReturnForm(FlaskForm):
    """Send the plan back: a ready reason is enough, one's own words too (P7.3)."""

    reason = RadioField(_l("Reason"), choices=list(REASONS.items()), validators=[Optional()], id="return-reason")
    comment = TextAreaField(_l("In your own words"), validators=[Length(max=4000)], id="return-comment")
    digest = HiddenField(id="return-digest")

    def validate_comment(self, field: TextAreaField) -> None:
        if not self.reason.data and not (field.data or "").strip():
            raise ValidationError(_("Please say why you return the plan."))

    @property
    def words(self) -> str:
        """The reason as the author reads it."""
        ready = str(REASONS[self.reason.data]) if self.reason.data else ""
        return "\n".join(part for part in (ready, (self.comment.data or "").strip()) if part)


class KeepForm(FlaskForm):
    """A plan that worked becomes a standard change."""

    title = StringField(
        _l("Name of the standard change"),
        validators=[InputRequired(_l("Please name the standard change.")), Length(max=120)],
    )


def _somebody(label: Any, among: Callable[[], list[tuple[int, str]]] = approver_choices) -> SelectField:
    return SelectField(
        label,
        coerce=chosen,
        choices=lambda: [("", "–"), *among()],
        validators=[InputRequired(_l("Please choose somebody."))],
    )


class AddApproverForm(FlaskForm):
    """Somebody else is to agree as well (加签)."""

    title, submit_text = _l("Add an approver"), _l("Add them")
    effect = _l("Whoever is added is told, and must agree whatever the rule says.")
    person = _somebody(_l("Who"))
    first = RadioField(
        _l("When they decide"),
        choices=[("before", _l("before me")), ("after", _l("after me"))],
        validators=[InputRequired(_l("Please choose when they decide."))],
    )
    comment = TextAreaField(_l("What you want them to look at"), validators=[Length(max=1000)])


class HandOverSeatForm(FlaskForm):
    """Somebody else decides instead (转交)."""

    title, submit_text = _l("Hand the decision over"), _l("Hand it over")
    effect = _l("They are told and decide instead of you.")
    person = _somebody(_l("To whom"))
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Please say why somebody else decides.")), Length(max=500)]
    )


class GiveSeatAwayForm(FlaskForm):
    """Somebody else decides instead of one who is away, or who no longer decides (转交)."""

    submit_text = _l("Give the seat away")
    effect = _l("Both are told: whoever decides now, and whoever would have.")
    person = _somebody(_l("To whom"), reviewer_choices)
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Please say why somebody else decides.")), Length(max=500)]
    )

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.title = _("Give away the seat of %(name)s", name=name)


class CopyForm(FlaskForm):
    """Somebody is to know of the plan (抄送)."""

    title, submit_text = _l("Send a copy"), _l("Send a copy")
    effect = _l("They are told and can read the plan; they decide nothing.")
    people = ColleagueLookup(
        _l("To whom"),
        validators=[InputRequired(_l("Please choose somebody."))],
        description=_l("A name, user name, telephone number or address."),
    )
