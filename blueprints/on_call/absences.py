"""Absences: one's own, somebody else's, and back early."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import lookup, pages
from blueprints.access import by_id, me, requires
from blueprints.fields import instant
from blueprints.labels import label
from blueprints.on_call import bp
from blueprints.on_call.forms import AbsenceForm, AbsenceOfForm, PlainForm
from models.ground import clock
from models.insight.on_call import SOON, left_alone
from models.people.absence import Absence, absences
from models.people.person import Person
from models.people.rota import stints_of
from models.steps.absences import announce_absence, end_absence


@bp.route("/me/absences", methods=["GET", "POST"])
@requires("announce_absence", me)
def own_absences(person: Person) -> Response:
    """When I am away, who stands in, and when I am on call."""
    form, now = AbsenceForm(), clock.now()

    def page(shown: FlaskForm) -> Response:
        turns = stints_of(person, now, now + SOON)
        return pages.show("on_call/own.html", form=shown, absences=absences(now, person=person), stints=turns)

    if request.method != "POST":
        return lookup.offers(form) or page(form)
    return pages.act(
        form, action="announce_absence", page=page, do=lambda: _announce(person, form),
        then=lambda _: url_for("on_call.own_absences"),
    )  # fmt: skip


@bp.route("/admin/absences/new", methods=["GET", "POST"])
@requires("keep_rota")
def absence_of() -> Response:
    """A supervisor or an administrator announces it for somebody who cannot."""
    form = AbsenceOfForm()

    def page(shown: FlaskForm) -> Response:
        return pages.show("on_call/absence_of.html", form=shown)

    if request.method != "POST":
        return lookup.offers(form) or page(form)
    return pages.act(
        form, action="announce_absence_of", page=page, do=lambda: _announce(form.person.row, form),
        then=lambda _: url_for("on_call.week"),
    )  # fmt: skip


@bp.post("/absences/<int:thing_id>/end")
@requires("announce_absence", by_id(Absence))
def back_early(absence: Absence) -> Response:
    """Back early, or called off."""
    return pages.act(
        PlainForm(), action="end_absence", thing=absence, page=pages.refuse_form,
        do=lambda: end_absence(absence, actor=me()),
        then=lambda _: url_for("on_call.own_absences" if absence.person_id == me().id else "on_call.week"),
    )  # fmt: skip


def said(rungs: list[tuple[str, int | None]]) -> str:
    """The roles of several rungs, each once."""
    return _(", ").join(dict.fromkeys(label("role", role) for role, _team in rungs))


def _announce(person: Person, form: Any) -> Absence:
    absence = announce_absence(
        person,
        actor=me(),
        starts_at=instant(form.starts_at.data),  # type: ignore[arg-type]
        ends_at=instant(form.ends_at.data),  # type: ignore[arg-type]
        kind=form.kind.data,
        delegate=form.delegate.row,
    )
    if rungs := left_alone(absence):
        flash(
            _("Nobody else is there meanwhile as: %(roles)s. Escalations go to the next rung.", roles=said(rungs)),
            "warning",
        )
    flash(_("The absence is kept."))
    return absence
