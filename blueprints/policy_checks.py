"""The command line of policies before they count: `./run policy lint|rehearse`."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from blueprints.admin.lint_words import mended_at, sentence
from blueprints.admin.rehearsal_words import happens, passed_over, reached
from blueprints.labels import label
from blueprints.speaking import language, speaking
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Invalid, Missing
from models.insight.finding import Finding
from models.insight.policy_lint import lint
from models.insight.rehearsal import Line, rehearse
from models.insight.subject import Subject, subject_of
from models.people.team import Team

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_policy = click.argument("name", default="")


@click.command("lint")
@_policy
@_json
@language
def check(name: str, as_json: bool, lang: str) -> None:
    """What nobody would notice before an emergency; exit code 1 when something is an error.

    NAME is a policy in force, a draft (draft:NAME where both are) or one that ships; nothing is the default.
    """
    subject = _subject(name)
    found = lint(subject.version)
    with speaking(lang):
        for finding in found:
            said = _said(finding, subject)
            click.echo(json.dumps(said, ensure_ascii=False) if as_json else "{weight}\t{sentence}".format(**said))
        if not found and not as_json:
            click.echo("All is well.")
    if any(finding.is_error for finding in found):
        raise SystemExit(1)


@click.command("rehearse")
@_policy
@click.option("--level", default="P0", help="The severity of the ticket.")
@click.option("--team", "code", default="", help="The code of the team to which triage hands it at once.")
@click.option("--start", "begins", default="", help="When it is reported: YYYY-MM-DD HH:MM, in the policy's own zone.")
@click.option("--acknowledged", is_flag=True, help="Whoever is told first of a breach takes charge at once.")
@click.option("--speed", type=click.FloatRange(min=0), default=0, help="So many times faster than life; 0: at once.")
@_json
@language
def play(
    name: str, level: str, code: str, begins: str, acknowledged: bool, speed: float, as_json: bool, lang: str
) -> None:
    """What would happen to a ticket that nobody touches; nothing is written, and nobody is told."""
    version = _subject(name).version
    start, team = _start(begins, version.calendar.zone), _team(code)
    try:
        lines = rehearse(version, level=level, start=start, team=team, acknowledged=acknowledged)
    except Invalid as refusal:
        raise click.ClickException(refusal.message % refusal.values) from refusal
    with speaking(lang):
        said = [_line(line, version.calendar.zone) for line in lines]
    waits = [0.0, *((after.at - before.at).total_seconds() for before, after in pairwise(lines))]
    for words, wait in zip(said, waits, strict=True):
        sleep(wait / speed if speed else 0)
        click.echo(json.dumps(words, ensure_ascii=False) if as_json else "\t".join(_columns(words)))


def _line(line: Line, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(),
        "local": f"{line.at.astimezone(zone):%Y-%m-%d %H:%M}",
        "event": line.event,
        "clock": line.kind,
        "clock_name": label("clock", line.kind) if line.kind else "",
        "mark": line.mark,
        "rung": line.rung,
        "role": line.role,
        "step": happens(line),
        "told": [{"login": person.login, "name": person.name, "channels": ways} for person, ways in line.told],
        "reached": [f"{name} ({channels})" for name, channels in reached(line)],
        "passed_over": passed_over(line),
    }


def _columns(said: dict[str, Any]) -> list[str]:
    over = [f"[{each}]" for each in said["passed_over"]]
    return [said["local"], said["clock_name"], said["step"], " ".join([*said["reached"], *over]) or "-"]


def _start(said: str, zone: ZoneInfo) -> datetime:
    try:
        start = datetime.fromisoformat(said).replace(tzinfo=zone) if said else clock.now()
        return start.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter("write YYYY-MM-DD HH:MM", param_hint="--start") from error


def _team(code: str) -> Team | None:
    team = db.session.scalar(select(Team).where(Team.code == code)) if code else None
    if code and team is None:
        raise click.BadParameter(f"there is no team {code}", param_hint="--team")
    return team


def _said(finding: Finding, subject: Subject) -> dict[str, Any]:
    return {
        "weight": "error" if finding.is_error else "warning",
        "rule": finding.rule,
        "sentence": sentence(finding, subject.version.pack),
        "url": mended_at(finding, subject).url,
        "role": finding.role,
        "team": finding.team.code if finding.team else "",
        "person": finding.person.login if finding.person else "",
        "clock": finding.kind,
        "level": finding.level,
        "from": finding.starts_at.isoformat() if finding.starts_at else "",
        "to": finding.ends_at.isoformat() if finding.ends_at else "",
    }


def _subject(name: str) -> Subject:
    try:
        return subject_of(name)
    except Missing as refusal:
        raise click.ClickException(f"There is no policy named {name}. See: policy list") from refusal
