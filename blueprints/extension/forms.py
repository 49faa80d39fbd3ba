"""Forms of an extension."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.fields import MINUTE


class ExtensionForm(FlaskForm):
    """More time is asked for (延期申请, P4.6)."""

    title, submit_text = _l("Ask for more time"), _l("Send the request")
    effect = _l("A supervisor decides. Until then the due time stands; when it is granted, the customer is told.")
    until = DateTimeLocalField(
        _l("New time of resolution"), format=MINUTE, validators=[InputRequired(_l("Please give the new time."))]
    )
    reason = TextAreaField(
        _l("Why more time is needed"),
        validators=[InputRequired(_l("Please say why more time is needed.")), Length(max=4000)],
    )


class GrantForm(FlaskForm):
    """Agree, with a comment if wanted."""

    comment = TextAreaField(_l("Comment, if you like"), validators=[Length(max=4000)], id="grant-comment")


class RefuseForm(FlaskForm):
    """The due time stands."""

    comment = TextAreaField(
        _l("Reason"),
        validators=[InputRequired(_l("Please say why you refuse.")), Length(max=4000)],
        id="refuse-comment",
    )
