"""Several reports graded and assigned in one go."""

from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints import several
from blueprints.access import me
from blueprints.fields import row
from blueprints.triage.forms import BulkForm
from models.ground.db import expecting
from models.ground.errors import Conflict, Invalid
from models.insight.suggestion import suggest_team
from models.people.team import Team
from models.record.ticket import find_ticket
from models.rules.permissions import can_see
from models.steps import triage as step


def triage_each(chosen: list[str], form: BulkForm) -> list[str]:
    """`chosen`: number and version of each, as the rows say. Returns the numbers of those that were triaged.

    Raises Invalid when nothing could be done at all.
    """
    if not chosen:
        raise Invalid("Please select at least one report.")
    return several.each(chosen, lambda number, version: _triage(number, version, form), said=_words)


def _words(numbers: list[str]) -> str:
    return ngettext(
        "%(num)s report triaged: %(numbers)s",
        "%(num)s reports triaged: %(numbers)s",
        len(numbers),
        numbers=_(", ").join(numbers),
    )


def _triage(number: str, version: str, form: BulkForm) -> None:
    ticket = find_ticket(number)
    if ticket is None or not can_see(me(), ticket):
        raise Conflict("The ticket has moved on: this is no longer possible in its present state.")
    if ticket.is_request:
        raise Conflict("It is a request; please grade it by itself.")
    team = row(Team, form.team.data) or suggest_team(ticket)
    if team is None:
        raise Conflict("No team can be suggested; please choose one.")
    with expecting(int(version) if version.isdecimal() else None):
        step.triage_ticket(
            ticket,
            actor=me(),
            severity=form.severity.data or ticket.severity,
            reason=form.reason.data or "",
            category=form.category.data,
            category_other=form.category_other.data or "",
            team=team,
        )
