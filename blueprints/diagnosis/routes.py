"""Diagnosis: taking up the work, logging what was tried, recording the cause (P6)."""

from flask import Blueprint, Response

from blueprints import pages
from blueprints.access import article, me, requires, ticket
from blueprints.diagnosis.forms import DiagnosisForm, StepForm
from blueprints.tickets.view import deed, pressed, ticket_url
from models.ground.vocabulary import Cause
from models.insight.likely import similar
from models.record.ticket import Ticket
from models.steps import diagnosis as step_of

bp = Blueprint("diagnosis", __name__)


@bp.post("/t/<number>/take")
@requires("take", ticket)
def take(ticket: Ticket) -> Response:
    """The assignee begins."""
    return pressed(ticket, "take", lambda: step_of.take_ticket(ticket, actor=me()))


@bp.route("/t/<number>/steps", methods=["GET", "POST"])
@requires("step", ticket)
def step(ticket: Ticket) -> Response:
    """One step of the investigation log."""
    form = StepForm()
    keys = pages.files_of(form.files.data or [], me()) if form.is_submitted() else []
    return deed(
        ticket,
        form,
        action="step",
        do=lambda: step_of.log_step(ticket, actor=me(), done=form.done.data, seen=form.seen.data or "", files=keys),
        then=lambda _: ticket_url(ticket, "timeline"),
        similar=similar(me(), ticket),
    )


@bp.get("/t/<number>/similar")
@requires("reuse", ticket)
def known(ticket: Ticket) -> Response:
    """Similar articles and closed tickets (P6.3)."""
    return pages.show("diagnosis/known.html", ticket=ticket, similar=similar(me(), ticket))


@bp.post("/t/<number>/reuse/<slug>")
@requires("reuse", ticket)
def reuse(ticket: Ticket, slug: str) -> Response:
    """This article helped."""
    found = article(slug)
    return pressed(ticket, "reuse", lambda: step_of.reuse_solution(ticket, actor=me(), article=found), thing=ticket)


@bp.route("/t/<number>/diagnosis", methods=["GET", "POST"])
@requires("diagnose", ticket)
def diagnose(ticket: Ticket) -> Response:
    """The investigation report."""
    form = DiagnosisForm(
        root_cause=ticket.root_cause,
        cause=ticket.cause or Cause.UNKNOWN,
        scope=ticket.scope,
        temporary_measure=ticket.temporary_measure,
    )
    return deed(
        ticket,
        form,
        action="diagnose",
        do=lambda: step_of.record_diagnosis(
            ticket,
            actor=me(),
            root_cause=form.root_cause.data,
            cause=form.cause.data,
            scope=form.scope.data or "",
            temporary_measure=form.temporary_measure.data or "",
        ),
    )
