"""Who comes in: the password, the second step, the cookie, and the cast of the demonstration."""

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request, session, url_for
from flask_login import current_user, login_user
from flask_wtf import FlaskForm
from sqlalchemy import select

from blueprints import begun, one_time, pages
from blueprints.access import unsealed
from blueprints.account import ceremony, devices
from models.demonstration import PEOPLE
from models.ground import clock
from models.ground.db import aside, db
from models.ground.errors import Invalid
from models.people.factor import Passkey, asks_for_more
from models.people.password import fits
from models.people.person import Person, known_by
from models.rules import attempts
from models.rules.attempts import Attempt
from models.steps import accounts

PASSKEY = "sign_in_with_passkey"
HALF_LASTS = 600  # seconds between the password and the second step


def sign_in_page(form: FlaskForm) -> Response:
    """Where strangers come in."""
    return pages.show("account/login.html", form=form, cast=demonstration_cast(), passkey=ask_for_passkey())


def ask_for_passkey(keys: list[Passkey] | None = None) -> dict[str, str]:
    """A form's one-time token, and what the browser is asked: for one of these keys, or for any that it has."""
    token = one_time.token_for(PASSKEY)
    return {"once": token, "asked": ceremony.question(nonce=one_time.nonce_of(token), keys=keys)}


def check_password(login: str, password: str) -> tuple[Person, Attempt, int]:
    """The person whose name and password these are, and the epoch of that password; absent, disabled and mistaken all
    read the same (Invalid)."""
    person_id, known, epoch = known_by(login)
    attempt = devices.attempt_of("password", login, person_id)
    with aside():
        used = attempts.count_try(attempt)
        if not fits(known, password):
            attempts.note_if_paused(attempt, person_id=person_id, used=used)
            raise Invalid("The user name or the password is wrong.", field="password")
    return db.session.get_one(Person, person_id), attempt, epoch


def enter(login: str, password: str, *, wanted: str) -> Person | None:
    """Somebody with a password is in, or None: half in, where it needs a second step."""
    person, attempt, epoch = check_password(login, password)
    if asks_for_more(person):
        _hold_half(person, login, wanted, epoch=epoch)
        return None
    return remember(person, accounts.sign_in(person, **how(person, attempt, epoch=epoch)))


def how(person: Person, *tried: Attempt, epoch: int | None) -> dict[str, Any]:
    """What a session is opened with. In the demonstration everybody is everybody, so no device is news. `epoch`: of the
    password that was judged, if one was."""
    is_news = not devices.knows(person.id) and current_app.config["SETTINGS"].env != "demo"
    return {"browser": request.user_agent.string, "tried": tried, "is_new_device": is_news, "epoch": epoch}


@dataclass(frozen=True)
class Half:
    """Somebody who has given the right password a moment ago: by which name, where they want to go, and the epoch of
    that password."""

    person: Person
    login: str
    next: str
    epoch: int


def half_in() -> Half | None:
    """Who is half in; None: nobody."""
    held = session.get("half")
    if not held or int(clock.real_now().timestamp()) - held["at"] > HALF_LASTS:
        return None
    person = db.session.get(Person, held["person"])
    if person is None or not person.active or person.epoch != held["epoch"]:
        return None
    return Half(person, held["login"], held["next"], held["epoch"])


def arrived(answer: Response) -> Response:
    """What follows where somebody has just come in: the device knows them, what they had sent is a draft of theirs."""
    if current_user.is_authenticated:
        begun.take_over()
        devices.remember_person(answer, current_user)
    return answer


def next_of(person: Person | None, sealed: str) -> str:
    """Where to go on: the second step, or where they wanted."""
    return unsealed(sealed) if person else url_for("account.second_step")


def remember(person: Person, token: str) -> Person:
    """Begin a clean cookie that holds nothing but the session's token, and the language chosen on the way in."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session["seen"] = int(clock.real_now().timestamp())
    person.session_token = token
    person.session_seen = person.session_proved = clock.real_now()
    login_user(person)
    return person


def demonstration_cast() -> list[tuple[Person, str]]:
    """The people of the demonstration, each with the role to try; nobody outside demo mode."""
    if current_app.config["SETTINGS"].env != "demo":
        return []
    order = [login for login, *_ in PEOPLE]
    known = {person.login: person for person in db.session.scalars(select(Person).where(Person.login.in_(order)))}
    return [(known[login], str(next(iter(roles), "reporter"))) for login, _, roles, *_rest in PEOPLE if login in known]


def _hold_half(person: Person, login: str, wanted: str, *, epoch: int) -> None:
    """In the signed cookie: nothing of it opens anything, and nothing was written yet."""
    now = int(clock.real_now().timestamp())
    session["half"] = {"person": person.id, "epoch": epoch, "login": login[:254], "next": wanted, "at": now}
