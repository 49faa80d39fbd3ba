"""Forms of cooperation between departments."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.access import me
from blueprints.fields import codes, team_choices
from blueprints.labels import named
from models.ground.db import db
from models.ground.vocabulary import Role
from models.people.person import Person, holders
from models.record.cooperation import RESULTS


class LeadForm(FlaskForm):
    """The department that leads (牵头部门, P6.4)."""

    title, submit_text = _l("Name the lead department"), _l("This department leads")
    effect = _l("The handler and everybody who follows the ticket are told.")
    team = SelectField(_l("Lead department"), coerce=int, choices=team_choices)
    reason = TextAreaField(
        _l("Reason"),
        validators=[Length(max=4000)],
        description=_l("Needed when another department led until now."),
    )


class AskForm(FlaskForm):
    """Another department is asked through its contact."""

    title, submit_text = _l("Ask another department"), _l("Ask the department")
    effect = _l("The contact is told at once and has to answer in time; they see the report and this question.")
    contact = RadioField(
        _l("Which department, through whom"),
        coerce=int,
        choices=lambda: [(contact.id, name_of(contact)) for contact in contacts()],
        validators=[InputRequired(_l("Please choose the contact of another department."))],
    )
    body = TextAreaField(
        _l("What you need from them"),
        validators=[InputRequired(_l("Please say what you need.")), Length(max=8000)],
    )
    waits = BooleanField(
        _l("The ticket waits for the answer"),
        description=_l("It goes on by itself when every department has answered."),
    )


class AnswerForm(FlaskForm):
    """What the department says to it."""

    result = RadioField(
        _l("Result of the request"),
        choices=codes("cooperation", RESULTS),
        validators=[InputRequired(_l("Please choose an answer."))],
    )
    answer = TextAreaField(
        _l("What was done, or what comes next"),
        validators=[InputRequired(_l("Please write a sentence to your answer.")), Length(max=8000)],
    )


def contacts() -> list[Person]:
    """Whom one can ask: every contact of a department but oneself."""
    return [contact for contact in db.session.scalars(holders(Role.CONTACT)) if contact is not me()]


def name_of(contact: Person) -> str:
    """The department first, then who speaks for it."""
    place: Any = contact.team or contact.department
    return f"{named(place)} · {contact.name}" if place else contact.name
