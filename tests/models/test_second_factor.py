"""Second factors: a code counts once, whoever sends it first; recovery codes; keys that are copies; who owes one."""

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Missing, Refused
from models.people.factor import (
    Authenticator,
    RecoveryCode,
    asks_for_more,
    authenticator_of,
    codes_left,
    codes_to_show,
    owes_factor,
    passkeys_of,
)
from models.people.session import session_of
from models.record.message import Message
from models.steps import accounts, factors
from tests.database import everything
from tests.factories import person
from tests.models.test_races import both


@pytest.fixture
def real(monkeypatch):
    """The wall clock, stopped: call it to move it on."""
    at = [clock.real_now()]
    monkeypatch.setattr(clock, "real_now", lambda: at[0])

    def move(**span: float) -> None:
        at[0] += timedelta(**span)

    return move


def code_of(who, ago: int = 0) -> str:
    """What the application of this person shows, or showed some seconds ago."""
    return pyotp.TOTP(authenticator_of(who).secret).at(clock.real_now() - timedelta(seconds=ago))


def set_up(who) -> None:
    factors.begin_authenticator(who)
    factors.confirm_authenticator(who, code=code_of(who))


def come_in(who, code: str) -> str:
    return factors.sign_in_with_code(who, code=code, browser="x", tried=(), is_new_device=False)


def add_key(who, name="Laptop", credential="abc", count=0):
    factors.add_passkey(who, name=name, credential=credential, public_key="key", sign_count=count)
    return passkeys_of(who)[-1]


def with_key(who, key, count):
    return factors.sign_in_with_passkey(who, key=key, sign_count=count, browser="x", tried=(), is_new_device=False)


def told(who) -> list[str]:
    found = select(Message.params).where(Message.template == "factor_changed", Message.person_id == who.id)
    return [params["what"] for params in db.session.scalars(found.where(Message.channel == "app").order_by(Message.id))]


def test_it_counts_once_its_first_code_was_typed(cast, real):
    factors.begin_authenticator(cast.zhang)
    assert not asks_for_more(cast.zhang)
    with pytest.raises(Invalid):
        factors.confirm_authenticator(cast.zhang, code="000000")
    first = authenticator_of(cast.zhang).secret
    factors.begin_authenticator(cast.zhang)
    assert authenticator_of(cast.zhang).secret != first, "what was not confirmed is begun anew"
    factors.confirm_authenticator(cast.zhang, code=code_of(cast.zhang))
    assert asks_for_more(cast.zhang)
    assert len(codes_left(cast.zhang)) == 10
    with pytest.raises(Conflict):
        factors.begin_authenticator(cast.zhang)
    secret = authenticator_of(cast.zhang).secret
    rows = [row for rows in everything().values() for row in rows]
    assert not any(hidden in row for row in rows for hidden in (secret, codes_left(cast.zhang)[0].code))
    assert told(cast.zhang) == ["app_added"]


def test_a_code_counts_once_and_for_about_a_minute(cast, real):
    set_up(cast.zhang)
    with pytest.raises(Invalid):
        come_in(cast.zhang, code_of(cast.zhang))  # the one that confirmed it
    real(seconds=60)
    full_width = code_of(cast.zhang).translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert session_of(come_in(cast.zhang, f" {full_width[:3]} {full_width[3:]}"))
    with pytest.raises(Invalid):
        come_in(cast.zhang, code_of(cast.zhang))
    with pytest.raises(Invalid):
        come_in(cast.zhang, code_of(cast.zhang, ago=30))  # an older one, after a newer was taken
    real(seconds=90)
    with pytest.raises(Invalid):
        come_in(cast.zhang, code_of(cast.zhang, ago=65))
    assert session_of(come_in(cast.zhang, code_of(cast.zhang, ago=30)))


def test_of_two_who_send_the_same_code_one_is_in(app, cast, real):
    set_up(cast.zhang)
    real(seconds=60)
    code, spare = code_of(cast.zhang), codes_left(cast.zhang)[0].code
    for same in (code, spare):
        said = both(app, *(lambda: come_in(person("zhang"), same) for _ in range(4)))  # noqa: B023
        assert said.count("done") == 1, said


def test_recovery_codes_open_once_each_and_are_shown_for_ten_minutes(cast, real):
    set_up(cast.zhang)
    first, second = [code.code for code in codes_to_show(cast.zhang)[:2]]
    assert session_of(come_in(cast.zhang, first.lower().replace("-", "")))
    with pytest.raises(Invalid):
        come_in(cast.zhang, first)
    assert told(cast.zhang)[-1] == "code_used"
    real(minutes=11)
    assert codes_to_show(cast.zhang) == []
    factors.renew_codes(cast.zhang)
    with pytest.raises(Invalid):
        come_in(cast.zhang, second)
    assert len(codes_to_show(cast.zhang)) == 10
    with pytest.raises(Invalid):
        come_in(cast.li, codes_to_show(cast.zhang)[0].code)


def test_a_key_whose_counter_stands_still_is_a_copy(cast):
    key = add_key(cast.zhang, count=5)
    assert session_of(with_key(cast.zhang, key, 6))
    for count in (6, 5, 0):
        with pytest.raises(Invalid):
            with_key(cast.zhang, key, count)
    silent = add_key(cast.zhang, credential="silent")  # many count nothing at all
    assert session_of(with_key(cast.zhang, silent, 0))
    assert session_of(with_key(cast.zhang, silent, 0))


def test_keys_are_ones_own_and_the_last_factor_takes_the_codes_along(cast, real):
    key = add_key(cast.zhang)
    assert asks_for_more(cast.zhang)
    assert len(codes_left(cast.zhang)) == 10
    with pytest.raises(Missing):
        factors.remove_passkey(key, actor=cast.li)
    set_up(cast.zhang)
    factors.remove_passkey(key, actor=cast.zhang)
    assert len(codes_left(cast.zhang)) == 10
    factors.remove_authenticator(cast.zhang)
    assert not asks_for_more(cast.zhang)
    assert db.session.query(RecoveryCode).count() == 0
    assert told(cast.zhang) == ["key_added", "app_added", "key_removed", "app_removed"]
    for n in range(factors.MOST_PASSKEYS):
        add_key(cast.zhang, credential=f"k{n}")
    with pytest.raises(Conflict):
        add_key(cast.zhang, credential="one more")
    with pytest.raises(Invalid):
        add_key(cast.li, name=" ")


def test_an_administrator_helps_whoever_has_lost_everything(cast):
    set_up(cast.zhang)
    add_key(cast.zhang)
    token = accounts.sign_in(cast.zhang, browser="x")
    with pytest.raises(Refused):
        factors.remove_factors(cast.zhang, actor=cast.chen)
    factors.remove_factors(cast.zhang, actor=cast.admin)
    assert not asks_for_more(cast.zhang)
    assert session_of(token) is None
    assert db.session.query(Authenticator).count() == 0
    assert told(cast.zhang)[-1] == "all_removed"


def test_roles_that_need_more_than_a_password(cast):
    with pytest.raises(Refused):
        factors.ask_factor(actor=cast.chen, roles=["admin"])
    assert not owes_factor(cast.admin)
    factors.ask_factor(actor=cast.admin, roles=["admin", "supervisor", "king"])
    assert owes_factor(cast.admin)
    assert owes_factor(cast.chen)
    assert not owes_factor(cast.zhang)
    add_key(cast.admin)
    assert not owes_factor(cast.admin)
    factors.ask_factor(actor=cast.admin, roles=[])
    assert not owes_factor(cast.chen)
