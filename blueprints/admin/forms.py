"""Forms of administration."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, ValidationError

from blueprints.admin.roles import RolesField
from blueprints.fields import chosen, codes, department_choices, optional_team_choices, policy_choices, team_choices
from blueprints.lookup import ColleagueLookup
from blueprints.proof import ProvenForm
from models.people.password import LONGEST
from models.people.person import find_person

_filled = DataRequired(_l("This must be filled in."))
LANGUAGES = (("zh", "中文"), ("en", "English"))  # each names itself
LEVELS = ("", "junior", "senior")


class PersonForm(ProvenForm):
    """Somebody's details and roles (P1)."""

    name = StringField(_l("Full name"), validators=[_filled, Length(max=80)])
    email = StringField(_l("E-mail"), validators=[Length(max=254)], render_kw={"type": "email"})
    phone = StringField(_l("Telephone"), validators=[Length(max=40)], render_kw={"type": "tel"})
    roles_held = RolesField()
    engineer_level = SelectField(_l("Level of an engineer"), choices=codes("level", LEVELS))
    team_id = SelectField(_l("Team"), coerce=chosen, choices=optional_team_choices, validators=[Optional()])
    department_id = SelectField(_l("Department"), coerce=chosen, choices=department_choices, validators=[Optional()])
    first_login = StringField(
        _l("Second account of"),
        validators=[Length(max=80)],
        description=_l("The user name of the same person's first account: nobody decides on a plan twice."),
    )
    locale = SelectField(_l("Language"), choices=LANGUAGES)
    on_duty = BooleanField(_l("On duty"), default=True)

    def validate_first_login(self, field: StringField) -> None:
        if (field.data or "").strip() and find_person(field.data) is None:
            raise ValidationError(_("There is no account with this user name."))

    @property
    def same_as_id(self) -> int | None:
        """The first account, if this is another."""
        found = find_person(self.first_login.data) if (self.first_login.data or "").strip() else None
        return found.id if found else None


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
        validators=[_filled, Length(max=LONGEST)],
        description=_l("At least 8 characters; the person changes it in their settings."),
        render_kw={"autocomplete": "new-password"},
    )


class ResetForm(ProvenForm):
    """The old password ends; a code for a new one is handed over."""


class NoFactorsForm(ProvenForm):
    """The password alone counts again."""


class LeaverForm(ProvenForm):
    """Somebody leaves; their open work goes to another in the same step."""

    successor = ColleagueLookup(
        _l("Open work goes to"),
        validators=[InputRequired(_l("Please choose who takes over."))],
        description=_l("Name, user name, telephone number or address"),
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


class ServedForm(FlaskForm):
    """Whoever can have a policy of their own (P4.3)."""

    policy_name = SelectField(
        _l("Policy"),
        coerce=lambda name: name or None,
        choices=policy_choices,
        description=_l("Counts for tickets from now on: the customer's before the service's before its team's."),
    )


class TeamForm(ServedForm, DepartmentForm):
    """A technical domain."""

    code = StringField(
        _l("Code"),
        validators=[_filled, Length(max=40), Regexp(r"^[a-z0-9-]+$", message=_l("Small letters, digits and - only."))],
    )


class ServiceForm(ServedForm, DepartmentForm):
    """A system that people use, with the team that owns it."""

    team_id = SelectField(_l("Team"), coerce=int, choices=team_choices, validators=[InputRequired()])


class CustomerForm(ServedForm, RecordForm):
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
