"""What differs between two editions of a policy, cell by cell, by what it means and not by how it is written."""

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

from models.policy.pack import REQUEST, Pack
from models.policy.pack_parts import Kind, Waiting

Key = tuple[str, ...]  # ("clocks", "respond", "P0"): the section first, then the place in it


class Change(NamedTuple):
    """One cell: what stood there and what stands there now; None: nothing."""

    key: Key
    was: Any
    now: Any


def changes(old: Pack, new: Pack) -> list[Change]:
    """Every cell in which the new pack differs from the old one, in the order of the page."""
    was, now = dict(cells(old)), dict(cells(new))
    return [Change(key, was.get(key), now.get(key)) for key in {**was, **now} if was.get(key) != now.get(key)]


def cells(pack: Pack) -> Iterator[tuple[Key, Any]]:
    """Every cell of a pack, by its key."""
    yield from _words(("title",), pack.title)
    for level in pack.levels:
        for part in ("title", "also", "definition"):
            yield from _words(("levels", level.code, part), getattr(level, part))
    columns = [*(level.code for level in pack.levels), REQUEST]
    yield from ((("clocks", kind, column), pack.agreed(kind, column)) for kind in get_args(Kind) for column in columns)
    yield from ((("matrix", impact, urgency), row[urgency]) for impact, row in pack.matrix.items() for urgency in row)
    yield from _told(pack, columns)
    for party in get_args(Waiting):
        yield ("pauses", party), frozenset(kind for kind in get_args(Kind) if pack.stops(party, kind))
    for choice in pack.satisfaction:
        yield from _words(("satisfaction", choice.code, "title"), choice.title)
        yield ("satisfaction", choice.code, "call_back"), choice.call_back
    for part in ("fault", "request", "timezone"):
        yield ("numbers", part), getattr(pack.numbers, part)
    yield ("silence", "reminders"), pack.silence.reminders
    yield ("silence", "days"), pack.silence.days
    yield ("archive_days",), pack.archive_days
    yield ("link_days",), pack.link_days


def _told(pack: Pack, columns: list[str]) -> Iterator[tuple[Key, Any]]:
    for part in ("marks", "short_marks", "short_below", "cadence_marks", "supervisor_from"):
        yield ("warnings", part), getattr(pack.warnings, part)
    for column in columns:
        yield ("acknowledge_within", column), pack.acknowledge_within(column)
        yield ("ask_again", column), pack.ask_again(column)
    for kind in get_args(Kind):
        for column in columns:
            yield ("ladder", kind, column), pack.ladder(kind, column) if pack.target(kind, column) else None


def _words(key: Key, words: Any) -> Iterator[tuple[Key, Any]]:
    yield (*key, "zh"), words.zh
    yield (*key, "en"), words.en
