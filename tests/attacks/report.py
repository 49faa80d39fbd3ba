"""What the last runs have shown, kept in results.json and drawn into docs/ATTACKS.md and README.md by `--write`; the
same as tests/faults/report.py does for faults."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.attacks.table import ROWS, Attack
from tests.faults.report import NAMES

ROOT = Path(__file__).resolve().parents[2]
RESULTS, DRAWN, README = Path(__file__).with_name("results.json"), ROOT / "docs" / "ATTACKS.md", ROOT / "README.md"
BEGIN, END = "<!-- attacks: written by `./run attacks --write` -->", "<!-- /attacks -->"
MUTATIONS = "mutations"
HEAD = """# Attacks

What was tried against the whole house, and what came of it. `./run attacks A12` tries one again, `--full` as often as
the design promises. Written by `./run attacks --write`; a test compares.

"""
TABLE = """
| | Attack | Database | Figure | Day | |
|---|---|---|---|---|---|
"""
Results = dict[str, dict[str, dict[str, Any]]]


def kept() -> Results:
    """Of each attack and database, the last run that was written down."""
    found: Results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    return found


def keep(name: str, database: str, **said: Any) -> None:
    """Put down what one run has shown, and draw everything anew."""
    results = kept()
    results.setdefault(name, {})[database] = said | {"day": f"{datetime.now(UTC):%Y-%m-%d}"}
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    DRAWN.write_text(page(results), "utf-8")
    README.write_text(readme(README.read_text("utf-8"), results), "utf-8")


def page(results: Results) -> str:
    """docs/ATTACKS.md."""
    lines = [line for attack in ROWS for line in _lines(attack, results.get(attack.name, {}))]
    return HEAD + f"{_guards(results)}\n" + TABLE + "".join(f"{line}\n" for line in lines)


def readme(text: str, results: Results) -> str:
    """README.md with the sentence about attacks as it is now."""
    said = re.escape(BEGIN) + ".*?" + re.escape(END)
    return re.sub(said, lambda _: f"{BEGIN}\n{summary(results)}\n{END}", text, flags=re.DOTALL)


def summary(results: Results) -> str:
    """How many there are, were tried and were withstood; and what the suite notices."""
    tried = [attack.name for attack in ROWS if results.get(attack.name)]
    fell = [name for name in tried if not all(run["holds"] for run in results[name].values())]
    there = sum("postgresql" in results[name] for name in tried)
    left = [attack.name for attack in ROWS if attack.name not in tried]
    rest = (f" Not withstood: {', '.join(fell)}." if fell else "") + (f" Not tried: {len(left)}." if left else "")
    return (
        f"Of {len(ROWS)} attacks {len(tried) - len(fell)} were withstood, {there} on PostgreSQL too;\n"
        f"[`docs/ATTACKS.md`](docs/ATTACKS.md) has the figures.{rest}\n{_guards(results)}"
    )


def _guards(results: Results) -> str:
    """The mutation proof, in a sentence."""
    run = results.get(MUTATIONS, {}).get("sqlite")
    if not run:
        return "The mutation proof is not written down yet: `./run attacks mutations --count 100 --write`."
    return (
        f"Of {run['guards']} guards in the source {run['tried']} were taken away, one at a time and by lot: the suite\n"
        f"noticed {run['noticed']}, {run['by_page']} of them by a drawn page or list only. Without {run['equivalent']} "
        "more nothing changes."
    )


def _lines(attack: Attack, runs: dict[str, dict[str, Any]]) -> list[str]:
    if not runs:
        return [f"| {attack.name} | {attack.what} | | | | not run |"]
    return [_line(attack, NAMES[database], runs[database]) for database in NAMES if database in runs]


def _line(attack: Attack, database: str, run: dict[str, Any]) -> str:
    cells = (attack.name, attack.what, database, run["figure"].replace("|", "/"), run["day"])
    return f"| {' | '.join(cells)} | {'withstood' if run['holds'] else '**succeeds**'} |"
