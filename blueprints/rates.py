"""How often somebody does something: who it is, and the refusal that says when to go on."""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from threading import Lock

from flask import g, request
from flask_login import current_user

from models.ground import clock
from models.ground.db import last_words
from models.ground.errors import Gone, Missing
from models.rules import limits

MOST_ADDRESSES = 10_000  # that a process remembers; the oldest go


def address() -> str:
    """Where the request comes from: the peer, or whom the trusted proxies name (PROXY_HOPS); of IPv6 the network."""
    said = request.remote_addr or ""
    try:
        known = ipaddress.ip_address(said)
    except ValueError:
        return said[:45]
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else said


def whose() -> str:
    """The person, the ticket of the link, or the address."""
    if link := g.get("link"):
        return f"link:{link.ticket_id}"
    return f"person:{current_user.id}" if current_user.is_authenticated else f"from:{address()}"


def count(action: str) -> None:
    """A deed that is limited counts; runs inside its command. Raises TooMany."""
    if name := limits.OF_ACTION.get(action):
        limits.spend(name, whose())


def counting_files() -> AbstractContextManager[None]:
    """Each file that is kept inside counts. Raises TooMany, and it is not kept."""
    return last_words(lambda _kept: limits.spend("files", whose()))


@contextmanager
def guessing() -> Iterator[None]:
    """Inside, something is looked for by a key; whoever has tried too many wrong ones is not even looked for."""
    guesses.refuse()
    try:
        yield
    except (Gone, Missing):
        guesses.add()
        raise


class Guesses:
    """Wrong addresses of links, counted by this process for itself: a GET writes nothing (safety rule 14). Several web
    processes let through so many times as many, which is still nothing beside 256 bits."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()  # address → since, how many
        self._lock = Lock()

    def refuse(self) -> None:
        """Raise TooMany for an address that has guessed too often, whatever it asks for now."""
        since, many = self._seen.get(address(), (0.0, 0))
        left = limits.LIMITS["guesses"].within.total_seconds() - (clock.steady() - since)
        if limits.are_enforced() and many >= limits.LIMITS["guesses"].times and left > 0:
            raise limits.too_many(timedelta(seconds=left))

    def add(self) -> None:
        """One that was wrong."""
        with self._lock:
            now, whence = clock.steady(), address()
            since, many = self._seen.pop(whence, (now, 0))
            is_over = now - since > limits.LIMITS["guesses"].within.total_seconds()
            self._seen[whence] = (now, 1) if is_over else (since, many + 1)
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)

    def forget(self) -> None:
        self._seen.clear()


guesses = Guesses()
