"""The organisation's name, and a letter to oneself that shows whether letters arrive; administrators only (P1)."""

from models.ground import clock
from models.ground.db import command
from models.ground.errors import Invalid, Refused
from models.people import organisation
from models.people.person import Person
from models.record.message import MAIL, TRIAL
from models.rules.deeds import record
from models.rules.notices import owe_person
from models.rules.permissions import allows


@command
def name_organisation(*, actor: Person, name: str) -> None:
    """Another name, or none: then the product's own stands in its place."""
    _need_right(actor)
    was = organisation.organisation_name()
    row = organisation.call_it(name)
    if row.name != was:
        record("organisation_named", actor=actor, thing=row, before={"name": was}, after={"name": row.name})


@command
def send_trial_letter(*, actor: Person) -> None:
    """A letter to oneself. Raises Invalid where there is no address to send it to."""
    _need_right(actor)
    if not actor.email:
        raise Invalid("Your account has no e-mail address.")
    owe_person(actor, TRIAL, key=f"{TRIAL}:{actor.id}:{clock.real_now().timestamp()}:{MAIL}", params={})
    record("trial_sent", actor=actor, thing=actor)


def _need_right(actor: Person) -> None:
    if not allows(actor, "administer"):
        raise Refused("Only an administrator does this.")
