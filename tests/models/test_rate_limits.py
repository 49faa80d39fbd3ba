"""How often: windows and growing pauses, counted in the deed's own transaction, so that no race gets round them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import TooMany
from models.record import allowance
from models.record.allowance import Allowance
from models.record.deed import Deed
from models.rules import attempts, limits
from models.rules.attempts import FREE, LONGEST, Attempt, pause_after
from models.rules.limits import LIMITS, OF_ACTION, Limit
from tests.models.test_races import both


@pytest.fixture
def real(app, monkeypatch):
    """Limits in force, and the wall clock stopped: call it to move it on."""
    limits.enforce(on=True)
    monkeypatch.setattr(attempts, "pause_after", pause_after)
    at = [clock.real_now()]
    monkeypatch.setattr(clock, "real_now", lambda: at[0])

    def move(span: timedelta) -> None:
        at[0] += span

    yield move
    limits.enforce(on=False)


def tries(attempt: Attempt, many: int) -> list[int | None]:
    """The count after each try; None where it was refused."""

    def once():
        try:
            return attempts.count_try(attempt)
        except TooMany:
            return None

    return [once() for _ in range(many)]


@command
def _spend(whose: str) -> None:
    limits.spend("reports", whose)


def test_every_limit_is_used_and_every_action_has_one():
    assert set(OF_ACTION.values()) | {"files", "wrong", "guesses"} == set(LIMITS)


def test_a_window_ends_and_belongs_to_one_person(real, monkeypatch):
    monkeypatch.setitem(LIMITS, "reports", Limit(3, timedelta(minutes=10)))
    for _ in range(3):
        _spend("person:1")
    real(timedelta(minutes=4))
    with pytest.raises(TooMany) as refusal:
        _spend("person:1")
    assert refusal.value.values["wait"] == timedelta(minutes=6)
    _spend("person:2")
    real(timedelta(minutes=6))
    _spend("person:1")


def test_pauses_grow_from_ten_seconds_to_a_quarter_of_an_hour():
    said = [pause_after(n).total_seconds() for n in range(FREE + 9)]
    assert said == [0] * FREE + [10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert pause_after(10**6) == LONGEST


def test_a_pause_refuses_counts_nothing_and_is_over_in_time(real):
    attempt = Attempt("password", "zhang", "10.0.0.1")
    assert tries(attempt, FREE + 3) == [1, 2, 3, 4, 5, None, None, None]
    real(timedelta(seconds=9))
    assert tries(attempt, 1) == [None]
    real(timedelta(seconds=1))
    assert tries(attempt, 2) == [6, None]
    real(timedelta(hours=25))
    assert tries(attempt, 1) == [1]


def test_the_setting_switches_no_pause_off(real):
    limits.enforce(on=False)
    assert tries(Attempt("password", "zhang", "10.0.0.1"), FREE + 1) == [1, 2, 3, 4, 5, None]


def test_a_known_device_is_not_kept_waiting_by_strangers(real):
    tries(Attempt("password", "zhang", "10.0.0.1"), FREE + 1)
    assert tries(Attempt("password", "zhang", "10.0.0.9"), 1) == [None], "wherever the strangers are"
    assert tries(Attempt("password", "zhang", "10.0.0.1", device="d1"), FREE + 1) == [1, 2, 3, 4, 5, None]
    assert tries(Attempt("password", "ZHANG ", "10.0.0.1"), 1) == [None], "however it is written"


def test_an_address_that_tries_many_names_is_stopped_and_a_right_password_does_not_count(real, monkeypatch):
    monkeypatch.setitem(LIMITS, "wrong", Limit(10, timedelta(minutes=10)))

    @command
    def right(attempt: Attempt) -> None:
        attempts.succeed(attempt)

    for n in range(30):
        attempt = Attempt("password", f"right{n}", "10.0.0.1")
        attempts.count_try(attempt)
        right(attempt)
    spray = [tries(Attempt("password", f"name{n}", "10.0.0.1"), 1)[0] for n in range(12)]
    assert spray == [1] * 10 + [None] * 2
    assert tries(Attempt("password", "name1", "10.0.0.2"), 1) == [2]
    assert tries(Attempt("password", "name0", "10.0.0.1", device="known"), 1) == [1]


def test_a_hundred_at_once_get_no_further_than_one_after_the_other(app, real):
    """A18: each is counted before it is judged."""
    attempt = Attempt("password", "zhang", "10.0.0.1")
    said = both(app, *(lambda: attempts.count_try(attempt) for _ in range(20)))
    assert said.count("done") == FREE
    assert db.session.scalar(select(Allowance.used).where(Allowance.key == attempt.key)) == FREE


def test_what_was_typed_is_kept_nowhere_and_a_pause_is_on_record(real, cast):
    attempt = Attempt("password", "my secret by mistake", "10.0.0.1")
    for used in tries(attempt, FREE):
        attempts.note_if_paused(attempt, person_id=0, used=used)
    attempts.note_if_paused(attempt, person_id=cast.zhang.id, used=FREE + 1)
    found = db.session.scalars(select(Deed).where(Deed.name == "sign_in_paused").order_by(Deed.id)).all()
    assert [(deed.thing_id, deed.after["tries"]) for deed in found] == [(None, FREE), (cast.zhang.id, FREE + 1)]
    assert not any("secret" in key for key in db.session.scalars(select(Allowance.key)))


def test_what_was_never_counted_is_not_given_back(real):
    """A right password costs nothing; it buys no further tries either."""
    address = Attempt("password", "zhang", "10.0.0.1")
    for _ in range(3):
        command(attempts.succeed)(address)
    command(allowance.hold)(address.address_key)
    command(attempts.succeed)(address)
    db.session.rollback()
    assert [held.used for held in db.session.scalars(select(Allowance))] == [0]


def test_old_counters_are_swept_away(real):
    tries(Attempt("password", "zhang", "10.0.0.1"), 2)
    real(timedelta(days=2, seconds=1))
    tries(Attempt("password", "li", "10.0.0.1"), 1)
    assert allowance.remove_stale() == 1  # the address's window has begun anew
    assert db.session.query(Allowance).count() == 2
