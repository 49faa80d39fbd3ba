"""Two versions of the application on one database, as while it is being exchanged: F36."""

import os
import shutil
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import sleep

from tests.faults.house import ROOT, House, Houses, eventually
from tests.faults.verdict import Verdict, held

NEW = "of_tomorrow"  # a template, a channel, a kind of job and of clock that only the newer version knows
COPIED = ("app.py", "templates")  # in its folder; everything else is the same
UNCHANGED = (".git", "var", *COPIED)
LETTER = "{% block subject %}Of tomorrow{% endblock %}\n{% block body %}Of tomorrow: {{ base }}{% endblock %}\n"


def f36(houses: Houses, letters: int = 20) -> Verdict:
    """An old version meets rows of a newer one: it leaves them, its own go on; the newer one takes them up."""
    with houses.house() as house:
        eventually(house.is_quiet, 120)
        visitor = house.visitor("zhang")
        numbers = house.reports(3, visitor)
        ids = [_letter(house, f"{NEW}:{number}", channel="mail") for number in range(letters)]
        ids.append(_letter(house, f"{NEW}:call", channel="call"))
        _letter(house, f"{NEW}:app", channel="app", state="sent")
        job, clock = _job(house), _clock(house, numbers[0])
        house.fire_soon(0)
        eventually(partial(house.breached, numbers), 30)
        sleep(8)  # longer than anybody is patient
        old = _seen(house, ids, job, clock)
        inbox = visitor.get("/notifications").status
        house.store.run("DELETE FROM message WHERE template = ? AND channel = 'app'", NEW)
        newer = house.copy(_newer(house.home / "newer"))
        old_ones = [house.signal(name, signal.SIGSTOP) for name in ("deliver", "ticker")]
        house.kills += len(old_ones)  # as if they had gone, perhaps in the middle of a letter
        try:
            sent = "SELECT count(*) FROM message WHERE template = ? AND channel = 'mail' AND state = 'sent'"
            eventually(lambda: house.store.value(sent, NEW) == letters, 120, 0.25)
        finally:
            newer.terminate()
            newer.wait(20)
            for pid in old_ones:
                os.kill(pid, signal.SIGCONT)
        house.store.run("DELETE FROM deadline WHERE id = ?", clock)
        house.store.run("DELETE FROM message WHERE template = ? AND channel = 'call'", NEW)
        figure = f"{len(ids) + 2} rows of a newer version left alone, {letters} letters sent once it came"
        complaints = house.judged(numbers, bound=15)
        return held(figure, complaints, injected=len(ids) + 2, left=old == _LEFT, inbox_is_shown=inbox == 200)


_LEFT = ({"queued"}, 1, ("queued", 0), ("running", None))


def _seen(house: House, ids: list[int], job: int, clock: int) -> tuple[object, ...]:
    """What the old version has made of them: nothing; the letters' tries do not count."""
    said = "SELECT state, attempts FROM message WHERE template = ? AND channel <> 'app'"
    letters = house.store.rows(said, NEW)
    assert len(letters) == len(ids)
    (work,) = house.store.rows("SELECT state, attempt FROM job WHERE id = ?", job)
    (ring,) = house.store.rows("SELECT state, breached_at FROM deadline WHERE id = ?", clock)
    most = max(row["attempts"] for row in letters)
    states = {row["state"] for row in letters}
    return states, max(most, 1), (work["state"], work["attempt"]), (ring["state"], ring["breached_at"])


def _letter(house: House, key: str, *, channel: str, state: str = "queued") -> int:
    said = """INSERT INTO message (key, template, params, channel, person_id, state, attempts, created_at, next_try_at,
              error, answer, collected) SELECT ?, ?, '{}', ?, id, ?, 0, ?, ?, '', '', FALSE FROM person
              WHERE login = 'zhang'"""
    house.store.run(said, key, NEW, channel, state, *[_stored(house, timedelta())] * 2)
    return int(house.store.value("SELECT id FROM message WHERE key = ?", key))


def _job(house: House) -> int:
    said = """INSERT INTO job (kind, arguments, owner_id, state, attempt, done, error, created_at)
              SELECT ?, '{}', id, 'queued', 0, 0, '', ? FROM person WHERE login = 'liu'"""
    house.store.run(said, NEW, _stored(house, timedelta()))
    return int(house.store.value("SELECT id FROM job WHERE kind = ?", NEW))


def _clock(house: House, number: str) -> int:
    """A clock of a kind that nobody knows yet, due by now."""
    first = house.store.rows(
        "SELECT d.* FROM deadline d JOIN ticket t ON t.id = d.ticket_id WHERE t.number = ? AND d.kind = 'respond'",
        number,
    )[0]
    names = [name for name in first if name != "id"]
    marks = ", ".join("?" if name in ("kind", "ring_at") else name for name in names)
    said = f"INSERT INTO deadline ({', '.join(names)}) SELECT {marks} FROM deadline WHERE id = ?"
    new = {"kind": NEW[:12], "ring_at": _stored(house, timedelta(seconds=-1), business=True)}
    house.store.run(said, *(new[name] for name in names if name in new), first["id"])
    return int(house.store.value("SELECT id FROM deadline WHERE kind = ?", NEW[:12]))


def _newer(folder: Path) -> Path:
    """The next version: the same code, and one template more."""
    folder.mkdir()
    for each in ROOT.iterdir():
        if each.name not in UNCHANGED:
            (folder / each.name).symlink_to(each)
    shutil.copy(ROOT / "app.py", folder / "app.py")
    shutil.copytree(ROOT / "templates", folder / "templates")
    (folder / "templates" / "messages" / f"{NEW}.txt").write_text(LETTER)
    return folder


def _stored(house: House, later: timedelta, *, business: bool = False) -> object:
    """An instant as the driver wants it."""
    at = (house.now() if business else house.wall()) + later
    return at.replace(tzinfo=None).isoformat(" ") if house.store.is_sqlite else at
