"""Forms of intake: one mandatory box, everything else is asked for kindly (P2.2)."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import MultipleFileField, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from blueprints.fields import MINUTE, Moment, ServiceField, codes, instant, level_codes, optional_codes
from blueprints.lookup import ColleagueLookup, ContactLookup
from models.ground.vocabulary import Impact, RequestType, Urgency

_unknown = _l("Not known")


class ReportForm(FlaskForm):
    """A fault, in one's own words."""

    description = TextAreaField(
        _l("What happened?"),
        validators=[InputRequired(_l("Please say what happened.")), Length(max=20_000)],
        render_kw={
            "placeholder": _l("For example: the ERP keeps loading when I submit an expense report, since 9 o'clock.")
        },
    )
    files = MultipleFileField(_l("Files"))
    service = ServiceField(_l("System"), nothing=_unknown, validators=[Optional()])
    occurred_at = Moment(_l("Happened at"), format=MINUTE, validators=[Optional()])
    impact = SelectField(
        _l("Who is affected"), choices=optional_codes("impact", Impact, _unknown), validators=[Optional()]
    )
    urgency = SelectField(
        _l("How soon it hurts"), choices=optional_codes("urgency", Urgency, _unknown), validators=[Optional()]
    )
    affected = StringField(_l("Who else has it"), validators=[Length(max=200)])
    frequency = StringField(_l("How often"), validators=[Length(max=200)])
    device = StringField(_l("Device and version"), validators=[Length(max=200)])
    discoverer = StringField(_l("Who noticed it, if somebody else"), validators=[Length(max=80)])
    confirmer = StringField(_l("Who can say whether it is solved, if somebody else"), validators=[Length(max=80)])
    steps = TextAreaField(_l("Steps to reproduce"), validators=[Length(max=8000)])
    workaround = TextAreaField(_l("What you have tried already"), validators=[Length(max=8000)])


class RequestForm(FlaskForm):
    """What is wished for: the scene, and the effect that is hoped for; one of the two will do (P2.2)."""

    description = TextAreaField(
        _l("Situation"),
        validators=[Length(max=20_000)],
        description=_l("Who does what, where, and what is missing there?"),
    )
    expected = TextAreaField(
        _l("Expected effect"),
        validators=[Length(max=20_000)],
        description=_l("What should be possible, or better, then?"),
    )
    category = RadioField(_l("Type (optional)"), choices=codes("category", RequestType), validators=[Optional()])
    wished = RadioField(_l("Priority (optional)"), choices=level_codes("priority"), validators=[Optional()])
    files = MultipleFileField(_l("Files"))
    service = ServiceField(_l("System"), nothing=_unknown, validators=[Optional()])
    affected = StringField(_l("Who else would use it"), validators=[Length(max=200)])

    def validate_description(self, field: TextAreaField) -> None:
        if not (field.data or "").strip() and not (self.expected.data or "").strip():
            raise ValidationError(_l("Please say what you need."))


class Caller:
    """Somebody on the telephone: a known contact, a new one, or a colleague."""

    reported_at = Moment(_l("The call came at"), format=MINUTE, validators=[Optional()])
    contact = ContactLookup(
        _l("Customer's contact"), description=_l("Name, company, the end of a telephone number, or an address")
    )
    reporter = ColleagueLookup(_l("Colleague"), description=_l("Name, user name, telephone number or address"))
    new_contact = StringField(_l("New contact: name"), validators=[Length(max=80)])
    new_customer = StringField(_l("Company or department"), validators=[Length(max=120)])
    phone = StringField(_l("Telephone"), validators=[Length(max=40)], render_kw={"type": "tel"})
    email = StringField(_l("E-mail"), validators=[Length(max=254)], render_kw={"type": "email"})

    def validate_reporter(self, field: ColleagueLookup) -> None:
        if field.row and self.contact.row:
            raise ValidationError(_l("Either a customer's contact or a colleague, please; not both."))

    def told(self) -> dict[str, Any]:
        """Who called, and when."""
        return {
            "reported_at": instant(self.reported_at.data),
            "contact": self.contact.row,
            "reporter": self.reporter.row,
            "new_customer": self.new_customer.data or "",
            "new_contact": self.new_contact.data or "",
            "phone": self.phone.data or "",
            "email": self.email.data or "",
        }


class TelephoneForm(Caller, ReportForm):
    """A fault, told by a caller."""


class RequestCallForm(Caller, RequestForm):
    """A request, told by a caller."""


class InformationForm(FlaskForm):
    """What was asked for."""

    title, submit_text = _l("Add information"), _l("Send the information")
    effect = _l("Whoever handles the ticket is told; waiting ends and the clocks go on.")
    text = TextAreaField(_l("Information"), validators=[Length(max=8000)])
    files = MultipleFileField(_l("Files"))
