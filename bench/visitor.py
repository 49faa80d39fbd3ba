"""One visitor: a keep-alive connection that remembers its cookies, checks every answer and costs little itself."""

import gzip
import re
import socket
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

BOUNDARY = "----bench7d1f"
BROWSER = (
    "User-Agent: bench\r\nAccept: text/html\r\nAccept-Language: zh-CN,zh;q=0.9\r\nAccept-Encoding: gzip\r\n"
    "Sec-Fetch-Site: same-origin\r\nConnection: keep-alive\r\n"
)


class WrongAnswer(Exception):
    """The server said something else than it should."""


@dataclass
class Answer:
    """What came back; `size` is all the bytes that were sent for it, head included."""

    status: int
    head: bytes
    body: bytes
    size: int

    def header(self, name: str) -> str:
        found = re.search(rb"(?im)^%s: *([^\r\n]*)" % name.encode(), self.head)
        return found[1].decode() if found else ""

    @property
    def plain(self) -> bytes:
        """The body, unpacked where it was packed."""
        return gzip.decompress(self.body) if self.header("content-encoding") == "gzip" else self.body


class Visitor:
    """Somebody at a browser on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}
        self._socket: socket.socket | None = None

    def sign_in(self, login: str, password: str) -> None:
        """Fill in the sign-in page as people do. Raises WrongAnswer."""
        fields = self.form("/login", "sign_in")
        answer = self.post("/login", fields | {"login": login, "password": password})
        if answer.status != 303:
            raise WrongAnswer(f"{login} could not sign in: {answer.status}")

    def form(self, path: str, action: str) -> dict[str, str]:
        """The hidden fields of the form that does `action`. Raises WrongAnswer."""
        page = self.get(path).plain.decode()
        form = re.search(rf'<form[^>]*data-action="{action}".*?</form>', page, re.DOTALL)
        if not form:
            raise WrongAnswer(f"{path} has no form {action}")
        hidden = re.findall(r'<input[^>]*type="hidden"[^>]*>', form[0])
        return {_attribute(field, "name"): _attribute(field, "value") for field in hidden}

    def get(self, path: str, *, status: int = 200, holds: bytes = b"", times: int = 0) -> Answer:
        """Look at a page, which must answer `status` and hold something so many times. Raises WrongAnswer."""
        answer = self._exchange(self._request("GET", path))
        found = answer.plain.count(holds) if holds else 0
        if (answer.status, found) != (status, times):
            raise WrongAnswer(f"GET {path}: {answer.status}, {found} × {holds.decode()}")
        return answer

    def get_part(self, path: str, *, target: str, tag: str) -> Answer:
        """Fetch a part of a page as htmx does, whatever the answer; `tag` is what the part shows already."""
        asked = f"HX-Request: true\r\nHX-Request-Type: partial\r\nHX-Target: {target}\r\nHX-PTag: {tag}\r\n"
        return self._exchange(self._request("GET", path, more=asked))

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form with fields only."""
        body = urlencode(fields).encode()
        return self._exchange(self._request("POST", path, body, "application/x-www-form-urlencoded"))

    def post_parts(self, path: str, fields: dict[str, str], *, empty_file: str) -> Answer:
        """Send a form that can carry files, none of them chosen."""
        head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
        parts = [f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
        parts.append(f'{head}"{empty_file}"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n')
        body = f"{''.join(parts)}--{BOUNDARY}--\r\n".encode()
        return self._exchange(self._request("POST", path, body, f"multipart/form-data; boundary={BOUNDARY}"))

    def leave(self) -> None:
        """Close the connection; the next request opens another one, at whichever process takes it."""
        if self._socket:
            self._socket.close()
        self._socket = None

    def _request(self, method: str, path: str, body: bytes = b"", kind: str = "", *, more: str = "") -> bytes:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost:{self._port}\r\n{BROWSER}{more}"
        head += f"Cookie: {cookie}\r\n" if cookie else ""
        if method == "POST":
            head += f"Origin: http://localhost:{self._port}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body

    def _exchange(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        answer = self._read(self._socket)
        for name, value in re.findall(rb"(?im)^set-cookie: *([^=]+)=([^;\r\n]*)", answer.head):
            self._cookies[name.decode()] = value.decode()
        return answer

    def _read(self, connection: socket.socket) -> Answer:
        data = bytearray()
        head = self._until(connection, data, b"\r\n\r\n", 0)
        if data[9:12] == b"304":  # has no body, and does not say so
            return Answer(304, bytes(data[:head]), b"", head)
        told = re.search(rb"(?i)\r\ncontent-length: *(\d+)", data[:head])
        body, sent = (
            self._parts(connection, data, head) if not told else self._whole(connection, data, head, int(told[1]))
        )
        return Answer(int(data[9:12]), bytes(data[:head]), body, sent)

    def _whole(self, connection: socket.socket, data: bytearray, begin: int, length: int) -> tuple[bytes, int]:
        self._fill(connection, data, begin + length)
        return bytes(data[begin : begin + length]), begin + length

    def _parts(self, connection: socket.socket, data: bytearray, begin: int) -> tuple[bytes, int]:
        """A body of unknown length comes in parts, each after its size."""
        parts = []
        while True:
            first = self._until(connection, data, b"\r\n", begin)
            size = int(data[begin:first], 16)
            begin = first + size + 2
            self._fill(connection, data, begin)
            if not size:
                return b"".join(parts), begin
            parts.append(bytes(data[first : first + size]))

    def _until(self, connection: socket.socket, data: bytearray, mark: bytes, begin: int) -> int:
        """Where `mark` ends, once it has come."""
        while (found := data.find(mark, begin)) < 0:
            data += self._more(connection)
        return found + len(mark)

    def _fill(self, connection: socket.socket, data: bytearray, length: int) -> None:
        while len(data) < length:
            data += self._more(connection)

    def _more(self, connection: socket.socket) -> bytes:
        chunk = connection.recv(262_144)
        if not chunk:
            raise WrongAnswer("the server hung up")
        return chunk


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
