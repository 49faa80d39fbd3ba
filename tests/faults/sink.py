"""A mail server with moods; what it has accepted stands in order, each letter by its Message-ID and address."""

import re
import select
import socket
import socketserver
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr
from time import monotonic, sleep
from typing import Any

ACCEPT, SLOW, LATER, NEVER, HANG, DIES = "accept", "slow", "450", "550", "hang", "dies after 250"
LONGEST_HANG = 120.0


class Sink:
    """Where it listens, its mood, and what it has taken."""

    def __init__(self) -> None:
        self.mood, self.pause = ACCEPT, 0.0
        self.taken: list[tuple[str, str]] = []  # Message-ID and address of each letter, in order
        self.most_at_once = 0
        self.refused: set[str] = set()  # recipients that are never taken
        self.letters: deque[Any] = deque(maxlen=500)  # the newest, read
        self.deadly = ""  # a recipient at whose name whoever calls is killed
        self.kill: Callable[[int], object] = lambda _port: None  # by the port that they call from
        self._talking = 0
        self._lock = threading.Lock()
        self._server: Any = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen, at the same port as before."""
        sink = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError), sink._counted():
                    sink._converse(self.rfile, self.wfile, self.connection)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self._server = Server(("127.0.0.1", self.port), Talk)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Nobody answers any more."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._talking += 1
            self.most_at_once = max(self.most_at_once, self._talking)
        try:
            yield
        finally:
            with self._lock:
                self._talking -= 1

    def _converse(self, heard: Any, said: Any, line: socket.socket) -> None:
        self._say(said, "220 sink")
        for each in heard:
            verb = each.decode("latin-1").strip()
            word = verb[:4].upper()
            if word == "DATA":
                self._say(said, "354 go on")
                if not self._take(_letter(heard), said, line):
                    return
            elif word == "QUIT":
                self._say(said, "221 bye")
                return
            elif word == "RCPT" and self.deadly and self.deadly in verb:
                self.kill(line.getpeername()[1])
                return
            elif word == "RCPT" and (reply := self._refusal(verb)):
                self._say(said, reply)
            else:
                self._say(said, "250 ok")

    def _refusal(self, verb: str) -> str:
        if self.mood == LATER:
            return "450 later"
        is_refused = self.mood == NEVER or any(each in verb for each in self.refused)
        return "550 no such user" if is_refused else ""

    def _take(self, letter: bytes, said: Any, line: socket.socket) -> bool:
        """False: the conversation ends without another word. One that the caller has given up ends too."""
        mood, until = self.mood, monotonic() + LONGEST_HANG
        while mood == HANG and self.mood == HANG and monotonic() < until and not _hung_up(line):
            sleep(0.05)
        if mood == HANG:
            return False
        sleep(self.pause if mood == SLOW else 0)
        read = message_from_bytes(letter, policy=default)
        with self._lock:
            self.taken.append((str(read["Message-ID"]), parseaddr(str(read["To"]))[1]))
            self.letters.append(read)
        if mood == DIES:
            return False
        self._say(said, "250 taken")
        return True

    def _say(self, said: Any, words: str) -> None:
        said.write(words.encode() + b"\r\n")
        said.flush()


def _hung_up(line: socket.socket) -> bool:
    """Whether the caller has closed the line; whoever waits for our word says nothing more."""
    heard, _, _ = select.select([line], [], [], 0)
    return bool(heard) and not line.recv(1, socket.MSG_PEEK)


def _letter(heard: Any) -> bytes:
    lines = []
    for line in heard:
        if line in (b".\r\n", b".\n"):
            break
        lines.append(re.sub(rb"^\.\.", b".", line))
    return b"".join(lines)
