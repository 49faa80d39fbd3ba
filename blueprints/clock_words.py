"""What a clock says: computed here and not in the template, because lists draw it fifty times a page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import get_day_names
from flask import Flask
from flask_babel import get_locale

from blueprints.labels import label, local, translated
from models.ground import clock
from models.record.deadline import Deadline
from models.record.turn import whose_turn

WARN, DANGER = (3600, 0.25), (1800, 0.1)  # seconds left, or part of the whole; as in static/js/clocks.js


@dataclass(frozen=True)
class Reading:
    """The face of one clock at this moment."""

    state: str  # as in docs: running, paused, met, breached, late, cancelled
    due: str  # ISO 8601
    due_said: str  # in the reader's zone
    since: str  # ISO 8601
    level: str  # ok, warn, danger, over; "" when it does not count
    left: str  # in words
    at: str  # the due time, or when it was met; the day only when it is not today
    used: float  # per cent of its time that has gone, 2 to 100


def register(app: Flask) -> None:
    """Give the components what they draw clocks from."""
    app.jinja_env.globals.update(reading=reading, span=span, ago=ago, weekday=weekday, whose_turn=whose_turn)


def reading(deadline: Deadline) -> Reading:
    """Read a clock as the page shows it."""
    now, state = clock.now(), deadline.clock_state
    left = (deadline.due_at - now).total_seconds()
    whole = max((deadline.due_at - deadline.started_at).total_seconds(), 1.0)
    counts = state in ("running", "breached")
    shown = deadline.due_at if counts else deadline.met_at
    due_said = local(deadline.due_at)
    return Reading(
        state=state,
        due=deadline.due_at.isoformat(),
        due_said=due_said,
        since=deadline.started_at.isoformat(),
        level=_level(left, whole) if counts else "",
        left=_left(left) if counts else label("clock_state", state),
        at=_short(due_said if counts else local(shown)) if shown else "",
        used=min(100.0, max(2.0, round(100 * (whole - left) / whole, 1))),
    )


def span(seconds: float) -> str:
    """A length of time in at most two units; app.js counts on with the same words."""
    s = abs(int(seconds))
    if s >= 86400:
        return _said("%(d)s d %(h)s h", d=s // 86400, h=s % 86400 // 3600)
    if s >= 3600:
        return _said("%(h)s h %(m)s min", h=s // 3600, m=f"{s % 3600 // 60:02d}")
    if s >= 600:
        return _said("%(m)s min", m=s // 60)
    return _said("%(m)s min %(s)s s", m=s // 60, s=f"{s % 60:02d}")


def ago(instant: datetime) -> str:
    """How long ago it was, in one unit; app.js counts on with the same words."""
    s = int((clock.now() - instant).total_seconds())
    if s >= 86400:
        return _said("%(d)s d ago", d=s // 86400)
    if s >= 3600:
        return _said("%(h)s h ago", h=s // 3600)
    return _said("%(m)s min ago", m=s // 60) if s >= 60 else _said("just now")


def weekday(number: int) -> str:
    """Its name in the reader's language; 0 is Monday."""
    return str(get_day_names("wide", locale=get_locale() or "en")[number])


def _left(left: float) -> str:
    return _said("%(span)s left" if left > 0 else "overdue by %(span)s", span=span(left))


def _level(left: float, whole: float) -> str:
    if left <= 0:
        return "over"
    for name, (seconds, part) in (("danger", DANGER), ("warn", WARN)):
        if left < seconds or left < whole * part:
            return name
    return "ok"


def _short(said: str) -> str:
    today = local(clock.now())
    if said[:10] == today[:10]:
        return said[11:]
    return said[5:] if said[:4] == today[:4] else said


def _said(message: str, **values: Any) -> str:
    """The sentences stand in layouts/_words.html, where they are translated for app.js too."""
    return translated(message) % values
