"""Whether there is somebody for every rung of a policy's ladders, now and in the weeks to come (P1, P5.2, P5.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import combinations, groupby

from sqlalchemy import select

from models.ground.asked import remembered
from models.ground.db import db
from models.ground.vocabulary import Role
from models.insight.finding import Finding
from models.insight.on_call import SOON
from models.insight.pack_lint import clocks_of
from models.people.absence import absences
from models.people.person import Person, holders
from models.people.rota import Shift, gaps, shifts_between, stints
from models.people.team import Service, Team
from models.policy.pack import REQUEST, Pack
from models.record.ticket import Ticket
from models.rules.calling import called
from models.rules.ladder import CLIMB

ACTING = (Role.FIRST_LINE, Role.ENGINEER, Role.VERIFIER, Role.DUTY_LEAD)  # who has to act before anybody climbs
LEAVE_AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Desk:
    """Who holds what, in each team that looks after a service; a desk without services counts as one team."""

    pack: Pack
    now: datetime

    @cached_property
    def teams(self) -> list[Team | None]:
        served = select(Service.team_id).where(Service.active)
        found = select(Team).where(Team.active, Team.id.in_(served)).order_by(Team.id)
        return list(db.session.scalars(found)) or [None]

    @cached_property
    def ladders(self) -> list[tuple[Role, ...]]:
        """Each ladder that some clock can climb, once."""
        columns = [*(level.code for level in self.pack.levels), REQUEST]
        found = [self.pack.ladder(kind, level) for level in columns for kind in clocks_of(self.pack, level)]
        return [tuple(Role(rung) for rung in rungs) for rungs in dict.fromkeys(found)]

    @cached_property
    def rungs(self) -> list[Role]:
        return [role for role in CLIMB if any(role in rungs for rungs in self.ladders)]

    @cached_property
    def held(self) -> dict[tuple[Role, Team | None], list[Person]]:
        roles = (*CLIMB, *ACTING)
        return {(r, t): list(db.session.scalars(holders(r, t.id if t else None))) for r in roles for t in self.teams}

    def ids(self, role: Role, team: Team | None) -> set[int]:
        return {person.id for person in self.held[role, team]}

    def anybody(self, role: Role) -> list[Person]:
        """Who holds the role in any of the teams, each once."""
        return list({person.id: person for team in self.teams for person in self.held[role, team]}.values())

    def vacancies(self, *roles: Role) -> list[Team | None]:
        """The teams in which none of the roles is held; `[None]` when it is all of them."""
        found = [team for team in self.teams if not any(self.held[role, team] for role in roles)]
        return [None] if found and len(found) == len(self.teams) else found


def findings_among(pack: Pack, *, now: datetime) -> Iterator[Finding]:
    """Rule by rule."""
    desk = Desk(pack, now)
    with remembered():
        yield from (finding for rule in RULES for finding in rule(desk))


def _vacant(desk: Desk) -> Iterator[Finding]:
    """Nobody holds a role that is told or has to act."""
    for role in (*desk.rungs, *ACTING):
        for team in desk.vacancies(role):
            yield Finding("vacant", is_error=role in desk.rungs, role=role, team=team)


def _ends_nowhere(desk: Desk) -> Iterator[Finding]:
    """From the last rung on nobody is there but the last resort, or not even that."""
    for last in dict.fromkeys(rungs[-1] for rungs in desk.ladders):
        for team in desk.vacancies(*CLIMB[CLIMB.index(last) : -1]):
            yield Finding("ends_nowhere", is_error=True, role=last, team=team)
    if desk.vacancies(CLIMB[-1]):
        yield Finding("no_last_resort", is_error=True, role=CLIMB[-1])


def _left_alone(desk: Desk) -> Iterator[Finding]:
    """Somebody goes away, and then nobody is left: asked as an escalation of that moment would ask (P5.4)."""
    for absence in absences(desk.now, end=desk.now + LEAVE_AHEAD):
        begins = max(absence.starts_at, desk.now)
        for role, team in desk.held:
            mine = absence.person_id in desk.ids(role, team) and role in (*desk.rungs, *ACTING)
            if mine and not called(role, Ticket(team=team), at=begins).people:
                yield Finding(
                    "left_alone", is_error=role in desk.rungs, role=role, team=team, person=absence.person,
                    starts_at=begins, ends_at=absence.ends_at,
                )  # fmt: skip


def _on_two_rungs(desk: Desk) -> Iterator[Finding]:
    """Whoever did not answer is asked again under another name."""
    pairs = dict.fromkeys(pair for rungs in desk.ladders for pair in combinations(dict.fromkeys(rungs), 2))
    for role, other in pairs:
        twice = {p.id: p for team in desk.teams for p in desk.held[role, team] if p.id in desk.ids(other, team)}
        yield from (Finding("on_two_rungs", role=role, other=other, person=person) for person in twice.values())


def _without_email(desk: Desk) -> Iterator[Finding]:
    """An escalation would wait in the inbox only."""
    for role in desk.rungs:
        for person in desk.anybody(role):
            if not person.email:
                yield Finding("without_email", role=role, person=person)


def _rota_gaps(desk: Desk) -> Iterator[Finding]:
    """Hours of a rota in which nobody is on call, neither by the team's own nor by the one for every team."""
    shifts, end = shifts_between(desk.now, desk.now + SOON), desk.now + SOON
    for (role, team_id), found in groupby(shifts, key=lambda shift: (shift.role, shift.team_id)):
        own: list[Shift] = list(found)
        general = [shift for shift in shifts if shift.role == role and shift.team_id is None]
        free = gaps(stints([*own, *(general if team_id else [])], desk.now, end), desk.now, end)
        if free:
            begins, ends = free[0]
            yield Finding("rota_gap", role=role, team=own[0].team, starts_at=begins, ends_at=ends, count=len(free))


RULES = (_vacant, _ends_nowhere, _left_alone, _on_two_rungs, _without_email, _rota_gaps)
