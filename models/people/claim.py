"""Who may claim an empty installation: whoever can read the code that `./run` has printed, and nobody else."""

import secrets
from hmac import compare_digest
from pathlib import Path

from sqlalchemy import select

from models.ground.db import command, db
from models.people.person import Person

FILE = "setup-code"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another


def print_code(home: Path) -> str:
    """The code of this installation; made at the first start, readable by its owner only."""
    file = home / FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text("-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3)))
    return file.read_text().strip()


def fits(home: Path, said: str) -> bool:
    """Whether this is the code, however it was typed."""
    file = home / FILE
    return file.exists() and compare_digest(_plain(said), _plain(file.read_text()))


def is_going_on(home: Path) -> bool:
    """Whether setting up has begun and has not been ended."""
    return (home / FILE).exists()


@command
def end(home: Path) -> None:
    """Set up once: from now on the code opens nothing. A command, so that its form counts once."""
    (home / FILE).unlink(missing_ok=True)


def is_unclaimed() -> bool:
    """Whether nobody has an account yet."""
    return db.session.scalar(select(Person.id).limit(1)) is None


def _plain(said: str) -> bytes:
    return "".join(letter for letter in said.upper() if letter.isalnum()).encode()
