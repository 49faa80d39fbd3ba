"""Following the event table by number, with a little patience for numbers that are committed late; and the inboxes."""

from models.ground import clock
from models.record import event, message
from models.record.event import Change

PATIENCE = 10.0  # seconds that a missing number is waited for: its transaction may still be running
WINDOW = 500  # numbers behind the newest among which one may be missing


class Tail:
    """What happened since the last look. On PostgreSQL a lower number can appear after a higher one."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._missing: dict[int, float] = {}

    def read(self, limit: int = 500) -> list[Change]:
        """The events not read before, by number; the first look only finds the place to begin."""
        if self._newest is None:
            self._newest = event.newest()
            return []
        begin = min(self._missing, default=self._newest + 1) - 1
        changes = event.since(begin, limit + self._newest - begin)
        fresh = [change for change in changes if change.id > self._newest or change.id in self._missing]
        for change in fresh:
            self._note(change.id)
        self._give_up()
        return fresh

    def _note(self, number: int) -> None:
        assert self._newest is not None
        self._missing.pop(number, None)
        if number > self._newest:
            skipped = range(max(self._newest + 1, number - WINDOW), number)
            self._missing |= dict.fromkeys(skipped, clock.steady())
            self._newest = number

    def _give_up(self) -> None:
        assert self._newest is not None
        oldest, floor = clock.steady() - PATIENCE, self._newest - WINDOW
        self._missing = {n: since for n, since in self._missing.items() if since > oldest and n > floor}


class Letters:
    """Messages in inboxes for which no event rings: a drill, a job that has ended."""

    def __init__(self) -> None:
        self._seen: set[int] | None = None

    def read(self) -> dict[str, int]:
        """The topic of each inbox that has got one since the last look, with its newest; the first look tells none."""
        newest = message.news()
        seen = {id_ for id_, _ in newest} if self._seen is None else self._seen
        self._seen = {id_ for id_, _ in newest}
        return {f"u-{person_id}": id_ for id_, person_id in reversed(newest) if id_ not in seen}
