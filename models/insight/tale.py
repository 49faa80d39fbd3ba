"""What a replay works on (P12.3): the tale of one ticket, and what came of it; plain values, no rows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Party
from models.policy.clockface import Limit
from models.record.deadline import PAUSED, RUNNING


class Happening(NamedTuple):
    """An event as far as clocks mind it; `details` hold what its row refers to, too."""

    name: str
    at: datetime
    state: str
    actor_id: int | None
    details: dict[str, Any]


@dataclass(frozen=True)
class Tale:
    """All that happened to one ticket, in order."""

    ticket_id: int
    level: str  # where its report does not say it
    reported_at: datetime
    created_at: datetime
    party: Party  # whoever asked for it
    happenings: list[Happening]
    granted: dict[int, tuple[datetime, float]]  # an extension: the start of its clocks, and the minutes asked for
    limits: dict[datetime, Limit] = field(default_factory=dict)  # of rounds that have their own, by their beginning

    def limit_of(self, key: "Key") -> Limit | None:
        """What was agreed for this clock in place of the policy (P7.2): of a plan's round, not of an extension."""
        return self.limits.get(key.started_at) if key.kind == ClockKind.APPROVE and key.about is None else None


class Key(NamedTuple):
    """The same clock under every edition: what it is about, since when, and which happening opened it."""

    kind: str
    started_at: datetime
    opened: int
    about: int | None


class Mark(NamedTuple):
    """A mark of a clock with the time at which it was to ring."""

    key: Key
    mark: int
    due_at: datetime


class Fired(NamedTuple):
    """A mark that has fired. `by`: the happening that records it; None where only the edition played says so."""

    what: Mark
    level: str
    done_at: datetime
    rung: int  # of the clock's own ladder; 0 for a warning
    tells: bool  # False: overtaken by a later mark
    acknowledged_by: int | None
    by: int | None


@dataclass
class Wound:
    """A clock in play; the columns of a deadline."""

    key: Key
    round: int
    severity: str
    started_at: datetime
    due_at: datetime
    state: str = RUNNING
    mark: int = 0
    ring_at: datetime | None = None
    last: int = 0  # the mark that fired last
    rung: int = 0  # that was told last
    met_at: datetime | None = None
    cancelled_at: datetime | None = None
    breached_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: int | None = None

    @property
    def kind(self) -> str:
        return self.key.kind

    @property
    def is_open(self) -> bool:
        return self.state in (RUNNING, PAUSED)


@dataclass
class Wait:
    """A span of waiting; `until` is its planned end."""

    party: str
    started_at: datetime
    until: datetime | None = None
    ended_at: datetime | None = None


@dataclass
class Played:
    """What came of it: the clocks, what fired, and until when each mark stood that was not fired in time."""

    clocks: list[Wound] = field(default_factory=list)
    fired: list[Fired] = field(default_factory=list)
    stood: dict[Mark, datetime] = field(default_factory=dict)

    @property
    def breaches(self) -> dict[Key, str]:
        """The clocks that were missed, with their levels; the desk's housekeeping promises nothing."""
        return {c.key: c.severity for c in self.clocks if c.breached_at and c.kind not in HOUSEKEEPING}
