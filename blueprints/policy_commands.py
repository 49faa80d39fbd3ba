"""The command line of policies: `./run policy list|export|import|lint|rehearse`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from blueprints.policy_checks import check, play
from blueprints.replay_commands import play_again
from models.ground import clock
from models.ground.errors import DomainError
from models.policy.draft import drafts
from models.policy.pack import SHIPPED, Pack, load_pack
from models.policy.pack_file import write_pack
from models.policy.version import editions_of, version_in_force, versions_in_force, versions_scheduled
from models.steps import policies

policy = AppGroup("policy", help="Policies: time limits, definitions, who is told.")
policy.add_command(check)
policy.add_command(play_again)
policy.add_command(play)


@policy.command("list")
def list_all() -> None:
    """What is in force, coming, in work, and at hand."""
    now = clock.now()
    in_force, default = versions_in_force(now), version_in_force(now)
    for version in in_force:
        _say(version.pack_name, version.edition, "default" if version.pack_name == default.pack_name else "in force")
    for version in versions_scheduled(now):
        _say(version.pack_name, version.edition, f"from {version.effective_at:%Y-%m-%d %H:%M} UTC")
    for draft in drafts():
        _say(draft.pack_name, "-", "draft")
    for name in SHIPPED:
        if name not in [version.pack_name for version in in_force]:
            _say(name, "-", "at hand")


@policy.command("export")
@click.argument("name")
def export(name: str) -> None:
    """Print the newest edition, or the policy that ships under the name, as a file that import reads."""
    click.echo(write_pack(_newest(name)), nl=False)


@policy.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_in(file: Path) -> None:
    """Make a draft out of a file; two people publish it on the page."""
    try:
        draft = policies.import_draft(file.read_bytes(), actor=None)
    except DomainError as refusal:
        raise click.ClickException(refusal.message % refusal.values) from refusal
    click.echo(f"{draft.pack_name} is a draft now: an administrator and a technical manager publish it.")


def _say(*words: object) -> None:
    click.echo("\t".join(map(str, words)))


def _newest(name: str) -> Pack:
    for version in editions_of(name):
        return version.pack
    if name not in SHIPPED:
        raise click.ClickException(f"There is no policy named {name}. See: policy list")
    return load_pack(name)
