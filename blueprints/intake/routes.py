"""Intake: reporting for oneself and for a caller, and following one's own reports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, current_app, request, url_for
from flask_wtf import FlaskForm

from blueprints import lookup, pages
from blueprints.access import me, requires, ticket
from blueprints.fields import instant
from blueprints.intake import bp, wishes
from blueprints.intake.forms import InformationForm, ReportForm, TelephoneForm
from blueprints.labels import zone
from blueprints.lists import shows_tickets
from blueprints.qr import picture_of
from blueprints.tickets.view import PlainForm, deed, ticket_url, watch_queue
from models.ground import clock
from models.insight import board
from models.insight.incidents import joined_by, next_updates, offered
from models.insight.likely import INCIDENT, likely
from models.insight.own_reports import cards_of, popular_articles
from models.insight.paging import Page
from models.insight.story import newest_question
from models.record.attachment import attachments_of
from models.record.deadline import RUNNING, deadlines_of
from models.record.ticket import Ticket
from models.steps import chasing
from models.steps import intake as step

__all__ = ["bp", "wishes"]
BOXES = ("open", "waiting", "closed")


@bp.get("/report")
@requires("report")
def report() -> Response:
    """A fault, or with `?type=request` a request."""
    return wishes.request_page() if request.args.get("type") == "request" else _report_page(_begun())


@bp.post("/report")
@requires("report")
def send_report() -> Response:
    """Files are kept before anything is judged, so that an error cannot lose them (P2.3)."""
    form = ReportForm()
    keys = pages.files_of(form.files.data or [], me())
    return pages.act(
        form,
        action="report",
        page=_report_page,
        do=lambda: step.report_fault(actor=me(), files=keys, **_known(form)),
        then=_receipt_url,
    )


@bp.get("/report/suggest")
@requires("report")
def suggest() -> Response:
    """While somebody types: what it may already be (P2.4)."""
    words = request.args.get("description", "")[:2000]
    found = [(one.kind, one.thing) for one in likely(me(), words)]
    incidents = [thing for kind, thing in found if kind == INCIDENT and isinstance(thing, Ticket)]
    return pages.show("intake/likely.html", found=found, words=words, news_of=next_updates(incidents))


@bp.get("/report/telephone")
@requires("register")
def telephone() -> Response:
    """The form; for htmx, whom the words in one of its fields may mean."""
    form = TelephoneForm(reported_at=clock.now().astimezone(zone()))
    return lookup.offers(form) or _telephone_page(form)


@bp.post("/report/telephone")
@requires("register")
def register() -> Response:
    form = TelephoneForm()
    keys = pages.files_of(form.files.data or [], me())
    return pages.act(
        form,
        action="register",
        page=_telephone_page,
        do=lambda: step.register_call(actor=me(), files=keys, **form.told(), **_known(form)),
        then=_receipt_url,
    )


@bp.get("/t/<number>/receipt")
@requires("view", ticket)
def receipt(ticket: Ticket) -> Response:
    """What was registered, and what happens next and when (P2.6)."""
    running = {deadline.kind: deadline for deadline in deadlines_of(ticket) if deadline.state == RUNNING}
    return pages.show("intake/receipt.html", ticket=ticket, running=running, files=attachments_of(ticket.id))


@bp.get("/my")
@requires("report")
def my() -> Response:
    """One's own reports: open, waiting for me, closed."""
    box, page = _box(request.args), _reported(request.args)
    joined = joined_by(me()) if box == BOXES[0] else []
    cards, popular = cards_of(page, me()), [] if page.keys or box != BOXES[0] else popular_articles()
    return watch_queue(
        "intake/my.html", page, url_for("intake.my", box=box), box=box, joined=joined, cards=cards, popular=popular,
        every=chasing.EVERY,
    )  # fmt: skip


@bp.post("/t/<number>/chasing")
@requires("chase", ticket)
def chase(ticket: Ticket) -> Response:
    """催办: whoever has it is told that somebody waits."""
    return pages.act(
        PlainForm(),
        action="chase",
        thing=ticket,
        page=pages.refuse_form,
        do=lambda: chasing.chase_ticket(ticket, actor=me()),
        then=lambda _: url_for("intake.my"),
    )


@bp.get("/t/<number>/receipt.svg")
@requires("view", ticket)
def receipt_picture(ticket: Ticket) -> Response:
    """Where the ticket is followed, as a QR code."""
    return picture_of(current_app.config["SETTINGS"].base_url + url_for("tickets.page", number=ticket.number))


@shows_tickets("/my")
def _reported(said: Mapping[str, str]) -> Page:
    return board.reported_by(me(), box=_box(said), after=said.get("after", ""))


def _box(said: Mapping[str, str]) -> str:
    return said["box"] if said.get("box") in BOXES else BOXES[0]


@bp.route("/t/<number>/information", methods=["GET", "POST"])
@requires("supply", ticket)
def supply(ticket: Ticket) -> Response:
    """Add what was asked for; the waiting ends (P2.8)."""
    form = InformationForm()
    keys = pages.files_of(form.files.data or [], me()) if form.is_submitted() else []
    return deed(
        ticket,
        form,
        action="supply",
        template="intake/information.html",
        do=lambda: step.supply_information(ticket, actor=me(), text=form.text.data or "", files=keys),
        then=lambda _: ticket_url(ticket, "timeline"),
        question=newest_question(ticket),
        kept_files=lambda: pages.kept_files(me()),
    )


def _begun() -> ReportForm:
    """The form, with the words after which somebody has searched in vain."""
    return ReportForm(formdata=None, description=request.args.get("description", "")[:2000])


def _known(form: ReportForm) -> dict[str, Any]:
    """Every column of P2.2 that the form knows."""
    said = (
        "description", "impact", "urgency", "affected", "frequency", "device", "discoverer", "confirmer", "steps",
        "workaround",
    )  # fmt: skip
    return {
        **{name: form[name].data or "" for name in said},
        "occurred_at": _occurred_at(form.occurred_at.data),
        "service": form.service.found,
    }


def _occurred_at(said: datetime | None) -> datetime | None:
    """In the reader's zone; what lies ahead is a slip of the pen."""
    at = instant(said)
    return min(at, clock.now()) if at else None


def _report_page(form: FlaskForm) -> Response:
    incidents = offered(me())
    return pages.show(
        "intake/report.html",
        form=form,
        kept_files=lambda: pages.kept_files(me()),
        incidents=incidents,
        news_of=next_updates(incidents),
    )


def _telephone_page(form: FlaskForm) -> Response:
    return pages.show("intake/telephone.html", form=form, kept_files=lambda: pages.kept_files(me()))


def _receipt_url(ticket: Ticket) -> str:
    return url_for("intake.receipt", number=ticket.number)
