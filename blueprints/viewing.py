"""One's own views of a list, further tabs after the fixed ones (V06). A list declares what of its address is kept."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import Flask, url_for

from blueprints.access import me
from models.ground.errors import Missing
from models.people.view import LONGEST_NAME, views_of

Wanted = dict[str, str]
Narrows = Callable[[Mapping[str, str]], Wanted]


class Narrowed(NamedTuple):
    """A list that can be narrowed: what it is called, where it is, what of an address it knows, and that in words."""

    title: Any
    path: str
    wanted: Narrows
    words: Callable[[Wanted], Iterable[str]]


class Tab(NamedTuple):
    """One view that is kept; `is_current`: it is what the list shows now."""

    id: int
    name: str
    url: str
    is_current: bool


class Own(NamedTuple):
    """What somebody keeps of a list; `to_keep`: it is narrowed as none of them is."""

    tabs: list[Tab]
    to_keep: bool
    url: str  # of the page where views are kept and removed

    @property
    def is_shown(self) -> bool:
        return any(tab.is_current for tab in self.tabs)


_lists: dict[str, Narrowed] = {}  # by page, as models/people/view.py names them


def register(app: Flask) -> None:
    """Let the lists draw their tabs."""
    app.jinja_env.globals.update(own_views=own_views)


def keeps_views(
    page: str, title: Any, path: str, words: Callable[[Wanted], Iterable[str]]
) -> Callable[[Narrows], Narrows]:
    """Declares that views of this list can be kept; what is decorated reads what it knows from the values given."""

    def declare(wanted: Narrows) -> Narrows:
        _lists[page] = Narrowed(title, path, wanted, words)
        return wanted

    return declare


def narrowed(page: str) -> Narrowed:
    """The list of this name. Raises Missing."""
    if page not in _lists:
        raise Missing("There is no such list.")
    return _lists[page]


def query_of(page: str, said: Mapping[str, str]) -> str:
    """What the list knows of the values given, in one order; "" where they do not narrow it."""
    wanted = narrowed(page).wanted(said)
    return urlencode(sorted((key, value) for key, value in wanted.items() if value))


def values_of(query: str) -> Wanted:
    """The other way round; whatever else it is, it is not trusted."""
    return dict(parse_qsl(query[:1000]))


def words_of(page: str, query: str) -> list[str]:
    """What the list is narrowed to, each word by itself."""
    listed = narrowed(page)
    return [str(word) for word in listed.words(listed.wanted(values_of(query))) if word]


def proposed(words: list[str]) -> str:
    """The name that is proposed; none where the list is narrowed in one way only: the page has a word for that."""
    said = " · ".join(words) if len(words) > 1 else ""
    return said if len(said) <= LONGEST_NAME else said[: LONGEST_NAME - 1] + "…"


def url_of(page: str, query: str = "") -> str:
    """The list, narrowed like this."""
    return narrowed(page).path + (f"?{query}" if query else "")


def own_views(page: str, said: Mapping[str, str]) -> Own:
    """The reader's views of the list that shows these values."""
    query = query_of(page, said)
    tabs = [Tab(row.id, row.name, url_of(page, row.query), row.query == query) for row in views_of(me().id, page)]
    url = url_for("views.new", page=page, q=query or None)
    return Own(tabs, bool(query) and not any(tab.is_current for tab in tabs), url)
