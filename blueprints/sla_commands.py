"""The command line of clocks: `./run sla explain TS…`, `./run sla solve FILE`, `./run sla attribution TS…`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import IO, Any

import click
from flask.cli import AppGroup

from blueprints.clocks.sums import amount
from blueprints.clocks.words import Said, in_words
from blueprints.labels import LANGUAGES, in_language, label
from models.ground import working_time
from models.ground.working_time import Calendar
from models.insight.attribution import Life, attribution_of
from models.insight.explanation import Explanation, explain
from models.record.deadline import deadlines_of
from models.record.ticket import Ticket, find_ticket

sla = AppGroup("sla", help="Clocks: explain them, solve cases, say whose time it was.")
_language = click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language of the sentences.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")


@sla.command("explain")
@click.argument("number")
@click.option("--kind", default="", help="Only the clocks of this kind, such as resolve.")
@_json
@_language
def explain_clocks(number: str, kind: str, as_json: bool, lang: str) -> None:
    """Why each clock of a ticket is due when it is due; exit code 1 when a sum does not add up."""
    clocks = [explain(d) for d in deadlines_of(_ticket(number)) if kind in ("", d.kind)]
    if not clocks:
        raise click.ClickException("The ticket has no such clock.")
    with in_language(lang):
        for why in clocks:
            said = in_words(why, internal=True)
            click.echo(json.dumps(_plain(why, said), ensure_ascii=False) if as_json else "\n".join(_lines(said)))
    if not all(why.agrees for why in clocks):
        raise SystemExit(1)


@sla.command("attribution")
@click.argument("number")
@_json
@_language
def attribution(number: str, as_json: bool, lang: str) -> None:
    """Whose turn it was, for how long; the parts add up to the whole."""
    life = attribution_of(_ticket(number))
    with in_language(lang):
        click.echo(json.dumps(_plain_life(life), ensure_ascii=False) if as_json else "\n".join(_life_lines(life)))


@sla.command("solve")
@click.argument("file", type=click.File("r", encoding="utf-8"))
def solve(file: IO[str]) -> None:
    """Print each case of a JSON-lines file (- is the standard input) with its due time."""
    for case in _solved(file):
        click.echo(json.dumps(case, ensure_ascii=False))


# --- cases


def _solved(file: IO[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            yield case | {"due": _due(case)}
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise click.ClickException(f"line {number}: {_sentence(error)}") from error


def _due(case: dict[str, Any]) -> str:
    """The due time of one case, as tests/data/README.md defines it."""
    due = working_time.due(
        _calendar(json.dumps(case["calendar"])),
        datetime.fromisoformat(case["start"]),
        basis=case["basis"],
        amount=case["amount"],
        pauses=[(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in case.get("pauses", ())],
    )
    return due.isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=256)
def _calendar(text: str) -> Calendar:
    """A calendar is read once, however many cases it has."""
    return Calendar.from_dict(json.loads(text))


def _sentence(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error) or type(error).__name__


# --- words


def _lines(said: Said) -> Iterator[str]:
    yield said.title
    yield from (f"  {name}: {text}" for name, text in said.facts)
    for sum_ in said.sums:
        yield f"  {sum_.title}"
        yield from (f"    {row.day}  {row.what}  = {row.amount}" for row in sum_.rows)
        yield f"    Σ {sum_.total} → {sum_.until}"
    yield from (f"  · {note}" for note in said.notes)
    yield f"  {said.verdict} ({said.zone})\n"


def _plain(why: Explanation, said: Said) -> dict[str, Any]:
    """What programs read: instants in UTC, spans in minutes; and the sentences beside it."""
    worked_out = why.reckoning.due_at
    return {
        "kind": why.deadline.kind,
        "round": why.deadline.round,
        "level": why.deadline.severity,
        "state": why.deadline.clock_state,
        "started_at": why.deadline.started_at.isoformat(),
        "started_by": why.started_by,
        "due_at": why.due_at.isoformat(),
        "worked_out": worked_out.isoformat() if worked_out else None,
        "agrees": why.agrees,
        "policy": [why.version.pack_name, why.version.edition],
        "calendar": [why.version.calendar_row.name, why.version.calendar_row.edition],
        "counted": [
            [span.start.isoformat(), span.end.isoformat()]
            for step in why.reckoning.steps
            for line in step.lines
            for span in line.counted
        ],
        "said": asdict(said),
    }


def _plain_life(life: Life) -> dict[str, Any]:
    return {
        "seconds": life.whole / timedelta(seconds=1),
        "parts": [{"turn": part.turn, "seconds": part.span / timedelta(seconds=1)} for part in life.parts],
        "stretches": [[s.start.isoformat(), s.end.isoformat(), s.turn] for s in life.stretches],
    }


def _life_lines(life: Life) -> Iterator[str]:
    for part in life.parts:
        yield f"{label('turn', part.turn)}: {amount(part.span)} ({part.percent:.1f} %)"
    yield f"Σ {amount(life.whole)}"


def _ticket(number: str) -> Ticket:
    found = find_ticket(number)
    if found is None:
        raise click.ClickException(f"There is no ticket {number}.")
    return found
