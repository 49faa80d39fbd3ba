"""A policy pack: how fast, who is told, what waits (P3.2, P4.2–P4.5, P5, P10.4). Read from TOML, kept as JSON.

A clock that a pack leaves out does not exist for its tickets. Requests have a column of their own, `request`.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast, get_args

from pydantic import Field, TypeAdapter, ValidationError

from models.ground.vocabulary import Impact, Severity, Urgency
from models.policy.pack_parts import (
    Choice,
    Days,
    Escalation,
    Kind,
    Level,
    Numbers,
    Rung,
    Silence,
    Target,
    Waiting,
    Waits,
    Warnings,
    Words,
    strict,
)

__all__ = ["FOLDER", "REQUEST", "SHIPPED", "BadPack", "Pack", "Target", "load_pack"]

FOLDER = Path(__file__).parent / "packs"
REQUEST = "request"
KINDS = get_args(Kind)
BY_DATE = ("deliver",)  # due at a date that is agreed for each request, in every policy (P8.3)
BY_DATE_LADDER: tuple[Rung, ...] = ("supervisor",)
SHIPPED = ("unified", "fault-handling", "response-control", "problem-record")  # P4.3


class BadPack(ValueError):
    """A pack that cannot be: the key at fault, and what is wrong with it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}." if key else f"{message}.")
        self.key, self.message = key, message


@strict
class Pack:
    """One policy, whole. Field names are the keys of the file."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    title: Words
    numbers: Numbers
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    matrix: dict[Impact, dict[Urgency, str]]
    clocks: dict[Kind, dict[str, Target]]
    warnings: Warnings
    escalation: Escalation
    pauses: dict[Waiting, Waits]
    satisfaction: Annotated[tuple[Choice, ...], Field(min_length=2)]
    silence: Silence
    archive_days: Days  # after closing; until then the customer can reopen
    link_days: Days

    def __post_init__(self) -> None:
        _refuse_gaps(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pack's file. Raises BadPack."""
        try:
            raw = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # a number of too many digits is no TOMLDecodeError
            raise BadPack("", f"The pack is not readable TOML: {error}") from None
        return cls.from_dict(raw)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read what `dump` wrote. Raises BadPack."""
        try:
            return TypeAdapter(cls).validate_python(dict(raw))
        except ValidationError as error:
            raise _bad(error) from None

    def dump(self) -> dict[str, Any]:
        """The pack as plain JSON values."""
        plain: dict[str, Any] = TypeAdapter(Pack).dump_python(self, mode="json", exclude_none=True)
        return plain

    @property
    def number_tz(self) -> str:
        """The zone in which the day of a number turns."""
        return self.numbers.timezone

    def level(self, code: str) -> Level:
        """The level with its words and definition; raises KeyError for a code that the pack does not have."""
        return {level.code: level for level in self.levels}[code]

    def agreed(self, kind: str, level: str) -> Target | None:
        """What is agreed for a level (or `request`), also where it has no clock; None: not agreed (P4.2)."""
        return self.clocks.get(cast(Kind, kind), {}).get(level)

    def target(self, kind: str, level: str) -> Target | None:
        """What a clock allows at a level (or `request`); None: there is no such clock."""
        found = self.agreed(kind, level)
        return None if found is None or found.at_once else found

    def ladder(self, kind: str, level: str) -> tuple[str, ...]:
        """Who is told at breach, in order (P5.2)."""
        fits = (
            step.rungs
            for step in self.escalation.ladder
            if kind in (step.kinds or (kind,)) and level in (step.levels or (level,))
        )
        return next(fits, BY_DATE_LADDER if kind in BY_DATE else ())

    def acknowledge_within(self, level: str) -> int:
        """Minutes, on the clock's own basis, from telling a rung to telling the next (P5.3)."""
        return self.escalation.acknowledge_within[level]

    def ask_again(self, level: str) -> int | None:
        """Minutes after which an acknowledged, unresolved escalation asks again; None: never (P5.3)."""
        return self.escalation.ask_again.get(level)

    def warn_marks(self, kind: str, level: str) -> tuple[int, ...]:
        """Per cent of its time at which a clock warns (P5.1); nothing where there is no clock."""
        if kind in BY_DATE:
            return self.warnings.marks
        target = self.target(kind, level)
        return self.marks_of(target) if target else ()

    def marks_of(self, target: Target) -> tuple[int, ...]:
        """The same of a clock that is allowed this much."""
        if target.is_cadence:
            return self.warnings.cadence_marks
        is_short = target.basis != "days" and target.amount < self.warnings.short_below
        return self.warnings.short_marks if is_short else self.warnings.marks

    def suggest(self, impact: str, urgency: str) -> str:
        """The level that the matrix proposes (P3.3); raises ValueError for unknown codes."""
        return self.matrix[Impact(impact)][Urgency(urgency)]

    def stops(self, party: str, kind: str) -> bool:
        """Does waiting on this party stop this clock (P4.5)? Unknown parties and clocks outside the policy: no."""
        waits = self.pauses.get(cast(Waiting, party))
        if waits is None or kind not in KINDS:
            return False
        return kind not in waits.but and (waits.stops == "all" or kind in waits.stops)

    def stops_any(self, party: str) -> bool:
        """Does waiting on this party stop any clock at all?"""
        return any(self.stops(party, kind) for kind in KINDS)

    def format_number(self, seq: int, on: date, *, kind: Literal["fault", "request"] = "fault") -> str:
        """The number of a ticket; a sequence longer than its template widens (P2.5)."""
        template = self.numbers.request if kind == "request" else self.numbers.fault
        dated = template.replace("{yyyymmdd}", on.strftime("%Y%m%d"))
        return re.sub(r"\{seq:?(\d?)\}", lambda match: str(seq).zfill(int(match[1] or 0)), dated)

    def choice(self, code: str) -> Choice:
        """The answer of the satisfaction scale; raises KeyError for one that is not on it."""
        return {choice.code: choice for choice in self.satisfaction}[code]


@lru_cache(maxsize=16)
def load_pack(name: str) -> Pack:
    """A pack that ships with the product, from its file."""
    return Pack.parse((FOLDER / f"{name}.toml").read_text("utf-8"))


def _refuse_gaps(pack: Pack) -> None:
    """What the parts cannot see alone: every level named exists, and every table is complete."""
    codes = [level.code for level in pack.levels]
    columns = {*codes, REQUEST}
    if len(set(codes)) != len(codes):
        raise ValueError("levels: a code is there twice")
    if codes != list(Severity):
        raise ValueError(f"levels: the codes are {', '.join(Severity)}, in this order; their words are free")
    for impact in Impact:
        row = pack.matrix.get(impact, {})
        if set(row) != set(Urgency) or not set(row.values()) <= set(codes):
            raise ValueError(f"matrix.{impact}: give one of {', '.join(codes)} for each of {', '.join(Urgency)}")
    named = {f"clocks.{kind}": set(row) for kind, row in pack.clocks.items()}
    named |= {f"escalation.ladder.{n}.levels": set(step.levels) for n, step in enumerate(pack.escalation.ladder)}
    named |= {"escalation.ask_again": set(pack.escalation.ask_again)}
    for key, levels in named.items():
        if levels - columns:
            raise ValueError(f"{key}: there is no level {', '.join(sorted(levels - columns))}")
    if set(pack.escalation.acknowledge_within) != columns:
        raise ValueError(f"escalation.acknowledge_within: give minutes for each of {', '.join(sorted(columns))}")
    if len({choice.code for choice in pack.satisfaction}) != len(pack.satisfaction):
        raise ValueError("satisfaction: a code is there twice")
    for kind, targets in pack.clocks.items():
        for column in targets:
            if pack.target(kind, column) and not pack.ladder(kind, column):
                raise ValueError(f"escalation.ladder: nobody is told when {kind} of {column} is late")


def _bad(error: ValidationError) -> BadPack:
    """The first thing that is wrong, with the key where it stands."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if not key:  # said by _refuse_gaps, which names the key itself
        key, _, message = message.partition(": ")
    return BadPack(key, message)
