"""Rotas: the week as a table, a shift, its hand-overs."""

from datetime import date, datetime, time, timedelta

from flask import Response, flash, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import lookup, pages
from blueprints.access import by_id, me, requires
from blueprints.fields import instant, row
from blueprints.labels import zone
from blueprints.on_call import absences, bp, feeds, ladder
from blueprints.on_call.absences import said
from blueprints.on_call.forms import REPEATS, HandoverForm, PlainForm, ShiftForm
from models.ground import clock
from models.insight.on_call import left_alone_soon, week_of
from models.people.absence import absences as absences_between
from models.people.rota import Shift, occurrences, stints
from models.people.team import Team
from models.steps import rotas

__all__ = ["absences", "bp", "feeds", "ladder"]
shift_of = by_id(Shift)
SHOWN = timedelta(weeks=6)


@bp.get("/admin/on-call")
@requires("view_rota")
def week() -> Response:
    """Who is on call, day by day; where nobody is; who is away."""
    monday = _monday(request.args.get("week", ""))
    days = [datetime.combine(monday + timedelta(days=n), time(), zone()) for n in range(8)]
    return pages.show(
        "on_call/week.html",
        days=days,
        heads=[format_date(day.date(), "EEE MM-dd") for day in days[:7]],
        rotas=week_of(days),
        absences=absences_between(days[0], end=days[7]),
        left_alone=[(absence, said(rungs)) for absence, rungs in left_alone_soon()],
        before=url_for("on_call.week", week=(monday - timedelta(days=7)).isoformat()),
        after=url_for("on_call.week", week=(monday + timedelta(days=7)).isoformat()),
    )


@bp.route("/admin/on-call/new", methods=["GET", "POST"])
@requires("keep_rota")
def new_shift() -> Response:
    form = ShiftForm()

    def page(shown: FlaskForm) -> Response:
        return pages.show("on_call/new_shift.html", form=shown)

    if request.method != "POST":
        return lookup.offers(form) or page(form)
    return pages.act(
        form,
        action="add_shift",
        page=page,
        do=lambda: rotas.add_shift(
            actor=me(),
            role=form.role.data,
            team=row(Team, form.team_id.data),
            person=form.person.row,
            starts_at=instant(form.starts_at.data),
            ends_at=instant(form.ends_at.data),
            every_weeks=form.every_weeks.data,
        ),
        then=lambda shift: _week_url(shift.starts_at),
    )


@bp.get("/admin/on-call/<int:thing_id>")
@requires("view_rota", shift_of)
def show_shift(shift: Shift) -> Response:
    """Its next turns, and what was handed over."""
    now = clock.now()
    return pages.show(
        "on_call/shift.html",
        shift=shift,
        repeated=dict(REPEATS)[shift.every_weeks],
        stints=stints([shift], now, now + SHOWN),
    )


@bp.route("/admin/on-call/<int:thing_id>/handover", methods=["GET", "POST"])
@requires("hand_over_shift", shift_of)
def hand_over_shift(shift: Shift) -> Response:
    """Both are named: whose turn it is, and who takes it."""
    form = HandoverForm(data=_next_turn(shift))

    def page(shown: FlaskForm) -> Response:
        return pages.show("on_call/handover.html", shift=shift, form=shown)

    if request.method != "POST":
        return lookup.offers(form) or page(form)
    return pages.act(
        form,
        action="hand_over_shift",
        thing=shift,
        page=page,
        do=lambda: rotas.hand_over_shift(
            shift,
            actor=me(),
            taker=form.taker.row,
            starts_at=instant(form.starts_at.data),
            ends_at=instant(form.ends_at.data),
        ),
        then=lambda _: url_for("on_call.show_shift", thing_id=shift.id),
    )


@bp.post("/admin/on-call/<int:thing_id>/end")
@requires("keep_rota", shift_of)
def end_shift(shift: Shift) -> Response:
    """From now on nothing of it counts."""

    def end() -> None:
        rotas.end_shift(shift, actor=me())
        flash(_("The shift has ended."))

    return pages.act(
        PlainForm(), action="end_shift", thing=shift, page=pages.refuse_form, do=end,
        then=lambda _: url_for("on_call.week"),
    )  # fmt: skip


def _monday(said: str) -> date:
    today = clock.now().astimezone(zone()).date()
    try:
        day = date.fromisoformat(said) if said else today
    except ValueError:
        day = today
    day = day if date(2000, 1, 1) < day < date(2200, 1, 1) else today
    return day - timedelta(days=day.weekday())


def _next_turn(shift: Shift) -> dict[str, datetime]:
    """What a hand-over most often is about: the turn that runs or comes next."""
    now = clock.now()
    turn = next(occurrences(shift, now, now + SHOWN), None)
    if turn is None:
        return {}
    starts_at, ends_at = (at.astimezone(zone()).replace(tzinfo=None) for at in turn)
    return {"starts_at": starts_at, "ends_at": ends_at}


def _week_url(at: datetime) -> str:
    return url_for("on_call.week", week=at.astimezone(zone()).date().isoformat())
