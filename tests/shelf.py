"""Histories told once: what many tests begin with is made by the real commands once, and its database is kept.

Only on SQLite, where a database is a file; only for the first thing that a test does, while nothing else is written.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, Protocol

from models.ground import clock
from models.ground.db import Base, db
from models.record.ticket import Ticket

P = ParamSpec("P")
PLAIN = (str, int, float, bool, type(None))


class Database(Protocol):
    """What can be put aside under a name and brought back."""

    def keep(self, name: str) -> None: ...

    def renew(self, name: str) -> None: ...


class Shelf:
    """Databases by the call that makes their ticket, and whether a new one may be taken from here or put here now."""

    def __init__(self) -> None:
        self.database: Database | None = None
        self._tickets: dict[object, int] = {}
        self._is_fresh = False

    def open(self) -> None:
        """The database is as every test finds it."""
        self._is_fresh = self.database is not None

    def close(self) -> None:
        """Something is being written, or has been taken: from now on everything is made anew."""
        self._is_fresh = False

    def made(self, make: Callable[[], Ticket], key: object) -> Ticket:
        """The ticket of this key, from the shelf or made and put there."""
        if not self._is_fresh or self.database is None or key is None:
            return make()
        self.close()
        if key not in self._tickets:
            self._tickets[key] = make().id
            self.database.keep(self._name(key))
        else:
            self.database.renew(self._name(key))
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(Ticket, self._tickets[key])

    def _name(self, key: object) -> str:
        return f"history-{list(self._tickets).index(key)}"


SHELF = Shelf()


def told_once(make: Callable[P, Ticket]) -> Callable[P, Ticket]:
    """Let a maker of tickets take what it has made before with the same words at the same moment."""

    @wraps(make)
    def again(*args: P.args, **known: P.kwargs) -> Ticket:
        return SHELF.made(lambda: make(*args, **known), _key_of(make, args, known))

    return again


def _key_of(make: Callable[..., Ticket], args: tuple[Any, ...], known: dict[str, Any]) -> object:
    """What the outcome depends on; None when something of it cannot be compared."""
    said = [(name, value) for name, value in (*enumerate(args), *sorted(known.items()))]
    if not all(isinstance(value, (*PLAIN, Base)) for _, value in said):
        return None
    words = [(name, (type(v).__name__, v.id) if isinstance(v, Base) else v) for name, v in said]  # type: ignore[attr-defined]
    return (make.__name__, clock.now(), *words)
