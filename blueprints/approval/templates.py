"""What is agreed beforehand: approval templates (who sits in a round), and standard changes (no round at all)."""

from flask import Response, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select

from blueprints import pages
from blueprints.access import by_id, me, requires
from blueprints.approval import bp
from blueprints.approval.template_forms import TemplateForm
from blueprints.fields import row, team_choices, whole
from blueprints.tickets.view import PlainForm
from models.ground.db import db
from models.people.person import PER_TEAM
from models.people.team import Team
from models.record.approval import ApprovalTemplate
from models.record.plan import StandardChange
from models.rules import seating
from models.steps import approval_templates, plans


@bp.get("/approval-templates")
@requires("keep_approval_template")
def approval_template_list() -> Response:
    """Every template, those in use first, and who would sit."""
    found = db.session.scalars(select(ApprovalTemplate).order_by(ApprovalTemplate.active.desc(), ApprovalTemplate.name))
    team = row(Team, whole(request.args.get("team", "")))
    shown = [(template, seating.who_would_sit(template, team.id if team else None)) for template in found]
    return pages.show(
        "approval/approval_templates.html", shown=shown, team=team, teams=team_choices(), held_in_teams=PER_TEAM
    )


@bp.route("/approval-templates/new", methods=["GET", "POST"])
@requires("keep_approval_template")
def new_approval_template() -> Response:
    return _kept(None)


@bp.route("/approval-templates/<int:thing_id>", methods=["GET", "POST"])
@requires("keep_approval_template", by_id(ApprovalTemplate))
def edit_approval_template(template: ApprovalTemplate) -> Response:
    """Rounds that have begun stay as they are."""
    return _kept(template)


@bp.post("/approval-templates/<int:thing_id>/retirement")
@requires("keep_approval_template", by_id(ApprovalTemplate))
def retire_approval_template(template: ApprovalTemplate) -> Response:
    return pages.act(
        PlainForm(),
        action="retire_approval_template",
        thing=template,
        page=pages.refuse_form,
        do=lambda: approval_templates.retire_approval_template(template, actor=me()),
        then=lambda _: url_for("approval.approval_template_list"),
    )


@bp.get("/standard-changes")
@requires("view_approvals")
def templates() -> Response:
    """Every standard change, those in use first."""
    found = db.session.scalars(select(StandardChange).order_by(StandardChange.active.desc(), StandardChange.title))
    return pages.show("approval/templates.html", templates=list(found))


@bp.post("/standard-changes/<int:thing_id>/retirement")
@requires("keep_standard_change", by_id(StandardChange))
def retire(template: StandardChange) -> Response:
    """It is no longer offered; plans made from it stay as they are."""
    return pages.act(
        PlainForm(),
        action="retire_standard_change",
        thing=template,
        page=pages.refuse_form,
        do=lambda: plans.retire_standard_change(template, actor=me()),
        then=lambda _: url_for("approval.templates"),
    )


def _kept(template: ApprovalTemplate | None) -> Response:
    form = TemplateForm.of(template)
    adds = request.form.get("add") == form.seats.name
    if adds:
        form.seats.more()
    if request.method == "GET" or adds:
        return _page(form, template)
    return pages.act(
        form,
        action="keep_approval_template",
        thing=template,
        page=lambda f: _page(f, template),
        do=lambda: approval_templates.keep_approval_template(template, actor=me(), **form.words),
        then=lambda _: url_for("approval.approval_template_list"),
    )


def _page(form: FlaskForm, template: ApprovalTemplate | None) -> Response:
    return pages.show("approval/approval_template.html", form=form, kept_one=template)
