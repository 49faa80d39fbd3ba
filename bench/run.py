"""The benchmarks: the whole product beside a bare Flask route, in one run on one machine; writes bench/RESULTS.md.

`./run bench [--rounds 3] [--seconds 4] [--small 10000] [--large 100000] [--postgres URL]`
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter

if not __package__:  # started as a file: the project's root is not on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import databases, measures, results
from bench.stack import running


def main(words: list[str]) -> int:
    """Build, start, measure, print; 1 when a promise is not kept."""
    asked, began = _read(words), perf_counter()
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-") as folder, ExitStack() as stack:
        make = partial(databases.crowded, Path(folder), postgres=asked.postgres)
        small, large = (stack.enter_context(make(tickets)) for tickets in (asked.small, asked.large))
        found = list(measures.at_rest(large, asked))
        with running("bare", large) as bare, running("ours", small) as ours_small, running("ours", large) as ours_large:
            found += measures.boards(bare, ours_small, ours_large, asked)
            found += measures.pages(ours_small, ours_large, asked)
            found += measures.reports(ours_small, ours_large, asked)
        text = results.write(found, asked, engine=databases.engine(large.url), seconds=perf_counter() - began)
    print(text)
    return 0 if all(result.is_good for result in found) else 1


def _read(words: list[str]) -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="./run bench", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    reader.add_argument("--small", type=int, default=10_000, help="tickets")
    reader.add_argument("--large", type=int, default=100_000, help="tickets")
    reader.add_argument("--rounds", type=int, default=3, help="of each load, in turns")
    reader.add_argument("--seconds", type=float, default=4, help="of one load")
    reader.add_argument("--clients", type=int, default=8, help="at once")
    reader.add_argument("--each", type=int, default=100, help="reports of one client in one round")
    reader.add_argument("--rest", type=float, default=30, help="seconds before memory is measured")
    reader.add_argument("--postgres", default="", help="a PostgreSQL server on which databases may be made and dropped")
    return reader.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
