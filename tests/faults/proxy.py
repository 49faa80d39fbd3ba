"""A slow way to a server at a unix socket: what passes waits, or never arrives (a half-open connection)."""

import socket
import threading
from contextlib import suppress
from time import sleep

PIECE = 65_536


class Proxy:
    """Listens at a port of its own; `pause` is how long each piece waits, `swallows` whether any arrives."""

    def __init__(self, target: str) -> None:
        self.pause, self.swallows = 0.0, False
        self._target = target
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
            except OSError:
                return
            for pair in ((caller, server), (server, caller)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                sleep(self.pause)
                if not self.swallows:
                    target.sendall(piece)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
