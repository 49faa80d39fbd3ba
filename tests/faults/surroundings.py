"""The machine under the house: its disk, database server, clock, zone and strength: F15, F17–F20, F22, F41."""

import os
import resource
import signal
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

from tests.faults.house import P0, RESPOND, House, Houses, eventually
from tests.faults.verdict import Verdict, held

EVERY_FIFTH = """
CREATE SEQUENCE trouble;
CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('trouble') % 5 = 0 THEN RAISE EXCEPTION 'forced' USING ERRCODE = '40001'; END IF;
  RETURN NULL; END $$;
CREATE TRIGGER trouble AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION trouble()"""


def f15(houses: Houses, times: int = 4) -> Verdict:
    """Disk full (RLIMIT_FSIZE): POST is answered 503 or 507 with the text kept, GETs work, then all is well again."""
    with houses.house() as house:
        visitor, statuses = house.visitor("zhang"), list[int]()
        eventually(house.is_quiet, 120)
        forms = [visitor.report("全部停了", **P0) for _ in range(times)]
        size = Path(house.store.path).stat().st_size
        _limit(house, resource.RLIMIT_FSIZE, min(size, 4096))
        for form in forms:
            statuses.append(visitor.send(form).status)
        reads = {visitor.get(path).status for path in ("/my", "/report")}
        _limit(house, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
        for form in forms:
            house.sent_again(form, visitor)
        eventually(house.is_quiet, 120)
        figure = f"POST {sorted(set(statuses))}, GET {sorted(reads)}; whole again without repair"
        said = set(statuses) <= {503, 507}
        return held(figure, house.judged(bound=60), injected=times, reads_work=reads == {200}, posts_are_told=said)


def f17(houses: Houses, times: int = 4) -> Verdict:
    """PostgreSQL: a backend is killed, with it every connection, and the server recovers; outcomes become known."""
    with houses.house() as house:
        visitor, errors, slowest = house.visitor("zhang"), 0, 0.0
        for _ in range(times):
            form = visitor.report("全部停了", **P0)
            killer = threading.Timer(house.chance.uniform(0, 0.05), _kill_a_backend, [house])
            killer.start()
            errors += visitor.send(form).status != 303
            killer.join()
            began = monotonic()
            eventually(lambda f=form: visitor.send(f).status == 303, 60)
            slowest = max(slowest, monotonic() - began)
        eventually(house.is_quiet, 120)
        figure = f"{times} crashes of the server, {errors} error pages, accepted again after ≤ {slowest:.1f} s"
        return held(figure, house.judged(bound=60), injected=times, few_error_pages=errors <= 2 * times)


def f18(houses: Houses, times: int = 40) -> Verdict:
    """PostgreSQL: every fifth writing of an event ends in a serialization failure; nobody notices."""
    with houses.house() as house:
        visitor = house.visitor("zhang")
        house.store.run(EVERY_FIFTH)
        answers = [visitor.send(visitor.report("慢")).status for _ in range(times)]
        forced = int(house.store.value("SELECT last_value FROM trouble")) // 5
        house.store.run("DROP TRIGGER trouble ON event")
        eventually(house.is_quiet, 120)
        figure = f"{forced} failures in {times} reports, {sum(a != 303 for a in answers)} noticed"
        return held(figure, house.judged(bound=60), injected=forced, nobody_noticed=set(answers) == {303})


def f19(houses: Houses, times: int = 2) -> Verdict:
    """The wall clock set an hour ahead and back again, then running a tenth too fast: nothing twice, nothing left out,
    and each step is on record."""
    with houses.house(module="tests.faults.another_clock") as house:
        eventually(house.is_quiet, 120)
        visitor = house.visitor("zhang")
        numbers = house.reports(4, visitor)
        for hours in (1, -1) * times:
            house.set_wall(3600 * hours)
            sleep(1.5)
            numbers += house.reports(1, visitor)
        house.set_wall(0, rate=0.1)
        house.jump(timedelta(hours=1) + RESPOND)  # some were reported an hour ahead
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.is_quiet, 120)
        steps = [row["after"]["seconds"] for row in house.store.rows("SELECT * FROM deed WHERE name = 'clock_set'")]
        figure = f"{2 * times} steps of an hour, {len(steps)} on record, {len(numbers)} breaches once each"
        complaints = house.judged(numbers, bound=3700)
        noticed = sorted(round(seconds / 3600) for seconds in steps) == sorted((1, -1) * times)
        return held(figure, complaints, injected=2 * times + 1, each_is_on_record=noticed)


def f20(houses: Houses) -> Verdict:
    """The machine sleeps two hours: all is stopped, time goes on, all wakes; what was missed fires once."""
    with houses.house() as house:
        numbers = house.reports(6, house.visitor("zhang"))
        everybody = [house.process.pid, *house.processes().values()]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        house.jump(timedelta(hours=2))
        for pid in reversed(everybody):
            os.kill(pid, signal.SIGCONT)
        eventually(lambda: house.breached(numbers), 30)
        eventually(house.is_quiet, 180)
        said = "SELECT count(*) FROM firing WHERE role = 'overtaken'"
        overtaken = house.store.value(said)
        figure = f"{len(numbers)} breaches told once, {overtaken} overtaken warnings only recorded"
        return held(figure, house.judged(numbers, bound=180), overtaken_are_recorded=overtaken > 0)


def f22(houses: Houses) -> Verdict:
    """The host's zone and language change, the house restarts: no stored instant moves."""
    with houses.house() as house:
        house.reports(3, house.visitor("zhang"))
        house.stop()
        before = _instants(house)
        moved = []
        for zone, language in (("America/New_York", "C"), ("Australia/Lord_Howe", "de_DE.UTF-8")):
            house.surround(TZ=zone, LANG=language, LC_ALL=language)
            house.start()
            house.stop()
            after = _instants(house)
            moved += [f"{zone}: {key} moved" for key, at in before.items() if after[key] != at]
        house.start()
        return held(f"{len(before)} instants, {len(moved)} moved", [*moved, *house.judged(bound=600)], injected=2)


def f41(houses: Houses, seconds: float = 10) -> Verdict:
    """One core that somebody else uses too, 256 open files: slower, not wrong."""
    with houses.house() as house:
        visitor = house.visitor("zhang")
        everybody = [house.process.pid, *house.processes().values()]
        for pid in everybody:
            os.sched_setaffinity(pid, {0})
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (256, 256))
        busy = _spin(seconds + 20)
        try:
            numbers = house.reports(6, visitor)
            house.fire_soon(0)
            eventually(lambda: house.breached(numbers), 60)
            late = house.lateness()
            eventually(house.is_quiet, 180)
        finally:
            os.kill(busy, signal.SIGKILL)
            os.waitpid(busy, 0)
        return held(f"lateness {late:.1f} s", house.judged(numbers, bound=30), lateness_at_most_30_s=late <= 30)


def _limit(house: House, what: int, soft: int) -> None:
    for pid in house.processes().values():
        with suppress(ProcessLookupError):
            hard = resource.prlimit(pid, what)[1]
            resource.prlimit(pid, what, (soft, hard))


def _kill_a_backend(house: House) -> None:
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    found = house.store.rows(others)
    if found:
        with suppress(ProcessLookupError):
            os.kill(house.chance.choice(found)["pid"], signal.SIGKILL)
            house.injected += 1
            house.kills += 1


def _instants(house: House) -> dict[tuple[str, int, str], object]:
    """What no restart may touch, row by row."""
    fixed = {"deadline": ("started_at", "due_at"), "event": ("at",), "ticket": ("reported_at", "created_at")}
    return {
        (table, row["id"], column): row[column]
        for table, columns in fixed.items()
        for row in house.store.rows(f"SELECT id, {', '.join(columns)} FROM {table}")
        for column in columns
    }


def _spin(seconds: float) -> int:
    """A process that does nothing, as fast as it can, on the first core."""
    pid = os.fork()
    if not pid:
        os.sched_setaffinity(0, {0})
        until = monotonic() + seconds
        while monotonic() < until:
            pass
        os._exit(0)
    return pid
