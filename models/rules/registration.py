"""Registration: every channel ends here (P2.1). Makes the ticket, its number, its clocks, its receipt."""

from typing import Any

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Invalid
from models.ground.vocabulary import Channel, Impact, State, Urgency
from models.people.person import Person
from models.policy.version import version_in_force
from models.record import attachment, search
from models.record.link import Link, open_link
from models.record.number import next_number
from models.record.ticket import Ticket, title_of
from models.rules import journal, workflow


def open_ticket(
    *,
    actor: Person | Link,
    description: str,
    channel: Channel = Channel.WEB,
    impact: str = "",
    urgency: str = "",
    files: list[str] | None = None,
    **known: Any,
) -> Ticket:
    """Register a fault in the running command. `known`: any column of P2.2 that is already known.

    The severity is a suggestion until triage. Raises Invalid without a description.
    """
    if not description.strip():
        raise Invalid("Please say what happened.", field="description")
    now = clock.now()
    version = version_in_force(now)
    ticket = Ticket(
        number=next_number(version.pack, now),
        state=State.AWAITING_TRIAGE,
        title=title_of(description),
        description=description.strip(),
        channel=str(channel),
        reported_at=min(known.pop("reported_at", None) or now, now),
        created_at=now,
        severity=version.pack.suggest(impact or Impact.SINGLE, urgency or Urgency.MEDIUM),
        impact=impact,
        urgency=urgency,
        policy_version=version,
        **known,
    )
    workflow.register(
        ticket,
        actor=actor,
        channel=str(channel),
        severity=ticket.severity,
        digest=journal.digest_of(ticket.description),
    )
    person_id = actor.id if isinstance(actor, Person) else None
    link_id = actor.id if isinstance(actor, Link) else None
    attachment.attach(files or [], ticket_id=ticket.id, person_id=person_id, link_id=link_id, public=True)
    if ticket.contact:
        open_link(ticket, days=version.pack.link_days)
    search.index_ticket(ticket, ticket.number, ticket.description, ticket.device, ticket.steps)
    db.session.flush()
    return ticket
