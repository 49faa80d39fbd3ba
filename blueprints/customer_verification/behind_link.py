"""The customer's page behind a signed link: look as often as one likes, answer once, no account."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import link as find
from blueprints.access import public
from blueprints.customer_verification import bp
from blueprints.customer_verification.deeds import confirming, disputing
from blueprints.customer_verification.forms import ConfirmForm, DisputeForm, SupplyForm
from blueprints.tickets.view import PlainForm, download
from models.ground.errors import Missing
from models.insight.customer_view import customer_view, dead_view
from models.record.attachment import attachments_of
from models.record.link import Link
from models.steps import customer_verification as step
from models.steps.intake import supply_information

ADDRESSES = "any(confirm,dispute,information,renew)"


@dataclass(frozen=True)
class Door:
    """What a form behind the link is bound to: this link, and the ticket as it stood."""

    id: int
    version: int


@bp.after_request
def keep_quiet(response: Response) -> Response:
    """A link is a key: it is not kept, not passed on, not listed (safety rule 27)."""
    if request.path.startswith("/c/"):
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def living(view: Callable[..., Response]) -> Callable[..., Response]:
    """Give the view the link instead of its token; a dead one says why it is dead."""

    @functools.wraps(view)
    def entered(token: str, **more: Any) -> Response:
        link = _take(token)
        return _dead_page(link) if link.death else view(link, **more)

    return entered


@bp.get("/c/<token>")
@bp.get(f"/c/<token>/<{ADDRESSES}:part>")
@public("signed link")
@living
def progress(link: Link, part: str = "") -> Response:
    """Look: changes nothing, as often as it is opened."""
    return _link_page(link)


@bp.post("/c/<token>/confirm")
@public("signed link")
@living
def confirm_by_link(link: Link) -> Response:
    """Yes, partly or no, once a round."""
    form = ConfirmForm(link.ticket)
    return _act(link, form, "confirm", confirming(link.ticket, form, actor=link))


@bp.post("/c/<token>/dispute")
@public("signed link")
@living
def dispute_by_link(link: Link) -> Response:
    """A change of mind; after archiving it becomes a ticket of its own."""
    form = DisputeForm()
    return _act(link, form, "dispute", disputing(link.ticket, form, actor=link))


@bp.post("/c/<token>/information")
@public("signed link")
@living
def supply_by_link(link: Link) -> Response:
    """What was asked for."""
    form = SupplyForm()
    keys = pages.files_of(form.files.data or [], link)
    do = functools.partial(supply_information, link.ticket, actor=link, text=form.text.data or "", files=keys)
    return _act(link, form, "supply", do)


@bp.post("/c/<token>/renew")
@public("signed link")
def renew(token: str) -> Response:
    """A fresh link, sent to the contact on record and shown to nobody."""
    link = _take(token)
    return pages.act(
        PlainForm(),
        action="renew_link",
        thing=_door(link),
        page=pages.refuse_form,
        do=lambda: step.renew_link(link),
        then=lambda _: url_for("customer_verification.progress", token=token, sent=1),
    )


@bp.get("/c/<token>/files/<key>")
@public("signed link")
@living
def file_by_link(link: Link, key: str) -> Response:
    """A file of the public story."""
    found = next((file for file in attachments_of(link.ticket_id) if file.key == key and file.public), None)
    if found is None or not found.path.exists():
        raise Missing("There is no such file, or it is not visible to you.")
    return download(found)


@bp.app_template_global()
def address_of(link: Link) -> str:
    """The whole address of a link, made from the setting and never from the request (safety rule 27)."""
    return f"{current_app.config['SETTINGS'].base_url}/c/{link.token}"


def _take(token: str) -> Link:
    """The link behind the token; from now on it is the one who acts, and its ticket the lock."""
    g.link = find(token)
    return g.link


def _door(link: Link) -> Door:
    return Door(link.id, link.ticket.version)


def _act(link: Link, form: FlaskForm, action: str, do: Callable[[], Any]) -> Response:
    return pages.act(
        form,
        action=action,
        thing=_door(link),
        page=lambda f: _link_page(link, **{action: f}),
        do=do,
        then=lambda _: url_for("customer_verification.progress", token=link.token),
    )


def _link_page(link: Link, **forms: FlaskForm) -> Response:
    return pages.show(
        "customer_verification/link.html",
        view=customer_view(link.ticket),
        door=_door(link),
        here=url_for("customer_verification.progress", token=link.token),
        confirm=forms.get("confirm") or ConfirmForm(link.ticket, formdata=None),
        dispute=forms.get("dispute") or DisputeForm(formdata=None),
        supply=forms.get("supply") or SupplyForm(formdata=None),
    )


def _dead_page(link: Link) -> Response:
    return pages.show(
        "customer_verification/dead.html",
        status=410,
        view=dead_view(link),
        door=_door(link),
        here=url_for("customer_verification.progress", token=link.token),
        renewable=link.death in step.RENEWABLE,
        sent="sent" in request.args,
    )
