"""Mail scanners open every link that they find, run its scripts and press its buttons (P10.2): nothing may come of it.

`./run bench scanner 10000` lets them loose on links of every purpose and compares the database before and after. One
visit in twenty is made by a real Chromium, the others by a plain client, which is twenty times as fast.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextvars import Context
from html import unescape
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode, urljoin

import flask_migrate
from flask import Flask
from playwright.sync_api import Error, Page, sync_playwright
from sqlalchemy import select

from app import Settings, create_app
from bench.databases import KEY, Crowded
from bench.stack import running
from models import demonstration
from models.ground.db import db
from models.people.customer import Contact
from models.record.consent import Consent
from models.record.link import CONSENT, DIRECTION, living_link
from models.record.message import Message
from models.record.resolution import Confirmation
from models.steps import customer_verification
from tests.database import NOT_BUSINESS, Rows, difference, everything
from tests.factories import a_request, a_ticket

MACHINERY = (*NOT_BUSINESS, "verdict", "message")  # of messages the keys are compared: sending them is machinery too
FORM = "application/x-www-form-urlencoded"
PARTS = ("", "/confirm", "/consent", "/agree", "/dispute", "/information", "/question", "/renew")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
Visit = Callable[[str], object]


def main(words: list[str]) -> int:
    """Visit so many times and say what has come of it; 1 when anything has."""
    visits = int(words[0]) if words else 1_000
    with tempfile.TemporaryDirectory(prefix="bihuan-scanner-") as folder:
        app, home = _desk(Path(folder))
        with app.app_context():
            links = make_links()
        with running("ours", home) as server, app.app_context():
            return _let_loose(server.port, links, visits)


def make_links() -> list[str]:
    """The path of a living link of every purpose, at each moment at which it asks something, and of a dead one.

    None of their clocks has a mark within the hour, so that nothing fires meanwhile.
    """
    contact = db.session.scalars(select(Contact)).first()
    progress = [a_ticket(state, contact=contact) for state in ("awaiting_plan", "awaiting_customer", "closed")]
    consent = a_ticket("awaiting_consent", contact=contact)
    direction = a_request("awaiting_direction", contact=contact)
    accepted = a_request("awaiting_customer", contact=contact)
    found = [living_link(ticket) for ticket in (*progress, consent, accepted)]
    found += [living_link(consent, purpose=CONSENT), living_link(direction, purpose=DIRECTION)]
    disputed = a_ticket("awaiting_customer", contact=contact)
    found.append(living_link(disputed))
    customer_verification.dispute_result(disputed, actor=found[-1], reason="没好。")
    return [f"/c/{link.token}" for link in found if link]


def in_chromium(base: str, links: list[str], visits: int) -> int:
    """Visits by a real browser with its scripts: it reads, follows every link, and presses; how many it made."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(locale="en-US").new_page()
        page.set_default_timeout(10_000)
        manners = (_reads, _presses_the_first, _presses_all, _sends_all, _types_enter)
        made = _visits(links, [lambda path, do=do: do(page, base + path) for do in manners], visits)
        browser.close()
    return made


def plainly(send: Callable[[str, str, dict[str, str]], str], links: list[str], visits: int) -> int:
    """Visits by a program that fetches, looks ahead, and sends every form as it stands; how many it made. `send`
    takes method, path and fields and gives the page."""

    def fetch(path: str) -> None:
        page = send("GET", path, {})
        for found in re.findall(r'(?:href|src)="(/[^"#]*)"', page)[:20]:
            send("GET", unescape(found), {})

    def look_ahead(path: str) -> None:
        for part in PARTS:
            send("HEAD", path + part, {})
            send("GET", path + part, {})

    def send_forms(path: str) -> None:
        for action, fields in forms_of(send("GET", path, {})):
            send("POST", urljoin(path, action), fields)

    def press_blindly(path: str) -> None:
        for part in PARTS:
            send("POST", path + part, {})

    return _visits(links, [fetch, look_ahead, send_forms, press_blindly], visits)


def forms_of(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every form of the page with what it holds: nothing is chosen, nothing written."""
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL):
        action = re.search(r'action="([^"]*)"', form)
        fields = re.findall(r'<input[^>]*type="hidden"[^>]*>', form) + re.findall(r"<input[^>]*\schecked[^>]*>", form)
        yield unescape(action[1]) if action else "", {_of(field, "name"): _of(field, "value") for field in fields}


def before_it() -> Rows:
    """What stands there, but for what the machinery keeps for itself."""
    rows = everything(but=MACHINERY)
    return rows | {"message": sorted(db.session.scalars(select(Message.key)))}


def what_came_of_it(before: Rows) -> tuple[int, int, int]:
    """Confirmations, consents and changed tables since `before`."""
    changed = difference(before, before_it())
    came = [len(changed.get(table.__tablename__, ([], []))[1]) for table in (Confirmation, Consent)]
    return came[0], came[1], len(changed)


def by_test_client(app: Flask) -> Callable[[str, str, dict[str, str]], str]:
    """A plain client without a network, for the suite."""
    client = app.test_client()

    def send(method: str, path: str, fields: dict[str, str]) -> str:
        answer = Context().run(client.open, path, method=method, data=fields or None)
        assert answer.status_code < 500, (method, path, answer.status_code)
        return answer.get_data(as_text=True)

    return send


def _let_loose(port: int, links: list[str], visits: int) -> int:
    before, began = before_it(), monotonic()
    real = in_chromium(f"http://localhost:{port}", links, visits // 20) if CHROMIUM else 0
    print(f"  {'chromium':<13} {real} visits in {monotonic() - began:.0f} s", flush=True)
    began = monotonic()
    plain = plainly(_over_http(port), links, visits - real)
    print(f"  {'plain client':<13} {plain} visits in {monotonic() - began:.0f} s", flush=True)
    confirmations, consents, changes = what_came_of_it(before)
    print(f"{real + plain} visits: {confirmations} confirmations, {consents} consents, {changes} changes")
    return 1 if changes else 0


def _over_http(port: int) -> Callable[[str, str, dict[str, str]], str]:
    connection, cookies = HTTPConnection("localhost", port, timeout=30), dict[str, str]()

    def send(method: str, path: str, fields: dict[str, str]) -> str:
        head = {"Sec-Purpose": "prefetch", "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        head |= {"Content-Type": FORM, "Origin": f"http://localhost:{port}"} if method == "POST" else {}
        connection.request(method, path, urlencode(fields) if method == "POST" else None, head)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            cookies[name] = value
        page = answer.read().decode(errors="replace")
        assert answer.status < 500, (method, path, answer.status)
        return page

    return send


def _visits(links: list[str], manners: list[Visit], most: int) -> int:
    """Each manner on each link in turns, until there were so many."""
    rounds = ((visit, path) for path in cycle(links) for visit in manners)
    made = 0
    for visit, path in islice(rounds, most):
        visit(path)
        made += 1
    return made


def _reads(page: Page, url: str) -> None:
    _open(page, url)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(
        "Promise.all([...document.querySelectorAll('a[href]')].map(a => fetch(a.href, {headers: {'X': '1'}})"
        ".catch(() => 0)))"
    )


def _presses_the_first(page: Page, url: str) -> None:
    _open(page, url)
    button = page.locator("main button").first
    if button.count():
        _pressed(page, lambda: button.evaluate("b => b.click()"))


def _presses_all(page: Page, url: str) -> None:
    _open(page, url)
    for nth in range(page.locator("button").count()):
        _open(page, url)
        _pressed(page, lambda nth=nth: page.locator("button").nth(nth).evaluate("b => b.click()"))


def _sends_all(page: Page, url: str) -> None:
    _open(page, url)
    for nth in range(page.locator("main form").count()):
        _open(page, url)
        _pressed(page, lambda nth=nth: page.locator("main form").nth(nth).evaluate("f => f.submit()"))


def _types_enter(page: Page, url: str) -> None:
    _open(page, url)
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    page.wait_for_load_state()


def _open(page: Page, url: str) -> None:
    """An answer to what was pressed before may still be on its way, and come between."""
    try:
        page.goto(url)
    except Error:
        page.wait_for_load_state()
        page.goto(url)


def _pressed(page: Page, press: Callable[[], object]) -> None:
    with page.expect_navigation(wait_until="load"):
        press()


def _desk(home: Path) -> tuple[Flask, Crowded]:
    url = f"sqlite:///{home / 'bihuan.sqlite3'}"
    app = create_app(Settings(_env_file=None, home=home, database_url=url, env="demo", secret_key=KEY))  # type: ignore[call-arg]
    with app.app_context():
        flask_migrate.upgrade()
        demonstration.found_desk()
        demonstration.cast_people()
    return app, Crowded(home, url)


def _of(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
