"""What somebody has done a moment ago: each page offers to take it back, for ten minutes (rules/undoing.py)."""

from typing import Any, NamedTuple

from flask import Flask, g, session
from flask_login import current_user

from models.people.person import Person
from models.record.ticket import Ticket, find_ticket
from models.rules import undoing, workflow
from models.rules.undoing import Deed

UNDOABLE = {step.action for step in workflow.STEPS.values() if step.event in undoing.UNDONE_BY}


class Offer(NamedTuple):
    """A deed that can still be taken back, and the ticket on which it was done."""

    ticket: Ticket
    deed: Deed


def register(app: Flask) -> None:
    """Let the pages ask."""
    app.jinja_env.globals.update(undo_offer=offer, undoable=lambda ticket: undoing.deed_of(ticket, _me()))


def remember(action: str, thing: Any) -> None:
    """This was done last; anything else that was done makes the page forget it."""
    session.pop("deed", None)
    if action in UNDOABLE and isinstance(thing, Ticket):
        session["deed"] = thing.number


def offer() -> Offer | None:
    """What the page offers to take back; once a page, whoever asks."""
    number = session.get("deed") if "undo_offered" not in g else None
    if number is None:
        return None
    g.undo_offered = True
    ticket = find_ticket(number)
    deed = undoing.deed_of(ticket, _me()) if ticket else None
    if ticket is None or deed is None:
        session.pop("deed")
        return None
    return Offer(ticket, deed)


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person
