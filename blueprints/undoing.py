"""What somebody has done a moment ago: each page offers to take it back, for ten minutes (rules/undoing.py)."""

from typing import Any, NamedTuple

from flask import Flask, g, session
from flask_login import current_user

from models.people.person import Person
from models.record.ticket import Ticket, find_ticket
from models.rules import undoing, workflow
from models.rules.undoing import Deed

OF_SEVERAL = ("triage_many",)  # deeds on several tickets, whose result is the numbers of those that were done
UNDOABLE = {step.action for step in workflow.STEPS.values() if step.event in undoing.UNDONE_BY}


class Offer(NamedTuple):
    """What can still be taken back: number → deed; and the ticket, where it is only one."""

    deeds: dict[str, Deed]
    ticket: Ticket | None


def register(app: Flask) -> None:
    """Let the pages ask."""
    app.jinja_env.globals.update(undo_offer=offer, undoable=lambda ticket: undoing.deed_of(ticket, _me()))


def remember(action: str, thing: Any, result: Any) -> None:
    """This was done last; anything else that was done makes the page forget it."""
    session.pop("deeds", None)
    if action in UNDOABLE and isinstance(thing, Ticket):
        session["deeds"] = [thing.number]
    elif action in OF_SEVERAL:
        session["deeds"] = result


def offer() -> Offer | None:
    """What the page offers to take back; once a page, whoever asks."""
    numbers = session.get("deeds") if "undo_offered" not in g else None
    if not numbers:
        return None
    g.undo_offered = True
    deeds = undoing.deeds_of(numbers, _me())
    if not deeds:
        session.pop("deeds")
        return None
    return Offer(deeds, find_ticket(next(iter(deeds))) if len(numbers) == 1 else None)


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person
