"""Forms of signing in and of one's own settings."""

from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from models.people.password import LONGEST

USUAL_ZONES = (
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "UTC",
)
LANGUAGES = (("zh", "中文"), ("en", "English"))  # each names itself
DENSITIES = (("compact", _l("Close together")), ("default", _l("Usual")), ("comfy", _l("Wide apart")))
THEMES = (("auto", _l("As the device")), ("light", _l("Light")), ("dark", _l("Dark")))
_filled = InputRequired(_l("This must be filled in."))


def zones() -> list[str]:
    """Every time zone, those of this house first."""
    return [*USUAL_ZONES, *sorted(available_timezones() - set(USUAL_ZONES))]


class SignInForm(FlaskForm):
    """Name and password."""

    next = HiddenField()
    login = StringField(
        _l("User name or e-mail"),
        validators=[_filled, Length(max=254)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"), validators=[_filled, Length(max=LONGEST)], render_kw={"autocomplete": "current-password"}
    )


class ForgottenForm(FlaskForm):
    """Ask for a link to set a new password."""

    login = StringField(
        _l("User name or e-mail"), validators=[_filled, Length(max=254)], render_kw={"autocomplete": "username"}
    )


class NewPasswordForm(FlaskForm):
    """A new password, twice."""

    password = PasswordField(
        _l("New password"),
        description=_l("At least 8 characters; long is better than odd, and a whole sentence is welcome."),
        validators=[_filled, Length(max=LONGEST)],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password again"),
        validators=[_filled, EqualTo("password", _l("The two passwords are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )


class CodeForm(NewPasswordForm):
    """The same for somebody who was given a code."""

    otp = StringField(
        _l("Code from the administrator"),
        validators=[_filled, Length(max=60)],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"},
    )


class ChangePasswordForm(NewPasswordForm):
    """The same for somebody who knows the old one."""

    old_password = PasswordField(
        _l("Present password"),
        validators=[_filled, Length(max=LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )


class SettingsForm(FlaskForm):
    """What one sets for oneself."""

    locale = RadioField(_l("Language"), choices=LANGUAGES, validators=[InputRequired()])
    time_zone = SelectField(_l("Time zone"), choices=zones, validators=[InputRequired()])
    theme = RadioField(_l("Colours"), choices=THEMES, validators=[InputRequired()])
    density = RadioField(_l("Lists"), choices=DENSITIES, validators=[InputRequired()])
    shortcuts = BooleanField(
        _l("Single keys are shortcuts"),
        description=_l("Without them only keys with Ctrl or ⌘ do something, and those that belong to the browser."),
    )
    on_duty = BooleanField(_l("I am on duty"), description=_l("New work is first offered to those on duty."))


class ReadForm(FlaskForm):
    """Everything up to here has been seen."""

    upto = HiddenField(validators=[InputRequired(), Length(max=18)])


class UnreadForm(FlaskForm):
    """This message once more."""

    message = HiddenField(validators=[InputRequired(), Length(max=18)])
