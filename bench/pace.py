"""How fast the machine itself was meanwhile: who shares it with others has not the same processor every second."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from threading import Event, Thread
from time import thread_time

EVERY = 2.0  # seconds
LOOP = 500_000  # turns of a plain loop: some milliseconds


@contextmanager
def watched() -> Iterator[list[float]]:
    """Processor time of one and the same loop, in seconds, again and again while the block lasts."""
    took, over = list[float](), Event()

    def look() -> None:
        while not over.wait(EVERY):
            before = thread_time()
            sum(range(LOOP))
            took.append(thread_time() - before)

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


def said(took: list[float]) -> str:
    """In words, as parts of its best speed during the run."""
    if not took:
        return ""
    best = min(took)
    return (
        f"The machine itself ran at {100 * best / max(took):.0f} to 100 % of its best speed, half of the time at "
        f"{100 * best / median(took):.0f} % or more (one loop of Python, every {EVERY:g} s, best {1000 * best:.1f} ms)."
    )
