"""The newest migrations that this code knows, for comparison with the database; and whether the clocks stand still."""

from functools import cache

from alembic.script import ScriptDirectory
from flask import Flask, current_app, g
from markupsafe import escape

from blueprints.kept import kept
from models.clockwork.health import Signs, stands_still, vital_signs

FOR_SECONDS = 5  # every page of a colleague asks


def register(app: Flask) -> None:
    """Let the layouts ask."""
    app.jinja_env.globals["clocks_stand_still"] = clocks_stand_still


def signs() -> Signs:
    """What /readyz and the page for people say."""
    return vital_signs(_heads(current_app.extensions["migrate"].directory))


def clocks_stand_still() -> bool:
    """Whether nothing has been swept for half a minute; a page that says the server is broken asks for nothing."""
    if g.get("broken"):
        return False
    return bool(kept(("still",), lambda: escape("still" if stands_still() else ""), seconds=FOR_SECONDS))


@cache
def _heads(directory: str) -> frozenset[str]:
    return frozenset(ScriptDirectory(directory).get_heads())
