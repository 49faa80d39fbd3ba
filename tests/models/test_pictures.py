"""What the pictures show is what the tables hold: counted once more, one ticket after another, on random desks."""

import random
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Severity
from models.insight import board, pictures
from models.people.person import Person
from models.record.ticket import ENDED, Ticket
from models.rules.permissions import can_see
from models.steps import comment
from tests.factories import a_request, a_ticket, person

SHANGHAI = ZoneInfo("Asia/Shanghai")
STATES = ("awaiting_triage", "awaiting_engineer", "awaiting_plan", "awaiting_fix", "closed", "cancelled")
DESKS = [pytest.param(seed, marks=[pytest.mark.full] if seed > 1 else []) for seed in range(10)]  # five looks at each


@pytest.mark.parametrize("seed", DESKS)
def test_the_figures_and_the_pictures_are_true(cast, time, seed):
    """G9: the five figures, the bars by age, by team, and the lines, against a count in Python."""
    dice = random.Random(seed)
    for _look in range(5):
        _grow(dice)
        time(timedelta(hours=dice.choice((1, 7, 20, 50))))
        while escalation.sweep():
            pass
        for login in ("liu", "feng"):  # who sees everything, and who sees nothing of security
            _check(person(login))


def _grow(dice: random.Random) -> None:
    for _ in range(dice.randint(1, 3)):
        category = dice.choice(("function", "function", "security"))
        ticket = a_ticket(dice.choice(STATES), severity=dice.choice(tuple(Severity)), category=category)
        if ticket.state == "awaiting_plan" and dice.random() < 0.5:
            comment.wait_for(ticket, actor=person("zhao"), party="vendor", reason="等备件。")
    if dice.random() < 0.3:
        a_request("awaiting_assessment")


def _check(actor: Person) -> None:
    db.session.expire_all()  # as another request would read it
    seen = [ticket for ticket in db.session.scalars(select(Ticket)) if can_see(actor, ticket)]
    opened = [ticket for ticket in seen if ticket.state not in ENDED]
    assert board.watch_counts(actor) == _figures(opened)
    assert pictures.open_by_age(actor) == _ages(opened)
    loads = pictures.load_by_team(actor)
    assert {load.team.id if load.team else None: load[1:] for load in loads} == _teams(opened)
    assert [load.breached for load in loads] == sorted((load.breached for load in loads), reverse=True)
    for load in loads:  # each number is what its list holds
        team = load.team.id if load.team else 0
        for only in ("open", "breached", "half_hour", "paused"):
            assert len(board.open_tickets(actor, team_id=team, only=only).keys) == min(getattr(load, only), 50)
    days = pictures.made_and_closed(actor, SHANGHAI)
    assert {day.at.astimezone(SHANGHAI).date(): (day.made, day.closed) for day in days} == _days(seen)
    assert len(days) == pictures.DAYS


def _figures(opened: list[Ticket]) -> dict[str, int]:
    left = [(t.next_due_at - clock.now()).total_seconds() for t in opened if t.next_due_at]
    return {
        "breached": sum(s <= 0 for s in left),
        "half_hour": sum(0 < s <= 1800 for s in left),
        "hour": sum(1800 < s <= 3600 for s in left),
        "paused": sum(t.waiting_on != "" for t in opened),
        "escalated": sum(t.escalation > 0 for t in opened),
    }


def _ages(opened: list[Ticket]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for ticket in opened:
        if ticket.kind == "fault":
            age = clock.now() - ticket.reported_at
            band = sum(age >= edge for edge in pictures.AGES)
            found.setdefault(ticket.severity, [0, 0, 0, 0])[band] += 1
    return {severity: tuple(counts) for severity, counts in found.items()}


def _teams(opened: list[Ticket]) -> dict[int | None, tuple[int, ...]]:
    found: dict[int | None, list[int]] = {}
    for ticket in opened:
        left = ticket.next_due_at - clock.now() if ticket.next_due_at else timedelta.max
        late, soon, waits = left <= timedelta(), timedelta() < left <= timedelta(minutes=30), ticket.waiting_on != ""
        counts = found.setdefault(ticket.team_id, [0] * 5)
        for nth, holds in enumerate((True, late, soon, waits, waits and not late and not soon)):
            counts[nth] += holds
    return {team: tuple(counts) for team, counts in found.items()}


def _days(seen: list[Ticket]) -> dict:
    today = clock.now().astimezone(SHANGHAI).date()
    made = Counter(ticket.created_at.astimezone(SHANGHAI).date() for ticket in seen)
    closed = Counter(ticket.closed_at.astimezone(SHANGHAI).date() for ticket in seen if ticket.closed_at)
    days = [today - timedelta(days=n) for n in range(pictures.DAYS)]
    return {day: (made[day], closed[day]) for day in days}
