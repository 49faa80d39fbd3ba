"""What pages about tickets share: addresses, deeds (one form about one ticket), live queues, downloads."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, g, request, send_file, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.lists import counted, ran_out, with_way
from models.insight.paging import Page, tag_of
from models.record.attachment import Attachment
from models.record.ticket import Ticket


class PlainForm(FlaskForm):
    """A button and nothing else."""


def ticket_url(ticket: Ticket, anchor: str = "") -> str:
    """The ticket's page: of a fault under /t/, of a request under /d/; with the list that one came from."""
    page = "tickets.request" if ticket.is_request else "tickets.page"
    return with_way(url_for(page, number=ticket.number, _anchor=anchor or None), ticket)


def say_done(word: str, ticket: Ticket) -> None:
    """Says what was done, on a list in which the thing no longer stands."""
    flash(f"{word}{_(': ')}{ticket.number} {ticket.title}")


def deed(
    ticket: Ticket,
    form: FlaskForm,
    *,
    action: str,
    do: Callable[[], Any],
    then: Callable[[Any], str] | None = None,
    thing: Any = None,
    template: str = "tickets/deed.html",
    ready: Callable[[Ticket], Any] = lambda ticket: None,
    **context: Any,
) -> Response:
    """A page with one form about one ticket: GET shows it, POST carries it out and goes back to the ticket.

    The form brings its own words: `title`, `submit_text` and, where somebody is told, `effect`. `ready` raises Conflict
    where it could not be handed in, beyond the state: then the page says so instead, before anything is typed.
    """

    def page(shown: FlaskForm) -> Response:
        return pages.show(template, ticket=ticket, form=shown, action=action, thing=thing or ticket, **context)

    if request.method != "POST":
        ready(ticket)
        return page(form)
    return pages.act(
        form, action=action, thing=thing or ticket, page=page, do=do, then=then or (lambda _: ticket_url(ticket))
    )


def pressed(ticket: Ticket, action: str, do: Callable[[], Any], *, thing: Any = None) -> Response:
    """A button without fields; a refusal is a page of its own."""
    return pages.act(
        PlainForm(),
        action=action,
        thing=thing or ticket,
        page=pages.refuse_form,
        do=do,
        then=lambda _: ticket_url(ticket),
    )


def download(found: Attachment) -> Response:
    """Send a kept file so that nothing in it can run."""
    response = send_file(found.path, mimetype="application/octet-stream", as_attachment=True, download_name=found.name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def shown(found: Attachment) -> Response:
    """Send a kept picture to be seen on the page, as what it was found to be and nothing else."""
    response = send_file(found.path, mimetype=found.media_type)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def watch_queue(template: str, page: Page, url: str, *, also: Ticket | None = None, **context: Any) -> Response:
    """A live list of tickets: re-fetched when any ticket changes, 304 when nothing in it did, nor in `also`."""
    g.topics = ["tickets"]
    if first_page := ran_out(page.keys):
        return first_page
    ptag = f"{queue_tag(page)}.{also.id}.{also.seq}" if also else queue_tag(page)
    if pages.unchanged(ptag):
        return pages.not_modified()
    next_url = f"{url}{'&' if '?' in url else '?'}after={page.next}" if page.next else ""
    return pages.show(
        template, ptag=ptag, page=page, ptag_of_page=ptag, next_url=next_url, counted=counted(page), **context
    )


def queue_tag(page: Page) -> str:
    """What identifies the content of a list: every ticket in it, at its present event."""
    return tag_of((key.id, key.seq) for key in page.keys)
