"""Confirmation by people with an account, what was said on the telephone, and the customer's link itself."""

from typing import Any

from flask import Response

from blueprints.access import me, requires, ticket
from blueprints.customer_verification import behind_link, bp
from blueprints.customer_verification.behind_link import address_of
from blueprints.customer_verification.deeds import (
    agreeing,
    confirming,
    disputing,
    taking_down,
    taking_down_consent,
)
from blueprints.customer_verification.forms import (
    AgreeForm,
    ConfirmForm,
    DisputeForm,
    SpokenConsentForm,
    SpokenForm,
    with_sheet,
)
from blueprints.qr import picture_of
from blueprints.tickets.view import deed, pressed, ticket_url
from models.ground.errors import Missing
from models.insight.customer_view import customer_view, question_view
from models.record.link import CONSENT, living_link, purpose_in
from models.record.ticket import Ticket
from models.steps import customer_verification as step

__all__ = ["behind_link", "bp"]


@bp.route("/t/<number>/confirmation", methods=["GET", "POST"])
@requires("confirm", ticket)
def confirmation(ticket: Ticket) -> Response:
    """The same question for a reporter who is signed in."""
    form = with_sheet(ConfirmForm, ticket)
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
    form = DisputeForm(ticket)
    return deed(ticket, form, action="dispute", do=disputing(ticket, form, actor=me()), then=ticket_url)


@bp.route("/t/<number>/spoken-confirmation", methods=["GET", "POST"])
@requires("record_spoken", ticket)
def spoken(ticket: Ticket) -> Response:
    """What was said on the telephone."""
    form = with_sheet(SpokenForm, ticket)
    return deed(
        ticket,
        form,
        action="record_spoken",
        do=taking_down(ticket, form, actor=me()),
        template="customer_verification/spoken.html",
        view=customer_view(ticket),
    )


@bp.route("/t/<number>/consent", methods=["GET", "POST"])
@requires("consent", ticket)
def consent(ticket: Ticket) -> Response:
    """The same question about the plan for a reporter who is signed in (P7.4)."""
    asked = _asked(ticket)
    form = AgreeForm(key=asked["key"])
    return deed(
        ticket,
        form,
        action="consent",
        do=agreeing(ticket, form, actor=me(), purpose=CONSENT),
        template="customer_verification/consent.html",
        asked=asked,
    )


@bp.route("/t/<number>/spoken-consent", methods=["GET", "POST"])
@requires("record_spoken_consent", ticket)
def spoken_consent(ticket: Ticket) -> Response:
    """What was said about the plan on the telephone."""
    asked = _asked(ticket)
    form = SpokenConsentForm(key=asked["key"])
    return deed(
        ticket,
        form,
        action="record_spoken_consent",
        do=taking_down_consent(ticket, form, actor=me()),
        template="customer_verification/consent.html",
        asked=asked,
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
    link = living_link(ticket, purpose=purpose_in(ticket.state))
    if link is None:
        raise Missing("There is no link that works. Send one first.")
    return picture_of(address_of(link))


def _asked(ticket: Ticket) -> dict[str, Any]:
    """What was explained to the customer; a ticket without a plan has no such page."""
    if not ticket.plans:
        raise Missing("There is no plan yet that could be agreed to.")
    return question_view(ticket, CONSENT)
