"""Coming in: what every way in – password, code, passkey – does once somebody is known."""

from models.ground import tokens
from models.ground.errors import Conflict, Refused
from models.people.person import Person
from models.people.session import has_been_here, open_session
from models.rules import attempts
from models.rules.attempts import Attempt
from models.rules.notices import tell_person


def enter(
    person: Person,
    *,
    browser: str,
    tried: tuple[Attempt, ...] = (),
    is_new_device: bool = False,
    epoch: int | None = None,
) -> str:
    """Open a session in the running command, which holds the person; returns the token that the cookie keeps.

    `is_new_device`: nobody can tell whether it is theirs, so they are told. `epoch`: of the password that was judged;
    one that was changed since opens nothing (None: no password was). Raises Refused or Conflict.
    """
    if not person.active:
        raise Refused("This account is not active.")
    if epoch not in (None, person.epoch):
        raise Conflict("The password or the roles were changed at this moment. Please sign in again.")
    for attempt in tried:
        attempts.succeed(attempt)
    tells = is_new_device and has_been_here(person)
    token = open_session(person, browser=browser)
    if tells:
        tell(person, "new_device", token, browser=browser[:200])
    return token


def tell(person: Person, template: str, about: str | int, **params: str) -> None:
    """A letter about the doors: always in the inbox and by mail, whatever else somebody wants by mail."""
    tell_person(person, template, key=f"{template}:{person.id}:{tokens.digest(str(about))[:32]}", params=params)
