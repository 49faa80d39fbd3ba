"""The clocks of the real stack: how late they fire one by one and all at once, and what they cost while nothing is due.

A mark counts as fired when somebody else can read it: the time is taken by looking, every few milliseconds.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from threading import Event, Thread
from time import monotonic, perf_counter, sleep

from sqlalchemy import Connection, Engine, bindparam, create_engine, func, select, update

from bench.databases import Crowded
from bench.results import Result
from bench.stack import Server, running
from bench.stock import beside_jobs
from bench.visitor import Visitor
from models.demonstration import PASSWORD
from models.ground.vocabulary import HOUSEKEEPING
from models.record.deadline import BREACH, RUNNING, Deadline, Firing
from models.record.event import Event as Happening
from models.record.message import Message
from models.record.ticket import ENDED, Ticket
from workers.ticker import PERIOD

SPREAD, SPREAD_OVER = 600, 20.0  # clocks, seconds
AT_ONCE = ((10_000, 2.0), (100_000, 20.0))  # clocks that are due at one moment, seconds that are promised
REST = 15.0  # seconds of rest that are measured
SETTLE = 5.0  # seconds after the start, and between two parts
LOOK_EVERY = 0.01
PATIENCE = 120.0
ARMED_A_SECOND = 3_000  # clocks that can be set in a second, also on a machine that does other things
SHORT_REST = 0.05  # seconds between two pages of one visitor
DEADLINES = Deadline.__table__
SET = update(DEADLINES).where(DEADLINES.c.id == bindparam("which")).values(  # type: ignore[arg-type]
    started_at=bindparam("since"), due_at=bindparam("at"), ring_at=bindparam("at")
)  # fmt: skip
CAN_BE_SET = select(Deadline.id).join(Ticket).where(
    Deadline.state == RUNNING, Deadline.mark == BREACH, Deadline.breached_at.is_(None), Deadline.ring_at.is_not(None),
    Deadline.kind.not_in(HOUSEKEEPING), Ticket.state.not_in(ENDED),
)  # fmt: skip


@dataclass
class Watch:
    """What was seen of the clocks that were set: when each of them could be read as fired, and how late that was."""

    first_due: datetime
    lateness: list[float] = field(default_factory=list)  # seconds
    took: float = 0.0  # seconds from the first due time until the last was seen
    load: float = 0.0


def clocks(database: Crowded) -> Iterator[Result]:
    """Every figure of the clocks, on a database in which a hundred thousand run."""
    engine = create_engine(database.url)
    with engine.connect() as connection:
        running_now = connection.scalar(select(func.count()).where(Deadline.ring_at.is_not(None))) or 0
    with running("ours", database) as server:
        sleep(SETTLE)
        yield _idle(server, running_now)
        yield from _one_by_one(engine, running_now)
        for number, (count, promised) in enumerate(AT_ONCE):
            if count > _waiting(engine):
                print(f"  {'clocks':<13} too few run for {count} at once; --open takes more tickets", flush=True)
                continue
            sleep(SETTLE)
            yield from _all_at_once(server, engine, count=count, promised=promised, is_first=number == 0)
    yield from beside_jobs(database, lambda count: _set(engine, count, over=0.0, ahead=-1.0))
    engine.dispose()


def _idle(server: Server, clocks_running: int) -> Result:
    """The ticker's processor time for one look while nothing is due."""
    before, began = server.processor_seconds("ticker"), monotonic()
    sleep(REST)
    looks = (monotonic() - began) / PERIOD
    spent = 1000 * (server.processor_seconds("ticker") - before) / looks
    note = f"{clocks_running} clocks run, {looks:.0f} looks in {REST:g} s, signs of life included; {_load()}"
    return Result("idle tick, processor time", spent, "ms", most=5, note=note)


def _one_by_one(engine: Engine, clocks_running: int) -> Iterator[Result]:
    watch = _fire(engine, SPREAD, over=SPREAD_OVER)
    cuts = quantiles(watch.lateness, n=100, method="inclusive")
    note = f"{SPREAD} of {clocks_running} clocks over {SPREAD_OVER:g} s, p50 {cuts[49]:.2f} s; {_load(watch.load)}"
    yield Result("lateness of a clock, p99", cuts[98], "s", most=1, note=note)
    yield Result("lateness of a clock, longest", max(watch.lateness), "s", most=2)


def _all_at_once(server: Server, engine: Engine, *, count: int, promised: float, is_first: bool) -> Iterator[Result]:
    before, spent = _counts(engine), server.processor_seconds("sweep")
    with _visits(server) as spans:
        watch = _fire(engine, count, over=0.0)
        begin = watch.first_due.timestamp()
        during = [1000 * took for at, took in spans if begin <= at <= begin + watch.took]
    spent = server.processor_seconds("sweep") - spent
    made = {name: number - before[name] for name, number in _counts(engine).items()}
    rows = ", ".join(f"{name} {number}" for name, number in made.items())
    note = f"from the moment at which all are due, {spent:.1f} s of it the sweep's own processor time; rows: {rows}; "
    note += _load(watch.load)
    yield Result(f"{count} clocks due at once", watch.took, "s", most=promised, note=note)
    yield Result(f"rows for each of {count} clocks", min(made.values()) / count, "", least=1)
    if during:
        cuts = quantiles(during, n=100, method="inclusive")
        note = f"board and ticket, 2 visitors, {len(during)} pages, p50 {cuts[49]:.0f}, longest {max(during):.0f} ms"
        yield Result(f"pages meanwhile, p95 ({count})", cuts[94], "ms", most=150, note=note)
    if not is_first:
        yield Result("the sweeping process at its largest", server.largest("sweep"), "MB", most=300)


# --- clocks


def _fire(engine: Engine, count: int, *, over: float) -> Watch:
    """Set so many clocks and look until all of them have fired. Raises TimeoutError."""
    with engine.connect() as connection:
        newest = connection.scalar(select(func.max(Firing.id))) or 0
    watch = Watch(_set(engine, count, over=over, ahead=3.0 + count / ARMED_A_SECOND))
    until = monotonic() + PATIENCE + over
    with engine.connect() as connection:
        while len(watch.lateness) < count:
            newest = _look(connection, newest, watch)
            if monotonic() > until:
                raise TimeoutError(f"{len(watch.lateness)} of {count} clocks have fired")
            sleep(LOOK_EVERY)
    watch.load = os.getloadavg()[0]
    return watch


def _set(engine: Engine, count: int, *, over: float, ahead: float) -> datetime:
    """Let so many running clocks breach, spread evenly, the first in `ahead` seconds; when that is. They are thought to
    have begun as long before as they are allowed, so that they are due when their policy says."""
    waiting = CAN_BE_SET.with_only_columns(Deadline.id, Deadline.due_at, Deadline.started_at)
    with engine.connect() as connection:
        chosen = connection.execute(waiting.order_by(Deadline.kind, Deadline.id).limit(count)).all()
    assert len(chosen) == count, f"only {len(chosen)} clocks can be set"
    begin = datetime.now(UTC) + timedelta(seconds=ahead)
    with engine.begin() as connection:
        times = [begin + timedelta(seconds=over * n / count) for n in range(count)]
        rows = [
            {"which": row.id, "at": at, "since": at - (row.due_at - row.started_at)}
            for row, at in zip(chosen, times, strict=True)
        ]
        connection.execute(SET, rows)
    assert ahead < 0 or datetime.now(UTC) < begin, "the clocks were not set in time"
    return begin


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(CAN_BE_SET.with_only_columns(func.count())) or 0


def _look(connection: Connection, newest: int, watch: Watch) -> int:
    fired = connection.execute(select(Firing.id, Firing.due_at).where(Firing.id > newest).order_by(Firing.id)).all()
    now = datetime.now(UTC)
    connection.rollback()  # the next look sees what has come since
    watch.lateness += [(now - row.due_at).total_seconds() for row in fired]
    watch.took = (now - watch.first_due).total_seconds()
    return int(fired[-1].id) if fired else newest


def _counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            "event": connection.scalar(select(func.count()).where(Happening.name == "escalated")) or 0,
            "firing": connection.scalar(select(func.count()).select_from(Firing)) or 0,
            "message": connection.scalar(select(func.count()).where(Message.template == "escalated")) or 0,
        }


# --- visitors


@contextmanager
def _visits(server: Server) -> Iterator[Sequence[tuple[float, float]]]:
    """Two people who look at the board and at tickets all the while: (begin, seconds) of every page."""
    spans: list[tuple[float, float]] = []
    over = Event()
    tickets = [f"/t/{number}" for number in server.database.talked_about(10)]
    ways = (("wang", ["/triage"]), ("zhao", tickets))
    people = [Thread(target=_visit, args=(server.port, login, paths, spans, over)) for login, paths in ways]
    for person in people:
        person.start()
    try:
        yield spans
    finally:
        over.set()
        for person in people:
            person.join()


def _visit(port: int, login: str, paths: list[str], spans: list[tuple[float, float]], over: Event) -> None:
    visitor = Visitor(port)
    visitor.sign_in(login, PASSWORD)
    number = 0
    while not over.is_set():
        at, began = datetime.now(UTC).timestamp(), perf_counter()
        visitor.get(paths[number % len(paths)])
        spans.append((at, perf_counter() - began))
        number += 1
        sleep(SHORT_REST)


def _load(load: float | None = None) -> str:
    return f"load {os.getloadavg()[0] if load is None else load:.1f}"
