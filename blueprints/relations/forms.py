"""Forms by which tickets are linked, merged and split."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from blueprints.access import me
from blueprints.fields import codes
from blueprints.lookup import Lookup
from models.insight.relations import tickets_meant
from models.record.relation import BY_HAND
from models.record.ticket import TITLE_LENGTH, Ticket


class TicketLookup(Lookup):
    """Another ticket, by its number, the end of it, or words; only those that one may see."""

    choose, unknown = _l("Please choose which ticket you mean."), _l("No such ticket is known to you.")
    asks = _l("Which ticket you mean")

    @staticmethod
    def find(typed: str, *, limit: int) -> list[Ticket]:
        return tickets_meant(me(), typed, limit=limit)

    @staticmethod
    def known_by(ticket: Ticket) -> tuple[str, ...]:
        return ticket.number, f"{ticket.number} · {ticket.title}"

    def name_of(self, row: Any) -> str:
        return f"{row.number} · {row.title}"


class RelateForm(FlaskForm):
    """Two tickets that belong together."""

    title, submit_text = _l("Link with another ticket"), _l("Link the two")
    effect = _l("Both pages show it. It can be undone.")
    kind = RadioField(
        _l("What the other ticket is to this one"),
        choices=codes("relation", BY_HAND),
        validators=[InputRequired(_l("Please choose how they belong together."))],
    )
    other = TicketLookup(
        _l("The other ticket"),
        description=_l("Its number, the end of it, or words"),
        validators=[InputRequired(_l("Please choose the other ticket."))],
    )
    reason = StringField(_l("Why (optional)"), validators=[Length(max=500)])


class MergeForm(FlaskForm):
    """The same report as another."""

    title, submit_text = _l("Merge into another ticket"), _l("Merge them")
    effect = _l(
        "Work goes on there. Whoever reported this is told, and hears every update. It can be undone for 7 days."
    )
    into = TicketLookup(
        _l("The ticket under which work goes on"),
        description=_l("Its number, the end of it, or words"),
        validators=[InputRequired(_l("Please choose the other ticket."))],
    )


class SplitForm(FlaskForm):
    """A part of a report becomes a ticket of its own."""

    title_text, submit_text = _l("Split off a part"), _l("Make it a ticket of its own")
    effect = _l(
        "Whoever reported it gets a receipt with the new number. To undo it, cancel the new ticket before its triage."
    )
    description = TextAreaField(
        _l("What the new ticket is about"),
        validators=[InputRequired(_l("Please say what the new ticket is about.")), Length(max=20_000)],
    )
    title = StringField(
        _l("Title (optional)"),
        validators=[Length(max=TITLE_LENGTH)],
        description=_l("Otherwise its first sentence."),
    )
    files = SelectMultipleField(_l("Copies of these files"), option_widget=CheckboxInput(), validators=[Optional()])
