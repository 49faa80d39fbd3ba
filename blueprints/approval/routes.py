"""Plans and their approval: submit, decide, withdraw; and the standard changes that need no round (P7)."""

from flask import Blueprint, Response, g, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select

from blueprints import pages
from blueprints.access import by_id, me, requires, ticket
from blueprints.access import plan as plan_loader
from blueprints.approval.forms import ApproveForm, KeepForm, PlanForm, ReturnForm, StandardChangeForm, standard_changes
from blueprints.fields import people, row
from blueprints.tickets.view import PlainForm, pressed, ticket_url
from models.ground.db import db
from models.ground.vocabulary import ClockKind
from models.insight import board
from models.insight.requests import requests_for_time
from models.insight.revision import difference
from models.record.plan import PLAN_TEXTS, Plan, StandardChange
from models.record.ticket import Ticket
from models.steps import approval as step

bp = Blueprint("approval", __name__)
BOXES = ("todo", "done", "mine")


@bp.get("/approvals")
@requires("view_approvals")
def inbox() -> Response:
    """Plans and requests for more time that wait for the person, that they decided, or that they wrote."""
    g.topics = ["tickets"]
    box = request.args.get("box") if request.args.get("box") in BOXES else BOXES[0]
    plans, requests = board.seats(me(), box), requests_for_time(me(), box)
    ptag = board.tag_of([(thing.id, thing.ticket.seq) for thing in (*plans, *requests)])
    if pages.unchanged(ptag):
        return pages.not_modified()
    clocks = board.nearest_clocks([plan.ticket for plan in plans], (ClockKind.APPROVE,))
    return pages.show(
        "approval/inbox.html",
        ptag=ptag,
        ptag_of_page=ptag,
        plans=plans,
        requests=requests,
        clocks=clocks,
        box=box,
    )


@bp.route("/t/<number>/plan", methods=["GET", "POST"])
@requires("submit_plan", ticket)
def plan(ticket: Ticket) -> Response:
    """Write a plan; a new revision begins with the words of the one before."""
    form = PlanForm(obj=step.newest_plan(ticket))
    if request.method == "GET":
        return _plan_page(ticket, form)
    return pages.act(
        form,
        action="submit_plan",
        thing=ticket,
        page=lambda f: _plan_page(ticket, f),
        do=lambda: step.submit_plan(
            ticket,
            actor=me(),
            risk=form.risk.data,
            steps=form.steps.data,
            approvers=people(form.approvers.data or []),
            **form.texts,
        ),
        then=lambda _: ticket_url(ticket),
    )


@bp.post("/t/<number>/standard-change")
@requires("use_standard_change", ticket)
def use_standard_change(ticket: Ticket) -> Response:
    """Plan by a template that was approved beforehand."""
    form = StandardChangeForm()
    return pages.act(
        form,
        action="use_standard_change",
        thing=ticket,
        page=lambda f: _plan_page(ticket, PlanForm(formdata=None), chosen=f),
        do=lambda: step.use_standard_change(ticket, actor=me(), template=row(StandardChange, form.template.data)),
        then=lambda _: ticket_url(ticket),
    )


@bp.get("/approvals/<int:plan_id>")
@requires("view_internal", plan_loader)
def decide(plan: Plan) -> Response:
    """The plan on a page, and the decision for those who sit on it."""
    g.topics = [f"t-{plan.ticket_id}"]
    return _decision_page(plan)


@bp.post("/approvals/<int:plan_id>/approval")
@requires("approve", plan_loader)
def approve(plan: Plan) -> Response:
    """Agree."""
    form = ApproveForm()
    return _decided(plan, form, "approve", lambda: step.approve_plan(plan, actor=me(), comment=form.comment.data or ""))


@bp.post("/approvals/<int:plan_id>/return")
@requires("return", plan_loader)
def send_back(plan: Plan) -> Response:
    """Return it with a reason."""
    form = ReturnForm()
    return _decided(plan, form, "return", lambda: step.return_plan(plan, actor=me(), comment=form.comment.data))


@bp.post("/approvals/<int:plan_id>/withdrawal")
@requires("withdraw", plan_loader)
def withdraw(plan: Plan) -> Response:
    """The author takes it back."""
    return pressed(plan.ticket, "withdraw", lambda: step.withdraw_plan(plan, actor=me()), thing=plan)


@bp.post("/approvals/<int:plan_id>/standard-change")
@requires("keep_standard_change", plan_loader)
def keep_standard_change(plan: Plan) -> Response:
    """A plan that worked becomes a template."""
    form = KeepForm()
    return pages.act(
        form,
        action="keep_standard_change",
        thing=plan,
        page=lambda f: _decision_page(plan, keep=f),
        do=lambda: step.keep_standard_change(plan, actor=me(), title=form.title.data),
        then=lambda _: url_for("approval.templates"),
    )


@bp.get("/standard-changes")
@requires("view_approvals")
def templates() -> Response:
    """Every template, those in use first."""
    found = db.session.scalars(select(StandardChange).order_by(StandardChange.active.desc(), StandardChange.title))
    return pages.show("approval/templates.html", templates=list(found))


@bp.post("/standard-changes/<int:thing_id>/retirement")
@requires("keep_standard_change", by_id(StandardChange))
def retire(template: StandardChange) -> Response:
    """The template is no longer offered; plans made from it stay as they are."""
    return pages.act(
        PlainForm(),
        action="retire_standard_change",
        thing=template,
        page=pages.refuse_form,
        do=lambda: step.retire_standard_change(template, actor=me()),
        then=lambda _: url_for("approval.templates"),
    )


def _decided(plan: Plan, form: FlaskForm, action: str, do: object) -> Response:
    shown = {"approve": "approving", "return": "returning"}[action]
    return pages.act(
        form,
        action=action,
        thing=plan,
        page=lambda f: _decision_page(plan, **{shown: f}),
        do=do,  # type: ignore[arg-type]
        then=lambda _: url_for("approval.inbox"),
    )


def _plan_page(ticket: Ticket, form: FlaskForm, *, chosen: FlaskForm | None = None) -> Response:
    offered = chosen or (StandardChangeForm(formdata=None) if standard_changes() else None)
    before = step.newest_plan(ticket)
    return pages.show("approval/plan.html", ticket=ticket, form=form, chosen=offered, before=before)


def _decision_page(
    plan: Plan,
    *,
    approving: FlaskForm | None = None,
    returning: FlaskForm | None = None,
    keep: FlaskForm | None = None,
) -> Response:
    before = _revision_before(plan)
    changes = {name: difference(getattr(before, name), getattr(plan, name)) for name in PLAN_TEXTS} if before else {}
    seat = next((seat for seat in plan.approvals if seat.person_id == me().id), None)
    return pages.show(
        "approval/decide.html",
        plan=plan,
        ticket=plan.ticket,
        before=before,
        changes=changes,
        seat=seat,
        open_to_me=seat is not None and not seat.decision and not plan.outcome,
        newest=step.newest_plan(plan.ticket),
        approving=approving or ApproveForm(formdata=None),
        returning=returning or ReturnForm(formdata=None),
        keep=keep or KeepForm(formdata=None, title=plan.ticket.title),
    )


def _revision_before(plan: Plan) -> Plan | None:
    earlier = select(Plan).where(Plan.ticket_id == plan.ticket_id, Plan.revision == plan.revision - 1)
    return db.session.scalar(earlier)
