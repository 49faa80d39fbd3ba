"""The settings, the data folder, the packages: what is there before anything runs."""

import re
import shutil
from importlib import metadata
from pathlib import Path

from app import Settings
from workers.channels import call
from workers.checks.finding import Finding, error, good, unless, unseen, warning
from workers.entrance import is_only_ours, key_file

ENOUGH, SCARCE = 2_000, 200  # MB that are free
PINS = Path(__file__).parents[2] / "requirements.txt"


def secret(settings: Settings) -> Finding:
    """Links, sessions and the chains of the record depend on it."""
    reasons = [reason for number, reason in settings.unsafe() if number in ("E01", "E04")]
    sentence = "The secret key is easy to guess."
    return unless(not reasons, sentence, "The secret key is long and varied.", do="Put 48 random characters into it.")


def secret_file(settings: Settings) -> Finding:
    """Whoever can read it can sign in as anybody."""
    file = key_file(settings)
    if file is None:
        return unseen("The secret key comes from the environment.")
    fine = f"{file} can be read by its owner only."
    return unless(is_only_ours(file), f"{file} can be read by others.", fine, do=f"chmod 600 {file}")


def address(settings: Settings) -> Finding:
    """Links in letters begin with it; without TLS everybody on the way reads them."""
    fine = f"People come by {settings.base_url}."
    sentence = f"{settings.base_url} is not encrypted."
    return unless(
        settings.base_url.startswith("https://"), sentence, fine, do="Put a proxy with TLS in front; set BASE_URL.",
        is_error=settings.env == "production",
    )  # fmt: skip


def door(settings: Settings) -> Finding:
    """On all addresses, everybody on the network can pass the proxy by."""
    if settings.bind in ("127.0.0.1", "::1", "localhost"):
        return good(f"The door listens on {settings.bind} only; who comes from outside comes through the proxy.")
    sentence = f"The door listens on {settings.bind}: who reaches it passes the proxy by, and its TLS."
    return warning(sentence, "Set BIND to 127.0.0.1, or let the firewall keep everybody but the proxy away.")


def debugging(settings: Settings) -> Finding:
    return unless(not settings.debug, "FLASK_DEBUG is on.", "Debugging is off.", do="Unset FLASK_DEBUG.")


def folder(settings: Settings) -> Finding:
    """Database, attachments and the record of what was sent lie in it."""
    fine = f"{settings.home} is closed to others."
    return unless(
        is_only_ours(settings.home), f"{settings.home} is open to others.", fine, do=f"chmod 700 {settings.home}",
        is_error=settings.env == "production",
    )  # fmt: skip


def room(settings: Settings) -> Finding:
    """A full disk refuses everything that people write."""
    free = shutil.disk_usage(settings.home).free // 1_000_000
    if free < SCARCE:
        return error(f"{free} MB are free on the disk of {settings.home}.", "Make room now.")
    sentence = f"Only {free} MB are free on the disk of {settings.home}."
    return unless(free >= ENOUGH, sentence, f"{free} MB are free.", do="Make room soon.", is_error=False)


def packages(_settings: Settings) -> Finding:
    """What runs is what was tested."""
    pinned = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", PINS.read_text(), re.M)
    other = [f"{name} {_version(name) or 'is missing'}" for name, version in pinned if _version(name) != version]
    fine = f"All {len(pinned)} packages are of the pinned versions."
    sentence = f"Not of the pinned version: {', '.join(other[:5])}."
    return unless(not other, sentence, fine, do="Start with ./run, which installs them.", is_error=False)


def heartbeat(settings: Settings) -> Finding:
    """Whether the watcher outside may be called at all."""
    if not settings.heartbeat_url:
        return warning("Nobody outside notices when everything stands still.", "Set HEARTBEAT_URL to a watcher.")
    try:
        call.addresses_of(settings.heartbeat_url, allowed=settings.outbound_private)
    except call.NotCalled as reason:
        return error(
            f"HEARTBEAT_URL cannot be called: {reason}.", "Correct it, or name its network in OUTBOUND_PRIVATE."
        )
    return good("A watcher outside is told every half minute that all is well.")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
