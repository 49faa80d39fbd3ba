"""Closing, reopening and the archive (P11)."""

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.archiving.forms import CallBackForm, CloseForm, ReopenForm, SendBackForm
from blueprints.facets import facets_of, in_address, offered_facets
from blueprints.labels import zone
from blueprints.lists import shows_tickets
from blueprints.tickets.view import PlainForm, deed, ticket_url, watch_queue
from models.ground.db import db
from models.ground.errors import Missing
from models.ground.vocabulary import State
from models.insight import board, finds
from models.insight.case import case_of
from models.insight.paging import PAGE, Page
from models.record.archive import ArchiveRecord
from models.record.deadline import deadlines_of
from models.record.ticket import Ticket
from models.rules.permissions import allows
from models.steps import archiving, closing

bp = Blueprint("archiving", __name__)


@bp.get("/t/<number>/review")
@requires("close", ticket)
def review(ticket: Ticket) -> Response:
    """The whole record, what is missing in it, and the two answers."""
    return _review_page(ticket)


@bp.post("/t/<number>/closure")
@requires("close", ticket)
def close(ticket: Ticket) -> Response:
    """The record is complete."""
    form = CloseForm()
    return pages.act(
        form,
        action="close",
        thing=ticket,
        page=lambda f: _review_page(ticket, closing_form=f),
        do=lambda: closing.close_ticket(ticket, actor=me(), review=form.review.data or ""),
        then=lambda _: ticket_url(ticket),
    )


@bp.post("/t/<number>/correction")
@requires("send_back", ticket)
def send_back(ticket: Ticket) -> Response:
    """Something is missing: back to the engineer."""
    form = SendBackForm()
    return pages.act(
        form,
        action="send_back",
        thing=ticket,
        page=lambda f: _review_page(ticket, back_form=f),
        do=lambda: closing.send_back(ticket, actor=me(), reason=form.words),
        then=lambda _: ticket_url(ticket),
    )


@bp.post("/t/<number>/leftovers")
@requires("follow_up_leftovers", ticket)
def follow_up(ticket: Ticket) -> Response:
    """What was left over becomes a ticket of its own."""
    return pages.act(
        PlainForm(),
        action="follow_up_leftovers",
        thing=ticket,
        page=pages.refuse_form,
        do=lambda: closing.follow_up_leftovers(ticket, actor=me()),
        then=lambda _: url_for("archiving.review", number=ticket.number),
    )


@bp.route("/t/<number>/call-back", methods=["GET", "POST"])
@requires("call_back", ticket)
def call_back(ticket: Ticket) -> Response:
    """Somebody who was not satisfied has been called."""
    form = CallBackForm()
    return deed(
        ticket,
        form,
        action="call_back",
        ready=closing.refuse_call_back,
        do=lambda: closing.record_call_back(ticket, actor=me(), text=form.text.data),
    )


@bp.route("/t/<number>/reopening", methods=["GET", "POST"])
@requires("reopen", ticket)
def reopen(ticket: Ticket) -> Response:
    """Back to work before it is archived."""
    form = ReopenForm()
    return deed(
        ticket,
        form,
        action="reopen",
        do=lambda: closing.reopen_ticket(ticket, actor=me(), reason=form.reason.data),
    )


@bp.get("/archive")
@requires("view_archive")
def archive() -> Response:
    """Archived tickets: those that hold the words, or all of them, the newest first."""
    facets, q = facets_of(request.args), request.args.get("q", "").strip()[:200]
    url = url_for("archiving.archive", q=q or None, **in_address(facets))
    choices = offered_facets("stands")
    page = _archived(request.args)
    return watch_queue(
        "archiving/archive.html", page, url, q=q, facets=facets, choices=choices, chosen=in_address(facets)
    )


@shows_tickets("/archive")
def _archived(said: Mapping[str, str]) -> Page:
    q, of, after = said.get("q", "").strip()[:200], facets_of(said).conditions(zone()), said.get("after", "")
    if q:
        return finds.found(me(), q, of=[Ticket.state == State.ARCHIVED, *of], after=after, most=PAGE)
    return board.archive(me(), of=of, after=after)


@bp.get("/t/<number>/record")
@requires("view_archive", ticket)
def record(ticket: Ticket) -> Response:
    """The frozen record, and whether it is still what was frozen (P11.3)."""
    frozen = db.session.get(ArchiveRecord, ticket.id)
    if frozen is None:
        raise Missing("This ticket is not archived yet.")
    open_to_me = allows(me(), "send_link", ticket) or ticket.reporter_id == me().id
    content = frozen.content if open_to_me else archiving.masked(frozen.content, ticket)
    return pages.show("archiving/record.html", ticket=ticket, frozen=frozen, record=content)


def _review_page(
    ticket: Ticket, *, closing_form: FlaskForm | None = None, back_form: FlaskForm | None = None
) -> Response:
    return pages.show(
        "archiving/review.html",
        ticket=ticket,
        case=case_of(ticket),
        deadlines=deadlines_of(ticket),
        missing=closing.missing_pieces(ticket),
        leftovers=closing.leftovers_of(ticket),
        closing=closing_form or CloseForm(formdata=None),
        back=back_form or SendBackForm(formdata=None),
    )
