"""Suggestions that a person can overrule: how severe, which team, who takes it (P3.3, P3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Role, Severity, State
from models.people.absence import away_at
from models.people.person import Person, holders
from models.people.team import Team
from models.record.ticket import ENDED, Ticket

URGENT = (Severity.P0, Severity.P1)


@dataclass(frozen=True)
class Suggestion:
    """Who takes it, and why: what they hold already, and who would have come first but is away."""

    person: Person | None = None  # None: nobody is there
    held: int = 0  # open tickets in their hands
    away: tuple[str, ...] = ()


def suggest_team(ticket: Ticket) -> Team | None:
    """The team that owns the service concerned, or the one already chosen."""
    return ticket.team or (ticket.service.team if ticket.service else None)


def suggestion(team_id: int | None, severity: str, *, at: datetime | None = None) -> Suggestion:
    """A senior engineer of the team for P0 and P1, a junior for P2 and P3: on duty first, then least loaded.

    Where the team has nobody of that level who is there, everybody who may take it; whoever is absent is passed over.
    """
    wanted = "senior" if severity in URGENT else "junior"
    rows, away = db.session.execute(_candidates(team_id, wanted)).all(), away_at(at or clock.now())
    own = [row for row in rows if team_id and row.team_id == team_id and row.engineer_level == wanted]
    ordered = [*own, *(row for row in rows if row not in own)]
    for number, row in enumerate(ordered):
        if row.id not in away:
            return Suggestion(db.session.get_one(Person, row.id), row.held, _names(ordered[:number]))
    return Suggestion(away=_names(ordered))


def suggest_assignee(team_id: int | None, severity: str, *, at: datetime | None = None) -> Person | None:
    """Only who it is; None: nobody is there."""
    return suggestion(team_id, severity, at=at).person


def suggest_product_manager(team_id: int | None) -> Person | None:
    """Whoever holds the role for the team and is there: on duty first, then with the fewest open requests (P3.5)."""
    load = (
        select(Ticket.product_manager_id, func.count().label("held"))
        .where(Ticket.state.not_in(ENDED), Ticket.product_manager_id.is_not(None))
        .group_by(Ticket.product_manager_id)
        .subquery()
    )
    candidates = holders(Role.PRODUCT_MANAGER, team_id).outerjoin(load, load.c.product_manager_id == Person.id)
    held = func.coalesce(load.c.held, 0)
    away = away_at(clock.now())
    people = db.session.scalars(candidates.order_by(None).order_by(Person.on_duty.desc(), held, Person.id))
    return next((person for person in people if person.id not in away), None)


def suggest_holder(ticket: Ticket, team: Team | None) -> Person | None:
    """Who should have the ticket as it stands: a product manager assesses, an engineer does everything else."""
    team_id = team.id if team else None
    if ticket.state == State.AWAITING_ASSESSMENT:
        return suggest_product_manager(team_id)
    return suggest_assignee(team_id, ticket.severity)


def suggest_senior(ticket: Ticket) -> Person | None:
    """A P0 or P1 in a junior's hands: the senior who should have it (P3.10); None when all is well."""
    held = ticket.assignee
    if held is None or ticket.level not in URGENT or held.engineer_level != "junior" or not ticket.is_open:
        return None
    senior = suggest_assignee(ticket.team_id, ticket.severity)
    return senior if senior and senior.engineer_level == "senior" else None


def _candidates(team_id: int | None, wanted: str) -> Select[*tuple[Any, ...]]:
    load = (
        select(Ticket.assignee_id, func.count().label("held"))
        .where(Ticket.state.not_in(ENDED), Ticket.assignee_id.is_not(None))
        .group_by(Ticket.assignee_id)
        .subquery()
    )
    held = func.coalesce(load.c.held, 0)
    return (
        holders(Role.ENGINEER, team_id)
        .with_only_columns(Person.id, Person.name, Person.team_id, Person.engineer_level, held.label("held"))
        .outerjoin(load, load.c.assignee_id == Person.id)
        .order_by(None)
        .order_by((Person.engineer_level == wanted).desc(), Person.on_duty.desc(), held, Person.id)
    )


def _names(rows: Sequence[Row[Any]]) -> tuple[str, ...]:
    return tuple(row.name for row in rows)
