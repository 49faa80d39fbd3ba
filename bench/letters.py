"""Letters that wait: each sent in a conversation of its own, and all of them in one, in turns in this process."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from statistics import median
from time import monotonic, perf_counter, sleep

from sqlalchemy import select

from app import Settings, create_app
from bench.databases import KEY, Crowded
from bench.results import Result
from bench.stack import free_port
from models.ground.db import db
from models.people.customer import Contact
from models.people.person import find_person
from models.record import message as outbox
from models.steps import intake
from workers.channels import Unheard, mail
from workers.delivery import deliver, deliver_due

LETTERS = 200  # of one turn
TURNS = 5
PATIENCE = 20.0  # seconds


def letters(database: Crowded) -> Iterator[Result]:
    """How many leave in a second, either way."""
    with _mail_server() as url:
        settings = Settings(  # type: ignore[call-arg]
            _env_file=None, home=database.home, database_url=database.url, env="demo", secret_key=KEY, smtp_url=url
        )
        with create_app(settings).app_context():
            deliver_due(0)  # whatever waits already
            each, one = [], []
            for _turn in range(TURNS):
                each.append(_timed(_send_each))
                one.append(_timed(lambda ids: deliver_due(ids[0])))
    note = f"medians of {TURNS} turns of {LETTERS} letters, one sender, no certificates"
    yield Result("letters, a conversation for each", LETTERS / median(each), "/s", note=note)
    yield Result("letters over one conversation", LETTERS / median(one), "/s", least=60)
    yield Result("one conversation ÷ a conversation for each", median(each) / median(one), "×", least=1)


def _send_each(ids: list[int]) -> None:
    for each in ids:
        deliver(each)


def _timed(send: Callable[[list[int]], object]) -> float:
    """Seconds until so many new letters have left; all of them, and nothing else waits."""
    first_line, customer = find_person("wang"), db.session.scalars(select(Contact).limit(1)).one()
    for _ in range(LETTERS):
        intake.register_call(actor=first_line, contact=customer, description="打印机卡纸")
    ids = outbox.due(10 * LETTERS)
    assert len(ids) == LETTERS, f"{len(ids)} letters wait"
    db.session.rollback()
    began = perf_counter()
    send(ids)
    took = perf_counter() - began
    assert not outbox.due(), "not all have left"
    db.session.rollback()
    return took


@contextmanager
def _mail_server() -> Iterator[str]:
    """One that takes everything, in a process of its own."""
    place = f"127.0.0.1:{free_port()}"
    server = subprocess.Popen([sys.executable, "-m", "aiosmtpd", "-n", "-l", place, "-c", "aiosmtpd.handlers.Sink"])
    try:
        until = monotonic() + PATIENCE
        while not _answers(f"smtp://{place}"):
            assert monotonic() < until, "no mail server"
            sleep(0.05)
        yield f"smtp://{place}"
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    with suppress(Unheard):
        mail.greet(url)
        return True
    return False
