"""F02, all of it: every deed on a ticket and every other command, aborted at every point. `./run faults F02` tells it.

The figures say how many of the commands that there are have been tried.
"""

import json
import os
import shutil
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from models.clockwork import escalation
from models.ground.db import db
from models.record import message as outbox
from models.rules.workflow import STEPS
from tests.deeds import DEEDS, do
from tests.factories import a_ticket
from tests.faults.crash import Found, Matrix
from tests.faults.effects import letter_to_pieces, ticker_to_pieces
from tests.faults.sink import Sink
from tests.faults.stories import STORIES
from tests.workers.conftest import redis_server
from workers.delivery import deliver
from workers.ticker import Ticker

pytestmark = pytest.mark.full
__all__ = ["redis_server"]
FOLDER = "FAULTS_FOLDER"
BY_CLOCKWORK = {"warn", "escalate", "change_calendar", "confirm_silently", "archive"}  # inside a sweep, told as one
ACTIONS = sorted(DEEDS.keys() - BY_CLOCKWORK)
matrix = Matrix(breaks=bool(os.environ.get("FAULTS_FULL")))


@pytest.fixture(autouse=True)
def _written_down():
    """What was found, a line for each command: `./run faults` counts them."""
    begin = len(matrix.found)
    yield
    if folder := os.environ.get(FOLDER):
        with (Path(folder) / f"crashes-{os.getpid()}.jsonl").open("a") as file:
            for found in matrix.found[begin:]:
                file.write(json.dumps([found.command, found.injected, len(found.complaints)]) + "\n")


def complaints_since(begin: int) -> list[str]:
    return [words for found in matrix.found[begin:] for words in found.complaints]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_story_told_to_pieces(app, cast, story):
    begin = len(matrix.found)
    with matrix.installed():
        story()
    assert complaints_since(begin) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_deed_told_to_pieces(app, cast, action):
    begin, deed = len(matrix.found), DEEDS[action]
    state = "awaiting_triage" if not STEPS[action].come_from else str(STEPS[action].come_from[0])
    ticket = deed.made(state)
    deed.prepare(ticket)
    with matrix.installed():
        do(action, ticket)
    assert complaints_since(begin) == []


def test_a_letter_told_to_pieces(app, cast):
    """Every statement and commit, every verb and every reply: it arrives, and never under two names."""
    sink = Sink()
    sink.open()
    app.config["SETTINGS"].smtp_url = sink.url
    try:
        a_ticket("awaiting_engineer")
        first = outbox.due()[0]
        journal = app.config["SETTINGS"].home / "sent"
        forget = partial(shutil.rmtree, journal, ignore_errors=True)
        told = list(letter_to_pieces(lambda: deliver(first), first, sink, forget=forget))
    finally:
        app.config["SETTINGS"].smtp_url = None
        sink.close()
    keep_figures("workers.delivery.deliver", told)
    assert {"verb", "reply", "commit"} <= {label for label, _ in told}
    assert [objection for _, objection in told if objection] == []


def test_a_ticker_told_to_pieces(app, cast, time, redis_server):
    """Every statement and commit, every call of Redis: another one does what is left, once."""
    a_ticket(severity="P1")
    time(timedelta(hours=1))

    def tick() -> None:
        ticker = Ticker(app, redis_server.url)
        ticker.tick()
        while escalation.is_due():
            db.session.rollback()  # what was seen is past
            ticker._due_since = float("-inf")  # and no worker has come
            ticker.tick()

    told = list(ticker_to_pieces(tick))
    keep_figures("workers.ticker.tick", told)
    assert {"redis", "commit"} <= {label for label, _ in told}
    assert [objection for _, objection in told if objection] == []


def keep_figures(name: str, told: list[tuple[str, str]]) -> None:
    matrix.found.append(Found(name, [label for label, _ in told], [words for _, words in told if words]))
