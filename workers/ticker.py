"""The ticker: four times a second, is anything new, due or waiting? It rings, and does it itself when nobody comes.

Any number of tickers may run: what they do is claimed in the database, what they say may be said twice.
"""

import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from time import sleep

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from models.clockwork import anchor, auditor, calendars, escalation, health
from models.clockwork.course import Course
from models.ground import clock
from models.ground.db import give_up
from models.ground.errors import DomainError
from models.record import allowance, attachment, draft, heartbeat, job
from models.record import message as outbox
from models.record.event import Change
from models.steps.jobs import WORK
from workers.channels import call
from workers.delivery import deliver_due
from workers.jobs import leaving, work
from workers.queues import SWEPT, Doorbell
from workers.tail import Letters, Tail

PERIOD = 0.25  # seconds between two looks
RING_AGAIN = 1.0  # seconds between two rings while the same clock or letter waits
SWEEP_PATIENCE = 2.0  # seconds that a due clock waits for a worker (safety rule 4)
SEND_PATIENCE = 5.0
SECONDS_TO_LEAVE = 5.0  # the supervisor waits for six
BEAT_EVERY = 5.0
COMPLAIN_EVERY = 30.0
TIDY_EVERY = 3600.0
AUDIT_EVERY = 60.0
CALL_EVERY = 30.0  # the watcher outside, while all is well
MOST_UNTOLD = 1_000  # topics

log = structlog.get_logger("ticker")


def tick_until_stopped(app: Flask, *, redis_url: str) -> None:
    """Look, ring, and help out until SIGTERM or SIGINT."""
    ticker, going = Ticker(app, redis_url), True

    def stop(*_: object) -> None:
        nonlocal going
        going = False
        leaving.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while going:
        began = clock.steady()
        if not ticker.tick():
            sleep(max(0.0, ticker.rest - (clock.steady() - began)))
    ticker.leave()


@dataclass
class Wait:
    """Who waits longest, for how long the same one has been seen, and when it was rung for; seconds of `steady`."""

    what: object = None
    since: float = float("-inf")
    rung_at: float = float("-inf")

    def sees(self, what: object) -> None:
        """Another one than before: news, or a worker is at it."""
        if what != self.what:
            self.what, self.since, self.rung_at = what, clock.steady(), float("-inf")

    def is_to_be_rung(self) -> bool:
        """At once, and then every second; True is the ring."""
        is_so = clock.steady() - self.rung_at >= RING_AGAIN
        if is_so:
            self.rung_at = clock.steady()
        return is_so

    def has_lasted(self, seconds: float) -> bool:
        """Nobody has come for so long."""
        return clock.steady() - self.since >= seconds


class Ticker:
    """What one ticker remembers between two looks; losing it costs seconds."""

    def __init__(self, app: Flask, redis_url: str) -> None:
        self._app = app
        self._bell = Doorbell(redis_url)
        self._tail, self._letters = Tail(), Letters()
        self.rest = PERIOD  # seconds from the beginning of this look to the next
        self._mark, self._letter = Wait(), Wait()
        self._beat_at = self._complained_at = self._called_at = float("-inf")
        self._tidied_at = self._audited_at = clock.steady()
        self._untold: dict[str, int] = {}  # topic → newest version
        self._asked: dict[int, float] = {}  # job id → when it was rung
        self._working: Future[None] | None = None
        self._worker = ThreadPoolExecutor(1, "jobs")
        self._sending: Future[None] | None = None
        self._sender = ThreadPoolExecutor(1, "sender")
        self._auditor = ThreadPoolExecutor(1, "auditor")
        self._calling: Future[None] | None = None
        self._caller = ThreadPoolExecutor(1, "caller")
        self._course = Course()

    def tick(self) -> bool:
        """One look at everything; True when there is more to do at once."""
        more, self.rest = False, PERIOD
        with self._app.app_context():
            for duty in (self._news, self._deadlines, self._calendars, self._mail, self._jobs, self._life, self._tidy,
                         self._audit, self._call_outside, self._wall_clock):  # fmt: skip
                more = self._attempt(duty) or more
        return more

    def leave(self) -> None:
        """What is on its way to a mail server is waited for: nobody else could know that it has been taken."""
        if self._sending:
            wait([self._sending], SECONDS_TO_LEAVE)

    def _attempt(self, duty: Callable[[], bool]) -> bool:
        """Do one duty; a database that is away must not end the ticker, nor fill the log."""
        try:
            return duty()
        except (SQLAlchemyError, DomainError):
            give_up()
            if clock.steady() - self._complained_at >= COMPLAIN_EVERY:
                self._complained_at = clock.steady()
                log.exception("the ticker goes on after an error", duty=duty.__name__)
            return False

    def _news(self) -> bool:
        self._untold |= topics_of(self._tail.read())
        self._untold |= self._letters.read()
        if self._untold and (self._bell.tell(self._untold) or len(self._untold) > MOST_UNTOLD):
            self._untold = {}  # when Redis has been away for long, every page looks anew on its own
        return False

    def _deadlines(self) -> bool:
        self._mark.sees(self._waiting_mark())
        if self._mark.what is None:
            return False
        if self._mark.is_to_be_rung():
            self._bell.ring("sweep")
        is_patient = self._bell.is_there and not self._mark.has_lasted(SWEEP_PATIENCE)
        if is_patient and not escalation.is_crowd():
            return False
        swept = escalation.sweep()
        self._mark.what = self._waiting_mark()  # our own work is no sign that a worker is there
        return swept > 0

    def _waiting_mark(self) -> tuple[int, int] | None:
        """Any clock of those that wait longest, and the newest firing. Who comes next is looked for at its moment."""
        mark = escalation.next_mark()
        self.rest = PERIOD if mark is None or mark.waits else min(PERIOD, mark.seconds)
        return (mark.clock, escalation.newest_firing()) if mark and mark.waits else None

    def _calendars(self) -> bool:
        """A batch at a time, with a look at everything else in between."""
        return calendars.is_moving() and calendars.move_tickets() > 0

    def _mail(self) -> bool:
        """Of what is due, the letter that waits longest: whoever comes for it goes on with the others."""
        first = next(iter(outbox.due(1)), None) if self._app.config["SETTINGS"].smtp_url else None
        self._letter.sees(first)
        if first is None:
            return False
        if self._letter.is_to_be_rung():
            self._bell.ring("deliver", first)
        if not self._bell.is_there or self._letter.has_lasted(SEND_PATIENCE) or outbox.is_crowd():
            self._send_here(first)
        return False

    def _send_here(self, message_id: int) -> None:
        """Send from a thread of our own: a slow mail server must not hold up the clocks."""
        if self._sending is None or self._sending.done():
            duty = partial(deliver_due, message_id)
            self._sending = self._sender.submit(self._aside, duty, "delivery failed", message=message_id)

    def _jobs(self) -> bool:
        """Long work has a worker of its own; when none comes, it is done here, beside the clocks."""
        now, due = clock.steady(), job.due(WORK)
        is_at_work = bool(due) and job.is_at_work()
        self._asked = {id_: self._asked.get(id_, 0.0) for id_ in due}
        for id_, rung_at in self._asked.items():
            if not rung_at:
                self._bell.ring("job", id_)
            if not rung_at or is_at_work:  # patience begins when nobody is at any
                self._asked[id_] = now
            elif not self._bell.is_there or now - rung_at >= SEND_PATIENCE:
                self._work_here(id_)
        return False

    def _work_here(self, job_id: int) -> None:
        if self._working is None or self._working.done():
            self._working = self._worker.submit(self._aside, partial(work, job_id), "job interrupted", job=job_id)

    def _wall_clock(self) -> bool:
        if by := self._course.look():
            log.warning("the clock of this machine was set", seconds=by)
        return False

    def _tidy(self) -> bool:
        """Now and then, files that belong to nothing are taken away; beside the clocks, not in their way."""
        if clock.steady() - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = clock.steady()
            self._sender.submit(self._take_away)
        return False

    def _take_away(self) -> None:
        for tidy in (job.forget_results, draft.remove_stale, allowance.remove_stale, attachment.remove_orphans):
            self._aside(tidy, "not tidied", what=tidy.__module__)

    def _audit(self) -> bool:
        """Once a minute somebody else looks whether what should have rung has rung."""
        if clock.steady() - self._audited_at >= AUDIT_EVERY:
            self._audited_at = clock.steady()
            self._auditor.submit(self._look_over)
        return False

    def _look_over(self) -> None:
        self._aside(_audit_clocks, "not audited")
        self._aside(self._drop_anchor, "no checkpoint")

    def _drop_anchor(self) -> None:
        """How far the record has come is written down outside the database, and into the log."""
        lines = anchor.checkpoint()
        for line in lines:
            say = log.error if line["kind"] == anchor.PARTED else log.info
            say("checkpoint", line=line)
        if lines and self._app.config["SETTINGS"].smtp_url:
            anchor.send_letter(lines[-1])

    def _aside(self, duty: Callable[[], object], trouble: str, **about: object) -> None:
        """Beside the clocks, where nobody waits for it: what goes wrong is in the log, and the next duty follows."""
        try:
            with self._app.app_context():
                duty()
        except Exception:
            log.exception(trouble, **about)

    def _call_outside(self) -> bool:
        """Somebody outside hears from us while all is well; when we fall silent, that is the alarm (rule 10)."""
        is_due = clock.steady() - self._called_at >= CALL_EVERY
        if self._app.config["SETTINGS"].heartbeat_url and is_due and (self._calling is None or self._calling.done()):
            self._called_at = clock.steady()
            if health.is_all_well():
                self._calling = self._caller.submit(self._say_all_is_well)
        return False

    def _say_all_is_well(self) -> None:
        """From a thread of its own: a watcher that is slow must not hold up the clocks."""
        settings = self._app.config["SETTINGS"]
        try:
            call.call(settings.heartbeat_url, allowed=settings.outbound_private)
        except call.NotCalled as reason:
            log.warning("the watcher outside was not reached", reason=str(reason))

    def _life(self) -> bool:
        if clock.steady() - self._beat_at >= BEAT_EVERY:
            self._beat_at = clock.steady()
            heartbeat.beat("ticker")
            if escalation.oldest_unfired() <= health.UNFIRED_TOO_LONG:
                self._bell.tell({SWEPT: 0})
            if self._bell.knock():
                heartbeat.beat("redis")
        return False


def _audit_clocks() -> None:
    found = auditor.audit()
    if not found.is_clean:
        log.error("the auditor objects", missing=found.missing, wrong=found.wrong)


def topics_of(changes: list[Change]) -> dict[str, int]:
    """The live topics that `changes` touch, each with its newest version."""
    topics: dict[str, int] = {}
    for change in changes:
        topics[f"t-{change.ticket_id}"] = change.seq
        topics["tickets"] = change.id
        topics |= {f"u-{person_id}": change.id for person_id in change.told}
    return topics
