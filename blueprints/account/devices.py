"""Known devices: a long-lived signed cookie that says who has signed in here before, and opens nothing.

Whoever has signed in on a device is neither kept waiting by strangers who try the name, nor told of a new device.
"""

import secrets

from flask import Response, current_app, request
from itsdangerous import BadSignature

from blueprints import rates
from blueprints.seals import timed_seal
from models.people.person import Person
from models.rules.attempts import Attempt

LASTS = 180 * 24 * 3600  # seconds
MOST_PEOPLE = 8  # of one device; who has not been here the longest is forgotten


def attempt_of(door: str, name: str, person_id: int) -> Attempt:
    """A try from here, of whoever is meant by the name; 0: nobody."""
    return Attempt(door, name, rates.address(), device=_device()[0] if knows(person_id) else "")


def knows(person_id: int) -> bool:
    """Whether the person has signed in here before."""
    return person_id in _device()[1]


def remember_person(answer: Response, person: Person) -> None:
    """From now on the person is known here."""
    device, people = _device()
    known = [person.id, *(each for each in people if each != person.id)][:MOST_PEOPLE]
    answer.set_cookie(
        _name(), str(timed_seal("device").dumps([device or secrets.token_hex(8), known])), max_age=LASTS,
        httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"], path="/",
    )  # fmt: skip


def _device() -> tuple[str, list[int]]:
    try:
        device, people = timed_seal("device").loads(request.cookies.get(_name(), ""), max_age=LASTS)
    except (BadSignature, ValueError, TypeError):
        return "", []
    return str(device), [int(each) for each in people]


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"
