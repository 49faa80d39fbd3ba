"""Signs of life, read from the database alone: no web request ever speaks to Redis."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db
from models.record import message
from models.record.heartbeat import Heartbeat, age_of
from models.record.outage import outage_of
from models.record.verdict import last_verdict

SILENT_AFTER = {"ticker": 15, "redis": 15, "worker": 45, "auditor": 300}  # seconds; a resting worker beats every 5
WORKERS = ("worker-sweep", "worker-deliver", "worker-job")
UNFIRED_TOO_LONG = 30  # seconds that a due mark may wait: any sweeper that lives is quicker
OK, DEGRADED, BROKEN = "ok", "degraded", "broken"


@dataclass(frozen=True)
class Audit:
    """The auditor's last verdict: marks of the last 24 hours, and clocks whose due time it could not confirm."""

    due: int
    fired: int
    late: int  # more than ten seconds after they were due
    missing: int
    wrong: int
    age_s: float

    @property
    def is_trusted(self) -> bool:
        """Whether it is of the last minutes and nothing is missing or wrong."""
        return not self.missing and not self.wrong and self.age_s <= SILENT_AFTER["auditor"]


@dataclass(frozen=True)
class Signs:
    """What /readyz says. Redis or the workers away is degraded: the ticker does their work, more slowly."""

    database: str
    redis: str = DEGRADED
    workers: str = DEGRADED
    ticker: float | None = None  # seconds since its last beat
    oldest_due_unfired_s: float | None = None
    outbox_oldest_s: float | None = None
    mail_away_s: float | None = None  # seconds for which no mail server has let a letter in; None: none refused
    at_last_resort: int | None = None  # open tickets whose ladder ended with the administrators, unacknowledged (P5.4)
    clocks: Audit | None = None  # what the auditor found; None: it has never looked
    migrations: str = BROKEN

    @property
    def is_ready(self) -> bool:
        """Whether people can rely on the whole: records are kept and clocks ring."""
        ticks = self.ticker is not None and self.ticker <= SILENT_AFTER["ticker"]
        rings = self.oldest_due_unfired_s is not None and self.oldest_due_unfired_s <= UNFIRED_TOO_LONG
        kept = self.clocks is None or (not self.clocks.missing and self.clocks.age_s <= SILENT_AFTER["auditor"])
        return self.database == OK and self.migrations == OK and ticks and rings and kept


def vital_signs(heads: frozenset[str]) -> Signs:
    """Look at everything once; `heads` are the newest migrations that the code knows."""
    try:
        ages = beats()
        return Signs(
            database=OK,
            redis=_fresh(ages, "redis"),
            workers=OK if all(_fresh(ages, name) == OK for name in WORKERS) else DEGRADED,
            ticker=ages.get("ticker"),
            oldest_due_unfired_s=round(escalation.oldest_unfired(), 1),
            outbox_oldest_s=round(message.oldest_wait(), 1),
            mail_away_s=_away(message.MAIL),
            at_last_resort=escalation.at_last_resort(),
            clocks=_audited(),
            migrations=OK if heads == _present_heads() else BROKEN,
        )
    except SQLAlchemyError:
        db.session.rollback()
        return Signs(database=BROKEN)


def is_all_well() -> bool:
    """Whether somebody outside may be told so: everything has been swept, and the auditor is content."""
    found = _audited()
    return found is not None and found.is_trusted and escalation.oldest_unfired() <= UNFIRED_TOO_LONG


def stands_still() -> bool:
    """Whether nothing has been swept for half a minute, in a house that was ever started."""
    beat = age_of("ticker")
    return beat is not None and (beat > UNFIRED_TOO_LONG or escalation.oldest_unfired() > UNFIRED_TOO_LONG)


def beats() -> dict[str, float]:
    """Seconds since the last beat of every process that was ever heard of."""
    now = clock.real_now()
    return {beat.name: round((now - beat.at).total_seconds(), 1) for beat in db.session.scalars(select(Heartbeat))}


def outbox_counts() -> dict[str, int]:
    """How many messages wait and how many have failed, counting to 10,000 and no further."""

    def count(state: str) -> int:
        few = select(message.Message.id).where(message.Message.state == state).limit(10_000).subquery()
        return db.session.scalar(select(func.count()).select_from(few)) or 0

    return {state: count(state) for state in (message.QUEUED, message.FAILED)}


def _audited() -> Audit | None:
    found = last_verdict()
    if found is None:
        return None
    age_s = round((clock.real_now() - found.at).total_seconds(), 1)
    return Audit(found.due, found.fired, found.late, found.missing, found.wrong_count, age_s)


def _away(channel: str) -> float | None:
    found = outage_of(channel)
    return round((clock.real_now() - found.since).total_seconds(), 1) if found else None


def _fresh(ages: dict[str, float], name: str) -> str:
    return OK if ages.get(name, float("inf")) <= SILENT_AFTER[name.partition("-")[0]] else DEGRADED


def _present_heads() -> frozenset[str]:
    return frozenset(db.session.scalars(text("SELECT version_num FROM alembic_version")))
