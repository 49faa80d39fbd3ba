"""The form of a view: a name."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from models.people.view import LONGEST_NAME


class ViewForm(FlaskForm):
    """What the tab is called."""

    name = StringField(
        _l("Name"),
        validators=[
            InputRequired(_l("Please give it a name.")),
            Length(max=LONGEST_NAME, message=_l("A name has 1 to 30 characters.")),
        ],
        render_kw={"autocomplete": "off"},
    )


class PlainForm(FlaskForm):
    """A button and nothing else."""
