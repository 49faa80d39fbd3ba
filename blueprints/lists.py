"""Lists of tickets: drawn once a second for everybody who looks at the same one; and the way along one of them.

When a ticket changes, every screen that shows the list fetches it at the same moment: one drawing serves them all.
Whoever opens a ticket takes the list's address along (`?from=/watch%3Fonly%3Dbreached&at=3`), and steps on in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, request, session
from flask_babel import get_locale
from markupsafe import Markup
from sqlalchemy import select

from blueprints.kept import kept
from blueprints.labels import label, zone
from blueprints.words import WORDS
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Kind
from models.insight.paging import Page
from models.record.ticket import Ticket

FOR_SECONDS = 1  # what a list says without an event of its tickets (a name, a clock) may be as old as this
LONGEST_ADDRESS = 600  # characters of a list's address
ShowsPage = Callable[[Mapping[str, str]], Page]
_lists: dict[str, ShowsPage] = {}  # path → the page of tickets that an address of it shows


@dataclass(frozen=True)
class Along:
    """Where one stands in a list; "" where it begins or ends."""

    list_url: str
    before_url: str
    after_url: str


def register(app: Flask) -> None:
    """Give the table what it draws its rows with."""
    app.jinja_env.globals.update(list_of=list_of, heads_of_tickets=heads, here=here, along=along)


def shows_tickets(path: str) -> Callable[[ShowsPage], ShowsPage]:
    """Declares what the list at this path shows, given the values in its address."""

    def declare(page: ShowsPage) -> ShowsPage:
        _lists[path] = page
        return page

    return declare


def heads() -> dict[str, str]:
    """The words above the columns."""
    return {column: label("column", column) for column in WORDS["column"]}


def list_of(page: Page, columns: tuple[str, ...], caption: str, origin: str, draw: Callable[..., Markup]) -> Markup:
    """The table of a page as it was drawn in this second, or drawn now; its rows are read only then."""
    reader = (str(get_locale()), zone().key)
    second = int(clock.now().timestamp())
    shown = ("list", tuple(page.keys), page.kinds, columns, caption, origin, reader, second)
    return kept(shown, lambda: draw(page.tickets, columns, caption, origin), seconds=FOR_SECONDS)


def counted(page: Page) -> str:
    """How many tickets the page shows, for its title; "" for none."""
    return f"{len(page.keys)}{'+' if page.next else ''}" if page.keys else ""


def here() -> str:
    """The address of the list that is shown."""
    return request.full_path.rstrip("?")


def remember_way(ticket: Ticket) -> None:
    """The ticket was opened from a list, or from elsewhere: its deeds lead back to the same."""
    if way := _way(request.args):
        session["along"] = [ticket.number, *way]
    elif session.get("along", [""])[0] == ticket.number:
        session.pop("along")


def with_way(url: str, ticket: Ticket) -> str:
    """The ticket's address with the list from which it was opened, if it was."""
    number, *way = session.get("along", [""])
    if number != ticket.number:
        return url
    page, hash_, anchor = url.partition("#")
    return f"{page}?{urlencode({'from': way[0], 'at': way[1]})}{hash_}{anchor}"


def along(ticket: Ticket) -> Along | None:
    """The ticket's neighbours in the list from which it was opened. If it has left that list, those of its place."""
    way = _way(request.args)
    if way is None:
        return None
    address, place = way
    path, values = _parted(address)
    page = _lists[path](values)
    ids = [key.id for key in page.keys]
    stands = ticket.id in ids
    place = ids.index(ticket.id) if stands else min(place, len(ids))
    after = place + 1 if stands else place
    found = {at: (address, ids[at]) for at in (place - 1, after) if 0 <= at < len(ids)}
    if after == len(ids) and page.next:
        following = f"{path}?{urlencode(values | {'after': page.next})}"
        if keys := _lists[path](values | {"after": page.next}).keys:
            found[len(ids)] = (following, keys[0].id)
    links = _links(found, turn=len(ids))
    return Along(f"{address}#row-{ticket.number}", links.get(place - 1, ""), links.get(after, ""))


def _links(found: dict[int, tuple[str, int]], *, turn: int) -> dict[int, str]:
    """Place → address; what stands behind the last of the page is the first of the next."""
    ids = [id_ for _, id_ in found.values()]
    rows = {row.id: row for row in db.session.execute(_NAMES.where(Ticket.id.in_(ids)))} if ids else {}
    links = {}
    for at, (address, id_) in found.items():
        room = "d" if rows[id_].kind == Kind.REQUEST else "t"
        links[at] = f"/{room}/{rows[id_].number}?{urlencode({'from': address, 'at': 0 if at == turn else at})}"
    return links


def _way(said: Mapping[str, str]) -> tuple[str, int] | None:
    """The list in an address and the place in it; None unless it is one of ours."""
    address, at = said.get("from", ""), said.get("at", "")
    if len(address) > LONGEST_ADDRESS or _parted(address)[0] not in _lists:
        return None
    path, values = _parted(address)
    place = int(at) if at.isascii() and at.isdigit() and len(at) < 4 else 0
    return f"{path}?{urlencode(values)}" if values else path, place


def _parted(address: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", {}
    return ("", {}) if parts.scheme or parts.netloc else (parts.path, dict(parse_qsl(parts.query)))


_NAMES = select(Ticket.id, Ticket.number, Ticket.kind)
