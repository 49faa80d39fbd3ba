"""Forms of diagnosis: the investigation log and the investigation report."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import MultipleFileField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.fields import codes
from models.ground.vocabulary import Cause


class StepForm(FlaskForm):
    """One step of the investigation log (P6.2)."""

    title, submit_text = _l("Log an investigation step"), _l("Log the step")
    effect = _l("Only colleagues see this. It is never edited away.")
    done = TextAreaField(
        _l("What you did"), validators=[InputRequired(_l("Please write what you did.")), Length(max=8000)]
    )
    seen = TextAreaField(_l("What you saw"), validators=[Length(max=8000)])
    files = MultipleFileField(_l("Evidence"))


class DiagnosisForm(FlaskForm):
    """The investigation report (P6.5)."""

    title, submit_text = _l("Record the root cause"), _l("Record the root cause")
    effect = _l("Only colleagues see this. The customer reads the cause in the result, in plain words.")
    root_cause = TextAreaField(
        _l("Root cause"), validators=[InputRequired(_l("Please write the root cause.")), Length(max=8000)]
    )
    cause = SelectField(_l("Category of cause"), choices=codes("cause", Cause), validators=[InputRequired()])
    scope = TextAreaField(_l("Scope of impact"), validators=[Length(max=4000)])
    temporary_measure = TextAreaField(_l("Temporary measure, if any"), validators=[Length(max=4000)])
