"""What is said on a ticket, beside the road: its event, its text and its files (P6.6)."""

from models.ground.db import db
from models.ground.errors import Invalid
from models.people.person import Person
from models.record import attachment
from models.record.entry import Entry
from models.record.ticket import Ticket
from models.rules import journal, workflow


def say(
    ticket: Ticket,
    *,
    actor: Person,
    action: str,
    text: str,
    public: bool,
    files: list[str] | None = None,
    right: str = "",
) -> Entry:
    """Write it in the running command; the entry is of the kind that is called like the action."""
    if not text.strip():
        raise Invalid("Please write something.", field="text")
    event = workflow.advance(ticket, action, actor=actor, right=right, digest=journal.digest_of(text))
    entry = journal.write(ticket, action, text, event=event, actor=actor, public=public)
    db.session.flush()
    attachment.attach(
        files or [], ticket_id=ticket.id, person_id=actor.id, link_id=None, public=public, entry_id=entry.id
    )
    return entry
