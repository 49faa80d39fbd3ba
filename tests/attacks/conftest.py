"""The house that is attacked, made once a process and given to each attack as it was."""

import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from blueprints import kept
from models.ground import clock, tokens
from models.ground.db import db
from models.record import attachment
from models.rules import limits
from tests.attacks.site import Site
from tests.conftest import KEY, TEN_O_CLOCK
from tests.house.world import World, build_world

NAME, TIMES = "attacked", "BIHUAN_TIMES"


@pytest.fixture(scope="session")
def furnish(_house: SimpleNamespace) -> Callable[[], tuple[World, bool]]:
    """Put the world into the database; it is made once. Says whether it is the same as before."""
    made: list[World] = []

    def again() -> tuple[World, bool]:
        if made:
            _house.database.renew(NAME)
            return made[0], True
        _house.database.renew()
        made[:] = [build_world()]
        _house.database.keep(NAME)
        return made[0], False

    return again


@pytest.fixture(scope="session")
def _held() -> list[Site]:
    return []


@pytest.fixture
def site(
    _house: SimpleNamespace,
    furnish: Callable[[], tuple[World, bool]],
    _held: list[Site],
    request: pytest.FixtureRequest,
) -> Iterator[Site]:
    """What was seen of it before is still true where the database is the same."""
    clock.follow(None)
    is_full = request.config.getoption("--full")
    with clock.hold(TEN_O_CLOCK), _house.app.app_context():
        tokens.use_key(KEY)
        attachment.use_folder(_house.home / "files")
        limits.enforce(on=False)
        world, is_same = furnish()
        kept.forget()
        if not (is_same and _held):
            most, times = 1_000 if is_full else 2, int(os.environ.get(TIMES, "20000"))
            _held[:] = [Site(_house.app, world, _house.home, _house.cookies, most, times, lambda: _renew(_house))]
        _held[0].restore()
        yield _held[0]
        db.session.remove()


def _renew(house: SimpleNamespace) -> None:
    house.database.renew(NAME)
    kept.forget()
    db.session.expire_all()
