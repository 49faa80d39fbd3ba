"""The parts of a policy pack, each judging its own shape; what they mean together is in `pack.py`."""

import re
from datetime import datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from models.ground import working_time
from models.ground.working_time import Calendar, Pauses

Kind = Literal[
    "register", "triage", "respond", "assess", "plan", "approve", "ratify", "test", "resolve", "resolve_max",
    "update", "follow_up", "close", "cooperate", "call_back",
]  # fmt: skip
Rung = Literal["supervisor", "tech_manager", "director"]
Waiting = Literal["reporter", "customer", "vendor", "department", "approver", "window"]
Minutes = Annotated[int, Field(strict=True, gt=0, le=525_600)]  # a year at most
Days = Annotated[int, Field(strict=True, gt=0, le=366)]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Percent = Annotated[int, Field(strict=True, gt=0, lt=100)]

WAYS = ("minutes", "days", "every_minutes", "daily", "at_once")

strict = dataclass(frozen=True, config=ConfigDict(extra="forbid"))


@strict
class Words:
    """The same words in both languages."""

    zh: Text
    en: Text


@strict
class Numbers:
    """How tickets are numbered (P2.5): `{yyyymmdd}` and `{seq}`, or `{seq:3}` for at least three digits."""

    fault: str
    request: str
    timezone: str

    def __post_init__(self) -> None:
        _refuse_unknown_zone(self.timezone)
        for template in (self.fault, self.request):
            if not re.fullmatch(r"[A-Z]+-?(\{yyyymmdd\}-?)?\{seq(:\d)?\}", template):
                raise ValueError(f"{template!r} is not a template like TS{{yyyymmdd}}{{seq:3}}")


@strict
class Level:
    """One severity with the words of both vocabularies and its official definition (P3.2)."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,8}$")]
    title: Words
    also: Words
    definition: Words


@strict
class Target:
    """What one clock allows: minutes, working days, or a cadence (`every_minutes`, or `daily` on working days).

    `at_once` is agreed and has no clock: people are called there and then (P3.4).
    """

    basis: working_time.Basis = "days"
    minutes: Minutes | None = None
    days: Days | None = None
    every_minutes: Minutes | None = None
    daily: time | None = None
    at_once: Literal[True] | None = None

    def __post_init__(self) -> None:
        given = [name for name in WAYS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(WAYS)}")
        if (given[0] in ("days", "daily", "at_once")) != (self.basis == "days"):
            raise ValueError(f"{given[0]} does not go with the basis {self.basis}")

    @property
    def amount(self) -> int:
        """Minutes; for the basis `days` working days (a daily cadence: one)."""
        return self.minutes or self.every_minutes or self.days or 1

    @property
    def is_cadence(self) -> bool:
        """Does it begin again each time it is met?"""
        return self.every_minutes is not None or self.daily is not None

    @property
    def minute_basis(self) -> Literal["wall", "service"]:
        """How minutes beside this clock run, such as the time to acknowledge (P5.3)."""
        return "wall" if self.basis == "wall" else "service"

    def due(self, calendar: Calendar, start: datetime, pauses: Pauses = ()) -> datetime:
        """When this clock, started at `start`, is due (UTC)."""
        if self.daily:
            return working_time.next_cadence(calendar, start, at=self.daily)
        return working_time.due(calendar, start, basis=self.basis, amount=self.amount, pauses=pauses)


@strict
class Warnings:
    """Per cent of a clock's time at which it warns (P5.1); from `supervisor_from` on the supervisor hears it too."""

    marks: tuple[Percent, ...]
    short_marks: tuple[Percent, ...]
    short_below: Minutes
    cadence_marks: tuple[Percent, ...]
    supervisor_from: Percent


@strict
class Ladder:
    """Who is told at breach and then step by step (P5.2, P5.3). Nothing named means every kind, every level."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    kinds: tuple[Kind, ...] = ()
    levels: tuple[str, ...] = ()


@strict
class Escalation:
    """Minutes until the next rung is told, and until an acknowledged escalation asks again (P5.3)."""

    acknowledge_within: dict[str, Minutes]
    ask_again: dict[str, Minutes]
    ladder: tuple[Ladder, ...]  # the first that fits counts


@strict
class Waits:
    """Which clocks stop while a ticket waits on one party (P4.5): `"all"`, less `but`, or those named."""

    stops: Literal["all"] | tuple[Kind, ...]
    but: tuple[Kind, ...] = ()


@strict
class Choice:
    """One answer of the satisfaction scale (P10.5), best first."""

    code: Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]
    title: Words
    call_back: bool = False


@strict
class Silence:
    """When an unanswered confirmation goes to review (P10.4)."""

    reminders: Annotated[int, Field(strict=True, ge=0)]
    days: Days


def _refuse_unknown_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone named {name!r}") from None
