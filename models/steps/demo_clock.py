"""The demonstration's clock moves on, and it is on record by whom: everything that falls due meanwhile rings."""

from datetime import timedelta

from models.ground.db import command
from models.ground.errors import Refused
from models.people.person import Person
from models.record import demo_clock
from models.rules.deeds import record
from models.rules.permissions import allows


@command
def move_demo_clock(span: timedelta, *, actor: Person | None) -> None:
    """Forward by `span`; `actor` None is the command line."""
    if actor is not None and not allows(actor, "move_demo_clock"):
        raise Refused("Only an administrator does this.")
    record("demo_clock_moved", actor=actor, after={"seconds": int(span.total_seconds())})
    demo_clock.advance(span)
