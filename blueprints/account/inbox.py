"""The inbox: what a person has been told, one line each."""

from flask import Response, g, url_for
from sqlalchemy import select

from blueprints import pages
from blueprints.account.forms import ReadForm
from blueprints.messages import headline
from models.ground.db import db
from models.people.person import Person
from models.record.event import Event
from models.record.message import Message, inbox

PAGE = 50


def inbox_page(person: Person, *, before: str) -> Response:
    """One page of the inbox, newest first; 304 while nothing new has come and nothing was read."""
    found = inbox(person, before=int(before) if before.isdecimal() else None, limit=PAGE + 1)
    shown, newest = found[:PAGE], found[0].id if found else 0
    ptag = f"{newest}.{g.unread}"
    if pages.unchanged(ptag):
        return pages.not_modified()
    next_url = url_for("account.notifications", before=shown[-1].id) if len(found) > PAGE else ""
    events = _events_of(shown)
    lines = [(message, headline(message, event=events.get(message.event_id))) for message in shown]
    return pages.show(
        "account/notifications.html",
        ptag=ptag,
        ptag_of_page=ptag,
        lines=lines,
        newest=newest,
        read=ReadForm(formdata=None, upto=newest),
        next_url=next_url,
    )


def _events_of(messages: list[Message]) -> dict[int | None, Event]:
    ids = {message.event_id for message in messages}
    return {event.id: event for event in db.session.scalars(select(Event).where(Event.id.in_(ids)))}
