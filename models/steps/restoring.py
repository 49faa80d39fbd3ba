"""After a restore: what has left the house since the copy was made is known, and doors that may have been shut since
are shut."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import update

from models.ground import clock
from models.ground.db import command, db
from models.people.factor import RecoveryCode
from models.people.feed import Feed
from models.people.session import PasswordReset, Session
from models.record import known_letter
from models.record.message import hold_back
from models.rules.deeds import record


class TakenUp(NamedTuple):
    """Letters that are known to have left since, and letters held back; feeds ended, and recovery codes used up."""

    known: int
    held: int
    feeds: int
    codes: int


@command
def take_up_again(source: str, *, sent: Iterable[str], is_known: bool) -> TakenUp:
    """The database was put back from `source`.

    `sent` are Message-IDs of the sent-journal; unless it `is_known` whatever left since, what waits waits for a person.
    Sessions, resets, feeds and recovery codes that ended since the copy was made would open again, and nobody knows
    which: all of them end. Customers' links stay (F37): theirs is the only door to what they are asked, silence would
    count against them, and one that was revoked since can be revoked again.
    """
    known = known_letter.remember(sent)
    held = 0 if is_known else hold_back()
    _end(Session.ended_at)
    _end(PasswordReset.used_at)
    done = TakenUp(known, held, feeds=_end(Feed.ended_at), codes=_end(RecoveryCode.used_at))
    record("restored", actor=None, after={"source": source, **done._asdict()})
    return done


def _end(column: Any) -> int:
    """Whatever has not ended ends now; how many."""
    ends = update(column.class_).where(column.is_(None)).values({column.key: clock.real_now()})
    return int(db.session.execute(ends).rowcount)  # type: ignore[attr-defined]
