"""Turns and due times as iCalendar: each event in the zone of its rota or reader, with that zone's rules beside it.

The same thing keeps its UID, so that a calendar that reads again moves it and does not double it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
from flask_babel import gettext as _
from icalendar.cal.timezone import TimezoneDaylight, TimezoneStandard

from blueprints.labels import label, named
from models.ground.vocabulary import Category
from models.people.rota import Stint
from models.record.deadline import Deadline

READ_AGAIN = timedelta(minutes=15)  # what subscribers are asked to do


def turns(stints: Iterable[Stint], *, name: str, is_whole: bool = False) -> bytes:
    """One event a turn; in a whole rota each says who it is."""
    return _written(name, [_turn(stint, is_whole) for stint in stints])


def due(deadlines: Iterable[Deadline], *, name: str, zone: ZoneInfo, base: str) -> bytes:
    """One event a clock, at the moment at which it is due."""
    return _written(name, [_due(deadline, zone, base) for deadline in deadlines])


def _written(name: str, events: list[icalendar.Event]) -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Bihuan//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", READ_AGAIN)
    calendar.add("x-published-ttl", "PT15M")
    for zone in _zones(events):
        calendar.add_component(zone)
    for event in events:
        calendar.add_component(event)
    return calendar.to_ical()


def _turn(stint: Stint, is_whole: bool) -> icalendar.Event:
    shift, zone = stint.shift, ZoneInfo(stint.shift.time_zone)
    role = label("role", shift.role)
    says = _("%(role)s: %(name)s", role=role, name=stint.person.name) if is_whole else _("On call: %(role)s", role=role)
    event = _event(f"shift-{shift.id}-{stint.starts_at:%Y%m%dT%H%M%SZ}", says, written_at=shift.created_at)
    event.add("sequence", shift.version + len(shift.handovers))
    event.add("dtstart", stint.starts_at.astimezone(zone))
    event.add("dtend", stint.ends_at.astimezone(zone))
    event.add("description", named(shift.team) or _("for every team"))
    return event


def _due(deadline: Deadline, zone: ZoneInfo, base: str) -> icalendar.Event:
    ticket = deadline.ticket
    says = _("%(clock)s due: %(number)s", clock=label("clock", deadline.kind), number=ticket.number)
    event = _event(f"due-{deadline.id}", says, written_at=deadline.started_at)
    event.add("sequence", ticket.seq)
    event.add("dtstart", deadline.due_at.astimezone(zone))
    if ticket.category != Category.SECURITY:  # what that is about stays in the house (P2.11)
        event.add("description", ticket.title)
    event.add("url", f"{base}/{'d' if ticket.is_request else 't'}/{ticket.number}")
    return event


def _event(uid: str, summary: str, *, written_at: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{uid}@bihuan")
    event.add("dtstamp", written_at)
    event.add("summary", summary)
    event.add("transp", "TRANSPARENT")  # whoever is on call may have other appointments
    return event


def _zones(events: list[icalendar.Event]) -> list[icalendar.Timezone]:
    """The rules of each zone that is named, for the whole years in which something happens."""
    years: dict[str, set[int]] = {}
    for event in events:
        years.setdefault(event.start.tzinfo.key, set()).add(event.start.year)
    return [_rules(name, min(found), max(found)) for name, found in sorted(years.items()) if name != "UTC"]


def _rules(name: str, first: int, last: int) -> icalendar.Timezone:
    zone = icalendar.Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last + 1, 12, 31))
    for rule in zone.subcomponents:
        if isinstance(rule, TimezoneStandard | TimezoneDaylight):
            _begin_by_the_clock_before(rule)
    return zone


def _begin_by_the_clock_before(rule: TimezoneStandard | TimezoneDaylight) -> None:
    """A change is written in the time before it (RFC 5545); the library writes spring's in the time after it."""
    ahead = max(rule.TZOFFSETTO - rule.TZOFFSETFROM, timedelta())
    rule.DTSTART = rule.DTSTART - ahead
    if "RDATE" in rule:
        later = [each.dt - ahead for each in rule.pop("RDATE").dts]
        rule.add("RDATE", later)
