"""What stands at the top of a page, in letters and on paper: the organisation's name, else the product's."""

from functools import lru_cache

from flask import Flask, g
from flask_babel import gettext as _
from markupsafe import Markup, escape

from blueprints.kept import forget, kept
from models.people.organisation import organisation_name

FOR_SECONDS = 5  # every page asks; another process may say the old name for as long


def register(app: Flask) -> None:
    """Let the layouts ask."""
    app.jinja_env.globals["house_name"] = house_name


def house_name() -> str:
    """The organisation's name; the product's own where nobody has said it."""
    return named() or _("Bihuan")


def named() -> str:
    """The organisation's name, read every few seconds; "" where nobody has said it, and where the server is broken."""
    if g.get("broken"):
        return ""
    return _plain(kept(("organisation",), lambda: escape(organisation_name()), seconds=FOR_SECONDS))


@lru_cache(maxsize=1)
def _plain(name: Markup) -> str:
    return name.unescape()


def renamed() -> None:
    """Whoever has just changed it sees the new name at once."""
    forget()
