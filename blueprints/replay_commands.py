"""The command line of the replay: `./run policy replay NAME` (P12.3)."""

import json
from datetime import datetime

import click

from models.ground.errors import Missing
from models.insight.replay import Replay, policy_meant, replay
from models.insight.replayed import plain
from models.policy.draft import PolicyDraft
from models.policy.version import PolicyVersion


@click.command("replay")
@click.argument("name", metavar="NAME[@EDITION]")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="The first day; a quarter before the last.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="The last day; today if it is left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def play_again(name: str, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """What a policy would have done to the tickets of a period: its draft, its newest edition, or NAME@EDITION."""
    if first and last and first > last:
        raise click.ClickException("The first day must not be after the last.")
    found = replay(_meant(name), first=first.date() if first else None, last=last.date() if last else None)
    if as_json:
        click.echo(json.dumps(plain(found), ensure_ascii=False))
    else:
        _lines(found)


def _meant(name: str) -> PolicyDraft | PolicyVersion:
    """The draft or the edition. Raises ClickException."""
    try:
        return policy_meant(name)
    except Missing as refusal:
        raise click.ClickException(f"There is no policy {name}. See: policy list") from refusal


def _lines(found: Replay) -> None:
    _say("tickets", f"{found.first} to {found.last}", found.tickets, "of every policy" if found.of_all else "")
    for why, named in sorted(found.left_out.items()):
        _say("left out", why, named.count, *named.numbers)
    for (kind, level), row in sorted(found.breaches.items()):
        _say("breaches", kind, level, row.before, row.after)
        for what, named in (("gained", row.gained), ("lost", row.lost)):
            if named.count:
                _say("", what, named.count, *named.numbers)
    for rung in sorted({*found.before.rungs, *found.after.rungs}):
        _say("escalations", rung, found.before.rungs[rung], found.after.rungs[rung])
    for person, who in sorted(found.names.items(), key=lambda each: each[1]):
        _say("told", who, found.before.people[person], found.after.people[person])
    for when, load in (("before", found.before), ("after", found.after)):
        if load.busiest:
            _say("busiest hour", when, load.busiest[0].isoformat(), load.busiest[1])


def _say(*words: object) -> None:
    click.echo("\t".join(map(str, words)))
