"""Drills: the list with its median, how one begins, and the button of whoever is on call."""

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from blueprints import pages
from blueprints.access import by_id, me, requires
from blueprints.admin import bp
from blueprints.admin.forms import PlainForm
from blueprints.fields import chosen, codes, optional_team_choices, row
from models.people.rota import ROLES
from models.people.team import Team
from models.record.drill import Drill, drills, usual_seconds
from models.steps import drills as steps

drill_of = by_id(Drill)


class DrillForm(FlaskForm):
    """Which role is tried."""

    role = SelectField(_l("Role"), choices=codes("role", ROLES), validators=[InputRequired()])
    team_id = SelectField(_l("Team"), coerce=chosen, choices=optional_team_choices, validators=[Optional()])


@bp.get("/drills")
@requires("start_drill")
def list_drills() -> Response:
    """Past drills with their median, and the next one."""
    return _list_page(DrillForm())


@bp.post("/drills")
@requires("start_drill")
def start_drill() -> Response:
    form = DrillForm()

    def start() -> Drill:
        drill = steps.start_drill(actor=me(), role=form.role.data, team=row(Team, form.team_id.data))
        flash(_("The drill has begun."))
        return drill

    return pages.act(
        form, action="start_drill", page=_list_page, do=start,
        then=lambda drill: url_for("admin.show_drill", thing_id=drill.id),
    )  # fmt: skip


@bp.get("/drills/<int:thing_id>")
@requires("view_drill", drill_of)
def show_drill(drill: Drill) -> Response:
    """For whoever was told one button; looking at it answers nothing."""
    return pages.show("admin/drill.html", drill=drill)


@bp.post("/drills/<int:thing_id>/answer")
@requires("answer_drill", drill_of)
def answer_drill(drill: Drill) -> Response:
    return pages.act(
        PlainForm(), action="answer_drill", thing=drill, page=pages.refuse_form,
        do=lambda: steps.answer_drill(drill, actor=me()),
        then=lambda _: url_for("admin.show_drill", thing_id=drill.id),
    )  # fmt: skip


def _list_page(form: FlaskForm) -> Response:
    found = drills()
    return pages.show("admin/drills.html", form=form, drills=found, usual=usual_seconds(found))
