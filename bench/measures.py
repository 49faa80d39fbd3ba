"""What is measured: rest, the board, a ticket, live, reports. Small and large are ours with few and many tickets."""

from argparse import Namespace
from collections.abc import Iterator
from statistics import median, quantiles
from time import sleep

from bench.databases import Crowded
from bench.live import latencies
from bench.load import Measure, Page, fetch_and_report, look, report
from bench.results import Result
from bench.stack import Server, running
from bench.visitor import Visitor
from bench.weight import weigh
from models.demonstration import PASSWORD

FIRST_LINE, ENGINEER = "wang", "zhao"
BARE = Page(("/",), "", b"<tr><td>", 50)
BOARD = Page(("/triage",), FIRST_LINE, b"data-ticket=", 50)
TICKETS = 10  # that the ticket load goes round
MOMENTS = 15  # on each of them: five steps of the road, ten entries


def at_rest(database: Crowded, asked: Namespace) -> Iterator[Result]:
    """The whole stack alone: its memory while nobody comes, and what the first visit to the board fetches."""
    with running("ours", database) as server:
        sleep(asked.rest)
        memory = server.memory()
        parts = ", ".join(f"{name} {size:.0f}" for name, size in memory)
        yield Result("whole stack idle, PSS", sum(size for _, size in memory), "MB", most=250, note=parts)
        visitor = Visitor(server.port)
        visitor.sign_in(FIRST_LINE, PASSWORD)
        weights = weigh(visitor, BOARD.paths[0])
    parts = ", ".join(f"{path.rpartition('/')[2]} {size / 1000:.1f}" for path, size in weights.items())
    yield Result("board cold, sent", sum(weights.values()) / 1000, "kB", most=60, note=parts)
    yield Result("board cold, requests", len(weights), "", most=6, note="besides the live stream")


def boards(bare: Server, small: Server, large: Server, asked: Namespace) -> Iterator[Result]:
    """The board beside the bare route."""
    turns = ((bare, BARE), (small, BOARD), (large, BOARD))
    rounds = []
    for number in range(asked.rounds):
        in_order = turns if number % 2 == 0 else turns[::-1]
        seen = {
            server: look(server.port, page, clients=asked.clients, seconds=asked.seconds) for server, page in in_order
        }
        rounds.append([seen[server] for server, _ in turns])
        _say("board", "bare {:.0f}/s, small {:.0f}/s, large {:.0f}/s".format(*(each.rate for each in rounds[-1])))
    of_bare, of_small, of_large = zip(*rounds, strict=True)
    yield Result("bare route, 50 rows", _rate(of_bare), "/s", note=_spans(of_bare))
    yield Result("board, 50 rows", _rate(of_large), "/s", note=_spans(of_large))
    yield Result("board as a part of the bare route", 100 * _ratio(of_large, of_bare), "%", least=40)
    yield Result("board, small ÷ large", _ratio(of_small, of_large), "", most=1.2)


def pages(small: Server, large: Server, asked: Namespace) -> Iterator[Result]:
    """A ticket with ten entries, as an engineer sees it, one request after another."""
    rounds = []
    for _ in range(asked.rounds):
        rounds.append([_look_at_tickets(server, asked.seconds) for server in (small, large)])
        _say("ticket", "small p50 {:.1f} ms, large p50 {:.1f} ms".format(*(each.p50 for each in rounds[-1])))
    of_small, of_large = zip(*rounds, strict=True)
    p50 = median(each.p50 for each in of_large)
    yield Result("ticket with ten entries, p50", p50, "ms", most=8, note=_spans(of_large))
    yield Result("ticket, large ÷ small", _ratio(of_small, of_large), "", most=1.2)


def reports(small: Server, large: Server, asked: Namespace) -> Iterator[Result]:
    """Reports through the form, with and without fetching it; at the end their rows are counted."""
    rounds, before = [], large.database.counts()
    for _ in range(asked.rounds):
        posted = [report(server.port, clients=asked.clients, each=asked.each) for server in (small, large)]
        rounds.append([*posted, fetch_and_report(large.port, clients=asked.clients, each=asked.each // 4 + 2)])
        _say("report", "small {:.0f}/s, large {:.0f}/s, with its form {:.0f}/s".format(*(m.rate for m in rounds[-1])))
    of_small, of_large, fetched = zip(*rounds, strict=True)
    made = sum(each.requests for each in (*of_large, *fetched))
    rows = {table: count - before[table] for table, count in large.database.counts().items()}
    yield Result("reports, the posts alone", _rate(of_large), "/s", least=200, note=_spans(of_large))
    yield Result("reports, the form fetched before each", _rate(fetched), "/s", note=_spans(fetched))
    yield Result("reports, small ÷ large", _ratio(of_small, of_large), "", most=1.2)
    parts = ", ".join(f"{table} {count}" for table, count in rows.items())
    yield Result(
        "rows of each table for one report", min(rows.values()) / made, "", least=1, note=f"{made} reports: {parts}"
    )


def live(large: Server, asked: Namespace) -> Iterator[Result]:
    """A note on a ticket that lies open on somebody else's screen, while nothing else happens."""
    found = sorted(latencies(large, changes=asked.changes))
    cuts = quantiles(found, n=100, method="inclusive")
    _say("live", f"p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms")
    note = f"{len(found)} notes, p50 {cuts[49]:.0f}, longest {found[-1]:.0f} ms"
    yield Result("a change on another's screen, p95", cuts[94], "ms", most=1000, note=note)


def _look_at_tickets(server: Server, seconds: float) -> Measure:
    paths = tuple(f"/t/{number}" for number in server.database.talked_about(TICKETS))
    return look(server.port, Page(paths, ENGINEER, b'<p class="entry">', MOMENTS), clients=1, seconds=seconds)


def _rate(rounds: tuple[Measure, ...]) -> float:
    return median(each.rate for each in rounds)


def _ratio(these: tuple[Measure, ...], those: tuple[Measure, ...]) -> float:
    """How many times faster these are than those, by the round."""
    return median(this.rate / that.rate for this, that in zip(these, those, strict=True))


def _spans(rounds: tuple[Measure, ...]) -> str:
    p50, p95, p99 = (median(getattr(each, name) for each in rounds) for name in ("p50", "p95", "p99"))
    return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms"


def _say(step: str, words: str) -> None:
    print(f"  {step:<13} {words}", flush=True)
