"""A browser without script that writes down what it did and what became of it: acknowledged, refused or unknown."""

import http.client
import json
import re
import secrets
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"
SECONDS = 40.0
IDLE = 2.0  # seconds after which a connection is not used again: the server closes it after five
LOST = (OSError, http.client.HTTPException)


@dataclass
class Answer:
    """What came back; status 0: nothing did."""

    status: int
    body: str
    location: str = ""

    @property
    def outcome(self) -> str:
        if self.status == 0:
            return UNKNOWN
        return ACKNOWLEDGED if self.status < 400 else REFUSED


@dataclass
class Filled:
    """A form as it will be sent, and sent again."""

    path: str
    fields: dict[str, str]
    mark: str = ""


class History:
    """What visitors did: a line for each mark, in a file; the last word about it counts."""

    def __init__(self, file: Path) -> None:
        self._file, self.deeds = file, dict[str, dict[str, Any]]()
        self._lock = Lock()

    def note(self, mark: str, answer: Answer) -> None:
        with self._lock:
            self._note(mark, answer)

    def _note(self, mark: str, answer: Answer) -> None:
        deed = self.deeds.setdefault(mark, {"mark": mark, "outcome": UNKNOWN, "answers": []})
        deed["outcome"] = answer.outcome if deed["outcome"] != ACKNOWLEDGED else ACKNOWLEDGED
        deed["answers"].append([answer.status, answer.location])
        with self._file.open("a") as file:
            file.write(json.dumps(deed) + "\n")

    def locations(self, mark: str) -> set[str]:
        """Where the form led, however often it was sent."""
        return {where for status, where in self.deeds[mark]["answers"] if where}

    def marks(self, outcome: str) -> list[str]:
        return [mark for mark, deed in self.deeds.items() if deed["outcome"] == outcome]


class Visitor:
    """Somebody signed in at one port."""

    def __init__(self, port: int, history: History | None = None) -> None:
        self.port, self.history = port, history
        self.broken, self._cookies = list[str](), dict[str, str]()
        self._held: http.client.HTTPConnection | None = None
        self._used_at = 0.0

    def sign_in(self, login: str, password: str = "demo") -> "Visitor":
        form = self.form("/login", "sign_in")
        form.fields |= {"login": login, "password": password}
        answer = self.send(form)
        assert answer.status == 303, f"{login} could not sign in: {answer.status}"
        return self

    def double(self) -> "Visitor":
        """The same person in the same session, with a connection of their own."""
        other = Visitor(self.port, self.history)
        other._cookies = dict(self._cookies)
        return other

    def form(self, path: str, action: str) -> Filled:
        """The form of the page that does `action`, with its hidden fields."""
        page = self.get(path)
        found = re.search(rf'<form[^>]*data-action="{action}".*?</form>', page.body, re.DOTALL)
        assert found, f"{path} ({page.status}) has no form {action}"
        hidden = re.findall(r'<input[^>]*type="hidden"[^>]*>', found[0])
        target = _attribute(found[0].partition(">")[0], "action") or path
        return Filled(target, {_attribute(field, "name"): _attribute(field, "value") for field in hidden})

    def report(self, words: str = "", **known: str) -> Filled:
        """A report filled in, with a mark of its own by which it is found again."""
        return self.fill(self.form("/report", "report"), "description", words, **known)

    def fill(self, form: Filled, field: str, words: str = "", **known: str) -> Filled:
        form.mark = f"op-{secrets.token_hex(8)}"
        form.fields |= {field: f"{form.mark} {words}".strip()} | known
        return form

    def send(self, form: Filled) -> Answer:
        """Press the button; whatever becomes of it is noted under the form's mark."""
        answer = self._exchange("POST", form.path, urlencode(form.fields))
        if form.mark and self.history:
            self.history.note(form.mark, answer)
        if answer.status in (409, 422, 503, 507) and form.mark and form.mark not in unescape(answer.body):
            self.broken.append(f"I11 {answer.status} at {form.path} lost what was typed")
        return answer

    def get(self, path: str) -> Answer:
        """Look at a page; like any browser, a second time where the connection was lost."""
        answer = self._exchange("GET", path, "")
        for pause in (0.0, 0.5, 1.0, 2.0):
            if answer.status:
                break
            sleep(pause)
            answer = self._exchange("GET", path, "")
        return answer

    def _exchange(self, method: str, path: str, body: str) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "Accept": "text/html", "Accept-Language": "zh-CN"}
        if body:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        if monotonic() - self._used_at > IDLE:
            self.leave()
        try:
            self._held = self._held or http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
            self._held.request(method, path, body or None, headers)
            reply = self._held.getresponse()
            text = reply.read().decode()
        except LOST:
            self.leave()
            return Answer(0, "")
        finally:
            self._used_at = monotonic()
        for cookie in reply.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        self._judge(reply.status, path, text, str(reply.getheader("Content-Type")))
        return Answer(reply.status, text, reply.getheader("Location") or "")

    def leave(self) -> None:
        """Let go of the connection."""
        if self._held:
            self._held.close()
        self._held = None

    def _judge(self, status: int, path: str, text: str, kind: str) -> None:
        """I11: the page is whole; a failure carries its number."""
        if "html" in kind and status != 303 and text.rstrip()[-7:].lower() != "</html>":
            self.broken.append(f"I11 {path} answered {status} with half a page")
        if status >= 500 and status not in (503, 507):
            self.broken.append(f"I11 {path} answered {status}")


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
