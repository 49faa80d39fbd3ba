"""The answer to one question about an installation."""

from collections.abc import Callable
from dataclasses import dataclass

from app import Settings

GOOD, WARNING, ERROR, UNSEEN = "good", "warning", "error", "unseen"


@dataclass(frozen=True)
class Finding:
    """One sentence and, unless all is well, what to do."""

    state: str
    sentence: str
    do: str = ""


Check = Callable[[Settings], Finding]


def good(sentence: str) -> Finding:
    return Finding(GOOD, sentence)


def unseen(sentence: str) -> Finding:
    """It does not apply here, or cannot be looked at now."""
    return Finding(UNSEEN, sentence)


def warning(sentence: str, do: str) -> Finding:
    return Finding(WARNING, sentence, do)


def error(sentence: str, do: str) -> Finding:
    return Finding(ERROR, sentence, do)


def unless(is_good: bool, sentence: str, fine: str, *, do: str, is_error: bool = True) -> Finding:
    """`fine` if it is good, else the sentence and what to do."""
    return good(fine) if is_good else Finding(ERROR if is_error else WARNING, sentence, do)
