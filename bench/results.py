"""The table at the end: what was measured, what was promised, and whether it was kept."""

import os
import platform
from argparse import Namespace
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
    def promise(self) -> str:
        if self.least is not None:
            return f"≥ {self.least:g} {self.unit}"
        return f"≤ {self.most:g} {self.unit}" if self.most is not None else ""

    @property
    def line(self) -> str:
        note = f"<br>{self.note}" if self.note else ""
        return f"| {self.name}{note} | {self.value:.4g} {self.unit} | {self.promise} | {self.verdict} |"


def write(found: list[Result], asked: Namespace, *, run: str, pace: str, whole: bool) -> str:
    """Write bench/RESULTS.md, of parts alone RESULTS-<parts>.md, and return what it says."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = (
        "# Benchmarks",
        "",
        f"{clock.real_now():%Y-%m-%d %H:%M} UTC, {machine()}, {platform.system()}, Python {platform.python_version()}, "
        f"{packages}, {run}, load average of the last 5 minutes {os.getloadavg()[1]:.1f}. {pace}",
        "",
        f"Small is {asked.small} tickets, large {asked.large}; what does not say is large. Two web processes, "
        f"{asked.clients} clients on the same cores, medians of {asked.rounds} rounds of {asked.seconds:g} s in turns. "
        f"The clocks run on {asked.open} tickets, nearly all open.",
        "",
        "| what | measured | promised | |",
        "|---|---:|---:|---|",
        *(result.line for result in found),
    )
    text = "\n".join(lines) + "\n"
    (FILE if whole else FILE.with_stem(f"RESULTS-{'-'.join(asked.parts)}")).write_text(text)
    return text
