"""Lists of tickets, read and drawn once a second for everybody who looks at the same one.

When a ticket changes, every screen that shows the list fetches it at the same moment: one drawing serves them all.
"""

from collections.abc import Callable

from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup

from blueprints.kept import kept
from blueprints.labels import label, zone
from blueprints.words import WORDS
from models.ground import clock
from models.insight.paging import Page

FOR_SECONDS = 1  # what a list says without an event of its tickets (a name, a clock) may be as old as this


def register(app: Flask) -> None:
    """Give the table what it draws its rows with."""
    app.jinja_env.globals.update(list_of=list_of, heads_of_tickets=heads)


def heads() -> dict[str, str]:
    """The words above the columns."""
    return {column: label("column", column) for column in WORDS["column"]}


def list_of(page: Page, columns: tuple[str, ...], caption: str, origin: str, draw: Callable[..., Markup]) -> Markup:
    """The table of a page as it was drawn in this second, or drawn now; its rows are read only then."""
    reader = (str(get_locale()), zone().key)
    second = int(clock.now().timestamp())
    shown = ("list", tuple(page.keys), page.kinds, columns, caption, origin, reader, second)
    return kept(shown, lambda: draw(page.tickets, columns, caption, origin), seconds=FOR_SECONDS)
