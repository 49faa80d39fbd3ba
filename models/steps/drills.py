"""Drills (演练): somebody starts one, whoever is on call answers it (P5.3, P5.4)."""

from datetime import timedelta

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Severity
from models.people.person import Person
from models.people.rota import ROLES
from models.people.team import Team
from models.policy.version import version_in_force
from models.record.drill import Drill
from models.record.ticket import Ticket
from models.rules.calling import called
from models.rules.deeds import recorded
from models.rules.notices import tell_person
from models.rules.permissions import allows


@command
@recorded("drill_started")
def start_drill(*, actor: Person, role: str, team: Team | None = None) -> Drill:
    """Tell whoever an escalation of this moment would tell that this is a drill. Raises Invalid where nobody is."""
    if not allows(actor, "start_drill"):
        raise Refused("Only a supervisor or an administrator starts a drill.")
    if role not in ROLES:
        raise Invalid("There is no rota for this role.", field="role")
    now = clock.now()
    people = called(role, Ticket(team=team), at=now).people
    if not people:
        raise Invalid("Nobody is there in this role now: an escalation would go past it.", field="role")
    minutes = version_in_force(now, team=team).pack.acknowledge_within(Severity.P0)
    drill = Drill(
        role=str(role), team_id=team.id if team else None, started_by_id=actor.id, told_at=now,
        answer_by=now + timedelta(minutes=minutes), called=people,
    )  # fmt: skip
    db.session.add(drill)
    db.session.flush()
    _tell(drill)
    return drill


@command
@recorded("drill_answered")
def answer_drill(drill: Drill, *, actor: Person) -> Drill:
    """I am here. The first of those who were told counts, late or not."""
    if not allows(actor, "answer_drill", drill):
        raise Refused("Only whoever was told of the drill answers it.")
    if drill.answered_at:
        raise Conflict("Somebody has answered this drill already.")
    drill.answered_at, drill.answered_by_id = clock.now(), actor.id
    return drill


def _tell(drill: Drill) -> None:
    said = {"drill": drill.id, "role": drill.role, "answer_by": drill.answer_by.isoformat()}
    for person in drill.called:
        tell_person(person, "drill", key=f"drill:{drill.id}:{person.id}", params=said)
