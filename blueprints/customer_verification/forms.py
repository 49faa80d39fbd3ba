"""Forms of confirmation: the customer's own, and what colleagues take down for them."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import MultipleFileField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.fields import codes
from blueprints.labels import locale
from models.ground.vocabulary import Verdict
from models.record.ticket import Ticket

_answer = InputRequired(_l("Please choose an answer."))


class ConfirmForm(FlaskForm):
    """Is it solved, and how satisfied are you: nothing is chosen beforehand (P10.2)."""

    title, submit_text = _l("Say whether it is solved"), _l("Send the answer")
    effect = _l("The desk is told. “Not solved” goes straight back to work.")
    verdict = RadioField(_l("Is it solved?"), choices=codes("verdict", Verdict), validators=[_answer])
    satisfaction = RadioField(_l("How satisfied are you?"), validators=[Optional()])
    comment = TextAreaField(_l("Comment; what is not solved"), validators=[Length(max=4000)])
    files = MultipleFileField(_l("Files"))

    def __init__(self, ticket: Ticket, **values: Any) -> None:
        super().__init__(**values)
        self.satisfaction.choices = scale_of(ticket)


class SpokenForm(FlaskForm):
    """A confirmation on the telephone, with who said it and how (P10.7)."""

    title, submit_text = _l("Record a spoken confirmation"), _l("Record the answer")
    effect = _l("It is marked as spoken and taken down by you.")
    said_by = StringField(_l("Who said it"), validators=[InputRequired(_l("Please say who said it.")), Length(max=80)])
    how = StringField(
        _l("By what means"),
        validators=[InputRequired(_l("Please say by what means.")), Length(max=80)],
        description=_l("For example: telephone, in person."),
    )
    verdict = RadioField(_l("Is it solved?"), choices=codes("verdict", Verdict), validators=[_answer])
    satisfaction = RadioField(_l("How satisfied are they?"), validators=[Optional()])
    comment = TextAreaField(_l("Comment; what is not solved"), validators=[Length(max=4000)])

    def __init__(self, ticket: Ticket, **values: Any) -> None:
        super().__init__(**values)
        self.satisfaction.choices = scale_of(ticket)


class DisputeForm(FlaskForm):
    """A change of mind."""

    title, submit_text = _l("Not solved after all"), _l("Back to work")
    effect = _l("It goes back to work at once.")
    reason = TextAreaField(
        _l("What is not solved"), validators=[InputRequired(_l("Please say what is not solved.")), Length(max=4000)]
    )


class SupplyForm(FlaskForm):
    """What was asked for, or what else came to mind."""

    text = TextAreaField(_l("Your answer"), validators=[Length(max=8000)])
    files = MultipleFileField(_l("Files"), id="supply-files")


def scale_of(ticket: Ticket) -> list[tuple[str, str]]:
    """The policy's scale of satisfaction in the reader's language (P10.5)."""
    return [(choice.code, getattr(choice.title, locale())) for choice in ticket.policy_version.pack.satisfaction]
