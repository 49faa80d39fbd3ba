"""Forms of triage: they judge shape only; the command judges sense."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.fields import chosen, codes, level_codes, login_choices, optional_codes, person_choices, team_choices
from models.ground.vocabulary import Category, Impact, Urgency


class TriageForm(FlaskForm):
    """Grade and assign."""

    impact = SelectField(_l("Impact"), choices=codes("impact", Impact), validators=[Optional()])
    urgency = SelectField(_l("Urgency"), choices=codes("urgency", Urgency), validators=[Optional()])
    severity = RadioField(
        _l("Severity"),
        choices=level_codes("severity"),
        validators=[InputRequired(_l("Please choose a level."))],
        render_kw={"data-key": "level:"},
    )
    reason = StringField(_l("Reason, if it is not the suggested level"), validators=[Length(max=500)])
    category = SelectField(_l("Category"), choices=codes("category", Category), validators=[InputRequired()])
    category_other = StringField(_l("If other: what kind"), validators=[Length(max=80)])
    team = SelectField(_l("Team"), coerce=int, choices=team_choices, validators=[InputRequired()])
    assignee = SelectField(
        _l("Handled by"),
        coerce=chosen,
        choices=login_choices("engineer", _l("As suggested")),
        validators=[Optional()],
        render_kw={"data-key": "assign"},
    )


class BulkForm(FlaskForm):
    """The same for several reports at once; each is graded as suggested where no level is chosen. It stands on one page
    with the form of one report, so its fields have ids of their own."""

    severity = RadioField(
        _l("Severity"),
        id="each-severity",
        choices=level_codes("severity", _l("As suggested")),
        default="",
        validators=[Optional()],
        render_kw={"data-key": "level:"},
    )
    reason = StringField(_l("Reason, if it is not the suggested level"), id="each-reason", validators=[Length(max=500)])
    category = SelectField(
        _l("Category"), id="each-category", choices=codes("category", Category), validators=[InputRequired()]
    )
    category_other = StringField(_l("If other: what kind"), id="each-category_other", validators=[Length(max=80)])
    team = SelectField(
        _l("Team"),
        id="each-team",
        coerce=chosen,
        choices=lambda: [("", _l("As suggested")), *team_choices()],
        validators=[Optional()],
        render_kw={"data-key": "assign"},
    )


class AnswerForm(FlaskForm):
    """Solve at first contact."""

    title, submit_text = _l("Answer at first contact"), _l("Send the answer")
    effect = _l("The answer goes to whoever reported the fault, who is asked to confirm it.")
    result = TextAreaField(
        _l("Answer for the customer"),
        validators=[InputRequired(_l("Please write the answer for the customer.")), Length(max=8000)],
    )


class AskForm(FlaskForm):
    """Ask for what is missing."""

    title, submit_text = _l("Ask for information"), _l("Send the question")
    effect = _l("The question goes to whoever reported the fault; the clocks wait for the answer.")
    question = TextAreaField(
        _l("Question"), validators=[InputRequired(_l("Please write the question.")), Length(max=4000)]
    )


class RegradeForm(FlaskForm):
    """Another severity, with a reason."""

    title, submit_text = _l("Change the severity"), _l("Change the severity")
    effect = _l("The clocks move from their original start.")
    severity = RadioField(
        _l("New severity"),
        choices=level_codes("severity"),
        validators=[InputRequired(_l("Please choose a level."))],
        render_kw={"data-key": "level:"},
    )
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Please give the reason for the new level.")), Length(max=500)]
    )


class AnotherPolicyForm(FlaskForm):
    """Graded again, by the levels of another policy; none is chosen beforehand."""

    title, submit_text = _l("Triage under another policy"), _l("Triage under this policy")
    effect = _l(
        "The handler is told, and whoever reported the fault. "
        "A P0 also calls the duty lead and the senior engineers at once, at any hour."
    )
    impact = SelectField(_l("Impact"), choices=optional_codes("impact", Impact, "–"), validators=[Optional()])
    urgency = SelectField(_l("Urgency"), choices=optional_codes("urgency", Urgency, "–"), validators=[Optional()])
    severity = RadioField(
        _l("Severity by this policy"),
        description=_l("The clocks move from their original start."),
        choices=[],
        validators=[InputRequired(_l("Please choose a level."))],
    )
    reason = StringField(
        _l("Reason"),
        description=_l("Such as: the customer has a contract of their own."),
        validators=[InputRequired(_l("Please give the reason for the other policy.")), Length(max=500)],
    )


class HandOverForm(FlaskForm):
    """Another person, or another team."""

    title, submit_text = _l("Hand over"), _l("Hand over")
    effect = _l("The new handler is told.")
    team = SelectField(_l("Team"), coerce=int, choices=team_choices, validators=[InputRequired()])
    assignee = SelectField(
        _l("Person"), coerce=chosen, choices=person_choices("engineer", _l("As suggested")), validators=[Optional()]
    )
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Please give the reason for the hand-over.")), Length(max=500)]
    )


class CancelForm(FlaskForm):
    """End a ticket that needs no work."""

    title, submit_text = _l("Cancel the ticket"), _l("Cancel the ticket")
    effect = _l("Whoever reported the fault is told.")
    reason = StringField(_l("Reason"), validators=[InputRequired(_l("Please give the reason.")), Length(max=500)])
