"""A PostgreSQL server of our own for the length of one test run: no disk syncs, a private socket, nothing left."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200", "listen_addresses=")
SECONDS_TO_START = 30


def find_programs() -> Path | None:
    """The folder with initdb and postgres; the newest version when there are several."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = [folder for place in PLACES for folder in Path("/").glob(place.lstrip("/")) if (folder / "initdb").exists()]
    return max(found, key=_version, default=None)


@contextmanager
def private(programs: Path) -> Iterator[str]:
    """Start a server; yields the URL of its maintenance database."""
    folder = Path(tempfile.mkdtemp(prefix="bihuan-pg-", dir="/tmp"))  # short: it holds a socket
    owner = _owner()
    if owner:
        shutil.chown(folder, owner["user"], owner["group"])
    try:
        _run([programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8",
              "--locale=C.UTF-8", "--no-sync"], owner)  # fmt: skip
        server = _start(programs, folder, owner)
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # PostgreSQL's word for: now, but cleanly
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(programs: Path, folder: Path, owner: dict[str, Any]) -> subprocess.Popen[bytes]:
    settings = [word for setting in FAST for word in ("-c", setting)]
    with (folder / "log").open("wb") as out:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *settings],
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **owner,
        )
    deadline = monotonic() + SECONDS_TO_START
    while subprocess.call([programs / "pg_isready", "-q", "-h", folder, "-U", "postgres"]):
        if server.poll() is not None or monotonic() > deadline:
            server.kill()
            raise RuntimeError("PostgreSQL did not start: " + (folder / "log").read_text(errors="replace")[-800:])
        sleep(0.1)
    return server


def _run(words: list[Any], owner: dict[str, Any]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, **owner)
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed: {done.stderr[-800:]}")


def _owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; Debian's package made a user for it."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": [], "cwd": "/", "umask": 0o077}


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in "".join(c if c.isdigit() else " " for c in str(folder)).split())
