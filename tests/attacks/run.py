"""`./run attacks [A12 …] [--full] [--database sqlite|postgresql|both]`: one line an attack, with what it counted.

Exit code 1 when one succeeds; with --full also when one is not built. `./run attacks mutations` see mutations.py.
"""

import os
import subprocess
import sys

from tests.attacks.table import ATTACKS
from tests.attacks.teller import ASKED
from tests.suite import DATABASE, server

FULL = "--full"
OURS = "attacks/test_attacks.py::test_holds"
DATABASES = {"sqlite": ("sqlite",), "postgresql": ("postgresql",), "both": ("sqlite", "postgresql")}


def main(words: list[str]) -> int:
    """Try the attacks that are named, or all."""
    if words[:1] == ["mutations"]:
        from tests.attacks import mutations

        return mutations.main(words[1:])
    names = [word.upper() for word in words if word.upper() in ATTACKS] or list(ATTACKS)
    chosen = words[words.index("--database") + 1] if "--database" in words else "sqlite"
    full = [FULL] if FULL in words else []
    return max(_on(database, names, full) for database in DATABASES[chosen])


def _on(database: str, names: list[str], full: list[str]) -> int:
    print(f"== {database}", flush=True)
    if database == "sqlite":
        return _told(names, full, None)
    with server([]) as url:
        if url is None:
            print("There is no PostgreSQL here; set TEST_DATABASE_URL, or apt install postgresql")
            return 1
        return _told(names, full, url)


def _told(names: list[str], full: list[str], url: str | None) -> int:
    environment = os.environ | {ASKED: " ".join(names)} | ({DATABASE: url} if url else {})
    nodes = [f"tests/{node}" for name in names for node in (*_of_ours(name), *ATTACKS[name].nodes)]
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.attacks.teller", *full]
    code = subprocess.call([*words, *dict.fromkeys(nodes)], env=environment) if nodes else 0
    missing = [name for name in names if ATTACKS[name].why_not]
    for name in missing:
        print(f"{name}  {ATTACKS[name].what:<74} not built: {ATTACKS[name].why_not}", flush=True)
    return 1 if code or (missing and full) else 0


def _of_ours(name: str) -> list[str]:
    return [f"{OURS}[{function.__name__}]" for function in ATTACKS[name].by]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
