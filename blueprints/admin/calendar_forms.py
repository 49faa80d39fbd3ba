"""Forms of service calendars."""

from zoneinfo import available_timezones

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FileField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from blueprints.admin.calendar_words import country_choices, lazy_day_name
from models.ground.opening_hours import WEEKDAYS
from models.policy.calendar_files import LONGEST

_given = InputRequired(_l("This must be filled in."))
FIRST_YEAR, LAST_YEAR = 2000, 2099
UNITS = {
    "service_h": ("service", 60, _l("hours of service")),
    "service_min": ("service", 1, _l("minutes of service")),
    "days": ("days", 1, _l("working days")),
    "wall_h": ("wall", 60, _l("hours round the clock")),
    "wall_min": ("wall", 1, _l("minutes round the clock")),
}


def _hours_of(day: str, *, usual: str) -> StringField:
    return StringField(lazy_day_name(WEEKDAYS.index(day)), default=usual, validators=[Length(max=200)])


class WeekForm(FlaskForm):
    """Zone and weekly hours: several ranges a day, empty is closed."""

    tz = SelectField(_l("Time zone"), choices=lambda: sorted(available_timezones()), default="Asia/Shanghai")
    mon = _hours_of("mon", usual="09:00-12:00, 13:30-18:00")
    tue = _hours_of("tue", usual="09:00-12:00, 13:30-18:00")
    wed = _hours_of("wed", usual="09:00-12:00, 13:30-18:00")
    thu = _hours_of("thu", usual="09:00-12:00, 13:30-18:00")
    fri = _hours_of("fri", usual="09:00-12:00, 13:30-18:00")
    sat = _hours_of("sat", usual="")
    sun = _hours_of("sun", usual="")

    @property
    def days(self) -> list[StringField]:
        return [self[day] for day in WEEKDAYS]

    @property
    def week(self) -> dict[str, str]:
        return {day: self[day].data or "" for day in WEEKDAYS}


class NewCalendarForm(WeekForm):
    """A calendar of its own."""

    name = StringField(_l("Name"), validators=[_given, Length(max=80)])
    country = SelectField(
        _l("Public holidays of"),
        choices=lambda: [("", "–"), *country_choices()],
        validators=[Optional()],
        description=_l("Of this year and the next, substituted and observed days included; everything can be changed."),
    )


class DayForm(FlaskForm):
    """One date."""

    on = HiddenField()
    kind = RadioField(
        _l("Service on this day"),
        choices=[("week", _l("as the week")), ("closed", _l("closed")), ("own", _l("own hours"))],
    )
    hours = StringField(
        _l("Own hours"), validators=[Length(max=200)], description=_l("Like 09:00-12:00, 13:30-18:00; until 24:00.")
    )
    name = StringField(_l("Reason or name"), validators=[Length(max=80)])


class HolidaysForm(FlaskForm):
    """The public holidays of one year."""

    country = SelectField(_l("Public holidays of"), choices=country_choices)
    year = IntegerField(_l("Year"), validators=[_given, NumberRange(FIRST_YEAR, LAST_YEAR)])


class ImportForm(FlaskForm):
    """A file; what it says stays in the text, so that a refused line can be mended there."""

    file = FileField(_l("File"), description=_l("iCalendar (.ics), CSV or JSON"))
    text = TextAreaField(_l("Or its text"), validators=[Length(max=LONGEST)])


class PublishForm(FlaskForm):
    """The draft becomes the next edition."""

    running = BooleanField(
        _l("Also for running tickets"),
        description=_l("Their due times are computed anew, and each ticket records it. Nobody is told."),
    )


class TrialForm(FlaskForm):
    """From when, how much of what: a question, so it is asked with GET."""

    class Meta:
        csrf = False

    start = DateTimeLocalField(_l("Start"), format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], validators=[_given])
    amount = IntegerField(_l("Amount"), validators=[_given, NumberRange(0, 10_000)])
    unit = SelectField(_l("Unit"), choices=[(code, word) for code, (_basis, _factor, word) in UNITS.items()])

    def validate_start(self, field: DateTimeLocalField) -> None:
        if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
            raise ValidationError(_("Please give a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR))
