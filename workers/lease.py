"""A claim kept alive from a second thread for as long as a block runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from flask import Flask, current_app

log = structlog.get_logger("lease")


@contextmanager
def renewed(renew: Callable[[], Any], *, every: float) -> Iterator[None]:
    """Call `renew` each `every` seconds, in an application context of its own; trouble is logged, and tried again."""
    done = threading.Event()
    flask: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    keeper = threading.Thread(target=_keep, args=(flask, renew, every, done), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(flask: Flask, renew: Callable[[], Any], every: float, done: threading.Event) -> None:
    while not done.wait(every):
        try:
            with flask.app_context():
                renew()
        except Exception:  # whatever it is: a thread that ended would let go of the claim
            log.exception("not renewed")
