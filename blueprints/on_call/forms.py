"""Forms of rotas and absences."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, SelectField
from wtforms.validators import InputRequired, Optional

from blueprints.fields import MINUTE, chosen, codes, optional_team_choices
from blueprints.lookup import ColleagueLookup
from models.ground.vocabulary import AbsenceKind
from models.people.rota import ROLES

_filled = InputRequired(_l("This must be filled in."))
_whom = _l("Name, user name, telephone number or address")
REPEATS = ((0, _l("once")), (1, _l("every week")), (2, _l("every two weeks")), (3, _l("every three weeks")),
           (4, _l("every four weeks")))  # fmt: skip


def _moment(label: Any, **more: Any) -> DateTimeLocalField:
    return DateTimeLocalField(label, format=MINUTE, validators=[_filled], **more)


class ShiftForm(FlaskForm):
    """Somebody is on call."""

    role = SelectField(_l("Role"), choices=codes("role", ROLES), validators=[InputRequired()])
    team_id = SelectField(
        _l("Team"),
        coerce=chosen,
        choices=optional_team_choices,
        validators=[Optional()],
        description=_l("Without a team it counts for every team that has no rota of its own."),
    )
    person = ColleagueLookup(_l("Who"), validators=[_filled], description=_whom)
    starts_at = _moment(_l("Begins"))
    ends_at = _moment(_l("Ends"))
    every_weeks = SelectField(_l("Repeated"), coerce=int, choices=REPEATS, default=0)


class HandoverForm(FlaskForm):
    """A part of a turn goes to somebody else."""

    taker = ColleagueLookup(_l("Who takes over"), validators=[_filled], description=_whom)
    starts_at = _moment(_l("Begins"))
    ends_at = _moment(_l("Ends"))


class AbsenceForm(FlaskForm):
    """One will be away."""

    kind = SelectField(_l("Reason"), choices=codes("absence", AbsenceKind), validators=[InputRequired()])
    starts_at = _moment(_l("Begins"))
    ends_at = _moment(_l("Ends"))
    delegate = ColleagueLookup(
        _l("Delegate"),
        description=_l("Who holds the same role; warnings and escalations go there meanwhile."),
    )


class AbsenceOfForm(AbsenceForm):
    """Somebody else will be away."""

    person = ColleagueLookup(_l("Who"), validators=[_filled], description=_whom)


class PlainForm(FlaskForm):
    """A button and nothing else."""
