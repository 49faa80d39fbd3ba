"""Who is on call in a week, where nobody is, and whose absence would leave a rung of the ladder empty (P5.4)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Role
from models.people.absence import Absence, absences
from models.people.person import Person, holders
from models.people.rota import Shift, Stint, gaps, shifts_between, stints
from models.people.team import Team

RUNGS = (Role.FIRST_LINE, Role.DUTY_LEAD, Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR)
SOON = timedelta(days=14)


@dataclass(frozen=True)
class Piece:
    """One stretch of a day; without a stint nobody is on call."""

    starts_at: datetime
    ends_at: datetime
    stint: Stint | None


@dataclass(frozen=True)
class Rota:
    """One week of one role and team; `days` are the pieces of each day."""

    role: str
    team: Team | None
    days: list[list[Piece]]
    shifts: list[Shift]

    @property
    def gaps(self) -> list[Piece]:
        """Where nobody is on call in this week; a night is one gap, not two."""
        found: list[Piece] = []
        for piece in (piece for day in self.days for piece in day if piece.stint is None):
            if found and found[-1].ends_at == piece.starts_at:
                found[-1] = replace(found[-1], ends_at=piece.ends_at)
            else:
                found.append(piece)
        return found


def week_of(days: list[datetime]) -> list[Rota]:
    """Every rota that there is, day by day; `days` are eight midnights, the last one ends the week."""
    by_rota: dict[tuple[str, int | None], list[Shift]] = {}
    for shift in shifts_between(days[0], days[-1]):
        by_rota.setdefault((shift.role, shift.team_id), []).append(shift)
    return [
        Rota(role, shifts[0].team, [_day(shifts, *span) for span in pairwise(days)], shifts)
        for (role, _team), shifts in by_rota.items()
    ]


def left_alone(absence: Absence) -> list[tuple[str, int | None]]:
    """(role, team) of the rungs on which nobody would be left while the person is away: no colleague, no delegate."""
    others_away = {a.person_id for a in absences(absence.starts_at, end=absence.ends_at)}
    return [
        (held.role, held.team_id)
        for held in absence.person.roles_held
        if held.role in RUNGS and not _who_stays(held.role, held.team_id, absence, others_away)
    ]


def left_alone_soon() -> list[tuple[Absence, list[tuple[str, int | None]]]]:
    """Absences of the next two weeks, or of now, that leave a rung empty."""
    now = clock.now()
    found = [(absence, left_alone(absence)) for absence in absences(now, end=now + SOON)]
    return [(absence, rungs) for absence, rungs in found if rungs]


def _who_stays(role: str, team_id: int | None, absence: Absence, away: set[int]) -> list[Person]:
    found = db.session.scalars(holders(role, team_id)).all()
    return [person for person in found if person.id != absence.person_id and person.id not in away]


def _day(shifts: list[Shift], start: datetime, end: datetime) -> list[Piece]:
    on = stints(shifts, start, end)
    pieces = [Piece(max(stint.starts_at, start), min(stint.ends_at, end), stint) for stint in on]
    pieces += [Piece(*gap, None) for gap in gaps(on, start, end)]
    return sorted(pieces, key=lambda piece: piece.starts_at)
