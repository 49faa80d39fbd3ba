"""`./run backup create|list|verify`: copies of everything, made while the house runs.

What is kept apart from them: the secret key, without which a backup's links, sessions and chains mean nothing.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg

from app import Settings, create_app
from models.ground import clock
from workers import entrance
from workers.keeping import copies, soundness, store
from workers.keeping.asking import NotPossible
from workers.keeping.store import Backup, Damaged

where = click.option(
    "--in",
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    help="Where backups lie; default: backups/ in the data folder.",
)


@click.group(help="Copies of everything, made while the house runs.")
def backup() -> None:
    os.umask(0o077)


@backup.command("create")
@where
def create(folder: Path | None) -> None:
    """Make one; exit code 1 when an attachment was missing or damaged already."""
    settings, began = ready(), clock.steady()
    with in_words():
        made = copies.make(settings, folder_of(settings, folder))
    click.echo(f"{made.name}  {described(made)}, {clock.steady() - began:.1f} s")
    for key in made.manifest.absent:
        click.echo(f"attachment {key} was missing or damaged in the house already", err=True)
    sys.exit(1 if made.manifest.absent else 0)


@backup.command("list")
@where
def list_all(folder: Path | None) -> None:
    """Every backup, the newest first."""
    settings = ready()
    found, damaged = store.all_in(folder_of(settings, folder)), store.unreadable_in(folder_of(settings, folder))
    for each in found:
        click.echo(f"{each.name}  {described(each)}")
    for name in damaged:
        click.echo(f"{name}  cannot be read", err=True)
    if not found:
        click.echo("There is no backup yet: ./run backup create")


@backup.command("verify")
@click.argument("name", default="newest")
@where
def verify(name: str, folder: Path | None) -> None:
    """Look at every byte, row and chain of one; exit code 1 when something is wrong, and it is named."""
    settings, began = ready(), clock.steady()
    with in_words():
        found = store.find(folder_of(settings, folder), name)
        findings = soundness.look_through(found, settings)
    for each in findings.wrong:
        click.echo(f"{found.name}: {each}", err=True)
    for each in findings.unseen:
        click.echo(f"{found.name}: not looked at: {each}")
    if findings.wrong:
        sys.exit(1)
    click.echo(f"{found.name} is sound: {described(found)}, {clock.steady() - began:.1f} s")


def ready() -> Settings:
    """The settings, with the key of the house in use. The surroundings of `./run`."""
    settings = entrance.read_settings()
    create_app(settings)
    return settings


def folder_of(settings: Settings, folder: Path | None) -> Path:
    """Where backups lie."""
    return folder.absolute() if folder else settings.home / store.FOLDER


@contextmanager
def in_words() -> Iterator[None]:
    """What cannot be done is one sentence and exit code 1."""
    try:
        yield
    except (NotPossible, Damaged, psycopg.Error) as reason:
        sys.exit(f"It cannot be done: {reason}")
    except OSError as error:
        sys.exit(f"It cannot be done: {error.filename or 'the disk'}: {error.strerror or error}")


def described(one: Backup) -> str:
    """One line about it."""
    said = one.manifest
    counts = f"{said.counts['ticket']} tickets, {said.counts['event']} events, {said.counts['attachment']} files"
    return f"{said.at:%Y-%m-%d %H:%M:%S} UTC, {said.engine}, {counts}, {said.bytes / 1e6:.1f} MB"


if __name__ == "__main__":
    backup(prog_name="./run backup")
