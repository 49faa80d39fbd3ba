"""Single days of a calendar as iCalendar: whole-day events close, those marked as worked open (P4.4)."""

from datetime import UTC, date, datetime, timedelta

import icalendar
from icalendar.error import IncompleteComponent, InvalidCalendar

from models.ground.errors import Invalid
from models.ground.opening_hours import Range
from models.policy.calendar import CalendarRow
from models.policy.hours import read_hours, write_hours
from models.policy.sheet import Day, Sheet, sheet_of

LONGEST = 400  # days of one event
# Calendars of Chinese holidays mark their days so; whatever else is in such a file is no day off.
SPECIAL, OFF, WORKED = "X-APPLE-SPECIAL-DAY", "WORK-HOLIDAY", "ALTERNATE-WORKDAY"
OWN_HOURS = "X-SERVICE-HOURS"


def read_ics(text: str, sheet: Sheet) -> list[Day]:
    """The days that a file names. Raises Invalid with the line at fault."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().upper() == "BEGIN:VEVENT"]
    try:
        events = icalendar.Calendar.from_ical(text).events
    except ValueError as error:
        line = _line_of(text, str(error))
        raise Invalid("Line %(line)s: this is not iCalendar.", field="text", line=line) from error
    marked = any(SPECIAL in event for event in events)
    pairs = [pair for pair in zip(events, lines, strict=False) if not marked or SPECIAL in pair[0]]
    return [day for event, line in pairs for day in _days_of(event, line, sheet)]


def write_ics(row: CalendarRow) -> str:
    """Every single day of an edition; `read_ics` reads it."""
    written = icalendar.Calendar()
    written.add("prodid", "-//Bihuan//Service calendar//EN")
    written.add("version", "2.0")
    written.add("x-wr-calname", row.name)
    for day in sheet_of(row).days():
        if day.kind != "week":
            written.add_component(_event_of(row, day))
    return str(written.to_ical().decode())


def hours_of(text: str, line: int) -> tuple[Range, ...]:
    """The ranges in a line of a file. Raises Invalid with the line."""
    try:
        return read_hours(text)
    except Invalid as refusal:
        raise Invalid(
            "Line %(line)s: %(text)s are not ranges like 09:00-12:00, 13:30-18:00.", field="text", line=line, text=text
        ) from refusal


def words_of(name: str) -> dict[str, str]:
    """A name that is the same in every language."""
    name = " ".join(name.split())[:80]
    return {"zh": name, "en": name} if name else {}


def _days_of(event: icalendar.Event, line: int, sheet: Sheet) -> list[Day]:
    if "RRULE" in event or "RDATE" in event:
        raise Invalid(
            "Line %(line)s: a repeating event names no single dates; write each of them down.", field="text", line=line
        )
    start, length = _span_of(event, line)
    if length > LONGEST:
        raise Invalid("Line %(line)s: this event is longer than a year.", field="text", line=line)
    words = words_of(str(event.get("SUMMARY", "")))
    return [_day(event, start + timedelta(days=n), words, sheet, line) for n in range(length)]


def _span_of(event: icalendar.Event, line: int) -> tuple[date, int]:
    """The first date and how many days there are."""
    try:
        start, end = event.start, event.end
    except (IncompleteComponent, InvalidCalendar, OverflowError) as error:
        raise Invalid("Line %(line)s: the dates of this event cannot be read.", field="text", line=line) from error
    if isinstance(start, datetime) or isinstance(end, datetime):
        raise Invalid("Line %(line)s: only whole days can be taken over (DTSTART;VALUE=DATE).", field="text", line=line)
    return start, max((end - start).days, 1)


def _day(event: icalendar.Event, on: date, words: dict[str, str], sheet: Sheet, line: int) -> Day:
    if str(event.get(SPECIAL, OFF)) == OFF:
        return Day(on, "closed", words=words)
    hours = hours_of(str(event[OWN_HOURS]), line) if OWN_HOURS in event else sheet.usual_hours
    if not hours:
        raise Invalid(
            "Line %(line)s: a day is worked, but the week has no hours that it could take.", field="text", line=line
        )
    return Day(on, "own", hours, words)


def _line_of(text: str, complaint: str) -> int:
    """The line that the complaint quotes; 1 when it quotes none."""
    return next((n for n, line in enumerate(text.splitlines(), 1) if line.strip() and line.strip() in complaint), 1)


def _event_of(row: CalendarRow, day: Day) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"calendar-{row.id}-{day.on.isoformat()}@bihuan")
    event.add("dtstamp", row.published_at or datetime(2000, 1, 1, tzinfo=UTC))
    event.add("dtstart", day.on)
    event.add("dtend", day.on + timedelta(days=1))
    if name := day.words.get("zh"):
        event.add("summary", name)
    event.add(SPECIAL, OFF if day.kind == "closed" else WORKED)
    if day.kind == "own":
        event.add(OWN_HOURS, write_hours(day.ranges))
    return event
