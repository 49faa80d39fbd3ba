"""Hours of a day as people write them: `09:00-12:00, 13:30-18:00`; empty is closed (P4.4)."""

import re
from itertools import pairwise

from models.ground.errors import Invalid
from models.ground.opening_hours import Range

_BETWEEN = re.compile(r"[,;，、；\n]+")
_SPAN = re.compile(r"(\d{1,2})[:：](\d\d)\s*[-–—~～到至]\s*(\d{1,2})[:：](\d\d)")


def read_hours(text: str, *, field: str | None = None) -> tuple[Range, ...]:
    """The ranges that a text says, in order. Raises Invalid with the part at fault."""
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    ranges = tuple(sorted(_read_range(part, field) for part in parts))
    if any(later[0] < earlier[1] for earlier, later in pairwise(ranges)):
        raise Invalid("Two of the ranges overlap: %(text)s.", field=field, text=text.strip())
    return ranges


def write_hours(ranges: tuple[Range, ...]) -> str:
    """The text that `read_hours` reads."""
    return ", ".join(f"{_clock(begins)}-{_clock(ends)}" for begins, ends in ranges)


def _read_range(part: str, field: str | None) -> Range:
    match = _SPAN.fullmatch(part)
    if match is None or int(match[2]) > 59 or int(match[4]) > 59:
        raise Invalid("%(text)s is not a range like 09:00-12:00.", field=field, text=part)
    begins, ends = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if not begins < ends <= 1440:
        raise Invalid(
            "%(text)s must end after it begins, at 24:00 at the latest; what goes on past midnight belongs to the "
            "next day.",
            field=field,
            text=part,
        )
    return begins, ends


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
