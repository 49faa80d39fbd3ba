"""Copies of everything, measured: made while people write, looked at, and put back (F37).

The crowd's chains were not written by the pen, so each is found broken, which takes longer than sound ones do.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from threading import Event, Thread
from time import perf_counter, sleep

from app import Settings, create_app
from bench.databases import KEY, Crowded
from bench.results import Result
from models.ground.db import db
from models.people.person import find_person
from models.steps import intake
from workers import restore
from workers.keeping import soundness, store

MOST_SECONDS, MOST_WAIT = 180.0, 200.0  # for all of it; milliseconds of one writer
MOST_WALKED = 200_000  # tickets whose chains are walked: those of a million take a quarter of an hour
BEFORE = 5.0  # seconds of writing before the copying begins, to compare with
REST = 0.02  # seconds between two reports


def backups(database: Crowded) -> Iterator[Result]:
    """Copy, look at, put back."""
    settings = Settings(_env_file=None, home=database.home, database_url=database.url, env="demo", secret_key=KEY)  # type: ignore[call-arg]
    with _writing(settings) as waits:
        sleep(BEFORE)
        quiet = len(waits)
        began = perf_counter()
        _run(settings, "workers.backup", "create")
        made = perf_counter() - began
    usual, during = (quantiles(part, n=100, method="inclusive") for part in (waits[:quiet], waits[quiet:]))
    before = f"before that p50 {usual[49]:.0f}, longest {max(waits[:quiet]):.0f}"
    note = f"{len(waits) - quiet} reports, p50 {during[49]:.0f} ms; {before}"
    yield Result("the longest wait of a writer while it is copied", max(waits[quiet:]), "ms", most=MOST_WAIT, note=note)
    found = store.find(settings.home / store.FOLDER, "newest")
    yield Result("backup", made, "s", note=f"{found.manifest.bytes / 1e6:.0f} MB, beside the writers")
    began = perf_counter()
    soundness.look_at(found, settings)
    looked = perf_counter() - began
    yield Result("looked at before it is put back", looked, "s", note="bytes, counts, files that rows name")
    tickets, events = (found.manifest.counts[name] for name in ("ticket", "event"))
    if tickets <= MOST_WALKED:
        began = perf_counter()
        soundness.look_through(found, settings)
        note = f"the same, and the chains: {events} events"
        yield Result("looked through (backup verify)", perf_counter() - began, "s", note=note)
    create_app(settings)
    began = perf_counter()
    restore.put_back(found, settings)
    restore.take_up(found, settings)
    put_back = perf_counter() - began
    yield Result("put back", put_back, "s")
    yield Result(f"backup and restore of {tickets} tickets", made + looked + put_back, "s", most=MOST_SECONDS)


@contextmanager
def _writing(settings: Settings) -> Iterator[list[float]]:
    """Somebody reports one fault after the other: milliseconds that each took."""
    waits, over, app = list[float](), Event(), create_app(settings)

    def report() -> None:
        with app.app_context():
            while not over.wait(REST):
                began = perf_counter()
                intake.report_fault(actor=find_person("zhang"), description="打印机卡纸")
                waits.append(1000 * (perf_counter() - began))
                db.session.remove()

    writer = Thread(target=report)
    writer.start()
    try:
        yield waits
    finally:
        over.set()
        writer.join()
        with app.app_context():
            db.engine.dispose()


def _run(settings: Settings, *words: str) -> None:
    """As its own process, as `./run` would."""
    known = {
        "BIHUAN_HOME": str(settings.home), "DATABASE_URL": settings.database_url, "SECRET_KEY": KEY,
        "BIHUAN_ENV": "demo", "REDIS_URL": "", "SMTP_URL": "", "BASE_URL": "",
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", *words], env=os.environ | known, check=True, stdout=subprocess.DEVNULL)
