"""What a ticket owes by the table alone, whatever its policy agrees: which clocks, and since when (P4.2)."""

from datetime import datetime

from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import ClockKind, State
from models.record.event import Event
from models.record.ticket import ENDED, Ticket
from models.rules.workflow import CLOCKS_IN, STEP_OF

TO_THE_END = (ClockKind.RESPOND, ClockKind.RESOLVE, ClockKind.RESOLVE_MAX)  # owed in more than one state


def owed_since(ticket: Ticket) -> dict[str, datetime]:
    """Kind → start of the clocks that a policy which agrees everything would have running now.

    The promise of the next update begins at this moment: it is asked when somebody triages the ticket again.
    """
    opened, entered, was = dict[str, datetime](), ticket.created_at, ""
    for name, state, at in db.session.execute(_EVENTS.where(Event.ticket_id == ticket.id)):
        entered = at if state != was else entered
        was = state
        opened = {} if state in ENDED else _turned(opened, name, at)
    owed = {str(kind): opened[kind] for kind in TO_THE_END if kind in opened}
    owed |= dict.fromkeys(CLOCKS_IN.get(State(ticket.state), "").split(), entered)
    return owed | {str(ClockKind.UPDATE): clock.now()} if ticket.triaged_at and ticket.resolved_at is None else owed


def _turned(opened: dict[str, datetime], name: str, at: datetime) -> dict[str, datetime]:
    if name not in STEP_OF:
        return opened
    met = STEP_OF[name].meets.split()
    return {kind: since for kind, since in opened.items() if kind not in met} | dict.fromkeys(
        STEP_OF[name].opens.split(), at
    )


_EVENTS = select(Event.name, Event.state, Event.at).order_by(Event.seq)
