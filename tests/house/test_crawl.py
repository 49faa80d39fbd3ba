"""A walk through every page as everybody: looking changes nothing, every form is guarded, English is English."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import event, select
from sqlalchemy.orm.attributes import set_committed_value

from blueprints.messages import render
from models import demonstration
from models.ground import clock
from models.ground.db import db
from models.record.message import Message
from models.rules import limits
from tests.browsing import Browser, Form, Page
from tests.conftest import SERVER, TEN_O_CLOCK
from tests.database import NOT_BUSINESS, Rows, difference, everything
from tests.house.languages import han_in, latin_in, of_people, texts
from tests.house.world import STAFF, World, build_world

CALENDAR_WORDS = ("summary", "description", "x-wr-calname")
UNGUARDED = ("set_language", "set_theme", "sign_out")  # they change no row of business, or do no harm
FINE = (200, 303, 304, 403, 404, 409, 410)  # 409: a form that could not be handed in now, and is not shown
OPEN = ("/c/", "/ical/", "/password", "/login", "/setup")  # what strangers may look at
WALKERS = ("stranger", *(STAFF[::3] if SERVER else STAFF))  # on PostgreSQL it is the statements that may differ
PROBES = ("/healthz", "/readyz", "/metrics")
GROWING = {
    "ticket", "event", "message", "deadline", "firing", "entry", "attachment", "relation", "plan", "plan_step",
    "approval", "work_step", "verification", "confirmation", "resolution", "cooperation", "extension", "link", "once",
    "archive_record", "follower", "affected", "consent", "assessment", "search_text",
}  # fmt: skip
SCAN = re.compile(r"SCAN (\w+)$")
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass(frozen=True)
class Visit:
    """What somebody saw at an address."""

    name: str
    browser: Browser
    url: str
    page: Page

    def __str__(self) -> str:
        return f"{self.name}: {self.url} ({self.page.status})"

    @property
    def is_html(self) -> bool:
        return self.page.response.mimetype == "text/html" and self.page.status not in (303, 304)


@dataclass
class Walk:
    """The whole walk, gone once, and what the database held before and after it, person by person."""

    app: Flask
    world: World
    visits: list[Visit]
    written: dict[str, dict]
    parts: list[Visit]
    asked: dict[str, Any]

    @cached_property
    def forms(self) -> dict[tuple[str, str], tuple[Visit, Form]]:
        """(action, address) → the form and where it was found first."""
        found: dict[tuple[str, str], tuple[Visit, Form]] = {}
        for visit in self.visits:
            for form in visit.page.forms():
                found.setdefault((form.action, form.url), (visit, form))
        return found


@pytest.fixture(scope="module")
def walk(_house: SimpleNamespace) -> Iterator[Walk]:
    """No test here may write: the walk is gone once for all of them."""
    clock.follow(None)
    limits.enforce(on=False)  # another application may have been made meanwhile in this process
    with clock.hold(TEN_O_CLOCK), _house.app.app_context():
        _house.database.renew()
        world = build_world()
        urls = world.urls(_house.app)
        seen = Walk(_house.app, world, [], {}, [], {})
        for name in WALKERS:
            mine = urls if name in ("stranger", "zhang", "admin") else [u for u in urls if not u.startswith(OPEN)]
            browser = Browser(_house.app)
            if name != "stranger":
                browser.sign_in(name, demonstration.PASSWORD)
            before = everything()
            with _noting(seen.asked):
                seen.visits += [Visit(name, browser, url, browser.open(url)) for url in mine]
                seen.parts += [
                    Visit(name, browser, url, browser.open(url, headers=PART)) for url in urls[:: len(STAFF)]
                ]
            seen.written[name] = difference(before, everything())
        yield seen
        db.session.remove()


@contextmanager
def _noting(asked: dict[str, Any]) -> Iterator[None]:
    """Each statement once, however long its lists are, with values that it was asked with."""

    def note(_c: Any, _cursor: Any, sql: str, values: Any, _context: Any, is_many: bool) -> None:
        if sql.startswith(("SELECT", "WITH")) and not is_many:
            asked.setdefault(re.sub(r"\?(, \?)+", "?", sql), (sql, values))

    event.listen(db.engine, "before_cursor_execute", note)
    yield
    event.remove(db.engine, "before_cursor_execute", note)


def test_looking_changes_nothing(walk):
    """Safety rule 13, as every role and as a stranger, whole pages and fragments."""
    assert len(walk.visits) > 120 * len(WALKERS)
    assert walk.written == {name: {} for name in WALKERS}


@pytest.mark.skipif(SERVER is not None, reason="PostgreSQL decides by what it has counted")
def test_no_page_reads_a_whole_table(walk):
    """What grows with every ticket is asked by an index, so that a page takes as long with a million of them."""
    assert len(walk.asked) > 200
    read_whole = set()
    for sql, values in walk.asked.values():
        for *_, step in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values):
            if (found := SCAN.match(step)) and found[1] in GROWING:
                read_whole.add(f"{step}: {sql}")
    assert sorted(read_whole) == []


def test_looking_never_fails(walk):
    odd = [str(v) for v in walk.visits if v.page.status not in FINE and v.url not in PROBES]
    assert odd == []
    odd = [str(v) for v in walk.parts if v.page.status not in (*FINE, 401) and v.url not in PROBES]
    assert odd == []


def test_everybody_sees_something(walk):
    """A walk of nothing but refusals would prove nothing."""
    for name in WALKERS[1:]:
        assert sum(v.page.status == 200 for v in walk.visits if v.name == name) > 20, name


@pytest.mark.once
def test_a_stranger_sees_nothing_of_the_desk(walk):
    for visit in [v for v in walk.visits if v.name == "stranger"]:
        if visit.url.startswith(OPEN) or visit.url in PROBES:
            continue
        assert visit.page.status == 303, visit
        assert visit.page.response.location.startswith("/login"), visit
    for visit in [v for v in walk.parts if v.name == "stranger"]:
        if not visit.url.startswith(OPEN) and visit.url not in PROBES:
            assert visit.page.status == 401, visit


@pytest.mark.once
def test_every_page_has_its_marks(walk):
    """contract.md: language, theme, who, where, when; one main heading; labels for every field."""
    for visit in [v for v in walk.visits if v.is_html]:
        page, body = visit.page, visit.page.one("body")
        assert page.one("html")["lang"] == "en", visit
        assert {"data-user", "data-env", "data-now"} <= set(body.attributes), visit
        assert body["data-user"] in ("" if visit.name == "stranger" else visit.name, ""), visit
        assert page.one("title").text, visit
        assert len(page.all("h1")) == 1, f"{visit} has {len(page.all('h1'))} main headings"
        ids = [e["id"] for e in page.all(id=None)]
        assert len(set(ids)) == len(ids), f"{visit}: twice {[i for i in set(ids) if ids.count(i) > 1]}"
        _check_labels(page, visit)


def _check_labels(page: Page, visit: Visit) -> None:
    labelled = {label.get("for") for label in page.all("label")}
    inside = {control for label in page.all("label") for control in label.all("input", "select", "textarea")}
    for control in page.all("input", "select", "textarea"):
        if control.get("type") in ("hidden", "submit", "button"):
            continue
        known = control.get("id") in labelled or control in inside or control.get("aria-label")
        assert known, f"{visit}: {control.get('name')} has no label"


@pytest.mark.once
def test_every_ticket_shows_its_marks(walk):
    """contract.md: number, state, status, severity, version, escalation; clocks with due time and state."""
    shown = [e for v in walk.visits if v.is_html for e in v.page.all(data_ticket=None)]
    assert len(shown) > 500
    for e in shown:
        assert {f"data-{mark}" for mark in ("state", "status", "severity", "version", "escalation")} <= set(
            e.attributes
        )
    for e in [e for v in walk.visits if v.is_html for e in v.page.all(data_clock=None)]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", e["data-due"]), e.attributes
        assert e["data-clock-state"] in ("running", "paused", "met", "breached", "late", "cancelled"), e.attributes


@pytest.mark.once
def test_english_pages_are_english(walk):
    """No Chinese but what people wrote, what they are called, and the name of the language itself (G23)."""
    said: dict[str, str] = {}  # where it was said first
    for visit in [v for v in walk.visits if v.is_html]:
        said |= dict.fromkeys(texts(visit.page), str(visit))
    assert {word: said[text] for text, word in han_in(said, but=of_people())} == {}


@pytest.mark.once
def test_chinese_pages_are_chinese(walk, request):
    """No Latin word but what people wrote, names, and what tests/data/latin.txt allows (G23).

    Every page as one of those who see it, and each kind of refusal; as everybody with `--full`.
    """
    said: dict[str, str] = {}
    for page, url in _in_chinese(walk, everybody=request.config.getoption("--full")):
        assert page.one("html")["lang"] == "zh", url
        said |= dict.fromkeys(texts(page), url)
    assert {word: said[text] for text, word in latin_in(said, but=of_people())} == {}
    assert len(set(said.values())) > 100


def _in_chinese(walk: Walk, *, everybody: bool) -> Iterator[tuple[Page, str]]:
    """The pages of the walk once more; whose language is Chinese reads them, whom nobody knows prefers it."""
    read, browsers = set[str | int](), dict[str, Browser]()
    for visit in [v for v in walk.visits if v.is_html]:
        kind = visit.url if visit.page.status == 200 else visit.page.status
        if kind in read and not everybody:
            continue
        read.add(kind)
        if visit.name not in browsers:
            browsers[visit.name] = _browser(walk.app, visit.name, "zh")
        yield browsers[visit.name].open(visit.url), visit.url


def _browser(app: Flask, name: str, language: str) -> Browser:
    """Of somebody who has chosen this language, or of a stranger who prefers it."""
    browser = Browser(app)
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    if name != "stranger":
        browser.sign_in(name, demonstration.PASSWORD)
        browser.press(browser.get("/me").form("set_language"), language=language)
    return browser


@pytest.mark.once
def test_letters_are_in_the_language_of_their_reader(walk):
    """Everything that the walk's house has told anybody, in both (G23)."""
    ours, wrong, told = of_people(), set(), set()
    newest = {(m.template, m.person_id is None): m for m in db.session.scalars(select(Message).order_by(Message.id))}
    for (template, _), message in newest.items():
        for locale, odd in (("en", han_in), ("zh", latin_in)):
            set_committed_value(message.reader, "locale", locale)
            with walk.app.test_request_context():
                letter = render(message)
            told.add(template)
            wrong |= {(template, locale, word) for _, word in odd((letter.subject, letter.text), but=ours)}
    db.session.expire_all()
    assert wrong == set()
    assert len(told) > 40


@pytest.mark.once
def test_exports_are_in_the_language_of_their_reader(walk):
    """The calendars that people take along; what programs read (JSON, TOML, CSV) has no words of ours."""
    ours, wrong, count = of_people(), set(), 0
    feeds = [visit.url for visit in walk.visits if visit.page.response.mimetype == "text/calendar"]
    for locale, odd in (("en", han_in), ("zh", latin_in)):
        browser = _browser(walk.app, "chen", locale)  # whose they are
        for url in {url for url in feeds if url.startswith("/ical/")}:
            written = Calendar.from_ical(browser.open(url).response.get_data())
            said = [str(part[name]) for part in written.walk() for name in CALENDAR_WORDS if name in part]
            wrong |= {(url, word) for _, word in odd(said, but=ours)}
            count += len(said)
    assert wrong == set()
    assert count > 6


# --- forms


@pytest.mark.once
def test_every_form_carries_its_tokens(walk):
    """A CSRF token in each, a one-time token in each that changes a row of business."""
    assert len({action for action, _ in walk.forms}) > 35, sorted({action for action, _ in walk.forms})
    for (action, url), (visit, form) in walk.forms.items():
        assert action, f"{visit}: a form to {url} does not say what it does"
        assert form.values.get("csrf_token"), f"{visit}: {action} has no CSRF token"
        assert action in UNGUARDED or form.values.get("once"), f"{visit}: {action} has no one-time token"


@pytest.mark.once
def test_no_form_works_without_them(walk):
    before: Rows = everything(but=NOT_BUSINESS)
    for (action, url), (visit, form) in walk.forms.items():
        answer = visit.browser.press(form, leave_out=("csrf_token",))
        assert answer.status == 403, f"{visit}: {action} without a CSRF token answered {answer.status}"
        foreign = visit.browser.open(url, method="POST", data=form.values, headers={"Origin": "https://evil.example"})
        assert foreign.status == 403, f"{visit}: {action} from another site answered {foreign.status}"
        if action not in UNGUARDED:
            answer = visit.browser.press(form, leave_out=("once",))
            assert answer.status in (409, 422), f"{visit}: {action} without its one-time token answered {answer.status}"
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.once
def test_one_time_tokens_are_never_alike(walk):
    tokens = [form.values["once"][0] for _, form in walk.forms.values() if "once" in form.values]
    assert len(tokens) == len(set(tokens))


# --- answers


@pytest.mark.once
def test_every_answer_wears_its_headers(walk):
    """Safety: whatever is answered, errors and files included."""
    for visit in walk.visits:
        headers = visit.page.response.headers
        assert headers["X-Content-Type-Options"] == "nosniff", visit
        assert "unsafe" not in headers["Content-Security-Policy"], visit
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), visit
        assert headers["X-Frame-Options"] == "DENY", visit
        held = "private, no-cache" if visit.url.startswith("/ical/") else "no-store"  # calendars ask again by tag
        assert held in headers["Cache-Control"], visit


@pytest.mark.once
def test_a_customers_page_loads_nothing_of_others(walk):
    for visit in [v for v in walk.visits if v.url.startswith("/c/") and v.page.status == 200 and v.is_html]:
        own = [script["src"].partition("?")[0] for script in visit.page.all("script")]
        assert own == ["/static/link.js"], "one of our own, that it works without"
        for e in [*visit.page.all("link"), *visit.page.all("img")]:
            assert e.get("href", e.get("src")).startswith(("/", "data:,")), visit
        assert visit.page.response.headers["X-Robots-Tag"].startswith("noindex"), visit
        assert visit.page.response.headers["Referrer-Policy"] == "no-referrer", visit
