"""After a restore: what has left the house since the copy was made is known, and everybody signs in anew."""

from collections.abc import Iterable

from sqlalchemy import update

from models.ground import clock
from models.ground.db import command, db
from models.people.session import PasswordReset, Session
from models.record import known_letter
from models.record.message import hold_back
from models.rules.deeds import record


@command
def take_up_again(source: str, *, sent: Iterable[str], is_known: bool) -> tuple[int, int]:
    """The database was put back from `source`: (letters that are known to have left since, letters held back).

    `sent` are Message-IDs of the sent-journal; unless it `is_known` whatever left since, what waits waits for a person.
    Every session ends: one that was ended since the copy was made would live again.
    """
    known = known_letter.remember(sent)
    held = 0 if is_known else hold_back()
    now = clock.real_now()
    db.session.execute(update(Session).where(Session.ended_at.is_(None)).values(ended_at=now))
    db.session.execute(update(PasswordReset).where(PasswordReset.used_at.is_(None)).values(used_at=now))
    record("restored", actor=None, after={"source": source, "known": known, "held": held})
    return known, held
