"""Requests (客户需求): graded, assessed, put before the customer, delivered by a date (P3.1, P8.3)."""

from typing import Any

from flask import Blueprint, Response, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.assessment.forms import (
    AssessmentForm,
    DeliveryForm,
    DirectionForm,
    RequestForm,
    SpokenDirectionForm,
)
from blueprints.fields import instant, row
from blueprints.tickets.view import deed
from models.ground.errors import Missing
from models.ground.vocabulary import Feasibility, RequestType
from models.insight.customer_view import customer_view
from models.insight.suggestion import suggest_product_manager, suggest_team
from models.people.person import Person
from models.people.team import Team
from models.record.assessment import AGREED, assessments_of, deliveries_of, newest_assessment
from models.record.attachment import attachments_of
from models.record.ticket import Ticket
from models.rules.permissions import allows
from models.steps import assessment as step
from models.steps import direction, wish

bp = Blueprint("assessment", __name__)
TEXTS = (
    "report", "development_opinion", "development_by", "test_opinion", "test_by", "product_opinion", "technology",
    "resources", "cost",
)  # fmt: skip


@bp.get("/t/<number>/request")
@requires("triage", ticket)
def triage_form(ticket: Ticket) -> Response:
    """The questions of triage for what is wished for; a fault can turn out to be a request."""
    team = suggest_team(ticket)
    is_typed = ticket.category in list(RequestType)
    form = RequestForm(
        priority=ticket.wished or None,
        category=ticket.category if is_typed else None,
        team=team.id if team else None,
    )
    return _triage_page(ticket, form)


@bp.post("/t/<number>/request")
@requires("triage", ticket)
def triage(ticket: Ticket) -> Response:
    form = RequestForm()
    return pages.act(
        form,
        action="triage",
        thing=ticket,
        page=lambda f: _triage_page(ticket, f),
        do=lambda: wish.triage_request(
            ticket,
            actor=me(),
            priority=form.priority.data,
            category=form.category.data,
            reason=form.reason.data or "",
            team=row(Team, form.team.data),
            product_manager=row(Person, form.product_manager.data),
        ),
        then=lambda _: url_for("triage.queue"),
    )


@bp.route("/t/<number>/feasibility", methods=["GET", "POST"])
@requires("assess", ticket)
def assess(ticket: Ticket) -> Response:
    """可行性评估: one page, one verdict."""
    form = AssessmentForm()
    return deed(
        ticket,
        form,
        action="assess",
        do=lambda: _assess(ticket, form),
        template="assessment/assess.html",
        before=assessments_of(ticket),
    )


@bp.get("/t/<number>/assessment")
@requires("view", ticket)
def report(ticket: Ticket) -> Response:
    """需求评估报告: every assessment with its answer; the reporter reads what is meant for them (P6.6)."""
    found = assessments_of(ticket)
    if not found:
        raise Missing("This ticket has not been assessed.")
    return pages.show(
        "assessment/report.html",
        ticket=ticket,
        assessments=found,
        deliveries=deliveries_of(ticket),
        internal=allows(me(), "view_internal", ticket),
        uat=customer_view(ticket)["answer"] if ticket.deliver_at else None,
    )


@bp.route("/t/<number>/direction", methods=["GET", "POST"])
@requires("agree", ticket)
def agree(ticket: Ticket) -> Response:
    """The customer's question for somebody who is signed in: shall it be built like this, by that date?"""
    form = DirectionForm()
    return deed(
        ticket,
        form,
        action="agree",
        do=lambda: _answer(ticket, form),
        template="assessment/direction.html",
        asked=newest_assessment(ticket),
    )


@bp.route("/t/<number>/spoken-direction", methods=["GET", "POST"])
@requires("record_direction", ticket)
def spoken(ticket: Ticket) -> Response:
    """What was said on the telephone."""
    form = SpokenDirectionForm()
    return deed(
        ticket,
        form,
        action="record_direction",
        do=lambda: direction.record_direction(
            ticket,
            actor=me(),
            said_by=form.said_by.data,
            how=form.how.data,
            answer=form.answer.data,
            comment=form.comment.data or "",
        ),
        template="assessment/direction.html",
        asked=newest_assessment(ticket),
    )


@bp.route("/t/<number>/delivery", methods=["GET", "POST"])
@requires("change_delivery", ticket)
def delivery(ticket: Ticket) -> Response:
    """Another date, with its reason; what was never promised for a date has no such page."""
    if ticket.deliver_at is None:
        raise Missing("No delivery date has been agreed for this ticket.")
    form = DeliveryForm()
    return deed(
        ticket,
        form,
        action="change_delivery",
        do=lambda: direction.change_delivery(
            ticket, actor=me(), deliver_at=instant(form.deliver_at.data), reason=form.reason.data
        ),
    )


def _assess(ticket: Ticket, form: AssessmentForm) -> Any:
    texts = {name: form[name].data or "" for name in TEXTS}
    if form.verdict.data == Feasibility.NOT_NOW:
        return step.postpone_request(ticket, actor=me(), **texts)
    return step.assess_request(
        ticket,
        actor=me(),
        verdict=form.verdict.data,
        deliver_at=instant(form.deliver_at.data),
        engineer=row(Person, form.engineer.data),
        **texts,
    )


def _answer(ticket: Ticket, form: DirectionForm) -> Ticket:
    comment = form.comment.data or ""
    if form.answer.data == AGREED:
        return direction.agree_direction(ticket, actor=me(), comment=comment)
    return direction.decline_direction(ticket, actor=me(), reason=comment)


def _triage_page(ticket: Ticket, form: FlaskForm) -> Response:
    team = suggest_team(ticket)
    return pages.show(
        "assessment/triage.html",
        ticket=ticket,
        form=form,
        suggested=suggest_product_manager(team.id if team else None),
        files=attachments_of(ticket.id),
    )
