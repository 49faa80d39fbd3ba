"""The only clock. Stored instants are aware UTC; the demonstration and the tests move time here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

OFFSET_IS_FRESH_FOR = 0.2  # seconds a process trusts the demonstration offset it has read

_held: datetime | None = None
_moment: ContextVar[list[datetime] | None] = ContextVar("moment", default=None)
_offset = timedelta()
_offset_read_at = float("-inf")
_offset_source: Callable[[], timedelta] | None = None


def now() -> datetime:
    """The business instant in UTC: real time plus the demonstration's offset, or the held test time."""
    if _held is not None:
        return _held
    seen = _moment.get()
    if seen is None:
        return real_now() + _demo_offset()
    if not seen:
        seen.append(real_now() + _demo_offset())
    return seen[0]


def real_now() -> datetime:
    """The wall clock in UTC, never moved: sessions, links' expiry and sending keep real time."""
    return datetime.now(UTC)


def steady() -> float:
    """Seconds of a clock that only goes forward; for measuring spans inside one process."""
    return time.monotonic()


def since_boot() -> float:
    """Seconds since the machine was started, its sleep included; setting the wall clock does not move it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def follow(source: Callable[[], timedelta] | None) -> None:
    """Take the demonstration offset from `source` (None: there is no such clock)."""
    global _offset_source, _offset, _offset_read_at
    _offset_source, _offset, _offset_read_at = source, timedelta(), float("-inf")


def forget_offset() -> None:
    """Read the demonstration offset anew at the next look: it has just been moved."""
    global _offset_read_at
    _offset_read_at = float("-inf")


def keep_offset() -> None:
    """The database cannot be asked now: what was read last goes on for a second."""
    global _offset_read_at
    _offset_read_at = steady() + 1.0


@contextmanager
def one_moment() -> Iterator[None]:
    """Inside, the first look at the clock counts for all: what one command writes has happened at one instant, so that
    it can be reckoned again from the record, to the microsecond (P12.3)."""
    token = _moment.set([])
    try:
        yield
    finally:
        _moment.reset(token)


@contextmanager
def hold(instant: datetime) -> Iterator[Callable[[datetime | timedelta], None]]:
    """Stop the clock at `instant`; the yielded function sets it, or moves it on by a timedelta."""
    global _held

    def move(to: datetime | timedelta) -> None:
        global _held
        assert _held is not None
        _held = _held + to if isinstance(to, timedelta) else to

    before, _held = _held, instant
    try:
        yield move
    finally:
        _held = before


def _demo_offset() -> timedelta:
    global _offset, _offset_read_at
    if _offset_source and steady() - _offset_read_at > OFFSET_IS_FRESH_FOR:
        _offset, _offset_read_at = _offset_source(), steady()
    return _offset
