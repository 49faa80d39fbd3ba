"""Tickets that belong together (P3.7, P3.8): linked, merged, split, each undoable; known incidents to join (P2.4)."""

from typing import Any

from flask import Blueprint, Response, g, request, url_for

from blueprints import lookup, pages
from blueprints.access import incident, me, requires, ticket
from blueprints.relations.forms import MergeForm, RelateForm, SplitForm
from blueprints.tickets.view import PlainForm, deed, pressed, ticket_url
from models.ground.errors import Missing
from models.insight.incidents import progress_of
from models.insight.masking import mask
from models.insight.relations import Belonging, likely_same
from models.record.attachment import attachments_of
from models.record.relation import is_affected, relations_of
from models.record.ticket import Ticket, find_ticket
from models.rules import workflow
from models.rules.permissions import can_see
from models.steps import relations as step

bp = Blueprint("relations", __name__)


@bp.route("/t/<number>/relations", methods=["GET", "POST"])
@requires("relate", ticket)
def relate(ticket: Ticket) -> Response:
    """What it belongs together with, and one more; for htmx, which tickets the words in the field may mean."""
    form = RelateForm(other=_wanted("with"), kind=request.args.get("kind"))
    return lookup.offers(form) or deed(
        ticket,
        form,
        action="relate",
        do=lambda: step.relate(
            ticket, actor=me(), other=form.other.row, kind=form.kind.data, reason=form.reason.data or ""
        ),
        then=lambda _: url_for("relations.relate", number=ticket.number),
        template="relations/relate.html",
        belonging=Belonging(ticket, me()),
        likely=likely_same(me(), ticket),
    )


@bp.get("/t/<number>/likely")
@requires("relate", ticket)
def likely(ticket: Ticket) -> Response:
    """Open tickets that may be the same; the ticket's page fetches it when it comes into sight."""
    found = likely_same(me(), ticket)
    return pages.show("relations/likely.html", ticket=ticket, likely=found, fragment=pages.is_fragment())


@bp.post("/t/<number>/relations/<int:relation_id>/undoing")
@requires("unrelate", ticket)
def unrelate(ticket: Ticket, relation_id: int) -> Response:
    """They do not belong together after all."""
    found = next((relation for relation in relations_of(ticket) if relation.id == relation_id), None)
    if found is None:
        raise Missing("They are no longer linked.")
    return pages.act(
        PlainForm(),
        action="unrelate",
        thing=ticket,
        page=pages.refuse_form,
        do=lambda: step.unrelate(found, actor=me(), ticket=ticket),
        then=lambda _: url_for("relations.relate", number=ticket.number),
    )


@bp.route("/t/<number>/merging", methods=["GET", "POST"])
@requires("merge", ticket)
def merge(ticket: Ticket) -> Response:
    """The same report as another one, which stands beside it if it was chosen already (`?into=`)."""
    form = MergeForm(into=_wanted("into"))
    target = find_ticket(form.into.data or "")
    return lookup.offers(form) or deed(
        ticket,
        form,
        action="merge",
        do=lambda: step.merge_ticket(ticket, actor=me(), into=form.into.row),
        ready=step.refuse_merge,
        template="relations/merge.html",
        target=target if target and can_see(me(), target) else None,
        likely=likely_same(me(), ticket),
    )


@bp.post("/t/<number>/unmerging")
@requires("unmerge", ticket)
def unmerge(ticket: Ticket) -> Response:
    """It is a report of its own after all."""
    return pressed(ticket, "unmerge", lambda: step.unmerge_ticket(ticket, actor=me()))


@bp.route("/t/<number>/splitting", methods=["GET", "POST"])
@requires("split", ticket)
def split(ticket: Ticket) -> Response:
    """A part of the report becomes a ticket of its own."""
    form = SplitForm()
    there = [file for file in attachments_of(ticket.id) if file.is_of_report and file.path.exists()]
    form.files.choices = [(file.key, file.name) for file in there]
    return deed(
        ticket,
        form,
        action="split",
        do=lambda: step.split_ticket(
            ticket, actor=me(), description=form.description.data, title=form.title.data or "", files=form.files.data
        ),
        then=ticket_url,
        template="relations/split.html",
    )


@bp.get("/incidents/<number>")
@requires("view_incident", incident)
def show(incident: Ticket) -> Response:
    """A known incident as everybody may know it: how it stands, and nobody's name."""
    g.topics = [f"t-{incident.id}"]
    joined = is_affected(me().id, incident.id)
    ptag = f"{incident.id}.{incident.seq}.{joined}"
    if pages.unchanged(ptag):
        return pages.not_modified()
    return pages.show(
        "relations/incident.html",
        ptag=ptag,
        ptag_of_page=ptag,
        ticket=incident,
        title=mask(incident.title, incident),
        progress=progress_of(incident),
        joined=joined,
        may_join=not joined and workflow.can(me(), "join", incident) and incident.reporter_id != me().id,
    )


@bp.post("/incidents/<number>/joining")
@requires("join", incident)
def join(incident: Ticket) -> Response:
    """I have it, too: no report, the same news."""
    return _pressed(incident, "join", lambda: step.join_incident(incident, actor=me()))


@bp.post("/incidents/<number>/leaving")
@requires("leave", incident)
def leave(incident: Ticket) -> Response:
    """I do not have it after all."""
    return _pressed(incident, "leave", lambda: step.leave_incident(incident, actor=me()), url_for("intake.my"))


def _pressed(incident: Ticket, action: str, do: Any, then: str = "") -> Response:
    """Many press it at once, so it does not matter whether the ticket's fields have changed meanwhile: no version."""
    return pages.act(
        PlainForm(),
        action=action,
        page=pages.refuse_form,
        do=do,
        then=lambda _: then or url_for("relations.show", number=incident.number),
    )


def _wanted(name: str) -> str:
    """The number of the ticket that was chosen on the page before."""
    return request.args.get(name, "")[:40]
