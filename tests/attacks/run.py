"""`./run attacks [A12 …] [--full] [--times N] [--database sqlite|postgresql|both] [--write]`: a line an attack.

`--times` says how often what is drawn by lot is drawn: 20,000 safe requests (A21), or toward a million. `--write` puts
the figures into docs/ATTACKS.md and README.md. Exit code 1 when one succeeds; with --full also when one is not built.
`./run attacks mutations`: see mutations.py.
"""

import argparse
import os
import subprocess
import sys
from typing import Any

from tests.attacks.table import ATTACKS
from tests.attacks.teller import ASKED, TIMES, WRITES
from tests.suite import DATABASE, server

OURS = "attacks/test_attacks.py::test_holds"
SQLITE, POSTGRESQL, BOTH = "sqlite", "postgresql", "both"


def main(words: list[str]) -> int:
    """Try the attacks that are named, or all."""
    if words[:1] == ["mutations"]:
        from tests.attacks import mutations

        return mutations.main(words[1:])
    asked = _read(words)
    return max(
        _on(database, asked) for database in ((SQLITE, POSTGRESQL) if asked.database == BOTH else (asked.database,))
    )


def _on(database: str, asked: argparse.Namespace) -> int:
    print(f"== {database}", flush=True)
    if database == SQLITE:
        return _told(asked, database, {})
    with server([]) as url:
        if url is None:
            print("There is no PostgreSQL here; set TEST_DATABASE_URL, or apt install postgresql")
            return 1
        return _told(asked, database, {DATABASE: url})


def _told(asked: argparse.Namespace, database: str, more: dict[str, str]) -> int:
    names = asked.names or list(ATTACKS)
    more |= {ASKED: " ".join(names), TIMES: str(asked.times)} | ({WRITES: database} if asked.write else {})
    nodes = [f"tests/{node}" for name in names for node in (*_of_ours(name), *ATTACKS[name].nodes)]
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.attacks.teller", *(["--full"] if asked.full else [])]
    code = subprocess.call([*words, *dict.fromkeys(nodes)], env=os.environ | more) if nodes else 0
    missing = [name for name in names if ATTACKS[name].why_not]
    for name in missing:
        print(f"{name}  {ATTACKS[name].what:<74} not built: {ATTACKS[name].why_not}", flush=True)
    return 1 if code or (missing and asked.full) else 0


def _read(words: list[str]) -> argparse.Namespace:
    reader: Any = argparse.ArgumentParser(prog="./run attacks")
    reader.add_argument("names", nargs="*", metavar="A12", type=str.upper, help="all when none is named")
    reader.add_argument("--full", action="store_true", help="also those that take long")
    reader.add_argument("--times", type=int, default=20_000, help="how often what is drawn by lot is drawn")
    reader.add_argument("--database", choices=(SQLITE, POSTGRESQL, BOTH), default=SQLITE)
    reader.add_argument("--write", action="store_true", help="into docs/ATTACKS.md and README.md")
    asked = reader.parse_args(words)
    if unknown := set(asked.names) - set(ATTACKS):
        reader.error(f"there is no {', '.join(sorted(unknown))}")
    return asked  # type: ignore[no-any-return]


def _of_ours(name: str) -> list[str]:
    return [f"{OURS}[{function.__name__}]" for function in ATTACKS[name].by]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
