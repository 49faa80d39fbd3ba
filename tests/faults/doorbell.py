"""Redis wiped, away, full, restored, strange: F07–F09, F11, F12, F27."""

import json
import signal
from contextlib import suppress
from functools import partial
from statistics import quantiles
from time import monotonic, sleep
from uuid import uuid4

import redis

from tests.faults.house import House, Houses, eventually
from tests.faults.proxy import Proxy
from tests.faults.verdict import Verdict, held


def f07(houses: Houses, times: int = 8) -> Verdict:
    """Redis FLUSHALL under load: no event depends on Redis content."""
    with houses.house() as house:
        numbers = house.reports(times * 2, house.visitor("zhang"))
        house.fire_soon(len(numbers) / 8)
        for _ in range(times):
            house.redis().flushall()
            sleep(house.chance.uniform(0.1, 0.5))
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.is_quiet, 120)
        late = house.lateness()
        complaints = house.judged(numbers)
        return held(f"lateness {late:.1f} s, 0 lost", complaints, injected=times, lateness_at_most_10_s=late <= 10)


def f08(houses: Houses, seconds: float = 12) -> Verdict:
    """Redis down (stopped, then dead): web keeps working, the ticker sweeps and sends itself."""
    with houses.house() as house:
        before = _p95(house, 25)
        house.signal("valkey-server", signal.SIGSTOP)
        meanwhile = _p95(house, 25)
        numbers, late = house.goes_on(seconds)
        eventually(house.is_quiet, 60)
        complaints = house.judged(numbers, bound=15)
        house.signal("valkey-server", signal.SIGCONT)
        added = 1000 * (meanwhile - before)
        figure = f"away {seconds:.0f} s, {len(numbers)} breaches, lateness {late:.1f} s, web p95 {added:+.0f} ms"
        return held(figure, complaints, web_p95_at_most_50_ms_more=added <= 50, lateness_at_most_10_s=late <= 10)


def f09(houses: Houses) -> Verdict:
    """Redis full (noeviction): ringing fails silently-but-logged, no request fails; an evicting one is refused."""
    with houses.house() as house:
        server = house.redis()
        server.config_set("maxmemory", "2mb")
        with suppress(redis.ResponseError):
            for number in range(100_000):
                server.set(f"filling:{number}", "x" * 1000)
        visitor = house.visitor("zhang")
        numbers = house.reports(6, visitor)
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.is_quiet, 90)
        late, failed = house.lateness(), house.history.marks("refused")
        complaints = [*house.judged(numbers, bound=15), *failed]
        figure = f"0 failed requests, 0 lost, lateness {late:.1f} s; the start-up check is test_supervisor's"
        return held(figure, complaints, logged="unheard" in house.output.read_text())


def f10(houses: Houses) -> Verdict:
    """Redis slow (a proxy holds every reply for 2 s), then half-open (nothing arrives any more)."""
    with houses.house() as other:  # its Valkey serves the one that is watched
        (place,) = other.home.glob("run/valkey-*/socket")
        proxy = Proxy(str(place))
        with houses.house(REDIS_URL=proxy.url) as house:
            visitor, before = house.visitor("zhang"), _p95(house, 25)
            late, added = list[float](), list[float]()
            for pause, swallows in ((2.0, False), (0.0, True)):
                proxy.pause, proxy.swallows = pause, swallows
                numbers = house.reports(4, visitor)
                house.fire_soon(0)
                added.append(1000 * (_p95(house, 25) - before))
                eventually(partial(house.breached, numbers), 40)
                late.append(house.lateness())
            proxy.pause, proxy.swallows = 0.0, False
            eventually(house.is_quiet, 120)
            complaints = house.judged(bound=15)
        proxy.close()
    figure = f"lateness {max(late):.1f} s, web p95 {max(added):+.0f} ms"
    return held(figure, complaints, injected=2, web_p95_at_most_50_ms_more=max(added) <= 50)


def f11(houses: Houses, jobs: int = 10_000) -> Verdict:
    """Redis restarts with an old snapshot: stale jobs reappear, find nothing due, and do nothing."""
    with houses.house() as house:
        numbers = house.reports(3, house.visitor("zhang"))
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.is_quiet, 120)
        eventually(house.has_sent(), 120)
        before = _effects(house)
        _ring(house, [("sweep", [])] * (jobs // 2) + [("deliver", [n % 50 + 1]) for n in range(jobs - jobs // 2)])
        eventually(lambda: _waiting(house) == 0, 300, 0.25)
        after = _effects(house)
        complaints = [f"stale jobs changed {before} to {after}"] if before != after else []
        return held(f"0 effects from {jobs} stale jobs", [*complaints, *house.judged(numbers, bound=15)], injected=jobs)


def f12(houses: Houses) -> Verdict:
    """Malformed jobs, unknown task names, another application's data: refused and logged; the worker lives."""
    with houses.house() as house:
        worker = house.pid("sweep")
        mark = house.home / "executed"
        strange = [
            ("os.system", [f"touch {mark}"]),
            ("sweep", ["x" * 5_000]),
            ("workers.sweep.sweep", []),
            ("nothing", [1]),
        ]
        _ring(house, strange, queue="sweep")
        server = house.redis()
        for number in range(20):
            server.hset(f"bihuan:job:broken-{number}", mapping={"data": b"\x80\x04pickle", "origin": "sweep"})
            server.rpush("bihuan:queue:sweep", f"broken-{number}")
        numbers = house.reports(3, house.visitor("zhang"))
        house.fire_soon(0)
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.is_quiet, 90)
        complaints = house.judged(numbers, bound=15)
        lives = house.pid("sweep") == worker
        return held(
            "24 strange jobs, 0 executed", complaints, injected=24, not_executed=not mark.exists(), worker_lives=lives
        )


def f27(houses: Houses, times: int = 3) -> Verdict:
    """Duplicate deliveries: every job enqueued three times, out of order."""
    with houses.house() as house:
        numbers = house.reports(12, house.visitor("zhang"))
        house.fire_soon(0.5)
        until, rung = monotonic() + 4, 0
        while monotonic() < until:
            waiting = [row["id"] for row in house.store.rows("SELECT id FROM message WHERE state = 'queued'")]
            jobs = [("deliver", [each]) for each in waiting] * times + [("sweep", [])] * times
            house.chance.shuffle(jobs)
            _ring(house, jobs)
            rung += len(jobs)
            sleep(0.1)
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.is_quiet, 120)
        return held(f"{rung} rings out of order, 0 twice", house.judged(numbers, bound=15), injected=rung)


def _ring(house: House, jobs: list[tuple[str, list[object]]], queue: str = "") -> None:
    """Put jobs where the workers look, as plain bytes."""
    pipeline = house.redis().pipeline(transaction=False)
    for task, ids in jobs:
        name, place = uuid4().hex, queue or task
        said = {"data": json.dumps([task, None, ids, {}]), "origin": place, "created_at": "2026-01-01T00:00:00Z"}
        pipeline.hset(f"bihuan:job:{name}", mapping=said | {"status": "queued"})
        pipeline.expire(f"bihuan:job:{name}", 600)
        pipeline.rpush(f"bihuan:queue:{place}", name)
    pipeline.execute()


def _waiting(house: House) -> int:
    return sum(int(house.redis().llen(f"bihuan:queue:{name}")) for name in ("sweep", "deliver"))


def _effects(house: House) -> tuple[int, int, int]:
    """Marks, events of clocks, letters."""
    events = "SELECT count(*) FROM event WHERE name IN ('escalated', 'warned')"
    return (
        int(house.store.value("SELECT count(*) FROM firing")), int(house.store.value(events)), len(house.sink.taken),
    )  # fmt: skip


def _p95(house: House, times: int) -> float:
    """Of a page, in seconds."""
    visitor, took = house.visitor("wang"), []
    for _ in range(times):
        began = monotonic()
        visitor.get("/triage")
        took.append(monotonic() - began)
    return quantiles(took, n=20)[-1]
