"""The inbox: what a person has been told, one line each."""

from flask import Response, g, request, url_for
from sqlalchemy import select

from blueprints import pages
from blueprints.access import me, requires
from blueprints.account import bp
from blueprints.account.forms import ReadForm
from blueprints.fields import whole
from blueprints.messages import headline
from models.ground.db import db
from models.record.event import Event
from models.record.message import Message, inbox, mark_read, unread_count

PAGE = 50


@bp.get("/notifications")
@requires("use_account")
def notifications() -> Response:
    """The inbox; the bell of every page asks here for itself."""
    g.unread = unread_count(me())
    if request.headers.get("HX-Target", "").endswith("#inbox") and pages.is_fragment():
        bell = f"n{g.unread}"
        return pages.not_modified() if pages.unchanged(bell) else pages.show("layouts/_inbox.html", ptag=bell)
    return _page(before=whole(request.args.get("before", "")))


@bp.post("/notifications/reading")
@requires("use_account")
def read() -> Response:
    """Everything that the page showed has been seen."""
    form = ReadForm()
    return pages.act(
        form,
        action="mark_read",
        page=pages.refuse_form,
        do=lambda: mark_read(me(), upto=whole(form.upto.data) or 0),
        then=lambda _: url_for("account.notifications"),
    )


def _page(*, before: int | None) -> Response:
    """One page of the inbox, newest first; 304 while nothing new has come and nothing was read."""
    found = inbox(me(), before=before, limit=PAGE + 1)
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
