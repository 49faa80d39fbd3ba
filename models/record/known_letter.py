"""Letters that are known to have left in a time that a restore took back: they are not sent a second time (rule 11)."""

from collections.abc import Collection, Iterable
from typing import cast

from sqlalchemy import String, Table, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground.bulk import write_many
from models.ground.db import Base, db

AT_ONCE = 500


class KnownLetter(Base):
    """One Message-ID from the sent-journal. The table is empty until a backup is restored."""

    __tablename__ = "known_letter"
    message_id: Mapped[str] = mapped_column(String(80), primary_key=True)


def remember(message_ids: Iterable[str]) -> int:
    """Know these too; how many are new. Runs inside a command."""
    new = sorted(set(message_ids) - _all())
    return write_many(insert(cast(Table, KnownLetter.__table__)), [{"message_id": each} for each in new])


def known_of(message_ids: Collection[str]) -> set[str]:
    """Those of them that have left already."""
    wanted, found = sorted(message_ids), set[str]()
    for first in range(0, len(wanted), AT_ONCE):
        some = select(KnownLetter.message_id).where(KnownLetter.message_id.in_(wanted[first : first + AT_ONCE]))
        found |= set(db.session.scalars(some))
    return found


def is_empty() -> bool:
    """Whether nothing was ever restored here."""
    return db.session.scalar(select(KnownLetter.message_id).limit(1)) is None


def _all() -> set[str]:
    return set(db.session.scalars(select(KnownLetter.message_id)))
