"""Forms of carrying out and testing."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateTimeLocalField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.fields import MINUTE


class WorkForm(FlaskForm):
    """One step of the implementation record (P8.1)."""

    title, submit_text = _l("Record a step carried out"), _l("Record the step")
    effect = _l("Only colleagues see this. It is never edited away.")
    body = TextAreaField(
        _l("What was carried out"),
        validators=[InputRequired(_l("Please write what was carried out.")), Length(max=8000)],
    )
    started_at = DateTimeLocalField(_l("Started at"), format=MINUTE, validators=[Optional()])
    ended_at = DateTimeLocalField(_l("Ended at"), format=MINUTE, validators=[Optional()])
    evidence = TextAreaField(_l("Evidence: before and after"), validators=[Length(max=4000)])
    deviation = TextAreaField(_l("Deviation from the plan, if any"), validators=[Length(max=4000)])
    failed = BooleanField(_l("This step failed"))


class RollBackForm(FlaskForm):
    """The rollback plan was carried out."""

    title, submit_text = _l("Roll back"), _l("It is rolled back")
    effect = _l("The ticket goes back to its plan; a new revision needs approval.")
    reason = TextAreaField(
        _l("What failed, and what was rolled back"),
        validators=[InputRequired(_l("Please say what failed and what was rolled back.")), Length(max=4000)],
    )


class PassForm(FlaskForm):
    """The fix holds (P8.2, P10.1)."""

    findings = TextAreaField(
        _l("What was tested and found"),
        validators=[InputRequired(_l("Please write what was found.")), Length(max=8000)],
        id="pass-findings",
    )
    result = TextAreaField(
        _l("Result, in plain words"),
        validators=[InputRequired(_l("Please write the result for the customer.")), Length(max=8000)],
    )
    cause = TextAreaField(_l("Cause, in plain words"), validators=[Length(max=4000)])
    measures = TextAreaField(_l("What was done"), validators=[Length(max=4000)])
    prevention = TextAreaField(_l("What keeps it from coming back"), validators=[Length(max=4000)])
    new_problems = TextAreaField(_l("New problems"), validators=[Length(max=4000)], id="pass-new-problems")
    leftovers = TextAreaField(_l("Left over, and how it is followed up"), validators=[Length(max=4000)])
    confirmed_by = StringField(
        _l("Confirmed on the spot by"),
        validators=[Length(max=80)],
        description=_l("Only if the reporter tested with you and said yes: then they are not asked again."),
    )


class FailForm(FlaskForm):
    """The fix does not hold (P8.2)."""

    findings = TextAreaField(
        _l("What was tested and found"),
        validators=[InputRequired(_l("Please write what was found.")), Length(max=8000)],
        id="fail-findings",
    )
    goes_on = RadioField(
        _l("How it goes on"),
        choices=[("same", _l("The same plan is carried out again")), ("new", _l("A new plan is needed"))],
        validators=[InputRequired(_l("Please choose how it goes on."))],
    )
    new_problems = TextAreaField(_l("New problems"), validators=[Length(max=4000)], id="fail-new-problems")
