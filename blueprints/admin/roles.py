"""The field for roles: a row each, to be ticked everywhere or in certain teams (P1)."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput

from blueprints.fields import team_choices
from blueprints.labels import label
from models.ground.vocabulary import Role
from models.people.person import PER_TEAM, Held, RoleHeld

Choices = list[tuple[str, str]]


class RolesField(SelectMultipleField):
    """Roles with the team of each; nothing ticked in a row means that the role is not held."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            _l("Roles"),
            choices=_choices,
            coerce=_held,
            option_widget=CheckboxInput(),
            description=_l("Everybody can report. A change of roles ends the sessions of this person."),
            **more,
        )

    @property
    def rows(self) -> list[tuple[str, list[Any]]]:
        """What a row is called, and its ticks."""
        options = iter(self)
        return [(name, [next(options) for _choice in choices]) for name, choices in self.iter_groups()]


def _choices() -> dict[str, Choices]:
    teams = team_choices()
    rows = {label("role", role): _in_teams(role, teams) for role in PER_TEAM}
    others = [role for role in Role if role not in PER_TEAM and role != Role.REPORTER]
    return rows | {_("Without a team"): [(str(role), label("role", role)) for role in others]}


def _in_teams(role: Role, teams: list[tuple[int, str]]) -> Choices:
    return [(str(role), _("everywhere")), *((f"{role}:{number}", name) for number, name in teams)]


def _held(said: str | RoleHeld) -> Held:
    """`engineer` is held everywhere, `engineer:3` in the third team. Raises ValueError."""
    if isinstance(said, RoleHeld):
        return said.role, said.team_id
    role, _colon, team = said.partition(":")
    return role, int(team) if team else None
