"""A channel that lets no letter in: since when, and when one letter tries it again. What waits meanwhile stays due."""

from datetime import datetime, timedelta

from sqlalchemy import String, Text, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.db import Base, Instant, command, db, is_sqlite

PAUSES = (2, 5)  # seconds before the next letter tries whoever does not answer; the last one again and again
PAUSES_OF_REFUSED = (10, 60, 300, 600)  # whoever refuses our name or password is not asked so often
TURN = timedelta(seconds=20)  # of whoever tries and is never heard of again


class Outage(Base):
    """Of one channel; no row: as far as anybody knows, it works."""

    __tablename__ = "outage"
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)  # real time, as everything here
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(Text)


def outage_of(channel: str) -> Outage | None:
    """The outage of a channel; None while it works."""
    return db.session.scalar(select(Outage).where(Outage.channel == channel).execution_options(populate_existing=True))


def may_try(channel: str) -> bool:
    """Whether a letter may go now: any while the channel works, else one after each pause. Runs inside a command."""
    if outage_of(channel) is None:
        return True
    now = clock.real_now()
    turn = update(Outage).where(Outage.channel == channel, Outage.next_try_at <= now)
    return bool(db.session.execute(turn.values(next_try_at=now + TURN)).rowcount)  # type: ignore[attr-defined]


def hand_back(channel: str) -> None:
    """Whoever had the turn did not come as far as the other side; the next may try. Runs inside a command."""
    db.session.execute(update(Outage).where(Outage.channel == channel).values(next_try_at=clock.real_now()))


def note(channel: str, reason: str, *, is_refused: bool = False) -> datetime:
    """The channel let no letter in, or fell silent over one; since when it does. Runs inside a command."""
    now, pauses = clock.real_now(), PAUSES_OF_REFUSED if is_refused else PAUSES
    found = outage_of(channel)
    tries = found.tries + 1 if found else 1
    pause = timedelta(seconds=pauses[min(tries, len(pauses)) - 1])
    said = {"next_try_at": now + pause, "tries": tries, "reason": reason[:500]}
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    new = insert(Outage).values(channel=channel, since=now, **said)
    db.session.execute(new.on_conflict_do_update(index_elements=[Outage.channel], set_=said))
    return found.since if found else now


def is_over(channel: str) -> None:
    """The other side has said something about a letter, whatever it was. Runs inside a command."""
    db.session.execute(delete(Outage).where(Outage.channel == channel))


@command
def forget() -> None:
    """A house that starts knows of none: its settings may be others."""
    db.session.execute(delete(Outage))
