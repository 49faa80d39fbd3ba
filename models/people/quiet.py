"""When letters come: not in quiet hours, and what is collected at five. Pure sums in the reader's own time zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

COLLECTED_AT = time(17)


def end_of_quiet(at: datetime, *, since: str, until: str, zone: str) -> datetime:
    """`at` itself, or the end of the quiet hours in which it lies. "22:00" to "07:30" goes over midnight."""
    if not since or not until:
        return at
    begins, ends, local = time.fromisoformat(since), time.fromisoformat(until), at.astimezone(ZoneInfo(zone))
    now = local.time()
    if begins < ends:
        is_quiet, days = begins <= now < ends, 0
    else:
        is_quiet, days = now >= begins or now < ends, int(now >= begins)
    if not is_quiet:
        return at
    return datetime.combine(local.date() + timedelta(days=days), ends, local.tzinfo).astimezone(UTC)


def next_collection(at: datetime, *, zone: str) -> datetime:
    """The first five o'clock after `at`, in UTC: when the letter leaves that joins what was collected."""
    local = at.astimezone(ZoneInfo(zone))
    days = int(local.time() >= COLLECTED_AT)
    return datetime.combine(local.date() + timedelta(days=days), COLLECTED_AT, local.tzinfo).astimezone(UTC)
