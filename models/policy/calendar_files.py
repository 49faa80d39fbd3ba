"""Calendars as files: CSV and iCalendar for single days, JSON for the whole (P4.4). A refusal says the line."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from models.ground.errors import Invalid
from models.ground.opening_hours import Calendar
from models.policy.calendar import CalendarRow, Names
from models.policy.calendar_ics import hours_of, read_ics, words_of, write_ics
from models.policy.hours import write_hours
from models.policy.sheet import Day, Sheet, sheet_of

LONGEST = 300_000  # characters
COLUMNS = ["date", "kind", "ranges", "name"]
FORMULA = tuple("=+-@＝＋－＠")  # what a spreadsheet reads as the beginning of one


def read_file(text: str, sheet: Sheet) -> Sheet:
    """The sheet with what a file says taken over; JSON replaces it whole. Raises Invalid with the line at fault."""
    if len(text) > LONGEST:
        raise Invalid("The file is too long: at most %(count)s characters.", field="text", count=LONGEST)
    if text.lstrip().startswith("{"):
        return _read_json(text)
    days = read_ics(text, sheet) if text.lstrip().upper().startswith("BEGIN:") else _read_csv(text)
    return sheet.with_days(_keep_words(days, sheet))


def text_of(content: bytes) -> str:
    """What a file says, in UTF-8 or as spreadsheets in China write it. Raises Invalid."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("This file is not text.", field="file")


def write_file(row: CalendarRow, ending: str) -> str:
    """An edition as a file that `read_file` reads."""
    return {"csv": _write_csv, "ics": write_ics, "json": _write_json}[ending](row)


def _keep_words(days: list[Day], sheet: Sheet) -> list[Day]:
    """A file has one name for a day; where the day has it already, whatever else is known of it stays."""
    held = {day.on: sheet.names.get(day.on.isoformat(), {}) for day in days}
    return [replace(day, words=held[day.on]) if _names(day.words, held[day.on]) else day for day in days]


def _names(words: Mapping[str, str], held: Mapping[str, str]) -> bool:
    return words.get("zh", "") in (held.get("zh", ""), held.get("en", ""))


# --- CSV


def _read_csv(text: str) -> list[Day]:
    rows = csv.DictReader(io.StringIO(text), strict=True)
    if [name.strip().lower() for name in rows.fieldnames or []] != COLUMNS:
        raise Invalid("Line 1 must be: %(columns)s", field="text", columns=",".join(COLUMNS))
    rows.fieldnames = COLUMNS
    days: dict[date, Day] = {}
    try:
        for row in rows:
            day = _day_of_row(row, rows.line_num)
            if day.on in days:
                raise Invalid("Line %(line)s: this date is there twice.", field="text", line=rows.line_num)
            days[day.on] = day
    except csv.Error as error:
        raise Invalid("Line %(line)s: this cannot be read as CSV.", field="text", line=rows.line_num) from error
    return list(days.values())


def _day_of_row(row: dict[str, Any], line: int) -> Day:
    if None in row or None in row.values():
        raise Invalid("Line %(line)s: there must be four columns.", field="text", line=line)
    on, kind, hours, name = (row[column].strip() for column in COLUMNS)
    if kind not in ("closed", "own", "week"):
        raise Invalid("Line %(line)s: the kind must be closed, own or week.", field="text", line=line)
    if bool(hours) != (kind == "own"):
        raise Invalid("Line %(line)s: ranges go with the kind own, and with no other.", field="text", line=line)
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise Invalid(
            "Line %(line)s: %(text)s is not a date like 2026-10-01.", field="text", line=line, text=on
        ) from error
    return Day(day, kind, hours_of(hours, line), words_of(name.removeprefix("'")))


def _write_csv(row: CalendarRow) -> str:
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(COLUMNS)
    for day in sheet_of(row).days():
        hours = write_hours(day.ranges) if day.kind == "own" else ""
        lines.writerow([day.on.isoformat(), day.kind, hours, _plain(day.words.get("zh", ""))])
    return written.getvalue()


def _plain(name: str) -> str:
    """A name that a spreadsheet takes for a name, never for a formula."""
    name = " ".join(name.split())
    return f"'{name}" if name.startswith(FORMULA) else name


# --- JSON: the whole calendar


def _read_json(text: str) -> Sheet:
    try:
        raw = TypeAdapter(dict[str, Any]).validate_python(json.loads(text))
        names = TypeAdapter(Names).validate_python(raw.pop("names", {}))
        calendar = Calendar.from_dict(raw)
        return Sheet(calendar, {date.fromisoformat(on).isoformat(): words for on, words in names.items()})
    except RecursionError as error:
        raise Invalid("The file is not a calendar with the names of its days.", field="text") from error
    except json.JSONDecodeError as error:
        raise Invalid("Line %(line)s: this is not JSON.", field="text", line=error.lineno) from error
    except ValidationError as error:
        raise Invalid("The file is not a calendar with the names of its days.", field="text") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid("The file is not a calendar: %(reason)s", field="text", reason=str(error)) from error


def _write_json(row: CalendarRow) -> str:
    return json.dumps(row.calendar.to_dict() | {"names": row.names}, ensure_ascii=False, indent=1) + "\n"
