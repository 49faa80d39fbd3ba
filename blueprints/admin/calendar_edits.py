"""The draft of a calendar's next edition: begun, thrown away, and filled in by day and by week."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires
from blueprints.admin import bp
from blueprints.admin.calendar_forms import DayForm, WeekForm
from blueprints.admin.calendar_words import date_name, name_of
from blueprints.admin.calendars import calendar, read_date, see, today_of, url_of
from blueprints.admin.forms import PlainForm
from models.ground.errors import Missing
from models.ground.opening_hours import WEEKDAYS
from models.policy.calendar import CalendarRow
from models.policy.hours import write_hours
from models.policy.sheet import sheet_of
from models.steps import calendars


@bp.post("/calendars/<int:thing_id>/draft")
@requires("edit_calendar", calendar)
def draft_calendar(calendar: CalendarRow) -> Response:
    """The next edition begins as this one is."""
    return pages.act(
        PlainForm(),
        action="draft_calendar",
        thing=calendar,
        page=pages.refuse_form,
        do=lambda: calendars.start_draft(calendar, actor=me()),
        then=url_of,
    )


@bp.post("/calendars/<int:thing_id>/removal")
@requires("edit_calendar", calendar)
def discard_calendar(calendar: CalendarRow) -> Response:
    """The draft goes; what is published stays."""

    def discard() -> None:
        calendars.discard_draft(calendar, actor=me())
        flash(_("The draft is thrown away."))

    return pages.act(
        PlainForm(),
        action="discard_calendar",
        thing=calendar,
        page=pages.refuse_form,
        do=discard,
        then=lambda _: url_for("admin.list_calendars"),
    )


@bp.route("/calendars/<int:thing_id>/day", methods=["GET", "POST"])
@requires("edit_calendar", calendar)
def calendar_day(calendar: CalendarRow) -> Response:
    """One date of a draft."""
    on = _date_asked(calendar)
    day = sheet_of(calendar).day(on)
    typed = {"kind": day.kind, "hours": write_hours(day.ranges), "name": name_of(day)}
    form = DayForm(data=typed | {"on": on.isoformat()})

    def page(shown: FlaskForm) -> Response:
        return pages.show(
            "admin/calendar_day.html", calendar=calendar, form=shown, heading=date_name(on), back=_back(on)
        )

    def _back(on: date) -> str:
        return url_for("admin.show_calendar", thing_id=calendar.id, month=f"{on:%Y-%m}")

    return _edit(
        calendar,
        form,
        "set_day",
        page,
        do=lambda: calendars.set_day(
            calendar, actor=me(), on=on, kind=form.kind.data, hours=form.hours.data, name=form.name.data
        ),
        then=lambda _: _back(on),
    )


@bp.route("/calendars/<int:thing_id>/week", methods=["GET", "POST"])
@requires("edit_calendar", calendar)
def calendar_week(calendar: CalendarRow) -> Response:
    """Weekly hours and zone of a draft."""
    held = sheet_of(calendar).calendar
    hours = {day: write_hours(ranges) for day, ranges in zip(WEEKDAYS, held.week, strict=True)}
    form = WeekForm(data={"tz": held.tz, **hours})
    return _edit(
        calendar,
        form,
        "set_week",
        lambda shown: pages.show("admin/calendar_week.html", calendar=calendar, form=shown),
        do=lambda: calendars.set_week(calendar, actor=me(), tz=form.tz.data, week=form.week),
        then=url_of,
    )


def _edit(
    draft: CalendarRow,
    form: FlaskForm,
    action: str,
    page: Callable[[FlaskForm], Response],
    *,
    do: Callable[[], Any],
    then: Callable[[Any], str],
) -> Response:
    """A form on a draft: shown, or carried out. A published edition has none."""
    if request.method == "POST":
        return pages.act(form, action=action, thing=draft, page=page, do=do, then=then)
    return page(form) if draft.is_draft else see(draft)


def _date_asked(calendar: CalendarRow) -> date:
    """The day in the address; today when there is none."""
    asked = request.values.get("on")
    on = read_date(asked) if asked is not None else today_of(calendar)
    if on is None:
        raise Missing("There is no such day.")
    return on
