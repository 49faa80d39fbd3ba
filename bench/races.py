"""Decisions that race: two people act on one plan at the same moment, and exactly one outcome comes of it (P7.3).

`./run bench races [40000] [--postgres URL]`: threads on databases of their own. Prints how many races had exactly one
outcome, and every one that had not.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from random import Random
from threading import Barrier
from time import perf_counter, sleep
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app import Settings, create_app
from bench.databases import KEY, bare
from models import demonstration
from models.ground.db import db
from models.ground.errors import Busy, DomainError
from models.people.person import Person, find_person
from models.people.team import Team
from models.record.approval import ApprovalTemplate
from models.record.event import Event
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules import rounds
from models.steps import accounts, approval, approval_templates, diagnosis, intake, plans, triage
from workers import prepare

EACH = 40  # races on one ticket, before another takes its place
WORLDS = 2  # processes that race side by side, each on a database of its own
LANES = 4  # tickets of each on which two race each other at the same time
PATIENCE = 10  # times that somebody tries again while the database is busy
JITTER = 0.004  # seconds by which one of the two may be late
DECIDED = ("approved", "returned")
Deed = Callable[[Plan, "Lane"], Any]


@dataclass(frozen=True)
class Lane:
    """One ticket and its people, by number: each thread reads its own rows."""

    ticket_id: int
    author_id: int
    first_id: int
    second_id: int
    template_id: int

    @property
    def first(self) -> Person:
        return db.session.get_one(Person, self.first_id)

    @property
    def second(self) -> Person:
        return db.session.get_one(Person, self.second_id)

    @property
    def author(self) -> Person:
        return db.session.get_one(Person, self.author_id)


@dataclass(frozen=True)
class Race:
    """Two deeds at once, and the outcomes of the plan that either order of them can have."""

    one: Deed
    other: Deed
    outcomes: tuple[str, ...]


def _approve(plan: Plan, lane: Lane) -> Any:
    return approval.approve_plan(plan, actor=lane.first, digest=plan.digest)


RACES = {
    "approve/approve": Race(
        _approve, lambda plan, lane: approval.approve_plan(plan, actor=lane.second), ("approved",)),
    "approve/return": Race(
        _approve, lambda plan, lane: approval.return_plan(plan, actor=lane.second, comment="缺步骤"), DECIDED),
    "edit/approve": Race(
        _approve, lambda plan, lane: plans.revise_plan(plan, actor=lane.author, **_text(lane)), ("superseded",)),
    "withdraw/approve": Race(
        _approve, lambda plan, lane: plans.withdraw_plan(plan, actor=lane.author), ("withdrawn",)),
    "demote/approve": Race(
        _approve, lambda plan, lane: _roles(lane, "engineer"), ("approved", "")),
}  # fmt: skip


def main(words: list[str]) -> int:
    """Race, count, print; 1 when a race had no outcome, or two."""
    reader = argparse.ArgumentParser(prog="./run bench races")
    reader.add_argument("races", nargs="?", type=int, default=40_000)
    reader.add_argument("--postgres", default="", help="a PostgreSQL server on which databases may be made and dropped")
    asked, began = reader.parse_args(words), perf_counter()
    each = [asked.races // WORLDS + (number < asked.races % WORLDS) for number in range(WORLDS)]
    with ProcessPoolExecutor(WORLDS, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_in_its_world, range(WORLDS), each, repeat(asked.postgres)))
    wrong, errors = ([line for world in found for line in world[place]] for place in (0, 1))
    for line in (*wrong, *errors)[:20]:
        print("  " + line)
    good = asked.races - len(wrong) - len(errors)
    print(f"{asked.races} races: {good} with exactly one outcome, {len(errors)} errors, {perf_counter() - began:.0f} s")
    return 0 if not wrong and not errors else 1


def _in_its_world(world: int, races: int, postgres: str) -> tuple[list[str], list[str]]:
    """A share of the races, in a process and on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-") as folder, bare(Path(folder), postgres) as url:
        home = Path(folder)
        app = create_app(Settings(_env_file=None, home=home, database_url=url, env="demo", secret_key=KEY))  # type: ignore[call-arg]
        with app.app_context():
            prepare.migrate(app)
            demonstration.found_desk()
            demonstration.cast_people()
            found = race(app, races, seed=world * LANES, say=world == 0)
            db.session.remove()
            db.engine.dispose()
    return found


def race(app: Flask, races: int, *, seed: int = 0, say: bool = False) -> tuple[list[str], list[str]]:
    """So many races, each kind in turn: what had not exactly one outcome, and what broke."""
    lanes = [_lane(number) for number in range(LANES)]
    db.session.remove()  # PostgreSQL ends a transaction that waits for the whole race
    each = [races // LANES + (number < races % LANES) for number in range(LANES)]
    with ThreadPoolExecutor(LANES) as pool:
        found = list(pool.map(lambda number: _run(app, lanes[number], each[number], seed + number, say), range(LANES)))
    return [line for wrong, _ in found for line in wrong], [line for _, errors in found for line in errors]


def _run(app: Flask, lane: Lane, races: int, number: int, say: bool) -> tuple[list[str], list[str]]:
    random, wrong, errors = Random(number), list[str](), list[str]()
    kinds = list(RACES)
    with ThreadPoolExecutor(2) as pool:
        for turn in range(races):
            kind = kinds[turn % len(kinds)]
            with app.app_context():
                if turn and turn % EACH == 0:
                    lane = replace(lane, ticket_id=_patiently(lambda held=lane: _ticket(held.author).id))
                plan_id = _patiently(lambda held=lane: _start(held))
            said = _at_once(app, pool, RACES[kind], lane, plan_id, random)
            errors += [f"{kind}: {text}" for text in said if text not in ("done", "refused")]
            with app.app_context():
                if trouble := _trouble(kind, lane, plan_id, said):
                    wrong.append(f"{kind}: {trouble} after {said}")
                _patiently(lambda held=lane, raced=kind: _begin_anew(held, raced))
            if say and number == 0 and turn and turn % 500 == 0:
                print(f"  {'races':<13} {turn * LANES * WORLDS}", flush=True)
    return wrong, errors


def _at_once(app: Flask, pool: ThreadPoolExecutor, race: Race, lane: Lane, plan_id: int, random: Random) -> list[str]:
    together, late = Barrier(2), [random.uniform(0, JITTER) * random.getrandbits(1) for _ in range(2)]

    def act(deed: Deed, wait: float) -> str:
        with app.app_context():
            plan = db.session.get_one(Plan, plan_id)
            together.wait()
            sleep(wait)
            try:
                _patiently(lambda: deed(plan, lane))
            except Busy as busy:
                return repr(busy)
            except DomainError:
                return "refused"
            except Exception as error:  # an error is what is looked for
                return repr(error)[:300]
            return "done"

    return list(pool.map(act, (race.one, race.other), late))


def _patiently(deed: Callable[[], Any]) -> Any:
    """Do it; while the database is busy nothing was written, so again, as a person would."""
    for _ in range(PATIENCE):
        try:
            return deed()
        except Busy:
            sleep(0.1)
    return deed()


def _trouble(kind: str, lane: Lane, plan_id: int, said: list[str]) -> str:
    """What is not as either order of the two deeds would have left it; "" for nothing."""
    plan, ticket = db.session.get_one(Plan, plan_id), db.session.get_one(Ticket, lane.ticket_id)
    seats = Counter(seat.decision for seat in plan.approvals)
    decided, done = seats["approved"] + seats["returned"], said.count("done")
    events = _decisions(plan)
    if plan.outcome not in RACES[kind].outcomes:
        return f"outcome {plan.outcome!r}"
    if decided != events:
        return f"{decided} decisions, {events} events"
    if kind.startswith("approve/") and (decided, done) != (1, 1):
        return f"{decided} decisions"
    if not kind.startswith("approve/") and (decided == 1) != (said[0] == "done"):
        return "an approval that was refused is there, or the other way round"
    if not kind.startswith("approve/") and said[1] != "done":
        return "the other deed was refused"
    goal = {"approved": "awaiting_fix", "returned": "awaiting_plan", "withdrawn": "awaiting_plan"}
    if ticket.state != goal.get(plan.outcome, "awaiting_approval"):
        return f"{plan.outcome!r} in {ticket.state}"
    newest = rounds.newest_plan(ticket)
    if kind == "edit/approve" and (newest is plan or any(seat.decision for seat in newest.approvals)):  # type: ignore[union-attr]
        return "the new text is not undecided"
    held = db.session.scalar(select(func.count(Event.id)).where(Event.ticket_id == ticket.id))
    return "" if held == ticket.seq else f"{held} events, counted {ticket.seq}"


def _decisions(plan: Plan) -> int:
    events = db.session.scalars(
        select(Event)
        .where(Event.ticket_id == plan.ticket_id, Event.name.in_(DECIDED))
        .order_by(Event.seq.desc())
        .limit(5)
    )
    return sum(event.details["plan"] == plan.id for event in events)


def _start(lane: Lane) -> int:
    """A round that is open: the one that an edit has left, or a new one."""
    ticket = db.session.get_one(Ticket, lane.ticket_id)
    plan = rounds.newest_plan(ticket)
    if plan is None or ticket.state == "awaiting_plan":
        return plans.submit_plan(ticket, actor=lane.author, **_text(lane)).id
    if ticket.state == "awaiting_fix":
        return plans.revise_plan(plan, actor=lane.author, **_text(lane)).id
    return plan.id


def _begin_anew(lane: Lane, kind: str) -> None:
    if kind == "demote/approve":
        _roles(lane, "approver")


def _roles(lane: Lane, role: str) -> None:
    admin = find_person("admin")
    assert admin is not None
    accounts.edit_person(lane.first, actor=admin, roles=[(role, None)], name="first")


def _text(lane: Lane) -> dict[str, Any]:
    template = db.session.get_one(ApprovalTemplate, lane.template_id)
    return {"risk": "normal", "steps": "1. 清理缓存\n2. 验证", "template": template}


def _lane(number: int) -> Lane:
    """A ticket of somebody's, with two approvers of its own of whom one suffices."""
    admin, chen = _person("admin"), _person("chen")
    made = {
        name: accounts.create_person(
            actor=admin,
            login=f"{name}{number}",
            name=name,
            password="race-race",
            roles=[(role, None)],
        )
        for name, role in (("author", "engineer"), ("first", "approver"), ("second", "approver"))
    }
    template = approval_templates.keep_approval_template(
        None, actor=chen, name=f"lane {number}", risk="normal", rule="any",
        seats=[("", None, made["first"]), ("", None, made["second"])],
    )  # fmt: skip
    ids = {f"{name}_id": person.id for name, person in made.items()}
    return Lane(ticket_id=_ticket(made["author"]).id, template_id=template.id, **ids)


def _ticket(author: Person) -> Ticket:
    ticket = intake.report_fault(actor=_person("zhang"), description="报销单提交后一直转圈。")
    team = db.session.scalars(select(Team).order_by(Team.id)).first()
    triage.triage_ticket(
        ticket, actor=_person("wang"), severity="P2", category="function", team=team, assignee=author, reason="比赛"
    )
    return diagnosis.take_ticket(ticket, actor=author)


def _person(login: str) -> Person:
    found = find_person(login)
    assert found is not None, login
    return found
