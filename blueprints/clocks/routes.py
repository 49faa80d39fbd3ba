"""Why a clock is due when it is due, and to whom the time of a ticket belonged."""

from flask import Blueprint, Response

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.clocks.sums import amount
from blueprints.clocks.words import in_words
from models.ground.errors import Missing
from models.insight.attribution import attribution_of
from models.insight.explanation import explain, find_clock
from models.record.ticket import Ticket
from models.rules.permissions import allows

bp = Blueprint("clocks", __name__)


@bp.get("/t/<number>/clocks/<clock>/<int:nth>")
@requires("view", ticket)
def why(ticket: Ticket, clock: str, nth: int) -> Response:
    """One clock explains itself (P4.7): a page of its own, or in place beside the clock."""
    deadline = find_clock(ticket, clock, nth)
    if deadline is None:
        raise Missing("This ticket has no such clock.")
    said = in_words(explain(deadline), internal=allows(me(), "view_internal", ticket))
    return _show("clocks/why.html", ticket, said=said)


@bp.get("/t/<number>/attribution")
@requires("view_internal", ticket)
def attribution(ticket: Ticket) -> Response:
    """Whose turn it was, for how long (P4.5)."""
    return _show("clocks/attribution.html", ticket, life=attribution_of(ticket), amount=amount)


def _show(template: str, ticket: Ticket, **context: object) -> Response:
    return pages.show(template, ticket=ticket, in_place=pages.is_fragment(), **context)
