"""Passwords: kept as argon2 hashes; long rather than odd, and none that everybody tries first (ASVS 6.2)."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from models.ground.errors import Invalid

SHORTEST, LONGEST = 8, 256  # characters, as people count them: normalised to NFC
OURS = ("bihuan", "闭环")  # what the product is called
_COMMONEST = Path(__file__).with_name("common_passwords.txt")
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_DECOY = _hasher.hash("nobody has this password")


def hashed(password: str) -> str:
    """What is kept of it."""
    return _hasher.hash(_normal(password))


def fits(known: str, password: str) -> bool:
    """Whether it is the password with this hash. "" is nobody's, and one that is too long nobody's too; both take as
    long as any other."""
    said = _normal(password) if len(password) <= 4 * LONGEST else ""
    try:
        return _hasher.verify(known or _DECOY, said) and bool(known)
    except (VerifyMismatchError, InvalidHashError):
        return False


def refuse_weak(password: str, *, names: Iterable[str] = ()) -> None:
    """Raise Invalid for one that is too short, too long, tried by everybody, or a name with a number behind it."""
    said = _normal(password)
    if len(said) < SHORTEST:
        raise Invalid("A password has at least %(count)s characters.", field="password", count=SHORTEST)
    if len(said) > LONGEST:
        raise Invalid("A password has at most %(count)s characters.", field="password", count=LONGEST)
    if said.casefold() in _commonest():
        raise Invalid("Everybody tries this password first. Please choose another one.", field="password")
    if _bare(said) in {_bare(name) for name in (*OURS, *names)}:
        raise Invalid("This is too close to a name. Please choose another one.", field="password")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _bare(text: str) -> str:
    """Without what is put behind a word to make it longer; all of it where nothing else is left."""
    small = _normal(text).casefold().strip()
    return small.rstrip("0123456789!?.,@#$%&*+-_=") or small


@cache
def _commonest() -> frozenset[str]:
    return frozenset(_COMMONEST.read_text("utf-8").split())
