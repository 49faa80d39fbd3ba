"""The ladder of a ticket: what fired and who was told, what fires next and who will be (P5.5)."""

from flask import Response, g

from blueprints import pages
from blueprints.access import requires, ticket
from blueprints.on_call import bp
from models.insight.ladder import ladder_of
from models.record.ticket import Ticket


@bp.get("/t/<number>/ladder")
@requires("view_internal", ticket)
def of_ticket(ticket: Ticket) -> Response:
    """Live by the ticket; who is away or on call may change meanwhile, so it is read anew each time."""
    g.topics = [f"t-{ticket.id}"]
    return pages.show("on_call/ladder.html", ticket=ticket, climbs=ladder_of(ticket))
