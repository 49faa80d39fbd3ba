"""Intake: reporting for oneself and for a caller, and following one's own reports."""

from datetime import datetime
from typing import Any

from flask import Response, request, url_for
from flask_wtf import FlaskForm

from blueprints import lookup, pages
from blueprints.access import me, requires, ticket
from blueprints.fields import instant, row
from blueprints.intake import bp, wishes
from blueprints.intake.forms import InformationForm, ReportForm, TelephoneForm
from blueprints.labels import zone
from blueprints.tickets.view import deed, ticket_url, watch_queue
from models.ground import clock
from models.insight import board
from models.insight.incidents import joined_by, next_updates, offered
from models.insight.likely import likely
from models.insight.story import newest_question
from models.people.team import Service
from models.record.attachment import attachments_of
from models.record.deadline import RUNNING, deadlines_of
from models.record.ticket import Ticket
from models.steps import intake as step

__all__ = ["bp", "wishes"]
BOXES = ("open", "waiting", "closed")


@bp.get("/report")
@requires("report")
def report() -> Response:
    """A fault, or with `?type=request` a request."""
    return wishes.request_page() if request.args.get("type") == "request" else _report_page(ReportForm())


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
    found = likely(me(), words)
    return pages.show("intake/likely.html", likely=found, words=words, news_of=next_updates(found.incidents))


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
        do=lambda: step.register_call(
            actor=me(),
            files=keys,
            reported_at=instant(form.reported_at.data),
            contact=form.contact.row,
            reporter=form.reporter.row,
            new_customer=form.new_customer.data or "",
            new_contact=form.new_contact.data or "",
            phone=form.phone.data or "",
            email=form.email.data or "",
            **_known(form),
        ),
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
    box = request.args.get("box", "open")
    box = box if box in BOXES else "open"
    page = board.reported_by(me(), box=box, after=request.args.get("after", ""))
    joined = joined_by(me()) if box == BOXES[0] else []
    return watch_queue("intake/my.html", page, url_for("intake.my", box=box), box=box, joined=joined)


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


def _known(form: ReportForm) -> dict[str, Any]:
    """Every column of P2.2 that the form knows."""
    said = (
        "description", "impact", "urgency", "affected", "frequency", "device", "discoverer", "confirmer", "steps",
        "workaround",
    )  # fmt: skip
    return {
        **{name: form[name].data or "" for name in said},
        "occurred_at": _occurred_at(form.occurred_at.data),
        "service": row(Service, form.service.data),
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
