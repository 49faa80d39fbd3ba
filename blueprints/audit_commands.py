"""The command line of the record: `./run audit verify`, `./run audit checkpoint`, `./run audit acknowledge`."""

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from models.clockwork import anchor, verification
from models.clockwork.chains import CHANGED, PUT_IN, REMOVED, STATE, TEXT, UNREADABLE, Finding
from models.clockwork.verification import Verification

audit = AppGroup("audit", help="The record: is it still what was written?")
SENTENCES = {
    CHANGED: "was changed, or does not continue the one before it",
    REMOVED: "removed",
    PUT_IN: "put in from outside",
    UNREADABLE: "can not be read",
    STATE: "its state is not the one of its last event",
    TEXT: "the text is not the one whose digest the record holds",
    verification.BOOK: "removed or changed",
    anchor.RESTORED: "missing since the database was restored",
    anchor.PARTED: "missing since the database was another one than before",
}
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")


@audit.command("verify")
@click.option("--known", nargs=2, type=(int, str), help="An event and the digest up to it, as the letters say them.")
@_json
def verify(known: tuple[int, str] | None, as_json: bool) -> None:
    """Walk every chain and compare it with the checkpoints; exit code 1 when something is wrong."""
    seen = verification.verify(known)
    verification.keep(seen)
    click.echo(json.dumps(_plain(seen), ensure_ascii=False) if as_json else "\n".join(_lines(seen)))
    if not seen.is_sound:
        raise SystemExit(1)


@audit.command("checkpoint")
def checkpoint() -> None:
    """Write a checkpoint now, and print how far the record has come."""
    anchor.checkpoint()
    click.echo(json.dumps(anchor.book().last() or {}))


@audit.command("acknowledge")
@click.option("--note", required=True, help="What you found out about it.")
def acknowledge(note: str) -> None:
    """Say that what a verification finds now is known: it is told apart from then on. Nothing is repaired."""
    seen = verification.verify()
    if seen.is_sound:
        raise click.ClickException("There is nothing to acknowledge.")
    anchor.acknowledge([finding.key for finding in seen.findings], note)
    click.echo("\n".join([*map(_line, seen.findings), f"acknowledged: {len(seen.findings)}"]))


def _lines(seen: Verification) -> list[str]:
    count = seen.count
    looked = f"{count.tickets} tickets, {count.events} events, {count.deeds} deeds, {count.texts} texts"
    rate = (count.events + count.deeds) / max(seen.seconds, 0.001)
    wrong = len(seen.findings) + seen.unnamed
    return [
        *map(_line, seen.findings),
        *([f"… and {seen.unnamed} more"] if seen.unnamed else []),
        *(f"known: {_line(finding)}" for finding in seen.known),
        f"{looked} and {seen.checkpoints} checkpoints in {seen.seconds:.1f} s ({rate:,.0f} rows a second)",
        f"{wrong} findings" if wrong else "The record is what was written.",
    ]


def _line(finding: Finding) -> str:
    return f"{finding.row}: {SENTENCES[finding.what]}"


def _plain(seen: Verification) -> dict[str, object]:
    return asdict(seen.count) | {
        "checkpoints": seen.checkpoints,
        "seconds": round(seen.seconds, 3),
        "findings": [{"what": finding.what, "row": finding.row} for finding in seen.findings],
        "unnamed": seen.unnamed,
        "known": [{"what": finding.what, "row": finding.row} for finding in seen.known],
    }
