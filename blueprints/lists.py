"""Lists, mostly of tickets: drawn once a second for everybody who looks at the same one; and the way along one of them.

When a ticket changes, every screen that shows the list fetches it at the same moment: one drawing serves them all.
Whoever opens a ticket takes the list's address along (`?from=/watch%3Fonly%3Dbreached&at=3`), and steps on in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, redirect, request, session, url_for
from markupsafe import Markup
from sqlalchemy import select

from blueprints.kept import kept
from blueprints.labels import label, language, zone
from blueprints.words import WORDS
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Kind
from models.insight.board import updated_at
from models.insight.paging import Page
from models.record.ticket import Ticket

FOR_SECONDS = 1  # what a list says without an event of its tickets (a name, a clock) may be as old as this
LONGEST_ADDRESS = 600  # characters of a list's address
BEGINS = ("after", "before")  # what says in an address where its page begins
PAST, MOST_PAST = "past", 20  # where the pages before it began: as many as an address carries
TICKET = Ticket.__name__
Name = tuple[str, int]  # what a row stands for: its kind, its id
Urls = Callable[[Sequence[Name]], dict[Name, str]]  # where each of them is opened
ShowsPage = Callable[[Mapping[str, str]], Page]


class Rows(NamedTuple):
    """A page of a list, and where the next one begins ("" at the end)."""

    names: Sequence[Name]
    next: str


ShowsRows = Callable[[Mapping[str, str]], Rows]


class Turned(NamedTuple):
    """The pages before and after the one that is shown; "" where there is none."""

    before_url: str
    is_first: bool  # the one before it is the first one
    after_url: str


class Listing(NamedTuple):
    """What stands in a list, given the values in its address."""

    kinds: tuple[str, ...]
    rows: ShowsRows
    urls: Urls


_lists: dict[str, Listing] = {}  # by path


@dataclass(frozen=True)
class Along:
    """Where one stands in a list; "" where it begins or ends."""

    list_url: str
    before_url: str
    after_url: str


def register(app: Flask) -> None:
    """Give the table what it draws its rows with."""
    app.jinja_env.globals.update(updated_at=updated_at, list_of=list_of, heads_of_tickets=heads, here=here, along=along)
    app.jinja_env.globals.update(turned=turned)


def shows_tickets(path: str) -> Callable[[ShowsPage], ShowsPage]:
    """Declares what the list at this path shows, given the values in its address."""

    def declare(page: ShowsPage) -> ShowsPage:
        def rows(values: Mapping[str, str]) -> Rows:
            shown = page(values)
            return Rows([(TICKET, key.id) for key in shown.keys], shown.next)

        _lists[path] = Listing((TICKET,), rows, _urls_of_tickets)
        return page

    return declare


def shows(path: str, kinds: tuple[str, ...], urls: Urls) -> Callable[[ShowsRows], ShowsRows]:
    """The same of a list of other things, by the names of their classes."""

    def declare(rows: ShowsRows) -> ShowsRows:
        _lists[path] = Listing(kinds, rows, urls)
        return rows

    return declare


def heads() -> dict[str, str]:
    """The words above the columns."""
    return {column: label("column", column) for column in WORDS["column"]}


def list_of(page: Page, columns: tuple[str, ...], caption: str, origin: str, draw: Callable[..., Markup]) -> Markup:
    """The table of a page as it was drawn in this second, or drawn now; its rows are read only then."""
    reader = (language(), zone().key)
    second = int(clock.now().timestamp())
    shown = ("list", tuple(page.keys), page.kinds, columns, caption, origin, reader, second)
    return kept(shown, lambda: draw(page.tickets, columns, caption, origin), seconds=FOR_SECONDS)


def counted(page: Page) -> str:
    """How many tickets the page shows, for its title; "" for none."""
    return f"{len(page.keys)}{'+' if page.next else ''}" if page.keys else ""


def here() -> str:
    """The address of the list that is shown; how one came to its page is left out."""
    return _address(but=(PAST,)) if PAST in request.args else request.full_path.rstrip("?")


def turned(next_url: str) -> Turned:
    """Where its neighbours begin. The one before it can not be asked for by the rows of this one, so an address takes
    along where the pages before it began."""
    past = request.args.getlist(PAST)[-MOST_PAST:]
    by, begins = _begins()
    if not begins:
        return Turned("", False, next_url)
    earlier = [(by, past[-1]), *((PAST, each) for each in past[:-1])] if past else []
    further = urlencode([(PAST, each) for each in (*past, begins)][-MOST_PAST:])
    return Turned(_address(earlier, but=(by, PAST)), not past, f"{next_url}&{further}" if next_url else "")


def ran_out(shown: Sequence[Any]) -> Response | None:
    """The way to the first page, once a later one has nothing left to show."""
    if shown or not _begins()[1] or request.method != "GET":
        return None
    return redirect(url_for(str(request.endpoint), **_first_page()), 303)  # type: ignore[return-value]


def remember_way(thing: Any) -> None:
    """It was opened from a list, or from elsewhere: its deeds lead back to the same."""
    if way := _way(request.args):
        session["along"] = [*_name_of(thing), *way]
    elif session.get("along", [])[:2] == [*_name_of(thing)]:
        session.pop("along")


def with_way(url: str, ticket: Ticket) -> str:
    """The ticket's address with the list from which it was opened, if it was."""
    way = _remembered(ticket)
    if not way:
        return url
    page, hash_, anchor = url.partition("#")
    return f"{page}?{urlencode({'from': way[0], 'at': way[1]})}{hash_}{anchor}"


def way_back(thing: Any) -> str:
    """The list from which it was opened; "" if it was not."""
    return str(_remembered(thing)[0]) if _remembered(thing) else ""


def along(thing: Any) -> Along | None:
    """Its neighbours in the list from which it was opened. If it has left that list, those of its place."""
    way = _way(request.args)
    if way is None:
        return None
    address, place = way
    path, values = _parted(address)
    listing, name = _lists[path], _name_of(thing)
    if name[0] not in listing.kinds:
        return None
    rows = listing.rows(values)
    place, after = _place_of(name, rows.names, place)
    found = {at: (address, rows.names[at]) for at in (place - 1, after) if 0 <= at < len(rows.names)}
    if after == len(rows.names) and rows.next:
        following = f"{path}?{urlencode(values | {'after': rows.next})}"
        if names := listing.rows(values | {"after": rows.next}).names:
            found[len(rows.names)] = (following, names[0])
    links = _links(found, listing.urls, turn=len(rows.names))
    return Along(f"{address}#{_row_of(thing)}", links.get(place - 1, ""), links.get(after, ""))


def _place_of(name: Name, names: Sequence[Name], said: int) -> tuple[int, int]:
    """Where the thing stands, or stood before it left the list; and what comes after it."""
    if said < len(names) and names[said] == name:
        return said, said + 1
    return (names.index(name), names.index(name) + 1) if name in names else (min(said, len(names)),) * 2


def _links(found: dict[int, tuple[str, Name]], urls: Urls, *, turn: int) -> dict[int, str]:
    """Place → address; what stands behind the last of the page is the first of the next."""
    known = urls([name for _, name in found.values()])
    return {
        at: f"{known[name]}?{urlencode({'from': address, 'at': 0 if at == turn else at})}"
        for at, (address, name) in found.items()
    }


def _urls_of_tickets(names: Sequence[Name]) -> dict[Name, str]:
    rows = db.session.execute(_NAMES.where(Ticket.id.in_([id_ for _, id_ in names]))) if names else ()
    return {(TICKET, row.id): f"/{'d' if row.kind == Kind.REQUEST else 't'}/{row.number}" for row in rows}


def _name_of(thing: Any) -> Name:
    return type(thing).__name__, thing.id


def _row_of(thing: Any) -> str:
    """The id of its row; a ticket's says its number."""
    return f"row-{thing.number}" if isinstance(thing, Ticket) else f"row-{type(thing).__name__.lower()}-{thing.id}"


def _remembered(thing: Any) -> list[Any]:
    """The list and the place in it; nothing if another thing was opened since."""
    kept: list[Any] = session.get("along", [])
    return kept[2:] if kept[:2] == [*_name_of(thing)] else []


def _way(said: Mapping[str, str]) -> tuple[str, int] | None:
    """The list in an address and the place in it; None unless it is one of ours."""
    address, at = said.get("from", ""), said.get("at", "")
    if len(address) > LONGEST_ADDRESS or _parted(address)[0] not in _lists:
        return None
    path, values = _parted(address)
    place = int(at) if at.isascii() and at.isdigit() and len(at) < 4 else 0
    return f"{path}?{urlencode(values)}" if values else path, place


def _begins() -> tuple[str, str]:
    """By what the page that is shown says where it begins, and where; "" on the first."""
    return next(((name, request.args[name]) for name in BEGINS if request.args.get(name)), ("", ""))


def _first_page() -> dict[str, Any]:
    """What names the list that is shown, from its beginning."""
    said = {name: values for name, values in request.args.lists() if name not in (*BEGINS, PAST)}
    return said | (request.view_args or {})


def _address(more: Sequence[tuple[str, str]] = (), *, but: Sequence[str]) -> str:
    """The one that is shown, without some of its values and with others."""
    values = [(name, value) for name, value in request.args.items(multi=True) if name not in but]
    said = urlencode([*values, *more])
    return f"{request.path}?{said}" if said else request.path


def _parted(address: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", {}
    return ("", {}) if parts.scheme or parts.netloc else (parts.path, dict(parse_qsl(parts.query)))


_NAMES = select(Ticket.id, Ticket.number, Ticket.kind)
