"""Service calendars (P4.4): a draft is filled in, looked at and published as the next edition; administrators do it."""

from datetime import date

from sqlalchemy import update

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.opening_hours import WEEKDAYS, Range
from models.people.person import Person
from models.policy.calendar import CalendarRow, edition_before, editions_of
from models.policy.calendar_files import read_file
from models.policy.content import digest_of
from models.policy.draft import PolicyDraft
from models.policy.holidays import countries, public_days
from models.policy.hours import read_hours
from models.policy.sheet import Day, Sheet, changes, new_sheet, proposed_sheet, sheet_of
from models.policy.version import republish_with_calendar
from models.rules.deeds import recorded
from models.rules.permissions import allows

LONGEST_NAME = 80


@command
@recorded("calendar_drafted")
def create_calendar(
    *, actor: Person | None, name: str, tz: str, week: dict[str, str], country: str = ""
) -> CalendarRow:
    """A new calendar, as a draft, with the country's public holidays of this and the next year. Raises Invalid."""
    _need_right(actor)
    name = " ".join(name.split())
    if not name:
        raise Invalid("This must be filled in.", field="name")
    if editions_of(name):
        raise Invalid("There is one with this name already.", field="name")
    sheet = new_sheet(tz, _read_week(week))
    if country:
        year = clock.now().astimezone(sheet.calendar.zone).year
        sheet = sheet.with_public_days(public_days(_known(country), [year, year + 1]))
    row = CalendarRow(name=name[:LONGEST_NAME], country=country, content=sheet.calendar.to_dict(), names=sheet.names)
    db.session.add(row)
    db.session.flush()
    return row


@command
@recorded("calendar_drafted")
def start_draft(row: CalendarRow, *, actor: Person | None) -> CalendarRow:
    """The next edition, to be changed; as it is now. Raises Conflict when there is a draft already."""
    _need_right(actor)
    return _begin_draft(row)


@command
@recorded("calendar_week_set")
def set_week(draft: CalendarRow, *, actor: Person | None, tz: str, week: dict[str, str]) -> CalendarRow:
    """Other hours of the week, or another zone. Raises Invalid with the field at fault."""
    _need_draft(draft, actor)
    return _fill(draft, sheet_of(draft).with_week(tz, _read_week(week)))


@command
@recorded("calendar_day_set", "on", "kind", "hours")
def set_day(
    draft: CalendarRow, *, actor: Person | None, on: date, kind: str, hours: str = "", name: str = ""
) -> CalendarRow:
    """One date: closed, with hours of its own, or as the week has it. Raises Invalid with the field at fault."""
    _need_draft(draft, actor)
    ranges = read_hours(hours, field="hours") if kind == "own" else ()
    if kind == "own" and not ranges:
        raise Invalid("Please give the hours of this day, like 09:00-12:00.", field="hours")
    sheet = sheet_of(draft)
    day = Day(on, kind, ranges, _words(name, sheet.day(on)))  # type: ignore[arg-type]
    return _fill(draft, sheet.with_days([day]))


@command
def propose_holidays(draft: CalendarRow, *, actor: Person | None, country: str, year: int) -> CalendarRow:
    """The public holidays of a year, to be looked at before they are taken over; own closures stay."""
    _need_draft(draft, actor)
    days = public_days(_known(country), [year])
    if not days.closed:
        raise Invalid("Nothing is known of this year.", field="year")
    return _propose(draft, sheet_of(draft).with_public_days(days), country=country)


@command
def propose_file(draft: CalendarRow, *, actor: Person | None, text: str) -> CalendarRow:
    """What a file says, to be looked at before it is taken over. Raises Invalid with the line at fault."""
    _need_draft(draft, actor)
    return _propose(draft, read_file(text, sheet_of(draft)))


@command
@recorded("calendar_import_taken")
def take_over(draft: CalendarRow, *, actor: Person | None) -> CalendarRow:
    """What was proposed becomes the draft's."""
    _need_draft(draft, actor)
    sheet = proposed_sheet(draft)
    if sheet is None or draft.proposed is None:
        raise Conflict("There is nothing to be taken over any more.")
    draft.country = draft.proposed["country"]
    return _fill(draft, sheet)


@command
def drop_proposal(draft: CalendarRow, *, actor: Person | None) -> CalendarRow:
    """What was proposed is not taken over."""
    _need_draft(draft, actor)
    draft.proposed = None
    return draft


@command
@recorded("calendar_discarded")
def discard_draft(draft: CalendarRow, *, actor: Person | None) -> None:
    """Throw the draft away; the published editions stay as they are."""
    _need_draft(draft, actor)
    db.session.delete(draft)


@command
@recorded("calendar_published", "running")
def publish_calendar(draft: CalendarRow, *, actor: Person | None, running: bool = False) -> CalendarRow:
    """The draft becomes the newest edition, and every policy that used an older one goes on with it.

    `running`: open tickets follow, a few at a time (`clockwork.calendars`); otherwise they keep what they started with.
    """
    _need_draft(draft, actor)
    _refuse_too_early(draft)
    older = [row for row in editions_of(draft.name) if row.edition < draft.edition]
    draft.published_at, draft.published_by_id = clock.now(), actor.id if actor else None
    draft.moves_tickets = running and bool(older)
    db.session.flush()
    for row in older:
        republish_with_calendar(row.id, draft.id, effective_at=draft.published_at, actor=actor)
        of_drafts = update(PolicyDraft).where(PolicyDraft.calendar_id == row.id)
        db.session.execute(of_drafts.values(calendar_id=draft.id, version=PolicyDraft.version + 1))
    return draft


def _begin_draft(row: CalendarRow) -> CalendarRow:
    """The next edition of a calendar, in the running command."""
    newest = editions_of(row.name)[0]
    if newest.is_draft:
        raise Conflict("There is a draft of this calendar already.")
    draft = CalendarRow(
        name=newest.name,
        edition=newest.edition + 1,
        country=newest.country,
        content=newest.content,
        names=newest.names,
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def _fill(draft: CalendarRow, sheet: Sheet) -> CalendarRow:
    draft.content, draft.names, draft.proposed = sheet.calendar.to_dict(), sheet.names, None
    draft.digest = digest_of(draft.content)
    return draft


def _propose(draft: CalendarRow, sheet: Sheet, *, country: str = "") -> CalendarRow:
    draft.proposed = {
        "content": sheet.calendar.to_dict(),
        "names": sheet.names,
        "country": country or draft.country,
    }
    return draft


def _read_week(week: dict[str, str]) -> tuple[tuple[Range, ...], ...]:
    return tuple(read_hours(week.get(day, ""), field=day) for day in WEEKDAYS)


def _words(name: str, known: Day) -> dict[str, str]:
    """A name that is there already keeps its other language."""
    name = " ".join(name.split())
    if name in known.words.values():
        return dict(known.words)
    return {"zh": name, "en": name} if name else {}


def _known(country: str) -> str:
    if country not in countries():
        raise Invalid("There are no public holidays of this country here.", field="country")
    return country


def _need_right(actor: Person | None) -> None:
    """None is the command line."""
    if actor is not None and not allows(actor, "edit_calendar"):
        raise Refused("Only an administrator does this.")


def _need_draft(row: CalendarRow, actor: Person | None) -> None:
    _need_right(actor)
    if not row.is_draft:
        raise Conflict("This edition is published and is never changed. Make a draft of the next one.")


def _refuse_too_early(draft: CalendarRow) -> None:
    if draft.proposed is not None:
        raise Conflict("What was imported has been neither taken over nor dropped yet.")
    before = edition_before(draft)
    if before and not changes(sheet_of(before), sheet_of(draft)) and before.digest == draft.digest:
        raise Invalid("Nothing differs from the edition before.")
