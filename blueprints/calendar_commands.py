"""The command line of service calendars: `./run calendar list|import|export`."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from models.ground.errors import DomainError
from models.policy.calendar import CalendarRow, calendar_drafts, editions_of, newest_calendars
from models.policy.calendar_files import read_file, text_of, write_file
from models.policy.hours import write_hours
from models.policy.sheet import Day, Sheet, changes, sheet_of
from models.steps import calendars

calendar = AppGroup("calendar", help="Service calendars: hours, public holidays, own closures.")


@calendar.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_all(as_json: bool) -> None:
    """Every calendar as it counts now, and every draft."""
    for row in [*newest_calendars(), *calendar_drafts()]:
        state = "draft" if row.is_draft else "published"
        said = {"name": row.name, "edition": row.edition, "tz": row.calendar.tz, "state": state}
        click.echo(json.dumps(said, ensure_ascii=False) if as_json else "\t".join(map(str, said.values())))


@calendar.command("export")
@click.argument("name")
@click.option("--format", "ending", type=click.Choice(["json", "csv", "ics"]), default="json")
def export(name: str, ending: str) -> None:
    """Print the newest edition; import reads it."""
    click.echo(write_file(_newest(name), ending), nl=False)


@calendar.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--publish", is_flag=True, help="Publish the draft at once.")
@click.option("--running", is_flag=True, help="With --publish: running tickets follow.")
@click.option("--dry-run", is_flag=True, help="Only print what would change.")
def take_in(name: str, file: Path, publish: bool, running: bool, dry_run: bool) -> None:
    """Take a file over into the draft of a calendar, which is begun if there is none."""
    try:
        text, newest = text_of(file.read_bytes()), _newest(name)
        _print_changes(sheet_of(newest), read_file(text, sheet_of(newest)))
        if dry_run:
            return
        draft = newest if newest.is_draft else calendars.start_draft(newest, actor=None)
        calendars.propose_file(draft, actor=None, text=text)
        calendars.take_over(draft, actor=None)
        if publish:
            calendars.publish_calendar(draft, actor=None, running=running)
            click.echo(f"Edition {draft.edition} is published.")
    except DomainError as refusal:
        raise click.ClickException(refusal.message % refusal.values) from refusal


def _print_changes(before: Sheet, after: Sheet) -> None:
    found = changes(before, after)
    for change in found:
        click.echo(f"{change.after.on}\t{_said(change.before)}\t→\t{_said(change.after)}")
    if (before.calendar.tz, before.calendar.week) != (after.calendar.tz, after.calendar.week):
        click.echo("The zone or the hours of the week change.")
    click.echo(f"Days that change: {len(found)}.")


def _said(day: Day) -> str:
    return " ".join([write_hours(day.ranges) if day.kind == "own" else day.kind, day.words.get("zh", "")]).strip()


def _newest(name: str) -> CalendarRow:
    editions = editions_of(name)
    if not editions:
        raise click.ClickException(f"There is no calendar named {name}.")
    return editions[0]
