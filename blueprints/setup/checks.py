"""What an installation rests on, each with the command or setting that helps where it fails."""

import shutil
import tempfile
from typing import NamedTuple

from flask import current_app
from flask_babel import gettext as _

from blueprints.signs import signs
from models.insight.registers import is_empty
from models.people.person import Person
from models.people.team import Team
from models.record.message import QUEUED, SENT, last_trial

ROOM = 1_000_000_000  # bytes that should be free for files


class Check(NamedTuple):
    """One thing, whether it works (None: nobody has tried), and what to do if it does not."""

    word: str
    works: bool | None
    help: str


def found(person: Person) -> list[Check]:
    """Look at everything once; mail works when a letter of trial to this person was taken."""
    seen, settings = signs(), current_app.config["SETTINGS"]
    beats = seen.ticker is not None and seen.ticker <= 15
    return [
        Check(_("Database"), seen.database == "ok" and seen.migrations == "ok", "./run config | grep database_url"),
        Check(_("Redis"), seen.redis == "ok", "apt install valkey-server  |  REDIS_URL=redis://…"),
        Check(_("Workers"), seen.workers == "ok", "./run"),
        Check(_("Ticker"), beats, "./run"),
        Check(_("Mail server"), _takes_letters(person), "SMTP_URL=smtp://user:password@host:587"),
        Check(_("Room for files"), _has_room(), f"df -h {settings.home.name}  |  BIHUAN_HOME=…"),
    ]


def has_teams() -> bool:
    """Whether there is anybody to give a ticket to."""
    return not is_empty(Team)


def _takes_letters(person: Person) -> bool | None:
    trial = last_trial(person)
    if not current_app.config["SETTINGS"].smtp_url:
        return False
    return None if trial is None or (trial.state == QUEUED and not trial.error) else trial.state == SENT


def _has_room() -> bool:
    home = current_app.config["SETTINGS"].home
    try:
        with tempfile.TemporaryFile(dir=home):
            return shutil.disk_usage(home).free > ROOM
    except OSError:
        return False
