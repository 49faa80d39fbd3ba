"""A policy in words: time limits, what differs, who is told. What is said of a time limit can be typed as one."""

from collections.abc import Iterable
from typing import Any, get_args

from flask_babel import gettext as _

from blueprints.labels import label, language
from blueprints.limits import rungs_word, typed
from models.policy.calendar import CalendarRow
from models.policy.difference import Change, changes
from models.policy.pack import REQUEST, Pack, Target
from models.policy.pack_parts import Kind, Waiting
from models.policy.version import PolicyVersion

KINDS: tuple[str, ...] = get_args(Kind)
PARTIES: tuple[str, ...] = get_args(Waiting)


def said(target: Target | None) -> str:
    """`2 h, service hours`; `not agreed` where there is no such clock (P4.2)."""
    return typed(target) or _("not agreed")


def column_word(pack: Pack, column: str) -> str:
    """`P0 Critical`, as the policy calls it; requests have a column of their own."""
    if column == REQUEST:
        return _("Request")
    words = pack.level(column).title
    return f"{column} {getattr(words, language())}"


def columns(pack: Pack) -> list[str]:
    """The columns of the table of time limits."""
    return [*(level.code for level in pack.levels), REQUEST]


def party_word(party: str) -> str:
    """Who is waited for."""
    return label("role" if party == "approver" else "party", party)


def listed(words: Iterable[str]) -> str:
    """Words one after another; a dash where there are none."""
    return _(", ").join(words) or "–"


def kinds_word(kinds: Iterable[str] | None) -> str:
    """Several clocks, in the order of the table."""
    return listed(label("clock", kind) for kind in KINDS if kind in (kinds or ()))


def step_word(kinds: list[str] | None, levels: list[str] | None, rungs: str | None) -> str:
    """One row of the ladder in a line."""
    if not rungs:
        return _("An exception")
    which = kinds_word(kinds) if kinds else _("every clock")
    return " · ".join((rungs_word(rungs.split()), which, listed(levels) if levels else _("every level")))


def differences(before: PolicyVersion, now: Pack, calendar: CalendarRow) -> list[tuple[str, str, str]]:
    """(where, what stood there, what stands there now) for every cell that differs, the calendar first."""
    found = [in_words(change) for change in changes(before.pack, now)]
    if before.calendar_id != calendar.id:
        found.insert(0, calendars_in_words(before.calendar_row, calendar))
    return found


def in_words(change: Change) -> tuple[str, str, str]:
    """(where, what stood there, what stands there now)."""
    section, *place = change.key
    where, value = _PLACES[section](place)
    return where, value(change.was), value(change.now)


def calendars_in_words(was: CalendarRow, now: CalendarRow) -> tuple[str, str, str]:
    """The same for another calendar."""
    return _("Calendar"), f"{was.name} {was.edition}", f"{now.name} {now.edition}"


def titled(pack: Pack) -> str:
    """What a policy is called."""
    return str(getattr(pack.title, language()))


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return listed(f"{percent} %" for percent in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value in (None, "") else str(value)


def _minutes(value: Any) -> str:
    return "–" if value is None else _("%(minutes)s min", minutes=value)


def _spoken(word: str, language: str) -> str:
    """A word, and in which language it is meant."""
    return f"{word} ({'中文' if language == 'zh' else 'English'})"


def _level_part(place: list[str]) -> Any:
    code, part, language = place
    word = {"title": _("Level"), "also": _("Also called"), "definition": _("Definition")}[part]
    return f"{code} {_spoken(word, language)}", _plain


def _column(code: str) -> str:
    return _("Request") if code == REQUEST else code


_PLACES: dict[str, Any] = {
    "title": lambda p: (_spoken(_("Name"), p[0]), _plain),
    "levels": _level_part,
    "clocks": lambda p: (_of_clock(*p), said),
    "matrix": lambda p: (f"{label('impact', p[0])} × {label('urgency', p[1])}", _plain),
    "warnings": lambda p: (warning_words()[p[0]], _plain),
    "acknowledge_within": lambda p: (" ".join((_("Acknowledged within"), _column(p[0]))), _minutes),
    "ask_again": lambda p: (" ".join((_("Asked again after"), _column(p[0]))), _minutes),
    "ladder": lambda p: (_("Told when %(clock)s is late", clock=_of_clock(*p)), lambda told: rungs_word(told or ())),
    "pauses": lambda p: (_("Stands still while waiting: %(party)s", party=party_word(p[0])), kinds_word),
    "satisfaction": lambda p: (" ".join((_("Satisfaction"), *p)), _plain),
    "numbers": lambda p: (number_words()[p[0]], _plain),
    "silence": lambda p: (silence_words()[p[0]], _plain),
    "archive_days": lambda p: (_("Archived after days"), _plain),
    "link_days": lambda p: (_("Links live for days"), _plain),
}


def _of_clock(kind: str, column: str) -> str:
    return f"{label('clock', kind)} {_column(column)}"


def warning_words() -> dict[str, str]:
    """What the percentages are called (P5.1)."""
    return {
        "marks": _("Warnings at per cent of the time"),
        "short_marks": _("Warnings of a short clock"),
        "short_below": _("A clock is short below minutes"),
        "cadence_marks": _("Warnings of a recurring clock"),
        "supervisor_from": _("The supervisor is warned from per cent"),
    }


def number_words() -> dict[str, str]:
    """What the templates of numbers are called (P2.5)."""
    return {"fault": _("Numbers of faults"), "request": _("Numbers of requests"), "timezone": _("Time zone")}


def silence_words() -> dict[str, str]:
    """What an unanswered confirmation leads to (P10.4)."""
    return {"reminders": _("Reminders"), "days": _("Review by silence after working days")}
