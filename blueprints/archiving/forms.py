"""Forms of closing and reopening."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length


class CloseForm(FlaskForm):
    """The record is complete (P11.1)."""

    review = TextAreaField(_l("Review, if there is anything to say"), validators=[Length(max=4000)])


class SendBackForm(FlaskForm):
    """The review found a gap."""

    reason = TextAreaField(
        _l("What is missing"), validators=[InputRequired(_l("Please say what is missing.")), Length(max=4000)]
    )


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
