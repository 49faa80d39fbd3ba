"""Forms of administration."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput

from blueprints.fields import chosen, codes, department_choices, optional_team_choices, person_choices, team_choices
from models.ground.vocabulary import Role

_filled = DataRequired(_l("This must be filled in."))
LANGUAGES = (("zh", "中文"), ("en", "English"))  # each names itself
LEVELS = ("", "junior", "senior")


class PersonForm(FlaskForm):
    """Somebody's details and roles (P1)."""

    name = StringField(_l("Full name"), validators=[_filled, Length(max=80)])
    email = StringField(_l("E-mail"), validators=[Length(max=254)], render_kw={"type": "email"})
    phone = StringField(_l("Telephone"), validators=[Length(max=40)], render_kw={"type": "tel"})
    roles = SelectMultipleField(
        _l("Roles"),
        choices=codes("role", (role for role in Role if role != Role.REPORTER)),
        option_widget=CheckboxInput(),
        description=_l("Everybody can report. A change of roles ends the sessions of this person."),
    )
    engineer_level = SelectField(_l("Level of an engineer"), choices=codes("level", LEVELS))
    team_id = SelectField(_l("Team"), coerce=chosen, choices=optional_team_choices, validators=[Optional()])
    department_id = SelectField(_l("Department"), coerce=chosen, choices=department_choices, validators=[Optional()])
    locale = SelectField(_l("Language"), choices=LANGUAGES)
    on_duty = BooleanField(_l("On duty"), default=True)


class NewPersonForm(PersonForm):
    """A joiner."""

    login = StringField(
        _l("User name"),
        validators=[
            _filled,
            Length(max=80),
            Regexp(r"^[A-Za-z0-9._@-]+$", message=_l("Letters, digits and . _ - @ only.")),
        ],
        render_kw={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("First password"),
        validators=[_filled, Length(max=200)],
        description=_l("At least 8 characters; the person changes it in their settings."),
        render_kw={"autocomplete": "new-password"},
    )


class PasswordForm(FlaskForm):
    """A new password for somebody else."""

    password = PasswordField(
        _l("New password"),
        validators=[_filled, Length(max=200)],
        description=_l("At least 8 characters."),
        render_kw={"autocomplete": "new-password"},
    )


class LeaverForm(FlaskForm):
    """Somebody leaves; their open work goes to another in the same step."""

    successor = SelectField(
        _l("Open work goes to"),
        coerce=chosen,
        choices=person_choices("reporter", _l("Please choose")),
        validators=[InputRequired(_l("Please choose who takes over."))],
    )


class RecordForm(FlaskForm):
    """What all master data has."""

    name = StringField(_l("Name"), validators=[_filled, Length(max=80)])
    active = BooleanField(
        _l("In use"), default=True, description=_l("What is not in use is no longer offered; nothing is deleted.")
    )

    def fields(self) -> dict[str, Any]:
        """Every value by name, for the command."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}


class DepartmentForm(RecordForm):
    """Where staff belong."""

    name_en = StringField(_l("English name"), validators=[Length(max=80)])


class TeamForm(DepartmentForm):
    """A technical domain."""

    code = StringField(
        _l("Code"),
        validators=[_filled, Length(max=40), Regexp(r"^[a-z0-9-]+$", message=_l("Small letters, digits and - only."))],
    )


class ServiceForm(DepartmentForm):
    """A system that people use, with the team that owns it."""

    team_id = SelectField(_l("Team"), coerce=int, choices=team_choices, validators=[InputRequired()])


class CustomerForm(RecordForm):
    """A company or department that the desk serves."""

    name = StringField(_l("Name"), validators=[_filled, Length(max=120)])


class ContactForm(RecordForm):
    """Somebody at a customer."""

    email = StringField(
        _l("E-mail"),
        validators=[Length(max=254)],
        description=_l("Without it, the link must be handed over by other means."),
        render_kw={"type": "email"},
    )
    phone = StringField(_l("Telephone"), validators=[Length(max=40)], render_kw={"type": "tel"})
    handle = StringField(_l("Chat account"), validators=[Length(max=80)])
    locale = SelectField(_l("Language"), choices=LANGUAGES)


class PlainForm(FlaskForm):
    """A button and nothing else."""
