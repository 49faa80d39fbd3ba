"""One cell of the table of time limits, as people type it: `15 min`, `4 h, service hours`, `3 wd`, `每日 17:00`."""

import re
import unicodedata
from datetime import time
from typing import Any

from pydantic import TypeAdapter

from models.policy.pack_parts import Target

_TARGET = TypeAdapter(Target)
_NOTHING = re.compile(r"|-|–|—|not agreed|未约定")
_AT_ONCE = re.compile(r"at once|立即")
_DAILY = re.compile(r"(?:daily(?: at)?|每[日天]) ?(\d{1,2}):(\d\d)")
_DAYS = re.compile(r"(\d{1,4}) ?(?:wd|working days?|个?工作日)")
_MINUTES = re.compile(
    r"(?P<every>every |每 ?)?"
    r"(?=\d)(?:(?P<h>\d{1,5}) ?(?:h|hours?|个?小时))? ?(?:(?P<m>\d{1,6}) ?(?:min|minutes?|分钟?))?"
    r"(?P<service>,? ?\(?(?:service(?: hours)?|服务时间)\)?)?"
)


def read_cell(text: str) -> Target | None:
    """What somebody typed, in either language; None: not agreed. Raises ValueError."""
    said = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if _NOTHING.fullmatch(said):
        return None
    if _AT_ONCE.fullmatch(said):
        return _target(at_once=True)
    if daily := _DAILY.fullmatch(said):
        return _target(daily=time(int(daily[1]), int(daily[2])))
    if days := _DAYS.fullmatch(said):
        return _target(days=int(days[1]))
    if minutes := _MINUTES.fullmatch(said):
        return _timed(minutes)
    raise ValueError(f"{text!r} is not a time limit")


def _timed(found: re.Match[str]) -> Target:
    minutes = int(found["h"] or 0) * 60 + int(found["m"] or 0)
    basis = "service" if found["service"] else "wall"
    return _target(basis=basis, **{"every_minutes" if found["every"] else "minutes": minutes})


def _target(**parts: Any) -> Target:
    """As from a file: too much of it is refused (a pydantic error is a ValueError)."""
    return _TARGET.validate_python(parts)
