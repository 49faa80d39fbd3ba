"""The ticket page, and what is said beside the road."""

from typing import Any

from flask import Blueprint, Response, g
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import entry, me, requires, ticket, work_step
from blueprints.fields import instant
from blueprints.lists import remember_way
from blueprints.tickets.forms import CallForm, NoteForm, RedactForm, RedactReportForm, TitleForm, UpdateForm, WaitForm
from blueprints.tickets.seen import Seen
from blueprints.tickets.undo import take_back, take_back_several
from blueprints.tickets.view import deed, download, pressed, shown, ticket_url
from models.ground.db import db
from models.ground.errors import Missing
from models.insight.customer_view import is_shown
from models.record.attachment import Attachment, attachments_of
from models.record.entry import Entry
from models.record.plan import WorkStep
from models.record.relation import open_children
from models.record.ticket import Ticket
from models.rules.permissions import allows
from models.steps import comment, escalation, relations, titles

bp = Blueprint("tickets", __name__)


@bp.get("/d/<number>", endpoint="request")  # the same page; links to requests lead there
@bp.get("/t/<number>")
@requires("view", ticket)
def page(ticket: Ticket) -> Response:
    """Everything about one ticket, live; a region that asks again gets 304 while nothing has happened."""
    g.topics = [f"t-{ticket.id}"]
    ptag = f"{ticket.id}.{ticket.seq}"
    if pages.unchanged(ptag):
        return pages.not_modified()
    if not pages.is_fragment():
        remember_way(ticket)
    return pages.show("tickets/page.html", ptag=ptag, ptag_of_page=ptag, ticket=ticket, seen=Seen(ticket, me()))


@bp.get("/t/<number>/files/<key>")
@requires("view", ticket)
def file(ticket: Ticket, key: str) -> Response:
    """The bytes of a file: always a download, never something the browser runs."""
    return download(_readable(ticket, key))


@bp.get("/t/<number>/files/<key>/picture")
@requires("view", ticket)
def picture(ticket: Ticket, key: str) -> Response:
    """A picture to be looked at, small beside the report or large by itself; of nothing else."""
    found = _readable(ticket, key)
    if not found.is_image:
        raise Missing("There is no such file, or it is not visible to you.")
    return shown(found)


def _readable(ticket: Ticket, key: str) -> Attachment:
    found = next((f for f in attachments_of(ticket.id) if f.key == key), None)
    if found is None or not (is_shown(found, ticket) or _may_read(found, ticket)) or not found.path.exists():
        raise Missing("There is no such file, or it is not visible to you.")
    return found


def _may_read(found: Attachment, ticket: Ticket) -> bool:
    """What is internal is for colleagues; a plan's files also for whoever was sent a copy of it."""
    return allows(me(), "view_internal", ticket) or (bool(found.plan_id) and allows(me(), "view_plan", ticket))


@bp.route("/t/<number>/title", methods=["GET", "POST"])
@requires("retitle", ticket)
def retitle(ticket: Ticket) -> Response:
    """Another title: a page of its own, and with htmx below the one that stands."""
    form = TitleForm(title=ticket.title)
    return deed(
        ticket,
        form,
        action="retitle",
        template="tickets/title.html",
        do=lambda: titles.retitle_ticket(ticket, actor=me(), title=form.title.data),
    )


@bp.route("/t/<number>/note", methods=["GET", "POST"])
@requires("note", ticket)
def note(ticket: Ticket) -> Response:
    form = NoteForm()
    return _said(ticket, form, "note", comment.add_note)


@bp.route("/t/<number>/update", methods=["GET", "POST"])
@requires("update", ticket)
def update(ticket: Ticket) -> Response:
    form, below = UpdateForm(), len(open_children(ticket))
    post = relations.post_update_below if below and form.below.data else comment.post_update
    return _said(ticket, form, "update", post, below=below)


@bp.route("/t/<number>/call", methods=["GET", "POST"])
@requires("call", ticket)
def call(ticket: Ticket) -> Response:
    form = CallForm()
    return deed(ticket, form, action="call", do=lambda: comment.record_call(ticket, actor=me(), text=form.text.data))


@bp.route("/t/<number>/waiting", methods=["GET", "POST"])
@requires("wait", ticket)
def wait(ticket: Ticket) -> Response:
    form = WaitForm()
    return deed(
        ticket,
        form,
        action="wait",
        do=lambda: comment.wait_for(
            ticket,
            actor=me(),
            party=form.party.data,
            reason=form.reason.data,
            until=instant(form.until.data),
        ),
    )


@bp.post("/t/<number>/resumption")
@requires("resume", ticket)
def resume(ticket: Ticket) -> Response:
    return pressed(ticket, "resume", lambda: comment.resume_work(ticket, actor=me()))


@bp.route("/t/<number>/undo", methods=["GET", "POST"])
@requires("view", ticket)
def undo(ticket: Ticket) -> Response:
    """What this person did last on the ticket."""
    return take_back(ticket)


@bp.post("/undo")
@requires("use_account")
def undo_several() -> Response:
    """What this person has just done on several tickets in one go."""
    return take_back_several()


@bp.post("/t/<number>/following")
@requires("follow", ticket)
def follow(ticket: Ticket) -> Response:
    return pressed(ticket, "follow", lambda: comment.follow_ticket(ticket, actor=me()))


@bp.post("/t/<number>/unfollowing")
@requires("unfollow", ticket)
def unfollow(ticket: Ticket) -> Response:
    return pressed(ticket, "unfollow", lambda: comment.unfollow_ticket(ticket, actor=me()))


@bp.post("/t/<number>/acknowledgement")
@requires("acknowledge", ticket)
def acknowledge(ticket: Ticket) -> Response:
    return pressed(ticket, "acknowledge", lambda: escalation.acknowledge_escalation(ticket, actor=me()))


@bp.route("/t/<number>/redaction", methods=["GET", "POST"])
@requires("redact", ticket)
def redact_report(ticket: Ticket) -> Response:
    """The reported text itself holds a secret."""
    form = RedactReportForm(replacement=comment.reported_text(ticket)).offer(comment.own_files(ticket))
    return deed(
        ticket,
        form,
        action="redact",
        do=lambda: comment.redact_description(
            ticket, actor=me(), replacement=form.replacement.data, reason=form.reason.data, files=form.taken
        ),
    )


@bp.route("/entries/<int:entry_id>/redaction", methods=["GET", "POST"])
@requires("redact", entry)
def redact(text: Entry) -> Response:
    form, owner = RedactForm(), db.session.get_one(Ticket, text.ticket_id)
    return deed(
        owner,
        form,
        action="redact",
        thing=text,
        do=lambda: comment.redact_entry(text, actor=me(), reason=form.reason.data),
    )


@bp.route("/work-steps/<int:step_id>/redaction", methods=["GET", "POST"])
@requires("redact", work_step)
def redact_work(step: WorkStep) -> Response:
    """What was recorded of the carrying out holds a secret."""
    form, owner = RedactForm(), db.session.get_one(Ticket, step.ticket_id)
    return deed(
        owner,
        form,
        action="redact",
        thing=step,
        do=lambda: comment.redact_work(step, actor=me(), reason=form.reason.data),
    )


def _said(ticket: Ticket, form: FlaskForm, action: str, command: Any, **context: Any) -> Response:
    keys = pages.files_of(form.files.data or [], me()) if form.is_submitted() else []
    return deed(
        ticket,
        form,
        action=action,
        do=lambda: command(ticket, actor=me(), text=form.text.data, files=keys),
        then=lambda _: ticket_url(ticket, "timeline"),
        template=f"tickets/{action}.html",
        **context,
    )
