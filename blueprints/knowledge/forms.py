"""Forms of knowledge articles."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

_filled = DataRequired(_l("This must be filled in."))


class ArticleForm(FlaskForm):
    """What was learned: what one sees, why, what helps at once and for good, and where (P11.4)."""

    title = StringField(_l("Title"), validators=[_filled, Length(max=120)])
    symptom = TextAreaField(_l("Symptom"), validators=[_filled, Length(max=20_000)])
    cause = TextAreaField(_l("Cause"), validators=[Length(max=20_000)])
    solution = TextAreaField(_l("Steps to solve it"), validators=[_filled, Length(max=20_000)])
    workaround = TextAreaField(_l("Temporary measure"), validators=[Length(max=20_000)])
    applies_to = StringField(_l("System"), validators=[Length(max=200)])
    versions = StringField(_l("Versions it applies to"), validators=[Length(max=200)])


class ReturnForm(FlaskForm):
    """A change is not published; why."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(_l("Please give the reason.")), Length(max=2000)])


class PlainForm(FlaskForm):
    """A button and nothing else."""
