"""The inbox: what a person has been told, one line a ticket with what came before folded below it."""

from flask import Response, g, request, url_for
from flask_babel import gettext as _
from jinja2 import TemplateNotFound
from sqlalchemy import select

from blueprints import pages
from blueprints.access import me, requires
from blueprints.account import bp
from blueprints.account.forms import ReadForm, UnreadForm
from blueprints.fields import whole
from blueprints.messages import headline
from models.ground.db import db
from models.insight.inbox import Thread, newest_urgent, threads
from models.insight.incidents import joined_by
from models.insight.paging import tag_of
from models.record.event import Event
from models.record.message import Message, mark_read, mark_unread, unread_count
from models.rules.permissions import allows

PAGE = 50


@bp.get("/notifications")
@requires("use_account")
def notifications() -> Response:
    """The inbox; the bell of every page asks here for itself."""
    g.unread = unread_count(me())
    if request.headers.get("HX-Target", "").endswith("#inbox") and pages.is_fragment():
        return _bell()
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


@bp.post("/notifications/unread")
@requires("use_account")
def unread() -> Response:
    """The newest message of a thread is to be looked at once more."""
    form = UnreadForm()
    return pages.act(
        form,
        action="mark_unread",
        page=pages.refuse_form,
        do=lambda: mark_unread(me(), message_id=whole(form.message.data) or 0),
        then=lambda _: url_for("account.notifications"),
    )


def _bell() -> Response:
    """How much is unread and, where something just came that cannot wait, what it says."""
    bell = f"n{g.unread}"
    if pages.unchanged(bell):
        return pages.not_modified()
    urgent = newest_urgent(me())
    said = _said(urgent, db.session.get(Event, urgent.event_id) if urgent.event_id else None) if urgent else ""
    return pages.show("layouts/_inbox.html", ptag=bell, urgent=urgent, said=said)


def _page(*, before: int | None) -> Response:
    """One page of threads, the newest first; 304 while nothing new has come and nothing was read."""
    found = threads(me(), before=before, limit=PAGE + 1)
    shown, newest = found[:PAGE], found[0].newest.id if found else 0
    ptag = tag_of((thread.newest.id, thread.count, thread.unread) for thread in found)
    if pages.unchanged(ptag):
        return pages.not_modified()
    next_url = url_for("account.notifications", before=shown[-1].newest.id) if len(found) > PAGE else ""
    events = _events_of(shown)
    by_time = sorted(shown, key=lambda thread: thread.newest.created_at, reverse=True)  # as far as one page goes
    lines = [(thread, _said(thread.newest, events.get(thread.newest.event_id))) for thread in by_time]
    return pages.show(
        "account/notifications.html",
        ptag=ptag,
        ptag_of_page=ptag,
        lines=lines,
        newest=newest,
        counted=min(g.unread, 99) or "",
        incidents={ticket.id for ticket in joined_by(me()) if not allows(me(), "view", ticket)},
        read=ReadForm(formdata=None, upto=newest),
        next_url=next_url,
    )


def _said(message: Message, event: Event | None) -> str:
    """Its one line; while versions change, a newer one may have written what this one has no words for."""
    try:
        return headline(message, event=event)
    except TemplateNotFound:
        return _("Something new. Please load the page again in a few minutes.")


def _events_of(shown: list[Thread]) -> dict[int | None, Event]:
    ids = {thread.newest.event_id for thread in shown}
    return {event.id: event for event in db.session.scalars(select(Event).where(Event.id.in_(ids)))}
