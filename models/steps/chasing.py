"""Chasing (催办): whoever reported it asks us to hurry, once in half an hour (V05)."""

from datetime import timedelta

from models.ground import clock
from models.ground.db import command
from models.ground.errors import Conflict
from models.insight.own_reports import chased_at
from models.people.person import Person
from models.record.link import Link
from models.record.ticket import Ticket
from models.rules import workflow

EVERY = timedelta(minutes=30)


@command
def chase_ticket(ticket: Ticket, *, actor: Person | Link) -> Ticket:
    """Whoever has it is told that somebody waits. Raises Conflict if it was said a moment ago, or we wait for them."""
    workflow.check_state(ticket, "chase")
    if ticket.waiting_on in ("reporter", "customer"):
        raise Conflict("We are waiting for your answer. Please give it first.")
    before = chased_at([ticket.id]).get(ticket.id)
    if before and clock.now() < before + EVERY:
        raise Conflict("You have reminded us already. You can do so again at %(time)s.", time=before + EVERY)
    workflow.advance(ticket, "chase", actor=actor)
    return ticket
