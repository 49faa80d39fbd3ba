"""The wall clock's course: when somebody sets it, this is noticed, written down and shown; nothing waits (rule 8)."""

from models.ground import clock
from models.ground.db import command
from models.record import message
from models.rules.deeds import record

NOTICEABLE = 2.0  # seconds between two looks; what a time server corrects bit by bit stays below


class Course:
    """How far the wall clock is ahead of one that nobody can set, at the last look."""

    def __init__(self) -> None:
        self._ahead = _ahead()

    def look(self) -> int:
        """Seconds by which it was set since the last look, 0 when it was not; a step is on record."""
        ahead = _ahead()
        by = round(ahead - self._ahead)
        if abs(by) >= NOTICEABLE:
            note_step(by)
        self._ahead = ahead  # last: what could not be written down is noticed again
        return by if abs(by) >= NOTICEABLE else 0


@command
def note_step(seconds: int) -> None:
    """The clock of a machine was set forward, or (negative) back: then letters do not wait for the same hour again."""
    record("clock_set", actor=None, after={"seconds": seconds})
    if seconds < 0:
        message.bring_forward()


def _ahead() -> float:
    return clock.real_now().timestamp() - clock.since_boot()
