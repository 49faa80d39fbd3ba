"""Live: how soon a change by one person stands on the screen of another, over real HTTP and without a browser.

The second person keeps the page's stream open and, as the browser does, fetches every region that a message names.
"""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from queue import Empty, Queue
from random import Random
from threading import Thread
from time import perf_counter, sleep
from urllib.parse import quote

from bench.stack import Server
from bench.visitor import Answer, Visitor, WrongAnswer
from models.demonstration import PASSWORD

WATCHING, WRITING = "zhao", "wang"
PATIENCE = 30.0  # seconds
REST = (0.8, 1.3)  # seconds between two changes: longer than a region rests, and out of step with the ticker
REGION = re.compile(r'<(\w+) id="([^"]+)" data-live="([^"]+)"[^>]*?hx-get="([^"]+)"(?:[^>]*?hx-ptag="([^"]+)")?')


@dataclass
class Region:
    """A part of the page that fetches itself again: what HX-Target calls it, its topics, where from, what it shows."""

    target: str
    topics: list[str]
    path: str
    tag: str


class Screen:
    """The page of the second person. Raises WrongAnswer when it has no region that could change."""

    def __init__(self, port: int, login: str, path: str) -> None:
        self._port, self._visitor = port, Visitor(port)
        self._visitor.sign_in(login, PASSWORD)
        page = self._visitor.get(path).plain.decode()
        self._topics = unescape(re.findall(r'data-topics="([^"]+)"', page)[0])
        self._regions = [
            Region(f"{kind}#{name}", topics.split(), unescape(url), unescape(tag or ""))
            for kind, name, topics, url, tag in REGION.findall(page)
        ]
        if not self._regions:
            raise WrongAnswer(f"{path} has no live region")

    def watch(self, seen: "Queue[tuple[float, bytes]]") -> None:
        """Listen until the server hangs up; whenever a region has something new, when it came and what it says."""
        for topic in self._stream():
            for region in self._regions:
                if topic in region.topics:
                    answer = self._fetch(region)
                    if answer.status == 200:
                        seen.put((perf_counter(), answer.plain))

    def _fetch(self, region: Region) -> Answer:
        answer = self._visitor.get_part(region.path, target=region.target, tag=region.tag)
        region.tag = answer.header("hx-ptag") or region.tag
        return answer

    def _stream(self) -> Iterator[str]:
        """The topics that the live hub names."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
            asked = f"GET /events?topics={quote(self._topics)} HTTP/1.1\r\nHost: localhost:{self._port}\r\n\r\n"
            connection.sendall(asked.encode())
            for line in connection.makefile("rb"):
                if found := re.match(rb'data: \{"topic": "([^"]+)"', line):
                    yield found[1].decode()


def latencies(server: Server, *, changes: int) -> list[float]:
    """Milliseconds from the answer to a note until the other screen has the region that shows it, for each change."""
    path = f"/t/{server.database.talked_about(1)[0]}"
    seen: Queue[tuple[float, bytes]] = Queue()
    screen = Screen(server.port, WATCHING, path)
    Thread(target=screen.watch, args=(seen,), daemon=True).start()
    writer, chance = Visitor(server.port), Random(1)
    writer.sign_in(WRITING, PASSWORD)
    sleep(1)  # the stream is open
    found = []
    for number in range(changes):
        found.append(_one(writer, path, f"bench note {number} {chance.random()}", seen))
        sleep(chance.uniform(*REST))
    return found


def _one(writer: Visitor, path: str, text: str, seen: "Queue[tuple[float, bytes]]") -> float:
    form = writer.form(f"{path}/note", "note")
    answer = writer.post_parts(f"{path}/note", form | {"text": text}, empty_file="files")
    written = perf_counter()
    if answer.status != 303:
        raise WrongAnswer(f"the note was not taken: {answer.status}")
    while True:
        try:
            at, body = seen.get(timeout=PATIENCE)
        except Empty as error:
            raise WrongAnswer(f"the note did not reach the other screen within {PATIENCE:g} s") from error
        if text.encode() in body:
            return max(0.0, at - written) * 1000
