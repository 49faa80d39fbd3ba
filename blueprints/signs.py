"""The newest migrations that this code knows, to be compared with what the database has."""

from functools import cache

from alembic.script import ScriptDirectory
from flask import current_app

from models.clockwork.health import Signs, vital_signs


def signs() -> Signs:
    """What /readyz and the page for people say."""
    return vital_signs(_heads(current_app.extensions["migrate"].directory))


@cache
def _heads(directory: str) -> frozenset[str]:
    return frozenset(ScriptDirectory(directory).get_heads())
