"""`./run doctor [--json]`: numbered questions about an installation; exit code 1 when something is an error."""

import json
import os
import sys
from dataclasses import asdict

import click
from sqlalchemy.exc import SQLAlchemyError

from app import Settings, create_app
from models.ground.db import db
from models.ground.errors import DomainError
from workers import entrance
from workers.checks import connections, database, desk, life, surroundings
from workers.checks.finding import ERROR, GOOD, UNSEEN, WARNING, Check, Finding, error, unseen

# Their numbers stay: whoever watches an installation refers to them.
BEFORE: dict[str, Check] = {
    "D01": surroundings.secret,
    "D02": surroundings.secret_file,
    "D03": surroundings.address,
    "D04": surroundings.door,
    "D05": surroundings.debugging,
    "D06": surroundings.folder,
    "D07": surroundings.room,
    "D08": surroundings.packages,
    "D09": surroundings.heartbeat,
    "D10": connections.redis,
    "D11": connections.eviction,
    "D12": connections.redis_door,
    "D13": connections.post,
    "D14": life.copied,
}
OF_THE_DATABASE: dict[str, Check] = {
    "D20": database.answers,
    "D21": database.tables,
    "D22": database.whole,
    "D23": database.guards,
    "D24": database.durable,
    "D25": database.same_time,
}
OF_THE_DESK: dict[str, Check] = {
    "D30": life.processes,
    "D31": life.clocks,
    "D32": life.audited,
    "D33": life.letters,
    "D34": life.held,
    "D35": life.anchored,
    "D40": desk.zones,
    "D41": desk.holidays,
    "D42": desk.policies,
    "D43": desk.last_rung,
}
MARKS = {GOOD: "ok", WARNING: "!", ERROR: "ERROR", UNSEEN: "–"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def doctor(as_json: bool) -> None:
    """What is not as it should be, each in one sentence, and what to do."""
    os.umask(0o077)
    findings = examine(entrance.read_settings())
    for number, finding in findings.items():
        click.echo(json.dumps({"check": number} | asdict(finding)) if as_json else _line(number, finding))
    sys.exit(1 if any(finding.state == ERROR for finding in findings.values()) else 0)


def examine(settings: Settings) -> dict[str, Finding]:
    """Ask everything, in the order of the numbers; nothing is written. Without tables the rest is left out."""
    with create_app(settings).app_context():
        found = {number: _asked(check, settings) for number, check in (BEFORE | OF_THE_DATABASE).items()}
        has_tables = found["D20"].state == found["D21"].state == GOOD
        for number, check in OF_THE_DESK.items():
            found[number] = _asked(check, settings) if has_tables else unseen("The tables cannot be read.")
        db.session.remove()
        db.engine.dispose()
    return found


def _asked(check: Check, settings: Settings) -> Finding:
    """A question that cannot be answered is an error, not the end."""
    try:
        return check(settings)
    except (SQLAlchemyError, DomainError, OSError, ValueError) as trouble:
        db.session.rollback()
        words = " ".join(str(getattr(trouble, "orig", trouble)).split())[:200]
        return error(f"It could not be looked at: {words}", "Repair what the sentence names, then ask again.")


def _line(number: str, finding: Finding) -> str:
    return f"{number}  {MARKS[finding.state]:<5}  {finding.sentence}" + (
        f"\n{'':12} → {finding.do}" if finding.do else ""
    )


if __name__ == "__main__":
    doctor(prog_name="./run doctor")
