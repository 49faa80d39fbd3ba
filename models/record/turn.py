"""Whose turn it is: one answer for page, lists and attribution, from two columns of the ticket (P4.5)."""

from models.ground.vocabulary import Party, State, Turn
from models.record.ticket import Ticket

TURN_IN = {
    State.AWAITING_TRIAGE: Turn.FIRST_LINE,
    State.AWAITING_ENGINEER: Turn.ENGINEER,
    State.AWAITING_ASSESSMENT: Turn.PRODUCT,
    State.AWAITING_DIRECTION: Turn.CUSTOMER,
    State.AWAITING_PLAN: Turn.ENGINEER,
    State.AWAITING_APPROVAL: Turn.APPROVER,
    State.AWAITING_CONSENT: Turn.CUSTOMER,
    State.AWAITING_FIX: Turn.ENGINEER,
    State.AWAITING_TEST: Turn.VERIFIER,
    State.AWAITING_CUSTOMER: Turn.CUSTOMER,
    State.AWAITING_REVIEW: Turn.SUPERVISOR,
    State.CLOSED: Turn.NOBODY,
    State.ARCHIVED: Turn.NOBODY,
    State.CANCELLED: Turn.NOBODY,
    State.MERGED: Turn.NOBODY,
}
TURN_OF = {
    Party.REPORTER: Turn.CUSTOMER,
    Party.CUSTOMER: Turn.CUSTOMER,
    Party.VENDOR: Turn.VENDOR,
    Party.DEPARTMENT: Turn.DEPARTMENT,
    Party.APPROVER: Turn.APPROVER,
    Party.WINDOW: Turn.WINDOW,
}
# Who have closing hours.
OURS = (Turn.FIRST_LINE, Turn.PRODUCT, Turn.ENGINEER, Turn.APPROVER, Turn.VERIFIER, Turn.SUPERVISOR)


def whose_turn(ticket: Ticket) -> Turn:
    """Who has to do something now; reads `state` and `waiting_on` only, so that lists can ask for every row."""
    return turn_of(ticket.state, ticket.waiting_on)


def turn_of(state: str, waiting_on: str = "") -> Turn:
    """Whoever is waited for has the turn; otherwise the state says it."""
    held_by = TURN_IN[State(state)]
    return TURN_OF[Party(waiting_on)] if waiting_on and held_by is not Turn.NOBODY else held_by
