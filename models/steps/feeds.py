"""Feeds: somebody switches on, renews or switches off the address of a calendar of theirs."""

from models.ground.db import command
from models.ground.errors import Invalid, Refused
from models.people import feed
from models.people.feed import KINDS, Feed
from models.people.person import Person
from models.rules.deeds import recorded
from models.rules.permissions import allows


@command
@recorded("feed_opened")
def open_feed(person: Person, *, kind: str) -> Feed:
    """An address, or another one in its place. Raises Refused for whoever has neither turns nor tickets."""
    _refuse_wrong(person, kind)
    return feed.open_feed(person, kind)


@command
@recorded("feed_ended", "kind")
def end_feed(person: Person, *, kind: str) -> None:
    """The address opens nothing any more."""
    _refuse_wrong(person, kind)
    feed.end_feeds(person, kind)


def _refuse_wrong(person: Person, kind: str) -> None:
    if not allows(person, "keep_feeds"):
        raise Refused("You may not do this. Ask a supervisor or an administrator if you need to.")
    if kind not in KINDS:
        raise Invalid("There is no such calendar.", field="kind")
