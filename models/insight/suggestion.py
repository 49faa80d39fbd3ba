"""Suggestions that a person can overrule: how severe, which team, who takes it (P3.3, P3.5)."""

from sqlalchemy import func, select

from models.ground.db import db
from models.ground.vocabulary import Role, Severity
from models.people.person import Person, holders
from models.people.team import Team
from models.record.ticket import ENDED, Ticket

URGENT = (Severity.P0, Severity.P1)


def suggest_team(ticket: Ticket) -> Team | None:
    """The team that owns the service concerned, or the one already chosen."""
    return ticket.team or (ticket.service.team if ticket.service else None)


def suggest_assignee(team_id: int | None, severity: str) -> Person | None:
    """A senior engineer of the team for P0 and P1, a junior for P2 and P3: on duty first, then least loaded."""
    wanted = "senior" if severity in URGENT else "junior"
    load = (
        select(Ticket.assignee_id, func.count().label("held"))
        .where(Ticket.state.not_in(ENDED), Ticket.assignee_id.is_not(None))
        .group_by(Ticket.assignee_id)
        .subquery()
    )
    candidates = (
        holders(Role.ENGINEER, team_id)
        .outerjoin(load, load.c.assignee_id == Person.id)
        .order_by(None)
        .order_by(
            (Person.engineer_level == wanted).desc(),
            Person.on_duty.desc(),
            func.coalesce(load.c.held, 0),
            Person.id,
        )
        .limit(1)
    )
    in_team = db.session.scalar(candidates.where(Person.team_id == team_id)) if team_id else None
    if in_team and in_team.engineer_level == wanted:
        return in_team
    return db.session.scalar(candidates)


def suggest_senior(ticket: Ticket) -> Person | None:
    """A P0 or P1 in a junior's hands: the senior who should have it (P3.10); None when all is well."""
    held = ticket.assignee
    if held is None or ticket.severity not in URGENT or held.engineer_level != "junior" or not ticket.is_open:
        return None
    senior = suggest_assignee(ticket.team_id, ticket.severity)
    return senior if senior and senior.engineer_level == "senior" else None
