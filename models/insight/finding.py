"""One thing that a check has found: which rule, how bad, and who, what, when."""

from dataclasses import dataclass
from datetime import datetime

from models.people.person import Person
from models.people.team import Team
from models.policy.calendar import CalendarRow


@dataclass(frozen=True)
class Finding:
    """What is not said stays empty. An error means that somebody would not be told, or nothing would ring."""

    rule: str
    is_error: bool = False
    role: str = ""
    other: str = ""  # the second role, or the second clock
    team: Team | None = None
    person: Person | None = None
    kind: str = ""  # of clock
    level: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    calendar: CalendarRow | None = None
    count: int = 0  # minutes, times, or a year
