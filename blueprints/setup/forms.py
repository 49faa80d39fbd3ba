"""Forms of the first steps."""

from zoneinfo import available_timezones

from babel import Locale
from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import EqualTo, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from models.ground.opening_hours import WEEKDAYS
from models.people.organisation import LONGEST_NAME
from models.people.password import LONGEST
from models.policy.holidays import countries

LANGUAGES = (("zh", "中文"), ("en", "English"))  # each names itself
ZONE = "Asia/Shanghai"


def zones() -> list[str]:
    """Every time zone, the usual one first."""
    return [ZONE, *sorted(available_timezones() - {ZONE})]


def country_choices() -> list[tuple[str, str]]:
    """Countries whose holidays are known, in the reader's language; China first, and none at all."""
    names = Locale.parse(str(get_locale())).territories
    known = sorted(((code, names.get(code, code)) for code in countries() if code != "CN"), key=lambda pair: pair[1])
    return [("CN", names["CN"]), ("", "–"), *known]


def day_choices() -> list[tuple[str, str]]:
    """Monday to Sunday."""
    names = get_day_names("wide", locale=get_locale() or "en")
    return [(day, names[number]) for number, day in enumerate(WEEKDAYS)]


_given = InputRequired(_l("This must be filled in."))


class ClaimForm(FlaskForm):
    """The first account."""

    code = StringField(
        _l("Set-up code"),
        description=_l("./run prints it where it was started."),
        validators=[_given, Length(max=40)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    login = StringField(_l("User name"), validators=[_given, Length(max=40)], render_kw={"autocomplete": "username"})
    name = StringField(_l("Full name"), validators=[_given, Length(max=80)], render_kw={"autocomplete": "name"})
    email = StringField(_l("E-mail"), validators=[Optional(), Length(max=254)], render_kw={"autocomplete": "email"})
    password = PasswordField(
        _l("Password"),
        description=_l("At least 8 characters."),
        validators=[_given, Length(max=LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("Password again"),
        validators=[_given, EqualTo("password", _l("The two passwords are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )


class OrganisationForm(FlaskForm):
    """Name, language, zone, teams."""

    organisation = StringField(
        _l("Name of the organisation"),
        description=_l("It stands at the top of every page, in letters, on the customer's page and on paper."),
        validators=[Optional(), Length(max=LONGEST_NAME)],
        render_kw={"autocomplete": "organization"},
    )
    locale = RadioField(_l("Language"), choices=LANGUAGES, validators=[InputRequired()])
    time_zone = SelectField(_l("Time zone"), choices=zones, validators=[InputRequired()])
    teams = TextAreaField(
        _l("Teams"),
        description=_l("Technical domains that tickets are given to, one a line."),
        validators=[Optional(), Length(max=2000)],
    )


class PolicyForm(FlaskForm):
    """One of the policies that ship."""

    pack_name = RadioField(_l("Policy"), validators=[InputRequired()])


class HoursForm(FlaskForm):
    """When the desk is open."""

    name = StringField(_l("Name"), validators=[_given, Length(max=80)])
    hours = StringField(
        _l("Hours"),
        description=_l("Like 09:00-12:00, 13:30-18:00"),
        default="09:00-12:00, 13:30-18:00",
        validators=[_given, Length(max=LONGEST)],
    )
    days = SelectMultipleField(
        _l("Days"),
        choices=day_choices,
        default=list(WEEKDAYS[:5]),
        option_widget=CheckboxInput(),
        validators=[_given],
    )
    tz = SelectField(_l("Time zone"), choices=zones, validators=[InputRequired()])
    country = SelectField(_l("Public holidays of"), choices=country_choices, default="CN", validators=[Optional()])


class PlainForm(FlaskForm):
    """A button."""
