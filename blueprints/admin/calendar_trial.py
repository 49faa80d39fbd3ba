"""The test box of a calendar: from when, how much of what → due, with every stretch that counted (P4.4, P4.7)."""

from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from blueprints import pages
from blueprints.access import requires
from blueprints.admin import bp
from blueprints.admin.calendar_forms import UNITS, TrialForm
from blueprints.admin.calendars import calendar, usual_question
from models.ground import working_time
from models.ground.instants import clock_of, local_instant, moment_of
from models.ground.working_time import Calendar
from models.policy.calendar import CalendarRow

SHOWN = 60  # stretches


@bp.get("/calendars/<int:thing_id>/trial")
@requires("edit_calendar", calendar)
def try_calendar(calendar: CalendarRow) -> Response:
    """A question in the address, so that the answer can be handed on as a link."""
    form = TrialForm(formdata=request.args or None, data=usual_question(calendar))
    answer = _answer(form, calendar.calendar) if request.args and form.validate() else None
    status = 422 if form.errors else 200
    return pages.show("admin/calendar_trial.html", calendar=calendar, form=form, answer=answer, status=status)


def _answer(form: TrialForm, calendar: Calendar) -> dict[str, Any] | None:
    basis, factor, _word = UNITS[form.unit.data]
    start = moment_of(local_instant(form.start.data.date(), clock_of(form.start.data.time()), calendar.zone))
    try:
        due = working_time.due(calendar, start, basis=basis, amount=form.amount.data * factor)
    except ValueError:
        form.amount.errors = [_("There is not enough time left in this calendar.")]
        return None
    stretches = list(working_time.explain(calendar, start, due, basis=basis))
    return {
        "start": start.astimezone(calendar.zone),
        "due": due.astimezone(calendar.zone),
        "basis": basis,
        "stretches": [_local(stretch, calendar) for stretch in stretches[:SHOWN]],
        "cut": len(stretches) > SHOWN,
        "dates": _dates(calendar, start, due) if basis == "days" else [],
        "minutes": sum(stretch.minutes for stretch in stretches),
    }


def _local(stretch: working_time.Counted, calendar: Calendar) -> tuple[datetime, datetime, int | float]:
    return stretch.start.astimezone(calendar.zone), stretch.end.astimezone(calendar.zone), stretch.minutes


def _dates(calendar: Calendar, start: datetime, due: datetime) -> list[date]:
    """The working days that were counted: those after the first day of service, up to the due time's."""
    opened = working_time.next_opening(calendar, start).astimezone(calendar.zone).date()
    last = due.astimezone(calendar.zone).date()
    dates = working_time.working_dates(calendar, opened + timedelta(days=1))
    return list(islice(takewhile(lambda day: day <= last, dates), SHOWN))
