"""Absences (休假、出差 …): announced with dates and a delegate, ended early or called off (P1, P5.4)."""

from datetime import datetime

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import AbsenceKind, Role
from models.people.absence import LONGEST_CHAIN, Absence, absences
from models.people.person import Person
from models.rules.deeds import recorded
from models.rules.notices import owe_person
from models.rules.permissions import allows


@command
@recorded("absence_announced")
def announce_absence(
    person: Person,
    *,
    actor: Person,
    starts_at: datetime,
    ends_at: datetime,
    kind: str = AbsenceKind.LEAVE,
    delegate: Person | None = None,
) -> Absence:
    """Somebody will be away; what the ladder and the clocks would tell them goes to the delegate. Raises Invalid."""
    if not allows(actor, "announce_absence", person):
        raise Refused("Only the person, their supervisor or an administrator announces an absence.")
    if not starts_at < ends_at:
        raise Invalid("The end lies after the beginning.", field="ends_at")
    if ends_at <= clock.now():
        raise Invalid("This time has passed.", field="ends_at")
    if kind not in list(AbsenceKind):
        raise Invalid("Please choose a reason.", field="kind")
    if absences(starts_at, end=ends_at, person=person):
        raise Invalid("Another absence falls into this time.", field="starts_at")
    if delegate:
        _refuse_unfit(person, delegate, starts_at, ends_at)
    absence = Absence(
        person_id=person.id, starts_at=starts_at, ends_at=ends_at, kind=str(kind),
        delegate_id=delegate.id if delegate else None, created_by_id=actor.id,
    )  # fmt: skip
    db.session.add(absence)
    db.session.flush()
    _tell(absence, person, delegate)
    return absence


@command
@recorded("absence_ended")
def end_absence(absence: Absence, *, actor: Person) -> Absence:
    """Back early; an absence that has not begun is called off."""
    if not allows(actor, "announce_absence", absence):
        raise Refused("Only the person, their supervisor or an administrator ends an absence.")
    if absence.ends_at <= clock.now():
        raise Conflict("This absence is over.")
    absence.ends_at = max(clock.now(), absence.starts_at)
    return absence


def _refuse_unfit(person: Person, delegate: Person, starts_at: datetime, ends_at: datetime) -> None:
    """A delegate shares at least one role with the person, and no chain of delegates leads back or too far."""
    shared = (person.roles & delegate.roles) - {Role.REPORTER}
    if not delegate.active or delegate.human_id == person.human_id:
        raise Invalid("Please choose somebody else who is active.", field="delegate")
    if not shared:
        raise Invalid("%(name)s holds none of the same roles.", field="delegate", name=delegate.name)
    for chain in _chains([delegate], starts_at, ends_at):
        if any(link.id == person.id for link in chain):
            raise Invalid("The delegations would go round in a circle.", field="delegate")
        if len(chain) > LONGEST_CHAIN:
            raise Invalid("At most three delegations follow one another.", field="delegate")


def _chains(chain: list[Person], starts_at: datetime, ends_at: datetime) -> list[list[Person]]:
    """Whoever would stand in for the last of the chain within this time, and for them, until it ends or repeats."""
    if len(chain) > LONGEST_CHAIN or any(link is chain[-1] for link in chain[:-1]):
        return [chain]
    found = [chain]
    for away in absences(starts_at, end=ends_at, person=chain[-1]):
        if away.delegate:
            found += _chains([*chain, away.delegate], starts_at, ends_at)
    return found


def _tell(absence: Absence, person: Person, delegate: Person | None) -> None:
    if delegate and delegate.email:
        said = {"name": person.name, "from": absence.starts_at.isoformat(), "to": absence.ends_at.isoformat()}
        owe_person(delegate, "stand_in", key=f"absence:{absence.id}", params=said)
