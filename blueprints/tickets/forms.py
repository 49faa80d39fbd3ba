"""Forms beside the road: notes, updates, calls, files, waiting, redaction."""

from typing import Self

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    MultipleFileField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from blueprints.fields import MINUTE, codes
from models.ground.vocabulary import Party
from models.record.attachment import Attachment
from models.record.ticket import TITLE_LENGTH

_something = InputRequired(_l("Please write something."))


class NoteForm(FlaskForm):
    """An internal note."""

    title, submit_text = _l("Internal note"), _l("Keep the note")
    effect = _l("Only colleagues see this.")
    text = TextAreaField(_l("Note"), validators=[_something, Length(max=8000)], id="note-text")
    files = MultipleFileField(_l("Files"), id="note-files")


class UpdateForm(FlaskForm):
    """What the customer is told."""

    title, submit_text = _l("Update for the customer"), _l("Send the update")
    effect = _l("Whoever reported the fault and everybody who follows it is told.")
    text = TextAreaField(_l("Update"), validators=[_something, Length(max=8000)], id="update-text")
    files = MultipleFileField(_l("Files"), id="update-files")
    below = BooleanField(_l("Also tell the open reports below this incident"), default=True)


class CallForm(FlaskForm):
    """A conversation goes on record."""

    title, submit_text = _l("Record a conversation"), _l("Record")
    effect = _l("Only colleagues see this. It counts as contact with the reporter.")
    text = TextAreaField(_l("Who said what"), validators=[_something, Length(max=8000)])


class TitleForm(FlaskForm):
    """What the ticket is called."""

    title = StringField(
        _l("Title"),
        validators=[
            InputRequired(_l("Please write a title.")),
            Length(max=TITLE_LENGTH, message=_l("A title has at most 80 characters.")),
        ],
        render_kw={"autofocus": True, "autocomplete": "off"},
    )


class WaitForm(FlaskForm):
    """The ticket waits on somebody outside."""

    title, submit_text = _l("Wait for somebody"), _l("Start waiting")
    effect = _l("The clocks that the policy names stand still meanwhile.")
    party = SelectField(_l("Waiting for"), choices=codes("party", Party))
    reason = StringField(
        _l("What for"), validators=[InputRequired(_l("Please say what is waited for.")), Length(max=200)]
    )
    until = DateTimeLocalField(
        _l("Until, if that is known"),
        format=MINUTE,
        validators=[Optional()],
        description=_l("Then the waiting ends by itself, a maintenance window for example."),
    )


class RedactForm(FlaskForm):
    """Take a secret out of the record."""

    title, submit_text = _l("Redact this text"), _l("Redact for good")
    effect = _l("The text is gone everywhere and cannot be brought back; the fact stays on record.")
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Please give the reason for the redaction.")), Length(max=200)]
    )


class RedactReportForm(FlaskForm):
    """The reported text, and files that belong to no other text, without what must not stand there."""

    title, submit_text = _l("Redact the reported text"), _l("Redact for good")
    effect = _l("The old text is gone everywhere and cannot be brought back; the fact stays on record.")
    replacement = TextAreaField(_l("The text without the secret"), validators=[_something, Length(max=20_000)])
    gone = SelectMultipleField(
        _l("Files that go too"),
        option_widget=CheckboxInput(),
        description=_l("A plan that loses a file must be revised before it is decided on or carried out."),
    )
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Please give the reason for the redaction.")), Length(max=200)]
    )

    def offer(self, files: list[Attachment]) -> Self:
        """Those that can be ticked; without any there is nothing to tick."""
        self.gone.choices = [(file.key, file.name) for file in files]
        if not files:
            del self.gone
        return self

    @property
    def taken(self) -> list[str]:
        """The keys of those that were ticked."""
        return self.gone.data or [] if self.gone else []
