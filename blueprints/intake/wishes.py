"""A request (客户需求) on its way in: for oneself and for a caller, with the same engine as a fault (P2.2)."""

from typing import Any

from flask import Response, url_for
from flask_wtf import FlaskForm

from blueprints import lookup, pages
from blueprints.access import me, requires
from blueprints.intake import bp
from blueprints.intake.forms import RequestCallForm, RequestForm
from blueprints.labels import zone
from models.ground import clock
from models.ground.vocabulary import Kind
from models.record.ticket import Ticket
from models.steps.intake import register_call
from models.steps.wish import make_request


def request_page(form: FlaskForm | None = None) -> Response:
    """The form of /report?type=request."""
    return pages.show("intake/request.html", form=form or RequestForm(), kept_files=lambda: pages.kept_files(me()))


@bp.post("/report/request")
@requires("report")
def send_request() -> Response:
    """Files are kept before anything is judged (P2.3)."""
    form = RequestForm()
    keys = pages.files_of(form.files.data or [], me())
    return pages.act(
        form,
        action="report",
        page=request_page,
        do=lambda: make_request(actor=me(), files=keys, **_known(form)),
        then=_receipt_url,
    )


@bp.get("/report/telephone/request")
@requires("register")
def request_call() -> Response:
    """The form; for htmx, whom the words in one of its fields may mean."""
    form = RequestCallForm(reported_at=clock.now().astimezone(zone()))
    return lookup.offers(form) or _call_page(form)


@bp.post("/report/telephone/request")
@requires("register")
def register_request() -> Response:
    """The first line registers for a caller (P2.1)."""
    form = RequestCallForm()
    keys = pages.files_of(form.files.data or [], me())
    return pages.act(
        form,
        action="register",
        page=_call_page,
        do=lambda: register_call(actor=me(), kind=Kind.REQUEST, files=keys, **form.told(), **_known(form)),
        then=_receipt_url,
    )


def _known(form: RequestForm) -> dict[str, Any]:
    said = ("description", "expected", "category", "wished", "affected")
    return {name: form[name].data or "" for name in said} | {"service": form.service.found}


def _call_page(form: FlaskForm) -> Response:
    return pages.show("intake/request_call.html", form=form, kept_files=lambda: pages.kept_files(me()))


def _receipt_url(ticket: Ticket) -> str:
    return url_for("intake.receipt", number=ticket.number)
