"""Second factors: an application that counts codes, recovery codes, passkeys. The route has judged the ceremony of a
passkey; every change is on record, and its owner is told."""

from sqlalchemy import delete, update

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Missing, Refused
from models.people.factor import (
    CODES,
    Authenticator,
    Passkey,
    RecoveryCode,
    authenticator_of,
    passkeys_of,
    take_code,
    take_recovery_code,
)
from models.people.organisation import ask_factor_of, roles_with_factor
from models.people.person import Person
from models.rules.attempts import Attempt
from models.rules.deeds import record, recorded
from models.rules.entering import enter, tell
from models.rules.permissions import ROLES, allows

MOST_PASSKEYS = 10


@command
def begin_authenticator(person: Person) -> Authenticator:
    """A new secret to be scanned; it counts once a code was typed. Raises Conflict when one counts already."""
    held = authenticator_of(person)
    if held and held.confirmed_at:
        raise Conflict("You have an authenticator application already. Remove it first.")
    if held:
        db.session.delete(held)
        db.session.flush()
    db.session.add(new := Authenticator(person_id=person.id))
    return new


@command
@recorded("factor_added")
def confirm_authenticator(person: Person, *, code: str) -> Person:
    """The application shows the right code: from now on it is asked for, and ten recovery codes are there to print."""
    held = authenticator_of(person)
    if held is None or held.confirmed_at:
        raise Conflict("There is nothing to confirm. Please begin again.")
    if not take_code(held, code):
        raise Invalid("This is not the code of this moment. Does the telephone's clock go right?", field="otp")
    held.confirmed_at = clock.real_now()
    _write_codes(person)
    tell(person, "factor_changed", f"added {held.nonce}", what="app_added")
    return person


@command
@recorded("factor_removed")
def remove_authenticator(person: Person) -> Person:
    """No codes any more; recovery codes go with the last factor."""
    held = authenticator_of(person)
    if held is None:
        raise Missing("There is no authenticator application.")
    db.session.delete(held)
    _drop_codes_without_factor(person)
    tell(person, "factor_changed", f"removed {held.nonce}", what="app_removed")
    return person


@command
@recorded("codes_renewed")
def renew_codes(person: Person) -> Person:
    """Ten new recovery codes; the old ones open nothing any more."""
    _write_codes(person)
    tell(person, "factor_changed", f"codes {clock.real_now()}", what="codes_renewed")
    return person


@command
@recorded("passkey_added", "name")
def add_passkey(person: Person, *, name: str, credential: str, public_key: str, sign_count: int) -> Person:
    """A key that has just been made; its first brings recovery codes. Raises Invalid, Conflict."""
    held = passkeys_of(person)
    if len(held) >= MOST_PASSKEYS:
        raise Conflict("There are %(count)s passkeys already. Remove one first.", count=MOST_PASSKEYS)
    if not name.strip():
        raise Invalid("This must be filled in.", field="name")
    key = Passkey(
        person_id=person.id, name=" ".join(name.split())[:60], credential=credential, public_key=public_key,
        sign_count=sign_count,
    )  # fmt: skip
    db.session.add(key)
    if not held and authenticator_of(person) is None:
        _write_codes(person)
    tell(person, "factor_changed", f"key {credential}", what="key_added")
    return person


@command
def remove_passkey(key: Passkey, *, actor: Person) -> None:
    """One of one's own keys. Raises Missing for anybody else's."""
    if key.person_id != actor.id:
        raise Missing("There is no such passkey.")
    db.session.delete(key)
    db.session.flush()
    _drop_codes_without_factor(actor)
    record("passkey_removed", actor=actor, thing=actor, before={"name": key.name})
    tell(actor, "factor_changed", f"no key {key.id}", what="key_removed")


@command
@recorded("signed_in")
def sign_in_with_code(
    person: Person,
    *,
    code: str,
    browser: str,
    tried: tuple[Attempt, ...],
    is_new_device: bool,
    epoch: int | None = None,
) -> str:
    """The second step: the code of this moment or, once each, a recovery code. Raises Invalid."""
    held = authenticator_of(person)
    if held and held.confirmed_at and take_code(held, code):
        return enter(person, browser=browser, tried=tried, is_new_device=is_new_device, epoch=epoch)
    if not take_recovery_code(person, code):
        raise Invalid("This code is not right, or was used already.", field="otp")
    tell(person, "factor_changed", f"recovery {clock.real_now()}", what="code_used")
    return enter(person, browser=browser, tried=tried, is_new_device=is_new_device, epoch=epoch)


@command
@recorded("signed_in")
def sign_in_with_passkey(
    person: Person,
    *,
    key: Passkey,
    sign_count: int,
    browser: str,
    tried: tuple[Attempt, ...],
    is_new_device: bool,
    epoch: int | None = None,
) -> str:
    """With a key whose answer was right, alone or after a password (`epoch`). Its counter must have gone on, where it
    counts at all: else it is a copy."""
    newer = update(Passkey).where(Passkey.id == key.id, (Passkey.sign_count < sign_count) | (Passkey.sign_count == 0))
    values = {"sign_count": sign_count, "used_at": clock.real_now()}
    if not db.session.execute(newer.values(**values)).rowcount:  # type: ignore[attr-defined]
        raise Invalid("This passkey was not accepted. Try again, or use another way.")
    return enter(person, browser=browser, tried=tried, is_new_device=is_new_device, epoch=epoch)


@command
@recorded("factors_removed")
def remove_factors(person: Person, *, actor: Person) -> Person:
    """Somebody has lost everything: an administrator lets the password alone count again; every session ends."""
    if not allows(actor, "administer"):
        raise Refused("Only an administrator does this.")
    for table in (Authenticator, Passkey, RecoveryCode):
        db.session.execute(delete(table).where(table.person_id == person.id))
    person.epoch += 1
    tell(person, "factor_changed", f"all {person.epoch}", what="all_removed")
    return person


@command
def ask_factor(*, actor: Person, roles: list[str]) -> None:
    """From now on whoever holds one of these roles works only with a second factor."""
    if not allows(actor, "administer"):
        raise Refused("Only an administrator does this.")
    was = roles_with_factor()
    row = ask_factor_of(role for role in roles if role in ROLES)
    if row.factor_roles != was:
        before, after = {"factor_roles": was}, {"factor_roles": row.factor_roles}
        record("factor_roles_set", actor=actor, thing=row, before=before, after=after)


def _write_codes(person: Person) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    db.session.add_all([RecoveryCode(person_id=person.id, made_at=clock.real_now()) for _ in range(CODES)])


def _drop_codes_without_factor(person: Person) -> None:
    db.session.flush()
    if not passkeys_of(person) and authenticator_of(person) is None:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
