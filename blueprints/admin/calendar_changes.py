"""What changes a draft as a whole: public holidays, files, publishing; and the files that an edition is written to."""

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires
from blueprints.admin import bp
from blueprints.admin.calendar_forms import HolidaysForm, ImportForm, PublishForm
from blueprints.admin.calendar_words import day_names, said
from blueprints.admin.calendars import calendar, missing_of, see, url_of
from blueprints.admin.forms import PlainForm
from models.ground import clock
from models.insight.calendars import count_left_behind
from models.policy.calendar import CalendarRow, edition_before
from models.policy.calendar_files import text_of, write_file
from models.policy.hours import write_hours
from models.policy.sheet import Sheet, changes, proposed_sheet, sheet_of
from models.steps import calendars

TYPES = {"csv": "text/csv", "ics": "text/calendar", "json": "application/json"}


@bp.get("/calendars/<int:thing_id>/import")
@requires("edit_calendar", calendar)
def import_calendar(calendar: CalendarRow) -> Response:
    """Two ways to fill many days at once."""
    return _import_page(calendar) if calendar.is_draft else see(calendar)


@bp.post("/calendars/<int:thing_id>/holidays")
@requires("edit_calendar", calendar)
def propose_holidays(calendar: CalendarRow) -> Response:
    """The public holidays of a year, to be looked at first."""
    form = HolidaysForm()
    return pages.act(
        form,
        action="propose_holidays",
        thing=calendar,
        page=lambda shown: _import_page(calendar, holidays=shown),
        do=lambda: calendars.propose_holidays(calendar, actor=me(), country=form.country.data, year=form.year.data),
        then=_proposal_url,
    )


@bp.post("/calendars/<int:thing_id>/import")
@requires("edit_calendar", calendar)
def propose_file(calendar: CalendarRow) -> Response:
    """A file, to be looked at first. What it says goes into the text, where a refused line can be mended."""
    form = ImportForm()

    def propose() -> CalendarRow:
        if form.file.data:
            form.text.data = text_of(form.file.data.read())
        return calendars.propose_file(calendar, actor=me(), text=form.text.data or "")

    return pages.act(
        form,
        action="propose_file",
        thing=calendar,
        page=lambda shown: _import_page(calendar, files=shown),
        do=propose,
        then=_proposal_url,
    )


@bp.route("/calendars/<int:thing_id>/proposal", methods=["GET", "POST"])
@requires("edit_calendar", calendar)
def calendar_proposal(calendar: CalendarRow) -> Response:
    """What would change, before it is taken over."""
    if request.method == "POST":
        return pages.act(
            PlainForm(),
            action="take_over",
            thing=calendar,
            page=pages.refuse_form,
            do=lambda: calendars.take_over(calendar, actor=me()),
            then=url_of,
        )
    proposed = proposed_sheet(calendar)
    if proposed is None:
        return see(calendar)
    return pages.show("admin/calendar_proposal.html", calendar=calendar, **_compared(sheet_of(calendar), proposed))


@bp.post("/calendars/<int:thing_id>/proposal/removal")
@requires("edit_calendar", calendar)
def drop_proposal(calendar: CalendarRow) -> Response:
    return pages.act(
        PlainForm(),
        action="drop_proposal",
        thing=calendar,
        page=pages.refuse_form,
        do=lambda: calendars.drop_proposal(calendar, actor=me()),
        then=url_of,
    )


@bp.route("/calendars/<int:thing_id>/publication", methods=["GET", "POST"])
@requires("edit_calendar", calendar)
def publish_calendar(calendar: CalendarRow) -> Response:
    """The draft beside the edition that counts now, and the button that publishes it."""
    form = PublishForm()
    before = edition_before(calendar)

    def page(shown: FlaskForm) -> Response:
        compared = _compared(sheet_of(before), sheet_of(calendar)) if before else {}
        return pages.show(
            "admin/calendar_publish.html",
            calendar=calendar,
            before=before,
            form=shown,
            behind=count_left_behind(calendar),
            missing=missing_of(calendar),
            **compared,
        )

    def publish() -> CalendarRow:
        published = calendars.publish_calendar(calendar, actor=me(), running=form.running.data)
        flash(_("Edition %(edition)s is published.", edition=published.edition))
        return published

    if request.method == "POST":
        return pages.act(form, action="publish_calendar", thing=calendar, page=page, do=publish, then=url_of)
    return page(form) if calendar.is_draft else see(calendar)


@bp.get("/calendars/<int:thing_id>/csv")
@requires("edit_calendar", calendar)
def calendar_csv(calendar: CalendarRow) -> Response:
    return _file(calendar, "csv")


@bp.get("/calendars/<int:thing_id>/ics")
@requires("edit_calendar", calendar)
def calendar_ics(calendar: CalendarRow) -> Response:
    return _file(calendar, "ics")


@bp.get("/calendars/<int:thing_id>/json")
@requires("edit_calendar", calendar)
def calendar_json(calendar: CalendarRow) -> Response:
    return _file(calendar, "json")


def _file(calendar: CalendarRow, ending: str) -> Response:
    name = f"calendar-{calendar.id}-{calendar.edition}.{ending}"
    response = Response(write_file(calendar, ending), mimetype=TYPES[ending])
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _import_page(calendar: CalendarRow, holidays: FlaskForm | None = None, files: FlaskForm | None = None) -> Response:
    usual = {"country": calendar.country or "CN", "year": clock.now().year + 1}
    return pages.show(
        "admin/calendar_import.html",
        calendar=calendar,
        holidays=holidays or HolidaysForm(formdata=None, data=usual),
        files=files or ImportForm(formdata=None),
    )


def _compared(before: Sheet, after: Sheet) -> dict[str, object]:
    """What a page needs to show how one sheet differs from another."""
    hours = zip(day_names("wide"), before.calendar.week, after.calendar.week, strict=True)
    return {
        "changes": changes(before, after),
        "week": [(name, write_hours(was), write_hours(now)) for name, was, now in hours if was != now],
        "zones": (before.calendar.tz, after.calendar.tz),
        "said": said,
    }


def _proposal_url(calendar: CalendarRow) -> str:
    return url_for("admin.calendar_proposal", thing_id=calendar.id)
