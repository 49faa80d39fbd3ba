"""Forms of requests: they judge shape only; the command judges sense."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.fields import MINUTE, Moment, SpokenFields, chosen, codes, level_codes, person_choices, team_choices
from models.ground.vocabulary import Feasibility, RequestType
from models.record.assessment import AGREED, DECLINED

_ANSWERS = [(AGREED, _l("Agreed")), (DECLINED, _l("Declined"))]
_say_what = _l("Please say what should be different.")


class RequestForm(FlaskForm):
    """Grade and assign what is wished for."""

    priority = RadioField(
        _l("Priority"),
        choices=level_codes("priority"),
        validators=[InputRequired(_l("Please choose a priority."))],
        render_kw={"data-key": "level:"},
    )
    category = RadioField(
        _l("Type"), choices=codes("category", RequestType), validators=[InputRequired(_l("Please choose a type."))]
    )
    reason = StringField(_l("Reason, if it was reported as a fault"), validators=[Length(max=500)])
    team = SelectField(_l("Team"), coerce=int, choices=team_choices, validators=[InputRequired()])
    product_manager = SelectField(
        _l("Product manager"),
        coerce=chosen,
        choices=person_choices("product_manager", _l("As suggested")),
        validators=[Optional()],
    )


class AssessmentForm(FlaskForm):
    """The whole assessment on one page (P8.3)."""

    title, submit_text = _l("Assess the request"), _l("Send the assessment")
    effect = _l("The report goes to the customer, who is asked for the direction; “not now” ends it with its reasons.")
    verdict = RadioField(
        _l("Verdict"),
        choices=codes("feasibility", Feasibility),
        validators=[InputRequired(_l("Please choose a verdict."))],
    )
    report = TextAreaField(
        _l("Report for the customer, in plain words"),
        validators=[InputRequired(_l("Please write the report for the customer.")), Length(max=8000)],
        description=_l("What will be built, or why not now. The customer reads only this."),
    )
    deliver_at = Moment(_l("Delivery proposed for"), format=MINUTE, validators=[Optional()])
    engineer = SelectField(
        _l("Who will build it"), coerce=chosen, choices=person_choices("engineer", _l("Nobody yet")),
        validators=[Optional()],
    )  # fmt: skip
    development_opinion = TextAreaField(_l("What development says"), validators=[Length(max=8000)])
    development_by = StringField(_l("Said for development by"), validators=[Length(max=80)])
    test_opinion = TextAreaField(_l("What testing says"), validators=[Length(max=8000)])
    test_by = StringField(_l("Said for testing by"), validators=[Length(max=80)])
    product_opinion = TextAreaField(_l("What product says"), validators=[Length(max=8000)])
    technology = TextAreaField(_l("Technology"), validators=[Length(max=8000)])
    resources = TextAreaField(_l("Resources"), validators=[Length(max=8000)])
    cost = StringField(_l("Cost"), validators=[Length(max=200)])


class DirectionForm(FlaskForm):
    """Yes to direction and date, or no with what should be different. Nothing is chosen beforehand."""

    title, submit_text = _l("Direction and delivery"), _l("Send the answer")
    effect = _l("Agreed, it is planned and built by that date; otherwise it is assessed anew.")
    answer = RadioField(
        _l("Shall we build it like this?"),
        choices=_ANSWERS,
        validators=[InputRequired(_l("Please choose an answer."))],
    )
    comment = TextAreaField(_l("Comment; what should be different"), validators=[Length(max=4000)])


class SpokenDirectionForm(SpokenFields):
    """The same on the telephone, with who said it and how (P10.7)."""

    title, submit_text = _l("Record the answer to the direction"), _l("Record the answer")
    effect = _l("It is marked as spoken and taken down by you.")
    answer = RadioField(
        _l("Their answer"), choices=_ANSWERS, validators=[InputRequired(_l("Please choose an answer."))]
    )
    comment = TextAreaField(_l("Comment; what should be different"), validators=[Length(max=4000)])


class DeliveryForm(FlaskForm):
    """Another date."""

    title, submit_text = _l("Change the delivery date"), _l("Change the date")
    effect = _l("The customer is told the new date and the reason.")
    deliver_at = Moment(
        _l("New delivery date"),
        format=MINUTE,
        validators=[InputRequired(_l("Please give another date that lies ahead."))],
    )
    reason = TextAreaField(
        _l("Reason"),
        validators=[InputRequired(_l("Please give the reason; the customer reads it.")), Length(max=2000)],
    )
