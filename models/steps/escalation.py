"""What people do with an escalation: acknowledge it, or report it upward (P5.3)."""

from models.ground import clock
from models.ground.db import command
from models.ground.errors import Conflict, Invalid
from models.people.person import Person
from models.record.deadline import RUNNING, open_deadlines
from models.record.ticket import Ticket
from models.rules import journal, marks, workflow


@command
def acknowledge_escalation(ticket: Ticket, *, actor: Person) -> Ticket:
    """Take charge (认领): the ladder stops climbing, and asks again if it stays unresolved (P5.3)."""
    breached = [d for d in open_deadlines(ticket) if d.breached_at and not d.acknowledged_at]
    workflow.check_state(ticket, "acknowledge")
    if not breached:
        raise Conflict("There is no escalation that waits for an acknowledgement.")
    workflow.advance(ticket, "acknowledge", actor=actor, kinds=[deadline.kind for deadline in breached])
    for deadline in breached:
        deadline.acknowledged_at, deadline.acknowledged_by_id = clock.now(), actor.id
        if deadline.state == RUNNING:
            marks.set_next_mark(deadline, after=marks.last_mark(deadline))
    return ticket


@command
def report_up(ticket: Ticket, *, actor: Person, reason: str) -> Ticket:
    """The technical manager puts it before the director, without waiting for the ladder (P5.3)."""
    if not reason.strip():
        raise Invalid("Please say what the director should decide.", field="reason")
    event = workflow.advance(
        ticket,
        "report_up",
        actor=actor,
        change={"escalation": max(ticket.escalation, 3)},
        digest=journal.digest_of(reason),
    )
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return ticket
