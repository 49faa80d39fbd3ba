"""Confirmation by people with an account, what was said on the telephone, and the customer's link itself."""

import io

import segno
from flask import Response

from blueprints.access import me, requires, ticket
from blueprints.customer_verification import behind_link, bp
from blueprints.customer_verification.behind_link import address_of
from blueprints.customer_verification.deeds import answer_of, confirming, disputing
from blueprints.customer_verification.forms import ConfirmForm, DisputeForm, SpokenForm
from blueprints.tickets.view import deed, pressed, ticket_url
from models.ground.errors import Missing
from models.insight.customer_view import customer_view
from models.record.link import living_link
from models.record.ticket import Ticket
from models.steps import customer_verification as step

__all__ = ["behind_link", "bp"]


@bp.route("/t/<number>/confirmation", methods=["GET", "POST"])
@requires("confirm", ticket)
def confirmation(ticket: Ticket) -> Response:
    """The same question for a reporter who is signed in."""
    form = ConfirmForm(ticket)
    return deed(
        ticket,
        form,
        action="confirm",
        do=confirming(ticket, form, actor=me()),
        template="customer_verification/confirmation.html",
        view=customer_view(ticket),
    )


@bp.route("/t/<number>/dispute", methods=["GET", "POST"])
@requires("dispute", ticket)
def dispute(ticket: Ticket) -> Response:
    """Not solved after all."""
    form = DisputeForm()
    return deed(ticket, form, action="dispute", do=disputing(ticket, form, actor=me()), then=ticket_url)


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
            ticket, actor=me(), said_by=form.said_by.data, how=form.how.data, **answer_of(form)
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
