"""What the last runs have shown, kept beside the table, and drawn into docs/FAULTS.md and README.md by `--write`."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.table import FAULTS, Fault
from tests.faults.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]
RESULTS, DRAWN, README = Path(__file__).with_name("results.json"), ROOT / "docs" / "FAULTS.md", ROOT / "README.md"
BEGIN, END = "<!-- faults: written by `./run faults --write` -->", "<!-- /faults -->"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
HEAD = """# Faults

What was done to a running house on purpose, and what came of it. `./run faults F07` tells one again, with `--seed` in
the same way; `--full` as often as the design promises. Written by `./run faults --write`; a test compares.

Nothing lost: what was acknowledged is in the database once, and every mark that was due has fired once. Nothing twice:
a letter that arrives again bears the same Message-ID, and at most once for each kill.

| | Fault | Database | Figure | Injected | Seed | Day | |
|---|---|---|---|--:|--:|---|---|
"""
Results = dict[str, dict[str, dict[str, Any]]]


def kept() -> Results:
    """Of each fault and database, the last run that was written down."""
    found: Results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    return found


def keep(results: Results, fault: Fault, verdict: Verdict, *, database: str, seed: int, full: bool) -> None:
    """Put down what one run has shown."""
    results.setdefault(fault.name, {})[database] = {
        "figure": verdict.figure, "injected": verdict.injected, "holds": verdict.holds, "seed": seed, "full": full,
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
    }  # fmt: skip


def write(results: Results) -> None:
    """The results, and all that is drawn from them."""
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    DRAWN.write_text(page(results), "utf-8")
    README.write_text(readme(README.read_text("utf-8"), results), "utf-8")


def page(results: Results) -> str:
    """docs/FAULTS.md."""
    return HEAD + "".join(f"{line}\n" for fault in FAULTS for line in _lines(fault, results.get(fault.name, {})))


def readme(text: str, results: Results) -> str:
    """README.md with the sentence about faults as it is now."""
    said = re.escape(BEGIN) + ".*?" + re.escape(END)
    return re.sub(said, lambda _: f"{BEGIN}\n{summary(results)}\n{END}", text, flags=re.DOTALL)


def summary(results: Results) -> str:
    """How many there are, hold, and were injected."""
    runs = {fault.name: results.get(fault.name, {}) for fault in FAULTS}
    told = [fault for fault in FAULTS if runs[fault.name]]
    broken = [fault for fault in told if not all(run["holds"] for run in runs[fault.name].values())]
    untold = [fault for fault in FAULTS if not runs[fault.name]]
    injected = sum(run["injected"] for some in runs.values() for run in some.values())
    here = sum("postgresql" in runs[fault.name] for fault in told if fault not in broken)
    return (
        f"Of {len(FAULTS)} faults {len(told) - len(broken)} hold, {here} on PostgreSQL too.\n"
        f"[`docs/FAULTS.md`](docs/FAULTS.md) tells of the runs: {injected:,} faults injected."
        + _named("Not withstood", broken) + _named("Not run", untold)
    )  # fmt: skip


def _named(what: str, faults: list[Fault]) -> str:
    return f"\n{what}: {', '.join(fault.name for fault in faults)}." if faults else ""


def _lines(fault: Fault, runs: dict[str, dict[str, Any]]) -> list[str]:
    if not runs:
        return [f"| {fault.name} | {fault.words} | | | | | | not run |"]
    return [_line(fault, NAMES[database], runs[database]) for database in NAMES if database in runs]


def _line(fault: Fault, database: str, run: dict[str, Any]) -> str:
    outcome = "holds" if run["holds"] else "**does not hold**"
    figure = run["figure"].replace("|", "/")
    cells = (fault.name, fault.words, database, figure, f"{run['injected']:,}", run["seed"], run["day"], outcome)
    return "| " + " | ".join(map(str, cells)) + " |"
