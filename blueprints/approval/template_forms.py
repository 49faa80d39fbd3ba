"""Forms of approval templates: who sits in a round, and how they decide together."""

from typing import Any, Self

from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from blueprints.approval.rows import MOST, Row, Rows
from blueprints.fields import chosen, codes, optional_codes, person_choices, row, team_choices
from blueprints.limits import is_once, rungs_word, typed
from models.ground.vocabulary import Risk, Role, Rule
from models.people.person import Person
from models.people.team import Team
from models.policy.cell import read_cell
from models.record.approval import ApprovalTemplate
from models.rules.rounds import REVIEWERS
from models.steps.approval_templates import CLIMBS

ROLES = (*REVIEWERS, Role.TECH_MANAGER, Role.DIRECTOR, Role.PRODUCT_MANAGER, Role.DUTY_LEAD)


def _once(name: str, make: Any) -> list[tuple[Any, Any]]:
    """Choices asked for once, for all rows of the form."""
    if name not in g:
        setattr(g, name, make())
    return list(g.get(name))


def team_or_own() -> list[tuple[Any, Any]]:
    """Whose holders of the role sit."""
    return _once("seat_teams", lambda: [("", _("the ticket's own team")), *team_choices()])


def sitters() -> list[tuple[Any, Any]]:
    """Whoever can sit on reviews by name."""
    named = [choice for role in REVIEWERS for choice in person_choices(role)()]
    return _once("seat_people", lambda: [("", "–"), *dict.fromkeys(named)])


def climbs() -> list[tuple[str, Any]]:
    """To whom a breach of the time limit can climb, step by step (P5.2)."""
    return [("", _("as the policy says")), *((roles, rungs_word(roles.split())) for roles in CLIMBS)]


class SeatRow(Row):
    """One seat: a person, or the holders of a role as alternates."""

    role = SelectField(_l("Everybody who is"), choices=optional_codes("role", ROLES, "–"), validators=[Optional()])
    team_id = SelectField(_l("Of the team"), coerce=chosen, choices=team_or_own, validators=[Optional()])
    person_id = SelectField(_l("Or this person"), coerce=chosen, choices=sitters, validators=[Optional()])

    @property
    def is_blank(self) -> bool:
        return not self.role.data and not self.person_id.data

    def validate_person_id(self, field: SelectField) -> None:
        if field.data and self.role.data:
            raise ValidationError(_("Please choose a role or a person, not both."))


class TemplateForm(FlaskForm):
    """An approval template."""

    name = StringField(_l("Name"), validators=[InputRequired(_l("Please name the template.")), Length(max=80)])
    risk = RadioField(
        _l("For plans of this risk"),
        choices=codes("risk", (Risk.NORMAL, Risk.MAJOR)),
        validators=[InputRequired(_l("Please choose a risk class."))],
    )
    rule = RadioField(
        _l("How they decide"),
        choices=codes("rule", Rule),
        validators=[InputRequired(_l("Please choose how they decide."))],
    )
    quorum = IntegerField(
        _l("How many must agree"), default=2, validators=[Optional(), NumberRange(1, MOST)], id="quorum"
    )
    seats = Rows(_l("Seats"), SeatRow, blank=3)
    limit = StringField(
        _l("Time limit"),
        validators=[Length(max=60), is_once],
        description=_l("For the whole round: 30 min, 4 h, 4 h service or 1 wd. Nothing: as the policy says."),
        render_kw={"autocomplete": "off"},
    )
    climb = SelectField(
        _l("If it is late, these are told"),
        choices=climbs,
        validators=[Optional()],
        description=_l("One after the other, until somebody takes charge."),
    )

    @classmethod
    def of(cls, template: ApprovalTemplate | None) -> Self:
        """What is sent; at first what the template says."""
        return cls(data=_said(template) if template and request.method == "GET" else None)

    @property
    def words(self) -> dict[str, Any]:
        """What the command wants."""
        return {
            "name": self.name.data,
            "risk": self.risk.data,
            "rule": self.rule.data,
            "quorum": self.quorum.data or 1,
            "limit": read_cell(self.limit.data or ""),
            "climb": self.climb.data or "",
            "seats": [(said["role"], row(Team, said["team_id"]), row(Person, said["person_id"]))
                      for _number, said in self.seats.filled],
        }  # fmt: skip


def _said(template: ApprovalTemplate) -> dict[str, Any]:
    names = ("name", "risk", "rule", "quorum")
    limit = template.limit
    return {name: getattr(template, name) for name in names} | {
        "limit": typed(limit.target) if limit else "",
        "climb": template.climb or "",
        "seats": [{name: getattr(s, name) for name in ("role", "team_id", "person_id")} for s in template.seats],
    }
