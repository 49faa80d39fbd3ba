"""Replay (政策回放, P12.3): what another edition would have done to the tickets of a period. Nothing is written.

What people did stays as it was: when they took, answered, waited, acknowledged. Only the clocks are others.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Missing
from models.ground.vocabulary import HOUSEKEEPING
from models.insight.playing import is_asking_again, play
from models.insight.roster import Roster
from models.insight.tale import Fired, Played
from models.insight.tales import Past, pasts
from models.people.person import Person
from models.policy import clockface
from models.policy.clockface import Limit
from models.policy.draft import PolicyDraft, draft_of
from models.policy.version import Edition, PolicyVersion, editions_of
from models.record.ticket import Ticket
from models.rules.permissions import visible

QUARTER = timedelta(weeks=13)
NAMED = 20  # tickets that are named for each effect
AGAIN = "again"  # beside the rungs 1, 2, 3: whoever has acknowledged is asked again


@dataclass
class Named:
    """How many, and the first tickets among them that the reader may see."""

    count: int = 0
    numbers: list[str] = field(default_factory=list)


@dataclass
class Breaches:
    """The breaches of one clock at one level: how many there were and would have been, and which are others."""

    before: int = 0
    after: int = 0
    gained: Named = field(default_factory=Named)
    lost: Named = field(default_factory=Named)


@dataclass
class Load:
    """What was asked of people: escalations by rung and by person, and everything that rang by the hour."""

    rungs: Counter[str] = field(default_factory=Counter)
    people: Counter[int] = field(default_factory=Counter)
    hours: Counter[datetime] = field(default_factory=Counter)

    @property
    def busiest(self) -> tuple[datetime, int] | None:
        """The hour in which most rang, the first of them, and how many."""
        return min(self.hours.items(), key=lambda hour: (-hour[1], hour[0]), default=None)


@dataclass
class Replay:
    """Before and after, clock by clock, rung by rung, person by person."""

    first: date
    last: date
    of_all: bool  # no ticket of the period has this policy, so all of them were played
    tickets: int = 0  # that were played
    breaches: dict[tuple[str, str], Breaches] = field(default_factory=lambda: defaultdict(Breaches))
    before: Load = field(default_factory=Load)
    after: Load = field(default_factory=Load)
    left_out: dict[str, Named] = field(default_factory=lambda: defaultdict(Named))
    names: dict[int, str] = field(default_factory=dict)


def replay(
    policy: PolicyDraft | PolicyVersion,
    *,
    first: date | None = None,
    last: date | None = None,
    reader: Person | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Replay:
    """Play the tickets reported from `first` to `last` (the last quarter) under the policy, as far as they have come.

    `reader`: only tickets that they may see are named; counted are all. None: the command line, which sees all.
    `progress` hears after each ticket how many of how many are done; what it raises ends the replay.
    """
    now, under = clock.now(), Edition(policy.pack, policy.calendar_row.calendar)
    zone = ZoneInfo(under.calendar.tz)
    last = last or now.astimezone(zone).date()
    first = first or last - QUARTER + timedelta(days=1)
    wanted = select(Ticket.id).where(
        Ticket.created_at >= datetime.combine(first, time(), zone),
        Ticket.created_at < datetime.combine(last + timedelta(days=1), time(), zone),
    )
    mine = _ids(wanted.where(Ticket.policy_version_id.in_(_editions(policy.pack_name))))
    found = Replay(first, last, of_all=not mine)
    ids = mine or _ids(wanted)
    seen = set(_ids(wanted.where(visible(reader)))) if reader else set(ids)
    roster = Roster(datetime.combine(first, time(), zone), now)
    for done, past in enumerate(pasts(ids, until=now), 1):
        progress(done, len(ids))
        _count(found, past, under, roster, until=now, is_seen=past.ticket_id in seen)
    found.names = _names({*found.before.people, *found.after.people})
    return found


def policy_meant(name: str) -> PolicyDraft | PolicyVersion:
    """The draft of a policy, its newest edition, or the edition that NAME@EDITION names. Raises Missing."""
    name, _, edition = name.partition("@")
    editions = [version for version in editions_of(name) if edition in ("", str(version.edition))]
    found = (None if edition else draft_of(name)) or next(iter(editions), None)
    if found is None:
        raise Missing("There is no such policy.")
    return found


def _count(found: Replay, past: Past, under: Edition, roster: Roster, *, until: datetime, is_seen: bool) -> None:
    number = past.number if is_seen else ""
    if past.left_out:
        _name(found.left_out[past.left_out], number)
        return
    found.tickets += 1
    after = play(past.tale, under, until=until, recorded=past.played)
    _count_breaches(found, past.played, after, number)
    _count_load(found.before, past, past.played, past.under, roster)
    _count_load(found.after, past, after, under, roster)


def _count_breaches(found: Replay, before: Played, after: Played, number: str) -> None:
    was, would_be = before.breaches, after.breaches
    for key, level in was.items():
        found.breaches[key.kind, level].before += 1
    for key, level in would_be.items():
        found.breaches[key.kind, level].after += 1
    for kind, level in sorted({(key.kind, would_be[key]) for key in would_be.keys() - was.keys()}):
        _name(found.breaches[kind, level].gained, number, _how_many(would_be, was, kind, level))
    for kind, level in sorted({(key.kind, was[key]) for key in was.keys() - would_be.keys()}):
        _name(found.breaches[kind, level].lost, number, _how_many(was, would_be, kind, level))


def _how_many(there: dict[Any, str], not_there: dict[Any, str], kind: str, level: str) -> int:
    only = there.keys() - not_there.keys()
    return sum(key.kind == kind and there[key] == level for key in only)


def _name(named: Named, number: str, count: int = 1) -> None:
    named.count += count
    if number and len(named.numbers) < NAMED:
        named.numbers.append(number)


def _count_load(load: Load, past: Past, played: Played, under: Edition, roster: Roster) -> None:
    zone = ZoneInfo(under.calendar.tz)
    for fired in _told(played.fired):
        local = fired.done_at.astimezone(zone)
        load.hours[local.replace(minute=0, second=0, microsecond=0)] += 1
        if fired.rung:
            load.rungs[AGAIN if is_asking_again(fired.what.mark) else str(fired.rung)] += 1
            load.people.update(_people(fired, past, under, roster))


def _told(fired: Iterable[Fired]) -> list[Fired]:
    return [each for each in fired if each.tells and each.what.key.kind not in HOUSEKEEPING]


def _people(fired: Fired, past: Past, under: Edition, roster: Roster) -> list[int]:
    """Who was told, where it is recorded and the role is the same; else who would have been."""
    kind, level, limit = fired.what.key.kind, fired.level, past.tale.limit_of(fired.what.key)
    role, was = (_role(edition, kind, level, fired.rung, limit) for edition in (under, past.under))
    if fired.by is not None and role == was:
        people: list[int] = past.tale.happenings[fired.by].details.get("people", [])
        return people
    if is_asking_again(fired.what.mark) and fired.acknowledged_by:
        return roster.asked_again(fired.acknowledged_by, role, fired.done_at, past)
    return roster.told(role, fired.done_at, past)


def _role(edition: Edition, kind: str, level: str, rung: int, limit: Limit | None) -> str:
    """Who is on this rung; "" where the edition has none."""
    steps = clockface.ladder(edition.pack, kind, level, limit)
    return steps[min(rung, len(steps)) - 1] if steps else ""


def _ids(wanted: Select[Any]) -> list[int]:
    return list(db.session.scalars(wanted.order_by(Ticket.id)))


def _editions(pack_name: str) -> Select[Any]:
    return select(PolicyVersion.id).where(PolicyVersion.pack_name == pack_name)


def _names(ids: set[int]) -> dict[int, str]:
    people = select(Person.id, Person.name).where(Person.id.in_(ids)).order_by(Person.id)
    return {row.id: row.name for row in db.session.execute(people)}
