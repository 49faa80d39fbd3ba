"""The table at the end: what was measured, what was promised, and whether it was kept."""

import argparse
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.databases import machine
from models.ground import clock

FILE = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("flask", "sqlalchemy", "uvicorn", "a2wsgi", "jinja2")


@dataclass(frozen=True)
class Result:
    """One line: a value, and what it may be at least or at most, if anything was promised."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def is_good(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def verdict(self) -> str:
        if self.least is None and self.most is None:
            return "–"
        return "pass" if self.is_good else "**FAIL**"

    @property
    def target(self) -> str:
        if self.least is not None:
            return f"≥ {self.least:g} {self.unit}"
        return f"≤ {self.most:g} {self.unit}" if self.most is not None else ""


def write(found: list[Result], asked: argparse.Namespace, engine: str, seconds: float) -> str:
    """Write bench/RESULTS.md and return what it says."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    text = "\n".join([
        "# Benchmarks",
        "",
        f"{clock.real_now():%Y-%m-%d %H:%M} UTC · {machine()} · load before the end {os.getloadavg()[1]:.1f} · {platform.system()} · "
        f"Python {platform.python_version()} · {engine} · {packages}",
        "",
        f"Small {asked.small}, large {asked.large} tickets; unless said otherwise a value is of the large one. Two web processes, "
        f"{asked.clients} clients, medians of {asked.rounds} rounds of {asked.seconds:g} s in turns; {seconds:.0f} s in all. "
        "The clients compute on the same cores as the servers.",
        "",
        "| what | measured | promised | |",
        "|---|---:|---:|---|",
        *(f"| {r.name}{f'<br>{r.note}' if r.note else ''} | {r.value:.4g} {r.unit} | {r.target} | {r.verdict} |" for r in found),
        "",
    ])  # fmt: skip
    FILE.write_text(text)
    return text
