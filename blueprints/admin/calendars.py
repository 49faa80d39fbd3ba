"""Service calendars (P4.4): the list, a new one, and one edition with a month of it as a grid."""

from datetime import date

from flask import Response, request, url_for
from flask_wtf import FlaskForm
from werkzeug.utils import redirect

from blueprints import pages
from blueprints.access import by_id, me, requires
from blueprints.admin import bp
from blueprints.admin.calendar_forms import FIRST_YEAR, LAST_YEAR, NewCalendarForm, TrialForm
from blueprints.admin.calendar_words import day_names, month_name, name_of, said
from blueprints.labels import language
from models.ground import clock
from models.insight.calendars import count_left_behind
from models.policy.calendar import CalendarRow, calendar_drafts, editions_of, newest_calendars
from models.policy.hours import write_hours
from models.policy.sheet import missing_year, proposed_sheet, sheet_of
from models.policy.version import versions_in_force
from models.steps import calendars

calendar = by_id(CalendarRow)


@bp.get("/calendars")
@requires("edit_calendar")
def list_calendars() -> Response:
    """Each calendar as it counts now, with its draft."""
    drafts = {draft.name: draft for draft in calendar_drafts()}
    newest = newest_calendars()
    new = [draft for name, draft in drafts.items() if name not in {row.name for row in newest}]
    return pages.show(
        "admin/calendars.html", calendars=newest, drafts=drafts, new=new, missing=missing_of, used=_packs_by_calendar()
    )


@bp.route("/calendars/new", methods=["GET", "POST"])
@requires("edit_calendar")
def new_calendar() -> Response:
    """A calendar of its own, as a draft."""
    form = NewCalendarForm()

    def page(shown: FlaskForm) -> Response:
        return pages.show("admin/calendar_new.html", form=shown)

    if request.method != "POST":
        return page(form)
    return pages.act(
        form,
        action="create_calendar",
        page=page,
        do=lambda: calendars.create_calendar(
            actor=me(), name=form.name.data, tz=form.tz.data, week=form.week, country=form.country.data
        ),
        then=url_of,
    )


@bp.get("/calendars/<int:thing_id>")
@requires("edit_calendar", calendar)
def show_calendar(calendar: CalendarRow) -> Response:
    """One edition, a month of it as a grid."""
    sheet, first = sheet_of(calendar), month_asked(calendar)
    editions = editions_of(calendar.name)
    return pages.show(
        "admin/calendar.html",
        calendar=calendar,
        week=[write_hours(ranges) for ranges in sheet.calendar.week],
        day_names=day_names(),
        first=first,
        month=month_name(first),
        weeks=sheet.month(first.year, first.month),
        before=_step(first, -1),
        after=_step(first, 1),
        today=today_of(calendar),
        name_of=name_of,
        said=said,
        hours=write_hours,
        editions=editions,
        draft=next((row for row in editions if row.is_draft), None),
        missing=missing_of(calendar),
        packs=_packs_by_calendar().get(calendar.id, []),
        behind=count_left_behind(calendar) if calendar.moves_tickets else 0,
        proposed=proposed_sheet(calendar),
        trial=TrialForm(formdata=None, data=usual_question(calendar)),
    )


def see(calendar: CalendarRow) -> Response:
    """Off to the edition's own page: there is nothing to be filled in here."""
    return redirect(url_of(calendar), 303)  # type: ignore[return-value]


def url_of(calendar: CalendarRow) -> str:
    """The edition's page."""
    return url_for("admin.show_calendar", thing_id=calendar.id)


def missing_of(calendar: CalendarRow) -> int | None:
    """The year that it should know by now and does not."""
    return missing_year(calendar, today_of(calendar))


def usual_question(calendar: CalendarRow) -> dict[str, object]:
    """What the test box asks first: four hours from now."""
    return {"start": clock.now().astimezone(calendar.calendar.zone), "amount": 4}


def month_asked(calendar: CalendarRow) -> date:
    """The first of the month in the address; of this month when there is none."""
    asked = read_date(f"{request.args.get('month', '')}-01")
    return asked or today_of(calendar).replace(day=1)


def read_date(said: str) -> date | None:
    """A date in an address; None for anything else."""
    try:
        read = date.fromisoformat(said)
    except ValueError:
        return None
    return read if FIRST_YEAR <= read.year <= LAST_YEAR else None


def _step(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def today_of(calendar: CalendarRow) -> date:
    """Which day it is there."""
    return clock.now().astimezone(calendar.calendar.zone).date()


def _packs_by_calendar() -> dict[int, list[str]]:
    """Calendar → what the policies in force are called that count by it."""
    found: dict[int, list[str]] = {}
    for version in versions_in_force(clock.now()):
        found.setdefault(version.calendar_id, []).append(getattr(version.pack.title, language()))
    return found
