"""Questions that are asked again and again in one transaction: inside `remembered`, each is answered once."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("asked", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Inside, the same question is answered once: a sweep asks it for hundreds of tickets in one transaction."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def once(question: Hashable, answer: Callable[[], T]) -> T:
    """The answer; inside `remembered` it is looked for once."""
    known = _known.get()
    if known is None:
        return answer()
    if question not in known:
        known[question] = answer()
    found: T = known[question]
    return found
