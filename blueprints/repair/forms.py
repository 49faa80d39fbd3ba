"""Forms of carrying out and testing."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateTimeLocalField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    MultipleFileField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from blueprints.fields import MINUTE
from models.record.plan import DONE, FAILED, LEFT_OUT


class WorkForm(FlaskForm):
    """One step of the implementation record (P8.1)."""

    title, submit_text = _l("Record a step carried out"), _l("Record the step")
    effect = _l("Only colleagues see this. It is never edited away.")
    task = HiddenField()  # the number of the plan's step; "" beyond the plan
    outcome = RadioField(
        _l("How it went"),
        choices=[(DONE, _l("It is carried out")), (FAILED, _l("It failed")), (LEFT_OUT, _l("It is left out"))],
        default=DONE,
        validators=[InputRequired(_l("Please say how it went."))],
    )
    body = TextAreaField(
        _l("What was carried out"),
        validators=[InputRequired(_l("Please write what was carried out.")), Length(max=8000)],
    )
    started_at = DateTimeLocalField(_l("Started at"), format=MINUTE, validators=[Optional()])
    ended_at = DateTimeLocalField(_l("Ended at"), format=MINUTE, validators=[Optional()])
    result = TextAreaField(_l("Result of the step"), validators=[Length(max=4000)])
    deviation = TextAreaField(
        _l("Deviation from the plan, if any"),
        validators=[Length(max=4000)],
        description=_l("Needed when a step is left out, is not in the plan, or follows one that failed."),
    )
    before = TextAreaField(_l("Before the step"), validators=[Length(max=4000)])
    after = TextAreaField(_l("After the step"), validators=[Length(max=4000)])
    files = MultipleFileField(_l("Files"), id="work-files")


class UndoneForm(Form):
    """One part of the rollback."""

    body = StringField(_l("What was rolled back"), validators=[Length(max=4000)])
    at = DateTimeLocalField(_l("Done at"), format=MINUTE, validators=[Optional()])


class RollBackForm(FlaskForm):
    """The rollback plan was carried out, part by part."""

    title, submit_text = _l("Roll back"), _l("It is rolled back")
    effect = _l("The ticket goes back to its plan; a new revision needs approval.")
    reason = TextAreaField(
        _l("What failed"),
        validators=[InputRequired(_l("Please say what failed and what was rolled back.")), Length(max=4000)],
    )
    undone = FieldList(FormField(UndoneForm))


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
    checks = FieldList(
        StringField(_l("Check"), validators=[Length(max=200)]), label=_l("Joint verification sheet"), max_entries=7
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
