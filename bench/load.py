"""Load: visitors, each in a process of its own, who all begin at the same moment; every answer is checked."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from statistics import quantiles
from time import perf_counter
from typing import Any

from bench.visitor import Visitor, WrongAnswer
from models.demonstration import PASSWORD

REPORTERS = ("zhang", "feng", "yang", "li", "zhao", "he", "zhou", "qian")
MOVE_ON_AFTER = 50  # requests; then a new connection, so that no process of the server is favoured for long
REPORT = {
    "description": "ERP 系统提交报销单后一直转圈。换浏览器也一样,整个财务部都受影响。It began at nine o'clock.",
    "service": "1", "occurred_at": "", "impact": "department", "urgency": "medium", "affected": "", "frequency": "",
    "device": "Windows 11", "discoverer": "", "steps": "", "workaround": "",
}  # fmt: skip
Span = tuple[float, float]  # begin and end of one request, on a clock that all processes share


@dataclass(frozen=True)
class Page:
    """What is looked at: where, by whom ("" a stranger), and what proves that it is the whole page."""

    paths: tuple[str, ...]
    login: str
    holds: bytes
    times: int


@dataclass(frozen=True)
class Measure:
    """What a load has shown: requests a second over all clients, and milliseconds of one request."""

    requests: int
    rate: float
    p50: float
    p95: float
    p99: float


def look(port: int, page: Page, *, clients: int, seconds: float) -> Measure:
    """`clients` visitors look at the page again and again for `seconds`. Raises WrongAnswer."""
    visitor = _visitor(port, page.login)
    for path in page.paths:
        visitor.get(path, holds=page.holds, times=page.times)
    visitor.leave()
    return _together(clients, partial(_look, visitor, page, seconds))


def report(port: int, *, clients: int, each: int) -> Measure:
    """`clients` people send `each` reports; every form has been fetched beforehand, the posts alone are timed."""
    return _together(clients, partial(_report, port, each))


def fetch_and_report(port: int, *, clients: int, each: int) -> Measure:
    """The same with the form fetched within the measured time: one count is a GET and a POST."""
    return _together(clients, partial(_fetch_and_report, port, each))


def _look(visitor: Visitor, page: Page, seconds: float, number: int) -> list[Span]:
    first, spans = number % len(page.paths), []
    paths = cycle(page.paths[first:] + page.paths[:first])
    visitor.get(next(paths), holds=page.holds, times=page.times)
    end = _all_are_ready() + seconds
    while (begin := perf_counter()) < end:
        visitor.get(next(paths), holds=page.holds, times=page.times)
        spans.append((begin, perf_counter()))
        _move_on(visitor, len(spans))
    return spans


def _report(port: int, each: int, number: int) -> list[Span]:
    visitor, spans = _come_in(port, REPORTERS[number % len(REPORTERS)]), []
    forms = [visitor.form("/report", "report") for _ in range(each)]
    visitor.leave()  # waiting for the others, a connection could grow too old
    _all_are_ready()
    for form in forms:
        begin = perf_counter()
        _send(visitor, form)
        spans.append((begin, perf_counter()))
        _move_on(visitor, len(spans))
    return spans


def _fetch_and_report(port: int, each: int, number: int) -> list[Span]:
    visitor, spans = _come_in(port, REPORTERS[number % len(REPORTERS)]), []
    _all_are_ready()
    for _ in range(each):
        begin = perf_counter()
        _send(visitor, visitor.form("/report", "report"))
        spans.append((begin, perf_counter()))
        _move_on(visitor, len(spans))
    return spans


def _send(visitor: Visitor, form: dict[str, str]) -> None:
    answer = visitor.post_parts("/report", form | REPORT, empty_file="files")
    if answer.status != 303 or "/receipt" not in answer.header("location"):
        raise WrongAnswer(f"the report was not taken: {answer.status} {answer.header('location')}")


def _visitor(port: int, login: str) -> Visitor:
    visitor = Visitor(port)
    if login:
        visitor.sign_in(login, PASSWORD)
    return visitor


def _come_in(port: int, login: str) -> Visitor:
    """One after the other: several at once under one name look like somebody who guesses, and have to wait."""
    with _door:
        return _visitor(port, login)


def _move_on(visitor: Visitor, done: int) -> None:
    if done % MOVE_ON_AFTER == 0:
        visitor.leave()


def _together(clients: int, work: Callable[[int], list[Span]]) -> Measure:
    context = get_context("fork")
    meet = context.Barrier(clients), context.Lock()
    with ProcessPoolExecutor(clients, mp_context=context, initializer=_remember, initargs=meet) as pool:
        spans = [span for each in pool.map(work, range(clients)) for span in each]
    took = max(end for _, end in spans) - min(begin for begin, _ in spans)
    cuts = quantiles(((end - begin) * 1000 for begin, end in spans), n=100)
    return Measure(len(spans), len(spans) / took, cuts[49], cuts[94], cuts[98])


_ready: Any = None  # in a client's process: where all of them meet before the measured time
_door: Any = None  # through which one comes in at a time


def _remember(ready: Any, door: Any) -> None:
    global _ready, _door
    _ready, _door = ready, door


def _all_are_ready() -> float:
    _ready.wait(timeout=60)
    return perf_counter()
