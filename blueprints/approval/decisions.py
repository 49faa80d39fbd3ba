"""Deciding on a plan: agree, return, bring in somebody else; and what its author can do meanwhile (P7.3).

Whoever sits or has stood in may hand a decision in; the command says why one no longer counts.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, g, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select

from blueprints import lookup, pages
from blueprints.access import me, requires
from blueprints.access import plan as plan_loader
from blueprints.access import seat as seat_loader
from blueprints.approval import bp
from blueprints.approval.changes import changes_between
from blueprints.approval.decision_forms import (
    AddApproverForm,
    ApproveForm,
    CopyForm,
    GiveSeatAwayForm,
    HandOverSeatForm,
    KeepForm,
    ReturnForm,
)
from blueprints.fields import row
from blueprints.labels import label
from blueprints.limits import rungs_word, typed
from blueprints.lists import remember_way, way_back
from blueprints.tickets.view import PlainForm, deed, pressed, say_done
from models.ground.db import db
from models.insight.case import case_of
from models.insight.standing_in import away_from
from models.people.person import Person
from models.record.approval import Approval
from models.record.plan import Plan
from models.rules import rounds, workflow
from models.rules.permissions import allows
from models.steps import approval as step
from models.steps import plans

bp.add_app_template_global(rounds.slots_of)
bp.add_app_template_global(rounds.open_slots)
bp.add_app_template_global(typed, "typed_limit")
bp.add_app_template_global(rungs_word)
bp.add_app_template_global(rounds.still_sits)
bp.add_app_template_global(away_from)


@bp.get("/approvals/<int:plan_id>")
@requires("view_plan", plan_loader)
def decide(plan: Plan) -> Response:
    """The plan on a page, and the decision for those who sit on it."""
    g.topics = [f"t-{plan.ticket_id}"]
    remember_way(plan)
    return _decision_page(plan)


@bp.post("/approvals/<int:plan_id>/approval")
@requires("vote", plan_loader)
def approve(plan: Plan) -> Response:
    """Agree."""
    return _agreed(plan, "approve")


@bp.post("/approvals/<int:plan_id>/late-approval")
@requires("vote", plan_loader)
def ratify(plan: Plan) -> Response:
    """Agree to what was carried out first (P7.5)."""
    return _agreed(plan, "ratify")


@bp.post("/approvals/<int:plan_id>/return")
@requires("vote", plan_loader)
def send_back(plan: Plan) -> Response:
    """Return it with a reason."""
    return _returned(plan, "return")


@bp.post("/approvals/<int:plan_id>/late-return")
@requires("vote", plan_loader)
def refuse_ratify(plan: Plan) -> Response:
    """Return what was carried out first: the ticket goes back to its plan (P7.5)."""
    return _returned(plan, "refuse_ratify")


@bp.post("/approvals/<int:plan_id>/withdrawal")
@requires("withdraw", plan_loader)
def withdraw(plan: Plan) -> Response:
    """The author takes it back."""
    return pressed(plan.ticket, "withdraw", lambda: plans.withdraw_plan(plan, actor=me()), thing=plan)


@bp.post("/approvals/<int:plan_id>/reminder")
@requires("urge", plan_loader)
def urge(plan: Plan) -> Response:
    """Remind whoever has to decide now."""
    return _pressed_here(plan, "urge", step.urge_approvers)


@bp.post("/approvals/<int:plan_id>/reading")
@requires("read_copy", plan_loader)
def read_copy(plan: Plan) -> Response:
    """Whoever was sent a copy has read it."""
    return _pressed_here(plan, "read_copy", step.read_copy)


@bp.route("/approvals/<int:plan_id>/approvers", methods=["GET", "POST"])
@requires("add_approver", plan_loader)
def add_approver(plan: Plan) -> Response:
    form = AddApproverForm()
    return _beside(
        plan,
        form,
        "add_approver",
        lambda: step.add_approver(
            plan,
            actor=me(),
            person=row(Person, form.person.data),
            first=form.first.data == "before",
            comment=form.comment.data or "",
        ),
    )


@bp.route("/approvals/<int:plan_id>/handing-over", methods=["GET", "POST"])
@requires("hand_over_seat", plan_loader)
def hand_over_seat(plan: Plan) -> Response:
    form = HandOverSeatForm()
    return _beside(
        plan,
        form,
        "hand_over_seat",
        lambda: step.hand_over_seat(plan, actor=me(), to=row(Person, form.person.data), reason=form.reason.data),
    )


@bp.route("/approvals/<int:plan_id>/seats/<int:seat_id>/handing-over", methods=["GET", "POST"])
@requires("give_seat_away", seat_loader)
def give_seat_away(seat: Approval) -> Response:
    """Whoever sits there is away, or no longer decides: a supervisor asks somebody else."""
    form, plan = GiveSeatAwayForm(name=seat.person.name), seat.plan
    return _beside(
        plan,
        form,
        "give_seat_away",
        lambda: step.hand_over_seat(
            plan, actor=me(), to=row(Person, form.person.data), reason=form.reason.data, seat=seat
        ),
    )


@bp.route("/approvals/<int:plan_id>/copies", methods=["GET", "POST"])
@requires("copy_plan", plan_loader)
def copy_plan(plan: Plan) -> Response:
    form = CopyForm()
    return lookup.offers(form) or _beside(
        plan, form, "copy_plan", lambda: step.copy_plan(plan, actor=me(), people=[form.people.row])
    )


@bp.post("/approvals/<int:plan_id>/standard-change")
@requires("keep_standard_change", plan_loader)
def keep_standard_change(plan: Plan) -> Response:
    """A plan that worked becomes a standard change."""
    form = KeepForm()
    return pages.act(
        form,
        action="keep_standard_change",
        thing=plan,
        page=lambda f: _decision_page(plan, keep=f),
        do=lambda: plans.keep_standard_change(plan, actor=me(), title=form.title.data),
        then=lambda _: url_for("approval.templates"),
    )


def _agreed(plan: Plan, action: str) -> Response:
    form = ApproveForm()

    def do() -> None:
        step.approve_plan(plan, actor=me(), comment=form.comment.data or "", digest=form.digest.data or "")
        say_done(label("decision", "approved"), plan.ticket)

    return pages.act(
        form,
        action=action,
        thing=plan,
        page=lambda f: _decision_page(plan, approving=f),
        do=do,
        then=lambda _: _onward(plan),
    )


def _returned(plan: Plan, action: str) -> Response:
    form = ReturnForm()

    def do() -> None:
        step.return_plan(plan, actor=me(), comment=form.words, digest=form.digest.data or "")
        say_done(label("decision", "returned"), plan.ticket)

    return pages.act(
        form,
        action=action,
        thing=plan,
        page=lambda f: _decision_page(plan, returning=f),
        do=do,
        then=lambda _: _onward(plan),
    )


def _beside(plan: Plan, form: FlaskForm, action: str, do: Callable[[], Any]) -> Response:
    """A page with one form about one plan; back to the plan."""
    return deed(plan.ticket, form, action=action, thing=plan, do=do, then=lambda _: _url(plan))


def _pressed_here(plan: Plan, action: str, command: Callable[..., Any]) -> Response:
    return pages.act(
        PlainForm(),
        action=action,
        thing=plan,
        page=pages.refuse_form,
        do=lambda: command(plan, actor=me()),
        then=lambda _: _url(plan),
    )


def _onward(plan: Plan) -> str:
    """To what else waits; whoever merely stood in has no such list."""
    return way_back(plan) or url_for("approval.inbox") if allows(me(), "read_approvals") else _url(plan)


def _url(plan: Plan) -> str:
    return url_for("approval.decide", plan_id=plan.id)


def _decision_page(
    plan: Plan,
    *,
    approving: FlaskForm | None = None,
    returning: FlaskForm | None = None,
    keep: FlaskForm | None = None,
) -> Response:
    newest = rounds.newest_plan(plan.ticket) or plan
    before = _revision_before(plan)
    seat, ready = rounds.seat_of(plan, me()), rounds.open_seats(plan)
    is_mine = seat in ready and not seat.decision and allows(me(), "ratify" if plan.late else "approve", plan)
    return pages.show(
        "approval/decide.html",
        plan=plan,
        ticket=plan.ticket,
        listed=plan,
        before=before,
        changes=changes_between(before, plan) if before else {},
        newest=newest,
        is_newest=newest is plan,
        since=changes_between(plan, newest) if newest is not plan else {},
        seat=seat,
        ready=ready,
        is_mine=is_mine,
        abandoned=_abandoned(plan),
        may_take_back=newest is plan and _may_take_back(plan),
        copy=next((copy for copy in plan.copies if copy.person_id == me().id), None),
        approving=approving or ApproveForm(formdata=None, digest=plan.digest),
        returning=returning or ReturnForm(formdata=None, digest=plan.digest),
        keep=keep or KeepForm(formdata=None, title=plan.ticket.title),
    )


def _abandoned(plan: Plan) -> list[Approval]:
    """The seats that wait for somebody who is away or no longer decides, for those who may give them away."""
    may = workflow.can(me(), "hand_over_seat", plan.ticket) and allows(me(), "give_seat_away", plan)
    if not (may and rounds.is_undecided(plan)):
        return []
    waiting = [seat for slot in rounds.slots_of(plan) if not slot.decision for seat in slot.seats]
    return [seat for seat in waiting if seat.person_id != me().id and rounds.is_abandoned(seat)]


def _may_take_back(plan: Plan) -> bool:
    """The author may, while nothing of it has been carried out."""
    return workflow.can(me(), "withdraw", plan.ticket) and not case_of(plan.ticket).work_of(plan)


def _revision_before(plan: Plan) -> Plan | None:
    earlier = select(Plan).where(Plan.ticket_id == plan.ticket_id, Plan.revision == plan.revision - 1)
    return db.session.scalar(earlier)
