"""Who comes in: the password, the cookie, and the cast of the demonstration."""

from flask import current_app, session
from flask_login import login_user
from sqlalchemy import select

from models.demonstration import PEOPLE
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Invalid
from models.people.person import Person, find_person, password_matches


def check_password(login: str, password: str) -> Person:
    """The person whose name and password these are; absent, disabled and mistaken all read the same (Invalid)."""
    person = find_person(login)
    if not password_matches(person, password) or person is None:
        raise Invalid("The user name or the password is wrong.", field="password")
    return person


def remember(person: Person, token: str) -> Person:
    """Begin a clean cookie that holds nothing but the session's token, and the language chosen on the way in."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session["seen"] = int(clock.real_now().timestamp())
    person.session_token = token
    login_user(person)
    return person


def demonstration_cast() -> list[tuple[Person, str]]:
    """The people of the demonstration, each with the role to try; nobody outside demo mode."""
    if current_app.config["SETTINGS"].env != "demo":
        return []
    order = [login for login, *_ in PEOPLE]
    known = {person.login: person for person in db.session.scalars(select(Person).where(Person.login.in_(order)))}
    return [(known[login], str(next(iter(roles), "reporter"))) for login, _, roles, *_rest in PEOPLE if login in known]
