"""Several reports graded and assigned in one go: one command each, so one that is refused holds up no other."""

from collections import defaultdict

from flask import flash
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.access import me
from blueprints.fields import row
from blueprints.refusals import sentence_of
from blueprints.triage.forms import BulkForm
from models.ground.db import db, expecting, last_words
from models.ground.errors import Conflict, DomainError, Invalid
from models.insight.suggestion import suggest_team
from models.people.team import Team
from models.record.ticket import Ticket, find_ticket
from models.rules.permissions import can_see
from models.steps import triage as step

MOST = 50  # a page of the list


def triage_each(chosen: list[str], form: BulkForm) -> None:
    """`chosen`: number and version of each, as the rows say. Raises Invalid when nothing could be done at all."""
    if not chosen:
        raise Invalid("Please select at least one report.")
    done, refused = list[str](), defaultdict[str, list[str]](list)
    for number, version in (each.split(":") for each in chosen[:MOST] if each.count(":") == 1):
        try:
            _triage(number, version, form, is_first=not done)
            done.append(number)
        except DomainError as refusal:
            db.session.rollback()
            refused[sentence_of(refusal)].append(number)
    if not done:
        raise Invalid("Nothing could be done. %(reasons)s", reasons=" ".join(_said(refused)))
    numbers = _(", ").join(done)
    flash(
        ngettext(
            "%(num)s report triaged: %(numbers)s", "%(num)s reports triaged: %(numbers)s", len(done), numbers=numbers
        )
    )
    for said in _said(refused):
        flash(said, "error")


def _triage(number: str, version: str, form: BulkForm, *, is_first: bool) -> None:
    ticket = find_ticket(number)
    if ticket is None or not can_see(me(), ticket):
        raise Conflict("The ticket has moved on: this is no longer possible in its present state.")
    if ticket.is_request:
        raise Conflict("It is a request; please grade it by itself.")
    team = row(Team, form.team.data) or suggest_team(ticket)
    if team is None:
        raise Conflict("No team can be suggested; please choose one.")
    if is_first:  # its transaction spends the form's token
        _command(ticket, version, form, team)
    else:
        with last_words(lambda _: None):
            _command(ticket, version, form, team)


def _command(ticket: Ticket, version: str, form: BulkForm, team: Team) -> None:
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


def _said(refused: dict[str, list[str]]) -> list[str]:
    return [_("%(numbers)s: %(reason)s", numbers=_(", ").join(found), reason=why) for why, found in refused.items()]
