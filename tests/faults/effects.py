"""What leaves the house, told to pieces: a letter being sent, a ticker at work. No command is left out of F02, nor are
the words that are said to the mail server and to Redis between two of them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from models.ground import clock
from models.ground.db import db
from tests.faults.crash import PostgresKept, SqliteKept, in_a_child
from tests.faults.judge import rows_agree
from tests.faults.sink import Sink

AFTER_THE_LEASE = timedelta(seconds=10)
EFFECTS = ("firing", "event", "ticket")  # of a ticker; when it looked, and how often, is no effect


def letter_to_pieces(
    send: Callable[[], Any], message_id: int, sink: Sink, *, forget: Callable[[], Any]
) -> Iterator[tuple[str, str]]:
    """Abort the sending at each point, let its lease run out, send again: (point, objection or "").

    `forget` empties the sent-journal, which nobody puts back.
    """
    kept = _kept()
    labels, trouble = in_a_child(send, at=0, moment=clock.real_now())
    assert not trouble, trouble
    kept.back(kept.look())
    for k, label in enumerate(labels, start=1):
        sink.taken.clear()
        forget()
        in_a_child(send, at=k, moment=clock.real_now())
        kept.settle()
        in_a_child(send, at=0, moment=clock.real_now() + AFTER_THE_LEASE)
        state = kept.store.value("SELECT state FROM message WHERE id = ?", message_id)
        names = {name for name, _address in sink.taken}
        is_good = state == "sent" and len(names) == 1 and len(sink.taken) <= 2
        yield label, "" if is_good else f"point {k}: {state}, {len(sink.taken)} arrived under {len(names)} names"
        kept.back(kept.look())


def ticker_to_pieces(tick: Callable[[], Any]) -> Iterator[tuple[str, str]]:
    """Abort a ticker that has work at each point, and let another one go on."""
    kept = _kept()
    labels, trouble = in_a_child(tick, at=0, moment=clock.real_now())
    assert not trouble, trouble
    wanted = kept.store.digests(list(EFFECTS))
    kept.back(kept.look())
    for k, label in enumerate(labels, start=1):
        in_a_child(tick, at=k, moment=clock.real_now())
        kept.settle()
        kept.count_again()
        in_a_child(tick, at=0, moment=clock.real_now())
        found = kept.store.digests(list(EFFECTS))
        yield label, "" if found == wanted and not rows_agree(kept.store) else f"point {k}: other rows"
        kept.back(kept.look())


def _kept() -> SqliteKept | PostgresKept:
    db.session.rollback()
    db.engine.dispose()
    url = db.engine.url.render_as_string(hide_password=False)
    kept = SqliteKept(url) if url.startswith("sqlite") else PostgresKept(url)
    kept.keep()
    return kept
