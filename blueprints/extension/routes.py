"""Extension (延期申请, P4.6): ask for more time, grant it or refuse it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import extension as request_for_time
from blueprints.access import me, requires, ticket
from blueprints.extension.forms import ExtensionForm, GrantForm, RefuseForm
from blueprints.fields import instant
from blueprints.labels import label, local
from blueprints.lists import remember_way, way_back
from blueprints.tickets.view import deed, say_done
from models.record.extension import Extension
from models.record.ticket import Ticket
from models.rules import workflow
from models.steps import extension as step

bp = Blueprint("extension", __name__)


@bp.route("/t/<number>/extension", methods=["GET", "POST"])
@requires("extend", ticket)
def ask(ticket: Ticket) -> Response:
    """Say until when, and why. Too late is said before anything is typed."""
    form = ExtensionForm()
    if standing := step.resolution_clock(ticket):
        form.until.description = _("The due time is now %(time)s.", time=local(standing.due_at))
    return deed(
        ticket,
        form,
        action="extend",
        ready=step.extensible,
        do=lambda: step.ask_for_extension(ticket, actor=me(), reason=form.reason.data, until=instant(form.until.data)),
    )


@bp.get("/extensions/<int:extension_id>")
@requires("view_internal", request_for_time)
def decide(extension: Extension) -> Response:
    """The request on a page, and the decision for those who may take it."""
    g.topics = [f"t-{extension.ticket_id}"]
    remember_way(extension)
    return _page(extension)


@bp.post("/extensions/<int:extension_id>/grant")
@requires("grant_extension", request_for_time)
def grant(extension: Extension) -> Response:
    """Agree."""
    form = GrantForm()
    return _decided(
        extension,
        form,
        "grant_extension",
        lambda: step.grant_extension(extension, actor=me(), comment=form.comment.data or ""),
    )


@bp.post("/extensions/<int:extension_id>/refusal")
@requires("refuse_extension", request_for_time)
def refuse(extension: Extension) -> Response:
    """The due time stands."""
    form = RefuseForm()
    return _decided(
        extension,
        form,
        "refuse_extension",
        lambda: step.refuse_extension(extension, actor=me(), comment=form.comment.data),
    )


def _decided(extension: Extension, form: FlaskForm, action: str, do: Callable[[], Any]) -> Response:
    granted = action == "grant_extension"

    def decide_and_say() -> None:
        do()
        say_done(label("letter", "extension_granted" if granted else "extension_refused"), extension.ticket)

    return pages.act(
        form,
        action=action,
        thing=extension,
        page=lambda f: _page(extension, **{"granting" if granted else "refusing": f}),
        do=decide_and_say,
        then=lambda _: way_back(extension) or url_for("approval.inbox"),
    )


def _page(extension: Extension, *, granting: FlaskForm | None = None, refusing: FlaskForm | None = None) -> Response:
    return pages.show(
        "extension/decide.html",
        extension=extension,
        ticket=extension.ticket,
        listed=extension,
        open_to_me=not extension.outcome and workflow.can(me(), "grant_extension", extension.ticket),
        granting=granting or GrantForm(formdata=None),
        refusing=refusing or RefuseForm(formdata=None),
    )
