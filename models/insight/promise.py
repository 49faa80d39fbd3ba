"""What a customer may know of how their promise is counted: plain values, no rows (P4.4, P4.5, P6.6)."""

from itertools import groupby
from typing import Any

from models.ground.opening_hours import Calendar
from models.ground.vocabulary import ClockKind, Party
from models.policy.hours import write_hours
from models.record.ticket import Ticket


def promise_of(ticket: Ticket) -> dict[str, Any]:
    """The hours in which work on this ticket counts, and whether its clock stands still while the customer is asked.

    `week` holds runs of weekdays that are alike, 0 is Monday: (first, last, "09:00-12:00, 13:30-18:00").
    """
    version = ticket.policy_version
    target = version.pack.target(ClockKind.RESOLVE, ticket.level) or version.pack.target(
        ClockKind.RESPOND, ticket.level
    )
    party = Party.CUSTOMER if ticket.contact_id else Party.REPORTER
    return {
        "is_agreed": target is not None,
        "round_the_clock": target is not None and target.basis == "wall",
        "week": _week(version.calendar),
        "zone": version.calendar.tz,
        "stands_still": version.pack.stops(party, ClockKind.RESOLVE),
    }


def _week(calendar: Calendar) -> list[tuple[int, int, str]]:
    runs = []
    for ranges, held in groupby(range(7), lambda day: calendar.week[day]):
        days = list(held)
        if ranges:
            runs.append((days[0], days[-1], write_hours(ranges)))
    return runs
