"""The benchmarks: the whole product beside a bare Flask route, in one run on one machine; writes bench/RESULTS.md.

`./run bench [--rounds 3] [--seconds 4] [--small 10000] [--large 100000] [--postgres URL]`
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

if not __package__:  # started as a file: the project's root is not on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import databases, results
from bench.load import Measure, Page, fetch_and_report, look, report
from bench.results import Result
from bench.stack import Server, running
from bench.visitor import Visitor
from bench.weight import weigh
from models.demonstration import PASSWORD

FIRST_LINE, ENGINEER = "wang", "zhao"
TICKETS = 10  # pages that the ticket benchmark goes round
MOMENTS = 15  # on each of them: five steps of the road, ten entries
SECONDS_OF_REST = 30
BARE = Page(("/",), "", b"<tr><td>", 50)
BOARD = Page(("/triage",), FIRST_LINE, b"data-ticket=", 50)


def main(words: list[str]) -> int:
    """Build, start, measure, print; 1 when a target is missed."""
    asked = _read(words)
    began = perf_counter()
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-") as folder, ExitStack() as stack:
        make = partial(databases.crowded, Path(folder), postgres=asked.postgres)
        small, large = (stack.enter_context(make(tickets)) for tickets in (asked.small, asked.large))
        found = [*_at_rest(large, asked.rest)]
        with (
            running("bare", home=large.home, database_url=large.url) as bare,
            running("ours", home=small.home, database_url=small.url) as ours_small,
            running("ours", home=large.home, database_url=large.url) as ours_large,
        ):
            found += _boards(bare, ours_small, ours_large, asked)
            found += _pages(ours_small, ours_large, small, large, asked)
            found += _reports(ours_small, ours_large, small, large, asked)
        text = results.write(found, asked, databases.engine(large.url), perf_counter() - began)
    print(text)
    return 0 if all(result.is_good for result in found) else 1


def _at_rest(database: databases.Crowded, rest: float) -> Iterator[Result]:
    """The whole stack alone on the machine: memory while nobody comes, and what the first visit to the board weighs."""
    with running("ours", home=database.home, database_url=database.url) as server:
        _say("idle", f"{rest:.0f} s of rest")
        sleep(rest)
        memory = server.memory()
        yield Result("whole stack idle, PSS", sum(memory.values()), "MB", most=250, note=_parts(memory))
        visitor = Visitor(server.port)
        visitor.sign_in(FIRST_LINE, PASSWORD)
        weights = weigh(visitor, BOARD.paths[0])
    note = ", ".join(f"{path.rpartition('/')[2]} {size / 1000:.1f}" for path, size in weights.items())
    yield Result("board cold, bytes sent", sum(weights.values()) / 1000, "kB", most=60, note=note)
    yield Result("board cold, requests", len(weights), "", most=6, note="without the live stream")


def _boards(bare: Server, small: Server, large: Server, asked: argparse.Namespace) -> Iterator[Result]:
    """The board beside the bare route, in turns."""
    rounds: list[tuple[Measure, Measure, Measure]] = []
    for number in range(asked.rounds):
        turns = ((bare, BARE), (small, BOARD), (large, BOARD))
        turns = turns if number % 2 == 0 else turns[::-1]
        measured = {
            server: look(server.port, page, clients=asked.clients, seconds=asked.seconds) for server, page in turns
        }
        rounds.append((measured[bare], measured[small], measured[large]))
        _say("board", "bare {:.0f}/s · small {:.0f}/s · large {:.0f}/s".format(*(m.rate for m in rounds[-1])))
    yield Result("bare route, 50 rows", median(b.rate for b, _, _ in rounds), "/s", note=_spans([b for b, _, _ in rounds]))
    yield Result("board, 50 rows", median(m.rate for _, _, m in rounds), "/s", note=_spans([m for _, _, m in rounds]))
    yield Result("board ÷ bare route", 100 * median(m.rate / b.rate for b, _, m in rounds), "%", least=40)


def _pages(small: Server, large: Server, of_small: databases.Crowded, of_large: databases.Crowded,
           asked: argparse.Namespace) -> Iterator[Result]:  # fmt: skip
    """A ticket with ten entries, as its engineer sees it, one request after another."""
    pages = {
        server: Page(tuple(f"/t/{number}" for number in database.talked_about(TICKETS)), ENGINEER, b'<p class="entry">', MOMENTS)
        for server, database in ((small, of_small), (large, of_large))
    }
    rounds = []
    for _ in range(asked.rounds):
        rounds.append([look(server.port, page, clients=1, seconds=asked.seconds) for server, page in pages.items()])
        _say("ticket", " · ".join(f"p50 {m.p50:.1f} ms" for m in rounds[-1]))
    yield Result("ticket with ten entries, p50", median(m.p50 for _, m in rounds), "ms", most=8, note=_spans([m for _, m in rounds]))
    yield Result("ticket, large ÷ small", median(m.p50 / s.p50 for s, m in rounds), "×", most=1.2)


def _reports(small: Server, large: Server, of_small: databases.Crowded, of_large: databases.Crowded,
             asked: argparse.Namespace) -> Iterator[Result]:  # fmt: skip
    """Reports through the form; then the rows are counted."""
    rounds, fetched = [], []
    before = of_large.counts()
    for _ in range(asked.rounds):
        rounds.append([report(server.port, clients=asked.clients, each=asked.each) for server in (small, large)])
        fetched.append(fetch_and_report(large.port, clients=asked.clients, each=max(asked.each // 4, 2)))
        _say("report", " · ".join(f"{m.rate:.0f}/s" for m in (*rounds[-1], fetched[-1])))
    made = sum(m.requests for _, m in rounds) + sum(m.requests for m in fetched)
    rows = {table: after - before[table] for table, after in of_large.counts().items()}
    note = _spans([m for _, m in rounds])
    yield Result("reports, posts alone", median(m.rate for _, m in rounds), "/s", least=200, note=note)
    yield Result("reports, form fetched before each", median(m.rate for m in fetched), "/s", note=_spans(fetched))
    yield Result("reports, small ÷ large", median(s.rate / m.rate for s, m in rounds), "×", most=1.2)
    said = ", ".join(f"{table} {count}" for table, count in rows.items())
    yield Result("reports whose rows are all there", 100 * min(rows.values()) / made, "%", least=100, note=f"{made}: {said}")


def _spans(measures: list[Measure]) -> str:
    p50, p95, p99 = (median(getattr(m, name) for m in measures) for name in ("p50", "p95", "p99"))
    return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms"


def _parts(memory: dict[str, float]) -> str:
    return ", ".join(f"{name.split(' (')[0].removeprefix('bihuan ')} {size:.0f}" for name, size in memory.items())


def _read(words: list[str]) -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    reader.add_argument("--small", type=int, default=10_000, help="tickets")
    reader.add_argument("--large", type=int, default=100_000, help="tickets")
    reader.add_argument("--rounds", type=int, default=3)
    reader.add_argument("--seconds", type=float, default=4, help="of one load")
    reader.add_argument("--clients", type=int, default=8)
    reader.add_argument("--each", type=int, default=100, help="reports of one client in one round")
    reader.add_argument("--rest", type=float, default=SECONDS_OF_REST, help="seconds before memory is measured")
    reader.add_argument("--postgres", default="", help="a PostgreSQL server on which databases may be made and dropped")
    return reader.parse_args(words)


def _say(step: str, words: str) -> None:
    print(f"  {step:<13} {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
