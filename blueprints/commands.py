"""The command line: `./run config`, `./run user create`, `./run demo clock +30m` …"""

import re
from datetime import timedelta

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from blueprints import audit_commands, calendar_commands, drawings, policy_commands, sla_commands
from models import demonstration
from models.ground import clock
from models.ground.vocabulary import Role
from models.steps.accounts import create_person, find_person_or_fail, reset_password
from models.steps.demo_clock import move_demo_clock

SECRETS = ("secret_key", "signing_keys", "smtp_url", "database_url", "redis_url")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

user = AppGroup("user", help="People with an account.")
demo = AppGroup("demo", help="The demonstration: its data and its clock.")


def register(app: Flask) -> None:
    """Put the commands beside flask's own."""
    app.cli.add_command(config)
    app.cli.add_command(user)
    app.cli.add_command(demo)
    app.cli.add_command(docs)
    app.cli.add_command(audit_commands.audit)
    app.cli.add_command(calendar_commands.calendar)
    app.cli.add_command(policy_commands.policy)
    app.cli.add_command(sla_commands.sla)


@click.command("config")
def config() -> None:
    """Print the settings in force, secrets masked."""
    for name, value in sorted(current_app.config["SETTINGS"].model_dump().items()):
        click.echo(f"{name} = {_masked(name, value)}")


@click.command("docs")
def docs() -> None:
    """Draw docs/PERMISSIONS.md, docs/ROUTES.md, docs/sbom.json and the states in docs/ARCHITECTURE.md anew."""
    drawings.redraw(current_app._get_current_object())  # type: ignore[attr-defined]


@user.command("create")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--email", default="")
@click.option("--role", "roles", multiple=True, type=click.Choice([str(role) for role in Role]))
@click.password_option()
def create(login: str, name: str, email: str, roles: tuple[str, ...], password: str) -> None:
    """Make an account."""
    held = [(role, None) for role in roles]
    person = create_person(actor=None, login=login, name=name, email=email, roles=held, password=password)
    click.echo(f"{person.login} can sign in now.")


@user.command("reset")
@click.argument("login")
@click.password_option()
def reset(login: str, password: str) -> None:
    """Set a new password; every session of the account ends."""
    reset_password(find_person_or_fail(login), actor=None, password=password)
    click.echo("The password is set; every session of the account has ended.")


@demo.command("load")
def load() -> None:
    """Fill an empty database with people, services and tickets to look at."""
    click.echo("loaded" if demonstration.load_demonstration() else "There is something in the database already.")


@demo.command("clock")
@click.argument("span")
def move(span: str) -> None:
    """Move the demonstration clock forward: +30m, +4h, +1d."""
    if current_app.config["SETTINGS"].env != "demo":
        raise click.ClickException("There is a demonstration clock only with BIHUAN_ENV=demo.")
    move_demo_clock(span_of(span), actor=None)
    click.echo(f"It is now {clock.now():%Y-%m-%d %H:%M} UTC.")


def span_of(words: str) -> timedelta:
    """+30m, 4h, +1d as a span. Raises click.BadParameter."""
    match = re.fullmatch(r"\+?(\d{1,4})([smhd])", words.strip())
    if not match:
        raise click.BadParameter("write +30m, +4h or +1d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _masked(name: str, value: object) -> object:
    if name not in SECRETS or not value:
        return value
    return re.sub(r"//([^:/@]*):[^@]*@", r"//\1:…@", str(value)) if "://" in str(value) else "…"
