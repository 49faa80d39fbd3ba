"""Forms of the boards."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length


class ReportUpForm(FlaskForm):
    """The technical manager asks the director (P5.3)."""

    title, submit_text = _l("Report to the director"), _l("Report to the director")
    effect = _l("The R&D director is told at once.")
    reason = TextAreaField(
        _l("What the director should decide"),
        validators=[InputRequired(_l("Please say what the director should decide.")), Length(max=4000)],
    )
