"""What is looked at before anything is started; whatever cannot be is said in one sentence, with exit code 1."""

import http.client
import ipaddress
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from app import Settings
from workers import queues, valkey

BACKLOG = 1024
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def refuse_unsafe(settings: Settings) -> None:
    """Production does not start with doors open to others (A61). The first numbers are those of app.Settings."""
    if settings.env == "production" and (wrong := [f"{number}: {reason}" for number, reason in open_doors(settings)]):
        sys.exit("Bihuan does not start in production:\n  " + "\n  ".join(wrong))


def open_doors(settings: Settings) -> Iterator[tuple[str, str]]:
    """What others on the machine or in the network could read, or throw away."""
    key = key_file(settings)
    if key and not is_only_ours(key):
        yield "E05", f"{key} can be read by others: chmod 600."
    if not is_only_ours(settings.home):
        yield "E06", f"{settings.home} is open to others: chmod 700."
    if settings.redis_url and is_open_to_others(settings.redis_url):
        yield "E07", "Redis asks for no password and is not on this machine alone."


def key_file(settings: Settings) -> Path | None:
    """Where the secret key is read from; None: the environment."""
    file = settings.secret_key_file or settings.home / "secret-key"
    return file if file.exists() and file.read_text().strip() == settings.secret_key else None


def is_only_ours(path: Path) -> bool:
    """Whether neither group nor others can do anything with it."""
    return not path.stat().st_mode & 0o077


def is_open_to_others(redis_url: str) -> bool:
    """Whether this Redis asks for no password and is on another address than this machine's own."""
    where = urlsplit(redis_url)
    if where.scheme == "unix" or where.password:
        return False
    try:
        found = socket.getaddrinfo(where.hostname or "localhost", None)
    except OSError:
        return False
    return not all(ipaddress.ip_address(str(each[4][0]).partition("%")[0]).is_loopback for each in found)


def read_settings() -> Settings:
    """What is in force."""
    try:
        settings = Settings()  # type: ignore[call-arg]
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            pass
    except ValidationError as error:
        wrong = [f"{item['loc'][0]}: {item['msg']}." for item in error.errors()]
        sys.exit("These settings cannot be used. " + " ".join(wrong))
    except OSError as error:
        home = os.environ.get("BIHUAN_HOME", "var")
        sys.exit(f"The data folder {home} cannot be written: {error.strerror}. BIHUAN_HOME names another.")
    if settings.log_level not in logging.getLevelNamesMapping():
        sys.exit(f"LOG_LEVEL is {settings.log_level}; it can be DEBUG, INFO, WARNING or ERROR.")
    return settings


def listen(settings: Settings) -> socket.socket:
    """Take the one port before anything slow is done."""
    host = settings.bind
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, settings.port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        sys.exit(f"Port {settings.port} of {host} cannot be used: {reason}. PORT names another.")
    return listener


def find_redis(settings: Settings) -> None:
    """Make sure that there is a Redis to be had. REDIS_URL may be away for now, but must not throw jobs away."""
    if not settings.redis_url:
        if not valkey.find_server():
            sys.exit("No Redis to be had: set REDIS_URL, or install valkey-server or redis-server.")
        return
    try:
        policy = queues.eviction_policy(settings.redis_url)
    except ValueError as error:
        sys.exit(f"REDIS_URL cannot be used: {error}.")
    if policy not in ("noeviction", None):
        sys.exit(f"The Redis server's maxmemory-policy is {policy}; it must be noeviction.")


def is_open(settings: Settings) -> bool:
    """Whether the front door answers, whatever it says."""
    host = settings.bind
    door = http.client.HTTPConnection(EVERYWHERE.get(host, host), settings.port, timeout=2)
    try:
        door.request("GET", "/healthz")
        door.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        door.close()
    return True
