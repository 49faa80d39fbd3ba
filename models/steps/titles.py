"""Titles: made of the first sentence of a report, and put right by whoever works on the ticket."""

from models.ground.db import command
from models.ground.errors import Invalid
from models.people.person import Person
from models.record import search
from models.record.ticket import TITLE_LENGTH, Ticket
from models.rules import journal, workflow


@command
def retitle_ticket(ticket: Ticket, *, actor: Person, title: str) -> Ticket:
    """Call it what it turned out to be; what it was called before stays on record, for colleagues (P6.6).

    Raises Invalid for a title that is empty, too long, or the one that it has.
    """
    was, title = ticket.title, " ".join(title.split())
    _refuse_wrong(title, was)
    event = workflow.advance(
        ticket,
        "retitle",
        actor=actor,
        change={"title": title},
        digest=journal.digest_of(title),
        digest_before=journal.digest_of(was),
    )
    journal.write(ticket, "title", was, event=event, actor=actor, public=False)
    search.index_title(ticket)
    return ticket


def _refuse_wrong(title: str, was: str) -> None:
    if not title:
        raise Invalid("Please write a title.", field="title")
    if len(title) > TITLE_LENGTH:
        raise Invalid("A title has at most 80 characters.", field="title")
    if title == was:
        raise Invalid("It has this title already.", field="title")
