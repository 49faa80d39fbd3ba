"""Rotas (值班表): a shift is entered, handed over, ended (P1)."""

from datetime import datetime, timedelta

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.people.person import Person
from models.people.rota import LONGEST, ROLES, Handover, Shift, holder_of, occurrences
from models.people.team import Team
from models.rules.deeds import recorded
from models.rules.notices import owe_person
from models.rules.permissions import allows


@command
@recorded("shift_added")
def add_shift(
    *,
    actor: Person,
    role: str,
    person: Person,
    starts_at: datetime,
    ends_at: datetime,
    team: Team | None = None,
    every_weeks: int = 0,
) -> Shift:
    """Somebody is on call from–to, once or every so many weeks at the same local time. Raises Invalid."""
    if not allows(actor, "keep_rota"):
        raise Refused("Only a supervisor or an administrator keeps the rotas.")
    if role not in ROLES:
        raise Invalid("There is no rota for this role.", field="role")
    _refuse_times(starts_at, ends_at, every_weeks)
    _refuse_unable(person, role, team.id if team else None, field="person")
    shift = Shift(
        role=str(role), team_id=team.id if team else None, person_id=person.id, starts_at=starts_at, ends_at=ends_at,
        every_weeks=every_weeks, time_zone=actor.time_zone, created_by_id=actor.id,
    )  # fmt: skip
    db.session.add(shift)
    db.session.flush()
    return shift


@command
@recorded("shift_ended")
def end_shift(shift: Shift, *, actor: Person, at: datetime | None = None) -> Shift:
    """Nothing of it counts from `at` on (None: from now); what has been stays as it was."""
    if not allows(actor, "keep_rota"):
        raise Refused("Only a supervisor or an administrator keeps the rotas.")
    if shift.until and shift.until <= clock.now():
        raise Conflict("This shift has ended already.")
    shift.until = max(at or clock.now(), clock.now())
    return shift


@command
@recorded("shift_handed_over")
def hand_over_shift(shift: Shift, *, actor: Person, taker: Person, starts_at: datetime, ends_at: datetime) -> Handover:
    """A part of one turn goes to somebody else; both are named, and whoever takes it is told. Raises Invalid."""
    if not allows(actor, "hand_over_shift", shift):
        raise Refused("Only whoever is on call, a supervisor or an administrator hands a shift over.")
    giver_id = holder_of(shift, starts_at)
    turn = next(occurrences(shift, starts_at, starts_at + timedelta(seconds=1)), None)
    if giver_id is None or turn is None:
        raise Invalid("The shift does not run at this time.", field="starts_at")
    if not starts_at < ends_at <= turn[1]:
        raise Invalid("The end lies after the beginning and within the same turn.", field="ends_at")
    if ends_at <= clock.now():
        raise Invalid("This time has passed.", field="ends_at")
    if taker.id == giver_id:
        raise Invalid("This is whose turn it is already.", field="taker")
    _refuse_unable(taker, shift.role, shift.team_id, field="taker")
    given = Handover(giver_id=giver_id, taker_id=taker.id, starts_at=starts_at, ends_at=ends_at, created_by_id=actor.id)
    shift.handovers.append(given)
    db.session.flush()
    _tell(given, shift)
    return given


def _tell(given: Handover, shift: Shift) -> None:
    said = {
        "giver": db.session.get_one(Person, given.giver_id).name, "role": shift.role,
        "from": given.starts_at.isoformat(), "to": given.ends_at.isoformat(),
    }  # fmt: skip
    taker = db.session.get_one(Person, given.taker_id)
    if taker.email:
        owe_person(taker, "shift_taken", key=f"handover:{given.id}", params=said)


def _refuse_times(starts_at: datetime, ends_at: datetime, every_weeks: int) -> None:
    longest = timedelta(weeks=every_weeks) if every_weeks else LONGEST
    if not starts_at < ends_at <= starts_at + longest:
        raise Invalid("The end lies after the beginning, and before the next turn begins.", field="ends_at")


def _refuse_unable(person: Person, role: str, team_id: int | None, *, field: str) -> None:
    if not person.active or not person.holds(role, team_id):
        raise Invalid("%(name)s does not hold this role.", field=field, name=person.name)
