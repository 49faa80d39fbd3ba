"""How often one person, one link or one address may do something, in one table (attacks A18, A50, A60).

Generous: whoever works never meets them. Counted in the transaction of the deed, so that no race gets round them.
"""

from dataclasses import dataclass
from datetime import timedelta

from models.ground import clock
from models.ground.errors import TooMany
from models.record import allowance

_TEN_MINUTES, _HOUR = timedelta(minutes=10), timedelta(hours=1)


@dataclass(frozen=True)
class Limit:
    """So often within that time; then a pause until it is over."""

    times: int
    within: timedelta


LIMITS = {
    "reports": Limit(120, _TEN_MINUTES),  # of one person or link
    "words": Limit(300, _TEN_MINUTES),  # comments, questions, answers: whatever is said on tickets
    "files": Limit(300, _TEN_MINUTES),
    "letters": Limit(60, _HOUR),  # that somebody has sent: links, resets, trials
    "wrong": Limit(100, _TEN_MINUTES),  # passwords and codes from one address, whatever the account
    "guesses": Limit(60, _TEN_MINUTES),  # addresses of links that there are not, from one address
}
OF_ACTION = {
    "report": "reports", "register": "reports", "request": "reports", "split": "reports",
    "note": "words", "update": "words", "update_below": "words", "ask": "words", "supply": "words", "chase": "words",
    "answer": "words", "dispute": "words", "decline": "words", "refuse": "words", "cooperate": "words", "call": "words",
    "send_link": "letters", "renew_link": "letters", "ask_again": "letters", "request_reset": "letters",
    "send_trial": "letters",
}  # fmt: skip
_enforced = True


def enforce(*, on: bool) -> None:
    """Whether whoever meets a limit of this table is refused; counted they are always. Set once when the application is
    made. The pauses after wrong passwords and codes (`attempts`) are no part of it."""
    global _enforced
    _enforced = on


def are_enforced() -> bool:
    return _enforced


def spend(name: str, whose: str) -> None:
    """One more of this kind; runs inside a command. Raises TooMany, which takes the deed back."""
    limit = LIMITS[name]
    used, since = allowance.count_in_window(f"{name}:{whose}", within=limit.within)
    if _enforced and used > limit.times:
        raise too_many(since + limit.within - clock.real_now())


def too_many(wait: timedelta) -> TooMany:
    """The refusal, with the time that is left."""
    left = max(wait, timedelta(seconds=1))
    return TooMany("That was too often in a short time. Please go on in %(wait)s; what you typed is kept.", wait=left)
