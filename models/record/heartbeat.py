"""Signs of life of the processes, for /readyz."""

from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.ground import clock
from models.ground.db import Base, Instant, command, db, is_sqlite


class Heartbeat(Base):
    """When a process of this name last said that it lives, in real time."""

    __tablename__ = "heartbeat"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


@command
def beat(name: str) -> None:
    """Say that the process `name` lives."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    values = {"name": name, "at": clock.real_now()}
    db.session.execute(
        insert(Heartbeat).values(values).on_conflict_do_update(index_elements=[Heartbeat.name], set_=values)
    )


def age_of(name: str) -> float | None:
    """Seconds since the last beat of `name`; None when it was never heard of."""
    at = db.session.scalar(select(Heartbeat.at).where(Heartbeat.name == name))
    return (clock.real_now() - at).total_seconds() if at else None
