"""Confirmation: the customer's page behind a signed link, and the same deeds for people with an account (P10)."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import segno
from flask import Blueprint, Response, current_app, g, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import link as find
from blueprints.access import me, public, requires, ticket
from blueprints.customer_verification.forms import ConfirmForm, DisputeForm, SpokenForm, SupplyForm
from blueprints.tickets.view import PlainForm, deed, download, pressed, ticket_url
from models.ground.errors import Missing
from models.ground.vocabulary import State
from models.insight.customer_view import customer_view, dead_view
from models.record.attachment import attachments_of
from models.record.link import Link, living_link
from models.record.ticket import Ticket
from models.steps import customer_verification as step
from models.steps.intake import supply_information

bp = Blueprint("customer_verification", __name__)
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


@bp.get("/c/<token>")
@bp.get(f"/c/<token>/<{ADDRESSES}:part>")
@public("signed link")
def progress(token: str, part: str = "") -> Response:
    """Look: changes nothing, as often as it is opened."""
    link = _take(token)
    return _dead_page(link) if link.death else _link_page(link)


@bp.post("/c/<token>/confirm")
@public("signed link")
def confirm_by_link(token: str) -> Response:
    """Yes, partly or no, once a round."""
    link = _take(token)
    if link.death:
        return _dead_page(link)
    form = ConfirmForm(link.ticket)
    keys = pages.files_of(form.files.data or [], link)
    return _act(
        link,
        form,
        "confirm",
        lambda: step.confirm_result(
            link.ticket,
            actor=link,
            verdict=form.verdict.data,
            satisfaction=form.satisfaction.data or "",
            comment=form.comment.data or "",
            files=keys,
        ),
    )


@bp.post("/c/<token>/dispute")
@public("signed link")
def dispute_by_link(token: str) -> Response:
    """A change of mind; after archiving it becomes a ticket of its own."""
    link = _take(token)
    if link.death:
        return _dead_page(link)
    form = DisputeForm()
    return _act(link, form, "dispute", lambda: _dispute(link.ticket, link, form.reason.data))


@bp.post("/c/<token>/information")
@public("signed link")
def supply_by_link(token: str) -> Response:
    """What was asked for."""
    link = _take(token)
    if link.death:
        return _dead_page(link)
    form = SupplyForm()
    keys = pages.files_of(form.files.data or [], link)
    return _act(
        link,
        form,
        "supply",
        lambda: supply_information(link.ticket, actor=link, text=form.text.data or "", files=keys),
    )


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
def file_by_link(token: str, key: str) -> Response:
    """A file of the public story."""
    link = _take(token)
    if link.death:
        return _dead_page(link)
    found = next((file for file in attachments_of(link.ticket_id) if file.key == key and file.public), None)
    if found is None or not found.path.exists():
        raise Missing("There is no such file, or it is not visible to you.")
    return download(found)


@bp.route("/t/<number>/confirmation", methods=["GET", "POST"])
@requires("confirm", ticket)
def confirmation(ticket: Ticket) -> Response:
    """The same question for a reporter who is signed in."""
    form = ConfirmForm(ticket)
    keys = pages.files_of(form.files.data or [], me()) if form.is_submitted() else []
    return deed(
        ticket,
        form,
        action="confirm",
        do=lambda: step.confirm_result(
            ticket,
            actor=me(),
            verdict=form.verdict.data,
            satisfaction=form.satisfaction.data or "",
            comment=form.comment.data or "",
            files=keys,
        ),
        template="customer_verification/confirmation.html",
        view=customer_view(ticket),
    )


@bp.route("/t/<number>/dispute", methods=["GET", "POST"])
@requires("dispute", ticket)
def dispute(ticket: Ticket) -> Response:
    """Not solved after all."""
    form = DisputeForm()
    return deed(
        ticket,
        form,
        action="dispute",
        do=lambda: _dispute(ticket, me(), form.reason.data),
        then=lambda result: ticket_url(result),
    )


@bp.route("/t/<number>/spoken-confirmation", methods=["GET", "POST"])
@requires("record_spoken", ticket)
def spoken(ticket: Ticket) -> Response:
    """What was said on the telephone."""
    form = SpokenForm(ticket)
    return deed(
        ticket,
        form,
        action="record_spoken",
        do=lambda: step.record_spoken(
            ticket,
            actor=me(),
            said_by=form.said_by.data,
            how=form.how.data,
            verdict=form.verdict.data,
            satisfaction=form.satisfaction.data or "",
            comment=form.comment.data or "",
        ),
    )


@bp.post("/t/<number>/link")
@requires("send_link", ticket)
def send_link(ticket: Ticket) -> Response:
    """Send the link, again if it was sent before."""
    return pressed(ticket, "send_link", lambda: step.send_link(ticket, actor=me()))


@bp.post("/t/<number>/link-revocation")
@requires("revoke_link", ticket)
def revoke_link(ticket: Ticket) -> Response:
    """The link opens nothing any more."""
    return pressed(ticket, "revoke_link", lambda: step.revoke_link(ticket, actor=me()))


@bp.get("/t/<number>/link.svg")
@requires("send_link", ticket)
def link_picture(ticket: Ticket) -> Response:
    """The link as a QR code, for a telephone held up to the screen."""
    link = living_link(ticket)
    if link is None:
        raise Missing("There is no link that works. Send one first.")
    drawn = io.BytesIO()
    segno.make(address_of(link), error="m").save(drawn, kind="svg", scale=4, border=2, light="white")
    return Response(drawn.getvalue(), mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


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


def _dispute(ticket: Ticket, actor: Any, reason: str) -> Ticket:
    if ticket.state == State.ARCHIVED:
        return step.follow_up_archived(ticket, actor=actor, reason=reason)
    return step.dispute_result(ticket, actor=actor, reason=reason)


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
