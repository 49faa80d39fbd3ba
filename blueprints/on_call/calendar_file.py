"""Turns as an iCalendar file."""

from collections.abc import Sequence

import icalendar
from flask_babel import gettext as _

from blueprints.labels import label, named
from models.ground import clock
from models.people.rota import Stint


def calendar_file(stints: Sequence[Stint]) -> bytes:
    """One event a turn, in UTC; the same turn keeps its UID, so that a calendar that reads again does not double it."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Bihuan//on call//")
    calendar.add("version", "2.0")
    for stint in stints:
        calendar.add_component(_event(stint))
    return calendar.to_ical()


def _event(stint: Stint) -> icalendar.Event:
    event, shift = icalendar.Event(), stint.shift
    event.add("uid", f"shift-{shift.id}-{stint.starts_at:%Y%m%dT%H%M%SZ}@bihuan")
    event.add("dtstamp", clock.now())
    event.add("dtstart", stint.starts_at)
    event.add("dtend", stint.ends_at)
    event.add("summary", _("On call: %(role)s", role=label("role", shift.role)))
    event.add("description", named(shift.team) or _("for every team"))
    return event
