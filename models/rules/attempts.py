"""Tries at a door – passwords, codes – and the growing pauses between them (attack A18).

A try is counted before it is judged, so that a hundred at once get no further than one after the other. Pauses belong
to what was typed, whether there is such an account or not; a device on which somebody has signed in before has a count
of its own, so whoever locks a name out does not lock out the one it belongs to. No setting switches the pauses off.
"""

from dataclasses import dataclass
from datetime import timedelta

from models.ground import clock, tokens
from models.ground.db import command, db
from models.ground.errors import TooMany
from models.people.person import Person
from models.record import allowance
from models.rules import limits
from models.rules.deeds import record

FREE = 5  # tries without a pause
FIRST, LONGEST = timedelta(seconds=10), timedelta(minutes=15)
FORGOTTEN = timedelta(hours=24)  # after which a count begins anew


@dataclass(frozen=True)
class Attempt:
    """Somebody at a door: which one, what they call themselves, from which address, on which known device."""

    door: str
    name: str
    address: str
    device: str = ""

    @property
    def key(self) -> str:
        said = f"{self.device}:{self.name.strip().casefold()}"
        return f"try:{self.door}:{tokens.mac('attempt', said.encode()).hex()[:48]}"

    @property
    def address_key(self) -> str:
        return f"wrong:{self.address}"


@command
def count_try(attempt: Attempt) -> int:
    """Count the try; returns how many there were by now. Raises TooMany while a pause runs, and counts nothing."""
    used, last = allowance.hold(attempt.key)
    now = clock.real_now()
    used = 0 if now - last > FORGOTTEN else used
    if now < last + pause_after(used):
        raise too_soon(last + pause_after(used) - now)
    if not attempt.device:
        limits.spend("wrong", attempt.address)
    allowance.put(attempt.key, used + 1)
    return used + 1


def note_if_paused(attempt: Attempt, *, person_id: int, used: int) -> None:
    """It was wrong; where a pause begins, this is on record, also of a name that is nobody's (0)."""
    if used >= FREE:
        _note_pause(attempt, person_id, used)


@command
def _note_pause(attempt: Attempt, person_id: int, used: int) -> None:
    person = db.session.get(Person, person_id)
    record("sign_in_paused", actor=None, thing=person, after={"tries": used, "known_device": bool(attempt.device)})


def succeed(attempt: Attempt) -> None:
    """It was right: the tries before are forgotten; runs inside a command."""
    allowance.forget(attempt.key)
    if not attempt.device:
        allowance.give_back(attempt.address_key)


def pause_after(used: int) -> timedelta:
    """How long the next try has to wait after so many: nothing, then 10 s, 20 s, 40 s … up to a quarter of an hour."""
    return min(FIRST * 2 ** min(used - FREE, 20), LONGEST) if used >= FREE else timedelta()


def too_soon(wait: timedelta) -> TooMany:
    """The refusal, with the time that is left."""
    left = max(wait, timedelta(seconds=1))
    return TooMany("Too many tries. Please wait %(wait)s before the next one.", field="password", wait=left)
