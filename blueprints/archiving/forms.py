"""Forms of closing and reopening."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

GAPS = {
    "cause": _l("The root cause is not clear enough."),
    "record": _l("The implementation record is not complete."),
    "test": _l("The test does not show that it holds."),
    "result": _l("The customer will not understand the result."),
}


class CloseForm(FlaskForm):
    """The record is complete (P11.1)."""

    review = TextAreaField(_l("Review, if there is anything to say"), validators=[Length(max=4000)])


class SendBackForm(FlaskForm):
    """The review found a gap: a ready reason is enough, one's own words too."""

    ready = RadioField(_l("What is missing"), choices=list(GAPS.items()), validators=[Optional()])
    reason = TextAreaField(_l("In your own words"), validators=[Length(max=4000)])

    def validate_reason(self, field: TextAreaField) -> None:
        if not self.ready.data and not (field.data or "").strip():
            raise ValidationError(_("Please say what is missing."))

    @property
    def words(self) -> str:
        """The reason as the handler reads it."""
        ready = str(GAPS[self.ready.data]) if self.ready.data else ""
        return "\n".join(part for part in (ready, (self.reason.data or "").strip()) if part)


class CallBackForm(FlaskForm):
    """Somebody who was not satisfied has been called back (P10.5)."""

    title, submit_text = _l("Record the call back"), _l("Record")
    effect = _l("Only colleagues see this.")
    text = TextAreaField(
        _l("Who said what"), validators=[InputRequired(_l("Please write something.")), Length(max=8000)]
    )


class ReopenForm(FlaskForm):
    """Back to work after closing (P11.5)."""

    title, submit_text = _l("Reopen"), _l("Reopen")
    effect = _l("The handler and the supervisors are told; the clocks begin a new round.")
    reason = TextAreaField(_l("Reason"), validators=[InputRequired(_l("Please give the reason.")), Length(max=4000)])
