"""The replay of a policy over ten thousand tickets that were lived: how long it takes, whether it is the record, and
whether what it finds is what a count of our own finds."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app import Settings, create_app
from bench import year
from bench.databases import KEY, bare, digests
from bench.results import Result
from models.clockwork import recount
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import HOUSEKEEPING
from models.insight.replay import Replay, replay
from models.people.person import find_person
from models.policy.draft import PolicyDraft
from models.policy.pack import Pack
from models.policy.version import PolicyVersion
from models.record.deadline import Deadline, Firing, Pause
from models.record.event import Event
from models.record.extension import GRANTED, Extension
from models.steps import policies

PROMISED = 60.0  # seconds
# What the draft agrees otherwise: shorter here, longer there.
OTHERWISE: dict[tuple[str, str], dict[str, Any]] = {
    ("respond", "P2"): {"basis": "service", "minutes": 60},
    ("resolve", "P2"): {"basis": "service", "minutes": 720},
    ("resolve", "P1"): {"basis": "wall", "minutes": 1200},
    ("update", "P1"): {"basis": "wall", "every_minutes": 300},
    ("plan", "P3"): {"basis": "service", "minutes": 300},
    ("test", "P3"): {"basis": "service", "minutes": 60},
}
LIVED = ("regraded", "asked", "waited", "extension_granted", "acknowledged", "escalated", "warned", "reopened")
Changes = dict[tuple[str, str], tuple[int, int]]  # breaches gained and lost, by clock and level


def replays(folder: Path, *, lives: int, tickets: int, postgres: str = "") -> Iterator[Result]:
    """Fill a database in the folder, or on the server at the address given, and measure on it."""
    until, began = clock.real_now(), perf_counter()
    with bare(folder, postgres) as url:
        app = create_app(Settings(_env_file=None, home=folder, database_url=url, env="demo", secret_key=KEY))  # type: ignore[call-arg]
        year.fill(app, lives=lives, tickets=tickets, until=until)
        print(f"  {'replay':<13} {lives} lives until there are {tickets} in {perf_counter() - began:.0f} s", flush=True)
        yield from measured(app, lives=lives, until=until)


def measured(app: Flask, *, lives: int, until: datetime) -> Iterator[Result]:
    """Every figure of the replay, on a database that bench/year.py has filled with so many lives until then."""
    with app.app_context(), clock.hold(until):
        draft, in_force = _start_draft(), db.session.scalars(select(PolicyVersion)).one()
        before = digests()
        other, took, busy = _timed(draft, until)
        same, took_same, _ = _timed(in_force, until)
        changed = [table for table, digest in digests().items() if digest != before[table]]
        note = f"a draft; {lives} different lives in a year, {other.tickets // lives} times each; the policy in force "
        note += f"{took_same:.1f} s; {busy:.1f} s of processor time; {_contents()}; load {os.getloadavg()[0]:.1f}"
        yield Result(f"{other.tickets} tickets replayed", took, "s", most=PROMISED, note=note)
        yield _left_out(same)
        yield _beside_the_record(same)
        yield _beside_a_count_of_our_own(other, draft, until)
        note = ", ".join(changed) or "a digest of every row, before and after"
        yield Result("tables that the replays changed", len(changed), "", most=0, note=note)
        db.session.remove()
        db.engine.dispose()


def _start_draft() -> PolicyDraft:
    raw = db.session.scalars(select(PolicyVersion)).one().pack.dump()
    for (kind, level), target in OTHERWISE.items():
        raw["clocks"][kind][level] = target
    return policies.start_draft(Pack.from_dict(raw), actor=find_person("admin"))


def _timed(policy: PolicyDraft | PolicyVersion, until: datetime) -> tuple[Replay, float, float]:
    """What is found, and the seconds it takes: by the clock, and of the processor."""
    db.session.rollback()
    began, busy = perf_counter(), process_time()
    found = replay(policy, first=(until - timedelta(days=400)).date(), last=(until + timedelta(days=1)).date())
    return found, perf_counter() - began, process_time() - busy


def _left_out(found: Replay) -> Result:
    named = {why: each.count for why, each in found.left_out.items()}
    note = ", ".join(f"{why} {count}" for why, count in named.items()) or "not one, for no reason"
    return Result("tickets left out of the replay", sum(named.values()), "", most=0, note=note)


def _beside_the_record(same: Replay) -> Result:
    """Under the policy in force: what the replay says would have happened, and what rows say did happen."""
    db.session.rollback()
    counted = select(Deadline.kind, Deadline.severity, func.count().label("missed")).group_by(
        Deadline.kind, Deadline.severity
    )
    missed = db.session.execute(counted.where(Deadline.breached_at.is_not(None), Deadline.kind.not_in(HOUSEKEEPING)))
    escalated = list(db.session.scalars(select(Event.details).where(Event.name == "escalated")))
    recorded: Counter[Any] = Counter({(row.kind, row.severity): row.missed for row in missed})
    recorded.update(person for each in escalated for person in each["people"])
    recorded["escalated"] = len(escalated)
    played: Counter[Any] = Counter({cell: row.after for cell, row in same.breaches.items()}) + same.after.people
    played["escalated"] = same.after.rungs.total()
    wrong = [what for what in {*recorded, *played} if recorded[what] != played[what]]
    note = f"{sum(row.after for row in same.breaches.values())} breaches in {len(same.breaches)} kinds and levels, "
    note += f"{len(escalated)} escalations of {len(same.after.people)} people, "
    note += "{1} in the busiest hour, {0:%Y-%m-%d %H:00}".format(*same.after.busiest or (clock.now(), 0))
    note += "".join(f"; {what}: {recorded[what]}, replay {played[what]}" for what in wrong)
    return Result("figures under the policy in force that are not the record's", len(wrong), "", most=0, note=note)


def _contents() -> str:
    db.session.rollback()
    counted = db.session.execute(select(Event.name, func.count().label("times")).group_by(Event.name))
    happened = Counter({row.name: row.times for row in counted})
    rows = {"events": happened.total()}
    rows |= {f"{t.__tablename__}s": db.session.scalar(select(func.count()).select_from(t)) for t in (Deadline, Firing)}
    return ", ".join(f"{name} {count}" for name, count in (rows | {name: happened[name] for name in LIVED}).items())


# --- the same breaches, counted apart: from rows, and by the auditor's recount, which shares no line with the replay


def _beside_a_count_of_our_own(found: Replay, draft: PolicyDraft, until: datetime) -> Result:
    counted, told = _count_apart(draft, until), _told(found)
    wrong = sorted(cell for cell in {*counted, *told} if counted.get(cell) != told.get(cell))
    cells = (f"{kind} {level} +{gained} −{lost}" for (kind, level), (gained, lost) in sorted(counted.items()))
    note = f"counted: {', '.join(cells)}"
    note += "".join(f"; {kind} {level}: replay {told.get((kind, level))}" for kind, level in wrong)
    return Result("breaches gained or lost, counted otherwise", len(wrong), "", most=0, note=note)


def _told(found: Replay) -> Changes:
    rows = {cell: (row.gained.count, row.lost.count) for cell, row in found.breaches.items()}
    return {cell: changes for cell, changes in rows.items() if any(changes)}


def _count_apart(draft: PolicyDraft, until: datetime) -> Changes:
    db.session.rollback()
    policy, calendar = draft.content, draft.calendar_row.content
    pauses = _by_ticket(select(Pause.ticket_id, Pause.party, Pause.started_at, Pause.ended_at))
    granted = _by_ticket(
        select(Extension.ticket_id, Extension.counts_from, Extension.minutes, Extension.decided_at)
        .where(Extension.outcome == GRANTED).order_by(Extension.decided_at)
    )  # fmt: skip
    found: Changes = {}
    for kind, level in OTHERWISE:
        gained = lost = 0
        for row in db.session.execute(_CLOCKS.where(Deadline.kind == kind, Deadline.severity == level)):
            ended_at = row.met_at or row.cancelled_at
            end = ended_at or until + timedelta(microseconds=1)  # what is due at this very moment has fired
            stretches = [
                (p.started_at, min(p.ended_at or end, end)) for p in pauses[row.ticket_id]
                if p.started_at < end and recount.stops(policy, p.party, kind)
            ]  # fmt: skip
            stages = _stages(row, granted[row.ticket_id], end)
            would_be = any(
                recount.due(
                    policy, calendar, kind=kind, level=level, start=row.started_at, pauses=stretches, extended=minutes
                ) < till
                for minutes, till in stages
            )  # fmt: skip
            gained += would_be and not row.breached_at
            lost += bool(row.breached_at) and not would_be
        if gained or lost:
            found[kind, level] = (gained, lost)
    return found


def _stages(row: Any, granted: Iterable[Any], end: datetime) -> Iterator[tuple[float, datetime]]:
    """The minutes that were granted, and until when it was no more than these."""
    minutes = 0.0
    for each in granted:
        if row.kind == "resolve" and each.counts_from == row.started_at and each.decided_at < end:
            yield minutes, each.decided_at
            minutes += each.minutes
    yield minutes, end


def _by_ticket(wanted: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(wanted):
        found[row.ticket_id].append(row)
    return found


_CLOCKS = select(
    Deadline.ticket_id, Deadline.kind, Deadline.started_at, Deadline.met_at, Deadline.cancelled_at,
    Deadline.breached_at,
)  # fmt: skip
