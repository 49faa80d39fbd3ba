"""Joiners and leavers, passwords and sessions (P1)."""

from datetime import timedelta
from time import process_time

import pytest
from sqlalchemy import select

from models.ground import clock, tokens
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.dossier import events_of
from models.insight.suggestion import suggest_assignee
from models.people.person import Person, find_person, password_matches
from models.people.session import reset_of, session_of
from models.record.message import Message
from models.rules import journal
from models.rules.attempts import Attempt
from models.steps import accounts
from tests.database import everything
from tests.factories import a_ticket, person


def join(login="new", **fields):
    given = {"name": "新人", "password": "correct horse", "roles": [("engineer", None)]} | fields
    return accounts.create_person(actor=person("admin"), login=login, **given)


def test_a_joiner(cast):
    newcomer = join("  NEW ", email=" New@Example.com ", engineer_level="junior")
    assert (newcomer.login, newcomer.email, newcomer.roles) == ("new", "new@example.com", {"reporter", "engineer"})
    assert password_matches(newcomer, "correct horse")
    assert not password_matches(newcomer, "wrong horse")
    assert find_person("new@example.com").id == newcomer.id
    assert not any("correct horse" in row for rows in everything().values() for row in rows)


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"login": ""}, "login"),
        ({"name": " "}, "name"),
        ({"login": "zhang"}, "login"),
        ({"password": "short"}, "password"),
    ],
)
def test_a_joiner_who_does_not_fit(cast, fields, at_fault):
    with pytest.raises(Invalid) as refusal:
        join(**fields)
    assert refusal.value.field == at_fault


def test_the_last_administrator_stays_one(cast):
    with pytest.raises(Conflict):
        accounts.edit_person(cast.admin, actor=cast.admin, roles=[])
    with pytest.raises(Conflict):
        accounts.deactivate_person(cast.admin, actor=cast.admin, successor=cast.chen)
    accounts.edit_person(cast.chen, actor=cast.admin, roles=[("supervisor", None), ("admin", None)])
    accounts.deactivate_person(cast.admin, actor=cast.chen, successor=cast.chen)
    assert not cast.admin.active


@pytest.mark.parametrize("role", ["admin", "director", "contact", "kb_admin", "dept_head", "reporter"])
def test_some_roles_are_held_everywhere_or_not_at_all(cast, role):
    with pytest.raises(Invalid):
        accounts.edit_person(cast.li, actor=cast.admin, roles=[(role, cast.team("ops").id)])


def test_whoever_works_for_another_team_only_is_not_suggested(cast):
    ops, dev = cast.team("ops"), cast.team("dev")
    assert suggest_assignee(dev.id, "P2").login == "li"
    accounts.edit_person(cast.li, actor=cast.admin, roles=[("engineer", ops.id)], engineer_level="junior")
    assert suggest_assignee(dev.id, "P2").login == "zhao"
    assert suggest_assignee(ops.id, "P2").login == "li"


def test_a_leaver_hands_over_everything_open(cast):
    held = [
        a_ticket(state)
        for state in ("awaiting_engineer", "awaiting_plan", "awaiting_fix", "awaiting_customer", "awaiting_review")
    ]
    done = a_ticket("closed")
    token = accounts.sign_in(cast.zhao, browser="x")
    assert session_of(token).person.login == "zhao"
    assert accounts.deactivate_person(cast.zhao, actor=cast.admin, successor=cast.li) == len(held)
    for ticket in held:
        db.session.refresh(ticket)
        assert ticket.assignee.login == "li", ticket.state
        assert journal.verify(ticket, events_of(ticket)) is None
    db.session.refresh(done)
    assert done.assignee.login == "zhao", "history stays"
    assert session_of(token) is None
    with pytest.raises(Refused):
        accounts.sign_in(cast.zhao, browser="x")
    assert not password_matches(cast.zhao, "demo")


@pytest.mark.parametrize("successor", ["zhao", "gone"])
def test_a_leaver_needs_somebody_else(cast, successor):
    if successor == "gone":
        join("gone")
        accounts.deactivate_person(person("gone"), actor=cast.admin, successor=cast.li)
    with pytest.raises(Invalid):
        accounts.deactivate_person(cast.zhao, actor=cast.admin, successor=person(successor))
    assert cast.zhao.active


def test_somebody_comes_back(cast):
    accounts.deactivate_person(cast.zhao, actor=cast.admin, successor=cast.li)
    accounts.reactivate_person(cast.zhao, actor=cast.admin)
    assert accounts.sign_in(cast.zhao, browser="x")


def test_a_session_is_kept_as_a_digest_and_ends(cast, monkeypatch):
    token = accounts.sign_in(cast.zhang, browser="Firefox" * 100)
    assert not any(token in row for rows in everything().values() for row in rows)
    assert session_of(token).browser == ("Firefox" * 100)[:200]
    accounts.sign_out(tokens.digest(token))
    assert session_of(token) is None
    other = accounts.sign_in(cast.zhang, browser="x")
    later = clock.real_now() + timedelta(days=14)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert session_of(other) is None


def test_the_password_typed_at_one_desk_proves_nothing_at_another(cast, monkeypatch):
    here, there = (accounts.sign_in(cast.zhang, browser=name) for name in ("here", "there"))
    signed_in = session_of(there).proved_at
    later = clock.real_now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    accounts.prove(token=here, tried=Attempt("password", "zhang", "203.0.113.9"))
    db.session.expire_all()
    assert (session_of(here).proved_at, session_of(there).proved_at) == (later, signed_in)


@pytest.mark.parametrize(
    "change",
    [
        lambda cast: accounts.reset_password(cast.zhang, actor=cast.admin, password="something new"),
        lambda cast: accounts.change_own_password(cast.zhang, password="something new", browser="x"),
        lambda cast: accounts.edit_person(cast.zhang, actor=cast.admin, roles=[("engineer", None)]),
        lambda cast: accounts.deactivate_person(cast.zhang, actor=cast.admin, successor=cast.li),
    ],
    ids=["reset", "own password", "roles", "leaving"],
)
def test_what_ends_every_session(cast, change):
    tokens_held = [accounts.sign_in(cast.zhang, browser="x") for _ in range(2)]
    change(cast)
    assert [session_of(token) for token in tokens_held] == [None, None]


def test_details_alone_end_no_session(cast):
    token = accounts.sign_in(cast.zhang, browser="x")
    accounts.edit_person(cast.zhang, actor=cast.admin, roles=[], name="张小敏", email="z@example.com")
    assert session_of(token) is not None
    assert cast.zhang.name == "张小敏"


def test_a_forgotten_password(cast, monkeypatch):
    reset = accounts.request_reset(cast.zhang)
    mail = db.session.scalars(select(Message).where(Message.template == "password")).one()
    assert (mail.person_id, mail.params) == (cast.zhang.id, {"reset": reset.id})
    token = reset.token
    assert not any(token.split(".")[1] in row for rows in everything().values() for row in rows)
    with pytest.raises(Invalid):
        accounts.use_reset(token=token, password="short")
    assert accounts.use_reset(token=token, password="something new").login == "zhang"
    assert password_matches(cast.zhang, "something new")
    with pytest.raises(Conflict):
        accounts.use_reset(token=token, password="again and again")

    late = accounts.request_reset(cast.zhang)
    an_hour_later = clock.real_now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "real_now", lambda: an_hour_later)
    with pytest.raises(Conflict):
        accounts.use_reset(token=late.token, password="something else")


@pytest.mark.parametrize("token", ["", "1", "1.", ".x", "1.wrong", "999.x", "x.y", "１.x", "9" * 30 + ".x"])
def test_a_guessed_reset(cast, token):
    accounts.request_reset(cast.zhang)
    assert reset_of(token) is None


def test_a_stranger_takes_as_long_as_a_colleague(cast):
    """The hash is computed for nobody too, so that an answer's time tells nothing."""

    def seconds(who: Person | None) -> float:
        began = process_time()
        for _ in range(3):
            password_matches(who, "wrong")
        return process_time() - began

    seconds(None)
    assert seconds(None) > 0.3 * seconds(cast.zhang)
