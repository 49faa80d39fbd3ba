"""Writing plans: submit, revise, use a standard change, or carry one out first in an emergency (P7.1, P7.2, P7.5)."""

from collections.abc import Callable
from typing import Any

from flask import Response, g, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.access import plan as plan_loader
from blueprints.approval import bp
from blueprints.approval.plan_forms import EmergencyForm, PlanForm, StandardChangeForm, standard_changes
from blueprints.fields import row
from blueprints.tickets.view import ticket_url
from models.insight.setback import setback_of
from models.people.person import Person
from models.record.attachment import Attachment
from models.record.plan import Plan, StandardChange
from models.record.ticket import Ticket
from models.rules import rounds
from models.steps import plans as step


@bp.route("/t/<number>/plan", methods=["GET", "POST"])
@requires("submit_plan", ticket)
def plan(ticket: Ticket) -> Response:
    """Write a plan; a new revision begins with the words of the one before."""
    return _written(
        PlanForm.of(rounds.newest_plan(ticket)),
        action="submit_plan",
        thing=ticket,
        page=lambda form: _plan_page(ticket, form),
        do=lambda words: step.submit_plan(ticket, actor=me(), **words),
    )


@bp.route("/approvals/<int:plan_id>/revision", methods=["GET", "POST"])
@requires("withdraw", plan_loader)
def revise(plan: Plan) -> Response:
    """Another text in place of the one that was submitted: a round of its own decides on it (P7.3)."""
    return _written(
        PlanForm.of(plan),
        action="revise_plan",
        thing=plan,
        page=lambda form: _revision_page(plan, form),
        do=lambda words: step.revise_plan(plan, actor=me(), **words),
    )


@bp.route("/t/<number>/emergency", methods=["GET", "POST"])
@requires("emergency", ticket)
def emergency(ticket: Ticket) -> Response:
    """The duty lead has given the word: it is carried out first, and approved afterwards (P7.5)."""
    if request.method == "GET":
        step.refuse_emergency(ticket)
    form = EmergencyForm.of(rounds.newest_plan(ticket)).offer(rounds.duty_leads(ticket))
    return _written(
        form,
        action="emergency",
        thing=ticket,
        page=lambda shown: _emergency_page(ticket, shown),
        do=lambda words: step.declare_emergency(
            ticket, actor=me(), word_by=row(Person, form.word_by.data), how=form.how.data, **words
        ),
    )


@bp.post("/t/<number>/standard-change")
@requires("use_standard_change", ticket)
def use_standard_change(ticket: Ticket) -> Response:
    """Plan by a standard change that was approved beforehand."""
    form = StandardChangeForm()
    return pages.act(
        form,
        action="use_standard_change",
        thing=ticket,
        page=lambda f: _plan_page(ticket, PlanForm(formdata=None), chosen=f),
        do=lambda: step.use_standard_change(ticket, actor=me(), template=row(StandardChange, form.template.data)),
        then=lambda _: ticket_url(ticket),
    )


def _written(
    form: PlanForm,
    *,
    action: str,
    thing: Ticket | Plan,
    page: Callable[[FlaskForm], Response],
    do: Callable[[dict[str, Any]], Any],
) -> Response:
    """GET shows the form; a button adds a row to it and sends nothing; else one command is carried out."""
    keys, shown = _files_of(form) if form.is_submitted() else ([], [])
    if rows := form.rows.get(request.form.get("add", "")):
        rows.more()
    if request.method == "GET" or rows:
        return page(form)
    return pages.act(
        form,
        action=action,
        thing=thing,
        page=page,
        do=lambda: do(form.words | {"files": keys, "shown": shown}),
        then=lambda made: ticket_url(made.ticket),
    )


def _plan_page(ticket: Ticket, form: FlaskForm, *, chosen: FlaskForm | None = None) -> Response:
    offered = chosen or (StandardChangeForm(formdata=None) if standard_changes() else None)
    return _page(
        ticket,
        form,
        action="submit_plan",
        chosen=offered,
        heading=_("Submit a plan"),
        submit=_("Submit for approval"),
        note=_(
            "Whoever decides on it is told at once. A change afterwards is a new revision that needs approval again."
        ),
    )


def _revision_page(plan: Plan, form: FlaskForm) -> Response:
    return _page(
        plan.ticket,
        form,
        action="revise_plan",
        thing=plan,
        heading=_("Revise the plan"),
        warning=_(
            "A new round begins: what was decided so far no longer counts, and nothing may be carried out until it is "
            "approved."
        ),
        submit=_("Submit the new revision"),
        note=_("Whoever decides is told, and shown what has changed."),
    )


def _emergency_page(ticket: Ticket, form: FlaskForm) -> Response:
    return _page(
        ticket,
        form,
        action="emergency",
        heading=_("Emergency: carry out first"),
        warning=_(
            "On the duty lead's word it may be carried out at once. The approval is owed within the time of the policy "
            "and blocks closing; the ticket stays marked as an emergency for ever."
        ),
        submit=_("Record the word and begin"),
        note=_("The duty lead is told that their word was recorded, and the approvers that they owe a decision."),
    )


def _page(ticket: Ticket, form: FlaskForm, *, thing: Any = None, chosen: Any = None, **context: Any) -> Response:
    before = rounds.newest_plan(ticket)
    return pages.show(
        "approval/plan.html",
        ticket=ticket,
        form=form,
        thing=thing or ticket,
        chosen=chosen,
        why=setback_of(ticket),
        earlier=_earlier_files(before),
        shown=_shown(before),
        **context,
    )


def _files_of(form: PlanForm) -> tuple[list[str], list[str]]:
    """The keys of what is sent and kept, and of what of it the customer may see: ticked, or sent as such (P7.4)."""
    for_customer = [upload for upload in form.shown_files.data or [] if upload and upload.filename]
    keys = pages.files_of([*(form.files.data or []), *for_customer], me())
    g.shown_keys = [*request.form.getlist("shown"), *keys[len(keys) - len(for_customer) :]]
    return keys, g.shown_keys


def _shown(before: Plan | None) -> list[str]:
    """The keys of files that are ticked for the customer: at first as in the last revision."""
    if request.method != "GET":
        return list(g.get("shown_keys", ()))
    return [file.key for file in before.files if file.public] if before else []


def _earlier_files(before: Plan | None) -> list[Attachment]:
    """Files of the last revision that the new one keeps: all of them, until a tick is taken away."""
    files = [file for file in before.files if file.path.exists()] if before else []  # the others were redacted
    return [file for file in files if request.method == "GET" or file.key in request.form.getlist("kept")]
