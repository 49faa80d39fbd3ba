"""The house that is attacked, made once a process and given to each attack as it was."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from blueprints import kept
from models.ground import clock, tokens
from models.ground.db import db
from models.record import attachment
from tests.attacks.site import Site
from tests.conftest import KEY, SERVER, TEN_O_CLOCK
from tests.house.world import World, build_world

NAME = "attacked"


@pytest.fixture(scope="session")
def furnish(_house: SimpleNamespace) -> Callable[[], tuple[World, bool]]:
    """Put the world into the database; on SQLite it is made once. Says whether it is the same as before."""
    made: list[World] = []

    def again() -> tuple[World, bool]:
        if made and not SERVER:
            _house.database.renew(NAME)
            return made[0], True
        _house.database.renew()
        made[:] = [build_world()]
        if not SERVER:
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
        world, is_same = furnish()
        kept.forget()
        if not (is_same and _held):
            _held[:] = [Site(_house.app, world, _house.home, _house.cookies, 1_000 if is_full else 2)]
        _held[0].restore()
        yield _held[0]
        db.session.remove()
