"""Rows of a form: as many as were filled in, and blank ones to go on with. A blank row does not count."""

from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FieldList, FormField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.utils import unset_value
from wtforms.validators import Length, Optional

from blueprints.fields import chosen, person_choices
from models.ground.vocabulary import Role

MOST = 40


class Row(FlaskForm):
    """One row: it has no token of its own."""

    class Meta(FlaskForm.Meta):
        csrf = False

    @property
    def is_blank(self) -> bool:
        """Nothing is written in it; what is merely chosen does not count."""
        return not any((field.data or "").strip() for field in self if isinstance(field, StringField))


class Rows(FieldList):
    """`blank` rows are offered at first, and one more than stands there already; `more` gives another."""

    def __init__(self, label: Any, row: type[Row], *, blank: int, **more: Any) -> None:
        super().__init__(FormField(row), label, max_entries=MOST, **more)
        self.blank = blank

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        while len(self.entries) < self.blank or (not formdata and not self.entries[-1].form.is_blank):
            if len(self.entries) == MOST:
                break
            self.append_entry()

    def more(self) -> None:
        """Another blank row, where one goes on writing."""
        if len(self.entries) < MOST:
            added = self.append_entry().form
            next(iter(added)).render_kw = {"autofocus": True}

    @property
    def filled(self) -> list[tuple[int, dict[str, Any]]]:
        """What was written, each with the number of its row."""
        return [(number, entry.data) for number, entry in enumerate(self.entries) if not entry.form.is_blank]


def owner_choices() -> list[tuple[Any, Any]]:
    """Whoever can carry out a step; asked once for all rows."""
    if "owners" not in g:
        g.owners = [("", _("the author")), *person_choices(Role.ENGINEER)()]
    return list(g.owners)


class TaskRow(Row):
    """One step of a plan: what, who, when (P7.1)."""

    body = TextAreaField(_l("What is done"), validators=[Length(max=2000)])
    owner_id = SelectField(_l("Responsible"), coerce=chosen, choices=owner_choices, validators=[Optional()])
    planned = StringField(_l("Planned time"), validators=[Length(max=120)])

    def validate_body(self, field: TextAreaField) -> None:
        if not self.is_blank and not (field.data or "").strip():
            raise ValidationError(_("Please write what is done in this step."))


class OptionRow(Row):
    """One option that was considered (P7.1)."""

    title = StringField(_l("Option"), validators=[Length(max=200)])
    feasibility = StringField(_l("Feasibility"), validators=[Length(max=200)])
    risk = StringField(_l("Risk"), validators=[Length(max=200)])
    effort = StringField(_l("Effort"), validators=[Length(max=200)])
    impact = StringField(_l("Impact"), validators=[Length(max=200)])

    def validate_title(self, field: StringField) -> None:
        if not self.is_blank and not (field.data or "").strip():
            raise ValidationError(_("Please name this option."))
