"""Joiners and leavers, passwords and sign-in: everything that happens to an account."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from sqlalchemy import select, update

from models.ground import clock, tokens
from models.ground.db import command, db, one_at_a_time
from models.ground.errors import Conflict, Invalid, Missing, Refused
from models.ground.vocabulary import Role, State
from models.people.feed import end_feeds
from models.people.organisation import organisation_name
from models.people.password import refuse_weak
from models.people.person import PER_TEAM, Held, Person, RoleHeld, find_person, holders
from models.people.quiet import end_of_quiet
from models.people.session import (
    CODE_LASTS,
    RESET_LASTS,
    PasswordReset,
    Session,
    code_of,
    open_session,
    reset_of,
    use_up_resets,
)
from models.record.message import Message, hasten
from models.record.ticket import ENDED, Ticket
from models.rules import attempts, workflow
from models.rules.attempts import Attempt
from models.rules.deeds import record, recorded, recorded_if_changed
from models.rules.entering import enter, tell
from models.rules.notices import owe_person

LAST_ADMIN = "the last administrator"  # what is locked before they are counted
LETTERS = ("unmailed", "collects", "quiet_from", "quiet_until")  # which letters come, and when
OWN = frozenset(("locale", "time_zone", "theme", "density", "shortcuts", "on_duty", *LETTERS))  # one's own to set
FIELDS = (
    "name", "email", "phone", "locale", "time_zone", "engineer_level", "team_id", "department_id", "on_duty",
    "same_as_id",
)  # fmt: skip


class _Nobody(Exception):
    """Takes back what was done for show."""


@command
@recorded("signed_in")
def sign_in(
    person: Person,
    *,
    browser: str,
    tried: tuple[Attempt, ...] = (),
    is_new_device: bool = False,
    epoch: int | None = None,
) -> str:
    """Whose password was right, and needs no more: opens a session and returns the token that the cookie keeps."""
    return enter(person, browser=browser, tried=tried, is_new_device=is_new_device, epoch=epoch)


@command
def sign_out(session_token_hash: str) -> None:
    """End the session with this digest."""
    db.session.execute(
        update(Session).where(Session.token_hash == session_token_hash).values(ended_at=clock.real_now())
    )


@command
@recorded("session_ended")
def end_session(session: Session, *, actor: Person) -> Person:
    """One of one's own sessions, in another browser. Raises Missing for anybody else's."""
    if session.person_id != actor.id:
        raise Missing("There is no such session.")
    session.ended_at = clock.real_now()
    return session.person


@command
@recorded("sessions_ended")
def end_other_sessions(person: Person, *, token: str) -> int:
    """Every session but the one with this token; returns how many."""
    others = update(Session).where(
        Session.person_id == person.id, Session.ended_at.is_(None), Session.token_hash != tokens.digest(token)
    )
    return int(db.session.execute(others.values(ended_at=clock.real_now())).rowcount)  # type: ignore[attr-defined]


@command
def prove(*, token: str, tried: Attempt) -> None:
    """Whoever sits at this session has just typed the password."""
    attempts.succeed(tried)
    own = update(Session).where(Session.token_hash == tokens.digest(token))
    db.session.execute(own.values(proved_at=clock.real_now()))


@command
@recorded("person_added")
def create_person(
    *, actor: Person | None, login: str, name: str, password: str, roles: Iterable[Held], **fields: Any
) -> Person:
    """A joiner. `actor` None is the command line. Raises Invalid with the field at fault."""
    _need_admin(actor)
    login = login.strip().lower()
    if not login or not name.strip():
        raise Invalid("This must be filled in.", field="login" if not login else "name")
    if find_person(login):
        raise Invalid("There is an account with this name already.", field="login")
    refuse_weak(password, names=(login, name))
    person = Person(login=login, name=name.strip(), **_cleaned(fields))
    person.set_password(password)
    _give_roles(person, _in_order(roles))
    db.session.add(person)
    db.session.flush()
    return person


@command
@recorded_if_changed("person_edited")
def edit_person(person: Person, *, actor: Person, roles: Iterable[Held], **fields: Any) -> Person:
    """Change somebody's details and roles; a change of roles ends their sessions. The last administrator stays one."""
    _need_admin(actor)
    wanted = _in_order(roles)
    if Role.ADMIN in person.roles and (Role.ADMIN, None) not in wanted:
        _refuse_last_admin(person)
    for field, value in _cleaned(fields).items():
        setattr(person, field, value)
    _tie_to_first(person)
    if wanted != {(held.role, held.team_id) for held in person.roles_held}:
        _give_roles(person, wanted)
        person.epoch += 1
    return person


@command
@recorded("password_set")
def reset_password(person: Person, *, actor: Person | None, password: str) -> Person:
    """Set a new password on the command line (`actor` None); every session of the person ends."""
    _need_admin(actor)
    _set_password(person, password)
    return person


@command
@recorded("code_issued")
def issue_code(person: Person, *, actor: Person) -> Person:
    """An administrator resets somebody's password: the old one and every session end, and a code to be handed over
    lets them set a new one, once, within a day. The administrator never knows it."""
    _need_admin(actor)
    if not person.active:
        raise Conflict("This account is not active.")
    use_up_resets(person)
    db.session.add(PasswordReset(person_id=person.id, expires_at=clock.real_now() + CODE_LASTS, is_code=True))
    person.password_hash = ""
    person.epoch += 1
    return person


@command
@recorded("password_renewed")
def change_own_password(person: Person, *, password: str, browser: str) -> str:
    """Somebody who knows their password sets a new one; the route has checked the old one.

    Every session ends; returns the token of a new one for the browser that asked.
    """
    _set_password(person, password)
    return open_session(person, browser=browser)


@command
@recorded_if_changed("duty_set")
def set_own_settings(person: Person, **wanted: Any) -> Person:
    """Language, time zone, colours, keys, and whether one is on duty; what is not named stays as it is."""
    for name in OWN.intersection(wanted):
        setattr(person, name, wanted[name])
    if wanted.get("collects") is False:  # what waits leaves with the next delivery
        hours = {"since": person.quiet_from, "until": person.quiet_until, "zone": person.time_zone}
        hasten(end_of_quiet(clock.real_now(), **hours), Message.person_id == person.id)
    return person


@command
def request_reset(person: Person) -> PasswordReset:
    """Somebody forgot their password: a one-time link is owed to their mail address."""
    with db.session.begin_nested():  # as below, where it is taken back
        return _owe_reset(person)


@command
def pretend_reset() -> None:
    """The same work for nobody, so that the time it takes does not tell whether there is such an account (A17)."""
    somebody = db.session.scalar(select(Person).order_by(Person.id).limit(1))
    if somebody is not None:
        with suppress(_Nobody), db.session.begin_nested():
            _owe_reset(somebody)
            raise _Nobody


@command
def use_reset(*, token: str, password: str) -> Person:
    """Set a new password with the link from the mail; it works once."""
    reset = reset_of(token)
    if reset is None:
        raise Conflict("This link has been used or has expired. Please ask for a new one.")
    _set_password(reset.person, password)
    record("password_reset", actor=reset.person, thing=reset.person)
    return reset.person


@command
def use_code(*, code: str, password: str, tried: Attempt) -> Person:
    """The same with the code that an administrator has handed over."""
    reset = code_of(code)
    if reset is None:
        raise Invalid("This code is wrong, was used, or has expired. Ask an administrator for a new one.", field="otp")
    attempts.succeed(tried)
    _set_password(reset.person, password)
    record("code_used", actor=reset.person, thing=reset.person)
    return reset.person


@command
@recorded("person_left", "successor")
def deactivate_person(person: Person, *, actor: Person, successor: Person) -> int:
    """A leaver: the account closes, every session and feed ends, the open work goes to `successor`, in one step (P1).

    Returns how many tickets were handed over.
    """
    _need_admin(actor)
    if successor is person or not successor.active:
        raise Invalid("Please choose somebody else who is active.", field="successor")
    if Role.ADMIN in person.roles:
        _refuse_last_admin(person)
    person.active, person.deactivated_at, person.on_duty = False, clock.now(), False
    person.epoch += 1
    end_feeds(person)
    held = db.session.scalars(
        select(Ticket).where(Ticket.assignee_id == person.id, Ticket.state.not_in(ENDED)).order_by(Ticket.id)
    ).all()
    for ticket in held:
        _give(ticket, actor, successor)
    return len(held)


@command
@recorded("person_returned")
def reactivate_person(person: Person, *, actor: Person) -> Person:
    """Somebody is back."""
    _need_admin(actor)
    person.active, person.deactivated_at, person.on_duty = True, None, True
    return person


def find_person_or_fail(login: str) -> Person:
    """The account with this name. Raises Missing."""
    if found := find_person(login):
        return found
    raise Missing("There is no such account.")


def _give(ticket: Ticket, actor: Person, successor: Person) -> None:
    change = {"assignee": successor}
    if ticket.state in workflow.STEPS["hand_over"].come_from:
        workflow.advance(
            ticket, "hand_over", actor=actor, right="administer", change=change, to=State(ticket.state),
            assignee=successor.id, leaver=True,
        )  # fmt: skip
    else:
        workflow.advance(ticket, "note", actor=actor, right="administer", change=change, assignee=successor.id)


def _need_admin(actor: Person | None) -> None:
    if actor is not None and not actor.holds(Role.ADMIN):
        raise Refused("Only an administrator does this.")


def _refuse_last_admin(person: Person) -> None:
    """Raise Conflict when nobody else could administer. Of two who leave at once, the second counts after the first."""
    one_at_a_time(LAST_ADMIN)
    others = select(Person.id).where(Person.id != person.id)
    if not db.session.scalar(holders(Role.ADMIN).with_only_columns(Person.id).where(Person.id.in_(others)).limit(1)):
        raise Conflict("This is the last administrator; make somebody else one first.")


def _in_order(roles: Iterable[Held]) -> set[Held]:
    """Everybody reports; a role held everywhere needs no team beside it. Raises Invalid."""
    wanted = {(str(role), team_id) for role, team_id in (*roles, (Role.REPORTER, None))}
    if any(team_id and role not in PER_TEAM for role, team_id in wanted):
        raise Invalid("This role is held everywhere or not at all.", field="roles_held")
    return {(role, team_id) for role, team_id in wanted if team_id is None or (role, None) not in wanted}


def _give_roles(person: Person, wanted: set[Held]) -> None:
    """Rows that stay are left alone: giving one anew before the old one is gone would double it."""
    stay = [held for held in person.roles_held if (held.role, held.team_id) in wanted]
    new = wanted - {(held.role, held.team_id) for held in stay}
    person.roles_held = stay + [RoleHeld(role=role, team_id=team_id) for role, team_id in sorted(new, key=str)]


def _owe_reset(person: Person) -> PasswordReset:
    reset = PasswordReset(person_id=person.id, expires_at=clock.real_now() + RESET_LASTS)
    db.session.add(reset)
    db.session.flush()
    owe_person(person, "password", key=f"reset:{reset.id}", params={"reset": reset.id})
    record("reset_requested", actor=None, thing=person)
    return reset


def _set_password(person: Person, password: str) -> None:
    refuse_weak(password, names=(person.login, person.name, person.email.partition("@")[0], organisation_name()))
    person.set_password(password)
    use_up_resets(person)
    tell(person, "password_changed", person.epoch)


def _tie_to_first(person: Person) -> None:
    """Accounts of one human all name the same first one, so that nobody decides twice (P7.3)."""
    first = db.session.get(Person, person.same_as_id) if person.same_as_id else None
    first = first.same_as or first if first else None
    if first is person:
        raise Invalid("An account cannot be a second one of itself.", field="first_login")
    person.same_as = first
    person.same_as_id = first.id if first else None
    if first:
        others = update(Person).where(Person.same_as_id == person.id)
        db.session.execute(others.values(same_as_id=first.id))


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in fields.items() if key in FIELDS}
    if "email" in known:
        known["email"] = (known["email"] or "").strip().lower()
    return known
