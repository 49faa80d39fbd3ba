"""`./run restore NAME --yes`: a backup takes the place of what is there, which is put aside, not deleted.

No letter is sent a second time, nobody stays signed in, and the anchor is told. Everything slow is done before
anything is moved; a mark says when it was broken off in between.
"""

import shutil
import sys
from datetime import datetime
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import Settings, create_app
from models.clockwork import anchor
from models.ground import clock, disk
from models.ground.db import db
from models.people import claim
from models.record.event import Event
from models.record.ticket import Ticket
from models.steps.restoring import take_up_again
from workers import backup, prepare
from workers.keeping import files, journal, presence, soundness, store
from workers.keeping.asking import NotPossible
from workers.keeping.databases import database_at
from workers.keeping.store import FILES, Backup

MOVED = (FILES, claim.FILE)


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do it; without this, only what would be lost is told.")
@backup.where
def restore(name: str, yes: bool, folder: Path | None) -> None:
    """Put the backup NAME (or `newest`) in the place of what is there."""
    settings = backup.ready()
    with backup.in_words(), presence.nobody_home(settings.home):
        found = store.find(backup.folder_of(settings, folder), name)
        _refuse_unfit(found, settings)
        if not yes:
            sys.exit(_what_is_lost(found, settings))
        began = clock.steady()
        aside = put_back(found, settings)
        click.echo(f"  restored      {backup.described(found)}, {clock.steady() - began:.1f} s")
        click.echo(f"  aside         {aside}")
        for line in take_up(found, settings):
            click.echo(line)
        presence.open_again(settings.home)


def put_back(found: Backup, settings: Settings) -> Path:
    """Move the backup's contents into place; where the former ones lie now. From here on the house stays shut until
    presence.open_again(): letters that left since are not known yet."""
    home, database = settings.home, database_at(settings.database_url)
    ready = home / f"{FILES}.restoring"
    shutil.rmtree(ready, ignore_errors=True)
    files.put_back(found.folder, ready)
    database.make_ready(found.database)
    aside = presence.aside_in(home)
    presence.shut(home, aside)
    for name in MOVED:
        if (home / name).exists():
            (home / name).rename(aside / name)
    database.take_place(aside)
    ready.rename(home / FILES)
    disk.sync_folder(home)
    return aside


def take_up(found: Backup, settings: Settings) -> list[str]:
    """Bring the tables to the newest version, and tell everybody outside the database; what to say of it."""
    app, at = create_app(settings), found.manifest.at
    with app.app_context():
        said = ["  database      tables brought to the newest version"] if prepare.migrate(app) else []
        is_known = journal.goes_back_to(settings.home, at)
        done = take_up_again(found.name, sent=journal.sent_since(settings.home, at), is_known=is_known)
        anchor.restored(f"backup {found.name} of {found.manifest.made_at}")
    since = f"{at:%Y-%m-%d %H:%M} UTC"
    said.append(f"  letters       {done.known} left since and are not sent again; everybody signs in anew")
    if not is_known:
        said.append(f"  held          {done.held} letters, for nobody knows what left since {since}; see the outbox")
    said.append(f"  ended         {done.feeds} calendar subscriptions, {done.codes} recovery codes: make new ones")
    said.append(f"  open again    what was shut since {since}: accounts, roles, passwords, second factors, customers'")
    said.append("                links; shut it once more")
    return said


def _refuse_unfit(found: Backup, settings: Settings) -> None:
    """Raise NotPossible for another kind of database, a newer version, or one that is not sound."""
    said, database = found.manifest, database_at(settings.database_url)
    if said.engine != database.name:
        raise NotPossible(f"{found.name} is of {said.engine}, and this house has {database.name}")
    for head in said.migration.split():
        if not _is_known(create_app(settings), head):
            raise NotPossible(f"{found.name} was made by a newer version of Bihuan (tables {head}); install that first")
    findings = soundness.look_at(found, settings)
    create_app(settings)  # looking inside had the backup in use
    if findings.wrong:
        raise NotPossible(f"{found.name} is damaged: {'; '.join(findings.wrong[:3])}")


def _is_known(app: Flask, head: str) -> bool:
    scripts = ScriptDirectory(app.extensions["migrate"].directory)
    try:
        return scripts.get_revision(head) is not None
    except CommandError:
        return False


def _what_is_lost(found: Backup, settings: Settings) -> str:
    """What has come since, in one sentence and how to go on."""
    at = found.manifest.at
    with create_app(settings).app_context():
        since = _come_since(at)
        db.session.remove()
        db.engine.dispose()
    return (
        f"What has come since {at:%Y-%m-%d %H:%M:%S} UTC would be put aside: {since}.\n"
        f"Say ./run restore {found.name} --yes to do it."
    )


def _come_since(at: datetime) -> str:
    try:
        tickets = db.session.scalar(select(func.count()).select_from(Ticket).where(Ticket.created_at > at))
        events = db.session.scalar(select(func.count()).select_from(Event).where(Event.at > at))
    except SQLAlchemyError:
        return "nobody can tell, for the present database cannot be read"
    return f"{tickets} tickets and {events} events"


if __name__ == "__main__":
    restore(prog_name="./run restore")
