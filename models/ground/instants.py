"""Instants as whole microseconds since 1970, and local time turned into them and back. Pure, no project code."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MINUTE = 60_000_000
DAY = 1440 * MINUTE
END_OF_TIME = (datetime(9999, 12, 30, tzinfo=UTC) - EPOCH) // TICK


def instant_of(moment: datetime) -> int:
    """The instant of an aware datetime; raises ValueError for a naive one."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: only aware instants can be counted.")
    return (moment - EPOCH) // TICK


def moment_of(instant: int) -> datetime:
    """The instant as an aware datetime in UTC."""
    return EPOCH + timedelta(microseconds=instant)


def local_of(instant: int, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows."""
    return moment_of(instant).astimezone(zone)


def offset_at(instant: int, zone: ZoneInfo) -> int:
    """The zone's distance from UTC, in microseconds."""
    offset = local_of(instant, zone).utcoffset()
    assert offset is not None  # a zone always knows
    return offset // TICK


def turn_between(begin: int, end: int, zone: ZoneInfo) -> int | None:
    """The instant in (begin, end] from which the distance from UTC is another; zones turn at most once a day."""
    before = offset_at(begin, zone)
    if offset_at(end, zone) == before:
        return None
    while end - begin > 1:
        middle = (begin + end) // 2
        begin, end = (middle, end) if offset_at(middle, zone) == before else (begin, middle)
    return end


def local_instant(day: date, clock: timedelta, zone: ZoneInfo) -> int:
    """A local time as an instant: one that exists twice is the first, one that does not exist ends at the gap's end.

    `clock` is the time of day; 24 hours are the next date's midnight.
    """
    local = (datetime.combine(day, time()) + clock).replace(tzinfo=zone)
    first, second = instant_of(local), instant_of(local.replace(fold=1))
    turn = turn_between(second, first, zone) if second < first else None  # only a gap puts them in this order
    return first if turn is None else turn


def clock_of(local: time) -> timedelta:
    """The time of day as a span that can be compared with a range that ends at 24:00."""
    return timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
