"""Another policy: customer or service were found wrong, so the ticket is triaged again under another one (P3.2)."""

from models.ground import clock
from models.ground.db import command
from models.ground.errors import Conflict, Invalid
from models.people.person import Person
from models.policy.version import PolicyVersion, versions_in_force
from models.record.ticket import Ticket
from models.rules import journal, timekeeping, waiting, workflow
from models.rules.obligations import owed_since


@command
def change_policy(
    ticket: Ticket,
    *,
    actor: Person,
    version: PolicyVersion,
    severity: str,
    reason: str,
    impact: str = "",
    urgency: str = "",
) -> Ticket:
    """Triage again under another policy: the level is chosen anew, never translated; the clocks count from their start.

    Refuses the policy that the ticket has already (it keeps its edition, P4.3), and an edition that is not in force.
    """
    was, owed = ticket.policy_version, owed_since(ticket)
    if version.pack_name == was.pack_name:
        raise Invalid("The ticket already has this policy.", field="policy")
    if version.id not in {found.id for found in versions_in_force(clock.now())}:
        raise Conflict("This edition of the policy is not in force.")
    if not reason.strip():
        raise Invalid("Please give the reason for the other policy.", field="reason")
    impact, urgency = impact or ticket.impact, urgency or ticket.urgency
    event = workflow.advance(
        ticket,
        "change_policy",
        actor=actor,
        change={"severity": severity, "impact": impact, "urgency": urgency},
        severity=severity,
        was_severity=ticket.severity,
        ticket_kind=ticket.kind,
        was_ticket_kind=ticket.kind,
        suggested=version.pack.suggest(impact, urgency) if impact and urgency else "",
        policy=version.pack_name,
        edition=version.edition,
        was_policy=was.pack_name,
        was_edition=was.edition,
        digest=journal.digest_of(reason),
    )
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    timekeeping.begin_anew(ticket, version, owed=owed)
    if not ticket.waiting_on:
        waiting.resume(ticket, at=event.at)  # the two policies need not agree on whether the state itself stops clocks
        timekeeping.note_next(ticket)
    return ticket
