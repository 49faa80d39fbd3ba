"""Taken back (撤销): a triage, a hand-over or a taking-up that has just been done; whoever was told hears of it (G27).

The clocks that come back go on from where they began, so nobody gains time by it.
"""

from models.ground.db import command
from models.ground.vocabulary import State
from models.people.person import Person
from models.record.ticket import Ticket
from models.rules import timekeeping, undoing, workflow


@command
def undo_triage(ticket: Ticket, *, actor: Person, seq: int) -> Ticket:
    """It waits for triage again, with the level and the kind that it had."""
    deed = undoing.check(ticket, actor, seq=seq, action="untriage")
    kind, severity, was_level = deed.details["was_ticket_kind"], deed.details["was_severity"], ticket.level
    was_kind, was_severity = ticket.kind, ticket.severity
    workflow.advance(
        ticket,
        "untriage",
        actor=actor,
        change=undoing.restored(deed) | {"kind": kind, "severity": severity, "category_other": "", "triaged_at": None},
        severity=severity,
        was_severity=was_severity,
        ticket_kind=kind,
        was_ticket_kind=was_kind,
        people=deed.told,
    )
    timekeeping.judge_again(ticket, was_kind=was_kind, was_level=was_level)
    return ticket


@command
def undo_hand_over(ticket: Ticket, *, actor: Person, seq: int) -> Ticket:
    """Back to who had it, in the state that it was in."""
    deed = undoing.check(ticket, actor, seq=seq, action="take_back")
    restored = undoing.restored(deed)
    workflow.advance(
        ticket,
        "take_back",
        actor=actor,
        to=State(deed.details["was"]),
        change={row: restored[row] for row in ("team", "assignee", "product_manager")},
        assignee=deed.details["before"]["assignee_id"],
        people=deed.told,
    )
    return ticket


@command
def undo_taking(ticket: Ticket, *, actor: Person, seq: int) -> Ticket:
    """It waits to be taken up again."""
    undoing.check(ticket, actor, seq=seq, action="put_back")
    workflow.advance(ticket, "put_back", actor=actor)
    return ticket
