"""Forms of confirmation: the customer's own, and what colleagues take down for them."""

from dataclasses import dataclass
from typing import Any, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, MultipleFileField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.fields import SpokenFields, codes
from blueprints.labels import label, locale
from models.ground.vocabulary import Verdict
from models.insight.customer_view import goes_to, words_for
from models.record.resolution import sheet_of
from models.record.ticket import Ticket
from models.rules.answers import CHECKS, DISSATISFIED, SATISFIED, SHEET, WORDS

F = TypeVar("F", bound="AnswerForm")
HOLDS = [("yes", _l("Yes")), ("no", _l("No"))]


@dataclass(frozen=True)
class Wording:
    """What a form of confirmation says: of a fault whether it is solved, of a request whether it is accepted (P8.3)."""

    title: Any
    question: Any
    effect: Any
    missing: Any  # asked for beside "no" and "partly"
    after_all: Any  # a change of mind
    # How an answer can be meant that contradicts itself: what is offered, and nothing of it chosen beforehand (P10.6).
    readings: dict[str, list[tuple[str, Any]]]


_solved = Wording(
    _l("Say whether it is solved"),
    _l("Is it solved?"),
    _l("The desk is told. “Not solved” goes straight back to work."),
    _l("Comment; what is not solved"),
    _l("Not solved after all"),
    {
        CHECKS: [
            ("yes", _l("Solved: what I marked no longer matters")),
            ("partly", _l("Partly solved: what I marked remains")),
        ],
        WORDS: [
            ("yes", _l("Solved: my comment is only a remark")),
            ("partly", _l("Partly solved: what I wrote remains")),
            ("no", _l("Not solved: back to work")),
        ],
        DISSATISFIED: [
            ("yes", _l("Solved, and I am dissatisfied all the same")),
            ("no", _l("Not solved: back to work")),
        ],
        SATISFIED: [("no", _l("Not solved: back to work")), ("yes", _l("Solved, and I am satisfied"))],
    },
)
_accepted = Wording(
    _l("Say whether you accept it"),
    _l("Do you accept it?"),
    _l("The desk is told. “Not accepted” goes straight back to work."),
    _l("Comment; what is missing"),
    _l("Not accepted after all"),
    {
        CHECKS: [
            ("yes", _l("Accepted: what I marked no longer matters")),
            ("partly", _l("Accepted in part: what I marked remains")),
        ],
        WORDS: [
            ("yes", _l("Accepted: my comment is only a remark")),
            ("partly", _l("Accepted in part: what I wrote remains")),
            ("no", _l("Not accepted: back to work")),
        ],
        DISSATISFIED: [
            ("yes", _l("Accepted, and I am dissatisfied all the same")),
            ("no", _l("Not accepted: back to work")),
        ],
        SATISFIED: [("no", _l("Not accepted: back to work")), ("yes", _l("Accepted, and I am satisfied"))],
    },
)
_postponed = Wording(
    _l("Say whether you accept this"),
    _l("Do you accept this?"),
    _l("The desk is told. “I do not agree” has it assessed again."),
    _l("Comment; why you do not agree"),
    _l("I do not agree after all"),
    {
        WORDS: [
            ("yes", _l("Read and accepted: my comment is only a remark")),
            ("no", _l("I do not agree: assess it again")),
        ],
        DISSATISFIED: [
            ("yes", _l("Read and accepted, and I am dissatisfied all the same")),
            ("no", _l("I do not agree: assess it again")),
        ],
        SATISFIED: [
            ("no", _l("I do not agree: assess it again")),
            ("yes", _l("Read and accepted, and I am satisfied")),
        ],
    },
)
WORDINGS = {"verdict": _solved, "uat": _accepted, "postponed": _postponed}

_answer = InputRequired(_l("Please choose an answer."))


class AnswerForm(FlaskForm):
    """Is it solved, or accepted, and how satisfied are you: nothing is chosen beforehand (P10.2)."""

    verdict = RadioField(choices=codes("verdict", Verdict), validators=[_answer])
    satisfaction = RadioField(validators=[Optional()])
    comment = TextAreaField(_l("Comment; what is not solved"), validators=[Length(max=4000)])
    asked = HiddenField(validators=[Length(max=80)])
    about: tuple[str, ...] = ()  # what does not fit together and is asked about now
    positions: tuple[int, ...] = ()  # of the sheet
    words = "verdict"  # the kind of words that the verdicts have

    def __init__(self, ticket: Ticket, **values: Any) -> None:
        super().__init__(**values)
        words = self.words = words_for(ticket)
        said = WORDINGS[words]
        offered = [verdict for verdict in Verdict if words != "postponed" or verdict != Verdict.PARTLY]
        self.verdict.label.text, self.comment.label.text = said.question, said.missing
        self.verdict.choices = [(str(verdict), label(words, verdict)) for verdict in offered]
        self.satisfaction.choices = scale_of(ticket)

    @property
    def errors(self) -> dict[str, Any]:
        """A question is no error."""
        return {} if self.about else dict(super().errors)

    @property
    def sheet(self) -> list[tuple[RadioField, StringField]]:
        """Each line of the joint verification sheet: whether it holds, and what is wrong."""
        return [(self[f"check_{nth}"], self[f"remark_{nth}"]) for nth in self.positions]

    @property
    def is_sheet_open(self) -> bool:
        """Whether the sheet is shown although nobody has opened it: it is the next step, or holds something."""
        return SHEET in self.about or any(row.data not in (None, "None", "") for row, _ in self.sheet)

    def ask(self, about: tuple[str, ...]) -> None:
        """Show the answer again with a question, both readings beside each other and neither chosen."""
        self.about = about
        if SHEET in about:
            return
        self.asked.data = " ".join(about)
        self.verdict.choices, self.verdict.data = WORDINGS[self.words].readings[about[0]], None


class ConfirmForm(AnswerForm):
    """The customer's own answer."""

    submit_text = _l("Send the answer")
    satisfaction = RadioField(_l("How satisfied are you?"), validators=[Optional()])
    files = MultipleFileField(_l("Files"))

    def __init__(self, ticket: Ticket, **values: Any) -> None:
        super().__init__(ticket, **values)
        self.title, self.effect = WORDINGS[self.words].title, WORDINGS[self.words].effect


class SpokenForm(AnswerForm, SpokenFields):
    """A confirmation on the telephone, with who said it and how (P10.7)."""

    title, submit_text = _l("Record a spoken confirmation"), _l("Record the answer")
    effect = _l("It is marked as spoken and taken down by you.")
    satisfaction = RadioField(_l("How satisfied are they?"), validators=[Optional()])


class DisputeForm(FlaskForm):
    """A change of mind."""

    submit_text = _l("Back to work")
    effect = _l("It goes back to work at once.")
    reason = TextAreaField(
        _l("What is not solved"), validators=[InputRequired(_l("Please say what is not right.")), Length(max=4000)]
    )

    def __init__(self, ticket: Ticket, **values: Any) -> None:
        super().__init__(**values)
        self.words = words_for(ticket)
        self.title = WORDINGS[self.words].after_all
        if ticket.is_request:
            self.reason.label.text = _l("What is missing, or not right")


class AgreeForm(FlaskForm):
    """Do you agree with the plan, or with the direction (P7.4, P8.3): nothing is chosen beforehand."""

    title, submit_text = _l("Say whether you agree"), _l("Send the answer")
    effect = _l("The desk is told. Nothing is done before you agree.")
    answer = RadioField(
        _l("Do you agree?"), choices=[("yes", _l("I agree")), ("no", _l("I do not agree"))], validators=[_answer]
    )
    comment = TextAreaField(_l("Comment; why you do not agree"), validators=[Length(max=4000)])
    key = HiddenField(validators=[Length(max=64)])  # what was read: an answer counts for nothing else


class SpokenConsentForm(SpokenFields):
    """A consent on the telephone, with who said it and how (P7.4, P10.7)."""

    title, submit_text = _l("Record a spoken consent"), _l("Record the answer")
    effect = _l("It is marked as spoken and taken down by you.")
    answer = RadioField(
        _l("Do they agree?"), choices=[("yes", _l("They agree")), ("no", _l("They do not agree"))], validators=[_answer]
    )
    comment = TextAreaField(_l("Comment; why they do not agree"), validators=[Length(max=4000)])
    key = HiddenField(validators=[Length(max=64)])


class SendForm(FlaskForm):
    """Something is sent to the address on record; ticked by a person, since programs press every button (P10.2). With
    scripts the tick itself sends it: one tap."""

    sure = BooleanField(
        validators=[InputRequired(_l("Please tick this, so that it is sent."))], render_kw={"data-sends": ""}
    )

    def __init__(self, ticket: Ticket, **values: Any) -> None:
        super().__init__(**values)
        self.sure.label.text = _("Send it to %(address)s", address=goes_to(ticket))


class SupplyForm(FlaskForm):
    """What was asked for, or what else came to mind."""

    text = TextAreaField(_l("Your answer"), validators=[Length(max=8000)])
    files = MultipleFileField(_l("Files"), id="supply-files")


def with_sheet(form: type[F], ticket: Ticket, **values: Any) -> F:
    """The form with a line for each check that was written for this round (P10.6)."""
    sheet = sheet_of(ticket)
    fields: dict[str, Any] = {"positions": tuple(check.position for check in sheet)}
    for check in sheet:
        fields[f"check_{check.position}"] = RadioField(check.text, choices=HOLDS, validators=[Optional()])
        fields[f"remark_{check.position}"] = StringField(_l("What is wrong"), validators=[Length(max=500)])
    return type(form.__name__, (form,), fields)(ticket, **values)


def scale_of(ticket: Ticket) -> list[tuple[str, str]]:
    """The policy's scale of satisfaction in the reader's language (P10.5)."""
    return [(choice.code, getattr(choice.title, locale())) for choice in ticket.policy_version.pack.satisfaction]
