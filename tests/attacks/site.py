"""The house that is attacked: its world, everybody's browsers, and every address, form and page that there is."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from models import demonstration
from models.ground.db import db
from models.record.ticket import Ticket
from tests.browsing import Browser, Form, Page
from tests.database import NOT_BUSINESS, difference, everything
from tests.house.world import STAFF, World

STRANGER = "stranger"
FIRST = ("chen", "zhao")  # look at every ticket; the others at what none of these was shown
OPEN = ("/c/", "/ical/", "/password", "/login", "/setup", "/healthz", "/readyz", "/metrics")  # without an account
SHARED = ("/t/", "/d/", "/approvals", "/extensions/", "/entries/")  # show different people different things
PROTOCOL = ("csrf_token", "once", "version", "kept", "next", "begun")  # what no person types
TEXTS = ("text", "search", "textarea", "email", "tel", "url")
MANY = ("tickets.page", "tickets.request", "approval.decide")  # say something else in each state
OUTSIDERS = ("yang", "feng", "qian")  # have an account, and nothing to do with most tickets


@dataclass(frozen=True)
class Seen:
    """A page as somebody was shown it."""

    name: str
    url: str
    page: Page

    @property
    def is_html(self) -> bool:
        return self.page.response.mimetype == "text/html" and self.page.status not in (303, 304)

    def __str__(self) -> str:
        return f"{self.name}: {self.url} ({self.page.status})"


@dataclass(frozen=True)
class Found:
    """A form, who was shown it and on which page."""

    name: str
    page: str
    form: Form

    def __str__(self) -> str:
        return f"{self.name}: {self.form.action} at {self.page}"


@dataclass
class Site:
    """One house for all attacks of a run; each finds it as it was made."""

    app: Flask
    world: World
    home: Path
    cookies: dict[str, Any]
    most: int = 1_000  # addresses of one route that are looked at
    times: int = 20_000  # how often what is drawn by lot is drawn
    renew: Callable[[], None] = lambda: None  # everything is written as it was
    infected: Any = None  # what it looks like after everything was typed into everything
    _browsers: dict[str, Browser] = field(default_factory=dict)
    _jars: dict[str, Any] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def browser(self, name: str = STRANGER) -> Browser:
        """The browser of somebody of the cast, signed in before; `stranger` has no account."""
        if name not in self._browsers:
            self._browsers[name] = browser = self.new_browser(name)
            browser.open("/login" if name == STRANGER else "/me")  # from now on its forms carry the same CSRF token
            self._jars[name] = dict(browser.client._cookies)
        return self._browsers[name]

    def restore(self) -> None:
        """Whoever was signed out by an attack is signed in again."""
        for name, browser in self._browsers.items():
            browser.client._cookies = dict(self._jars[name])

    def new_browser(self, name: str = STRANGER) -> Browser:
        """Another one, with a cookie of its own."""
        browser = Browser(self.app)
        if name in self.cookies:
            browser.client.set_cookie("bihuan", self.cookies[name].cookie)
        elif name != STRANGER:
            browser.sign_in(name, demonstration.PASSWORD)
        return browser

    def numbers(self) -> list[str]:
        """The tickets that are there now."""
        return list(db.session.scalars(select(Ticket.number)))

    def csrf(self, name: str) -> str:
        """The CSRF token of somebody's session."""
        if name not in self._tokens:
            page = self.browser(name).get("/login" if name == STRANGER else "/me")
            self._tokens[name] = page.forms()[0].values["csrf_token"][0]
        return self._tokens[name]

    @cached_property
    def rules(self) -> list[Rule]:
        """Every route but that of static files."""
        return [rule for rule in self.app.url_map.iter_rules() if rule.endpoint != "static"]

    @cached_property
    def urls(self) -> list[str]:
        """Addresses that answer a GET, with real things in them: all, or a few of each route."""
        found: dict[str, list[str]] = {}
        for url in self.world.urls(self.app):
            found.setdefault(self.endpoint(url), []).append(url)
        return [url for name, urls in found.items() for url in (urls if name in MANY else urls[: self.most])]

    @cached_property
    def seen(self) -> list[Seen]:
        """Every page by somebody who is shown it, those of tickets by several; what is public, by a stranger."""
        return [look for url in self.urls for look in self._looks(url)]

    @cached_property
    def html(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.is_html]

    @cached_property
    def forms(self) -> list[Found]:
        """Every form, once for each address that it posts to."""
        found: dict[tuple[str, str], Found] = {}
        for seen in self.html:
            for form in seen.page.forms():
                found.setdefault((form.action, form.url), Found(seen.name, seen.url, form))
        return list(found.values())

    @cached_property
    def kinds(self) -> list[Found]:
        """One form of each kind: the same deed at the same route."""
        kinds: dict[tuple[str, str], Found] = {}
        for found in self.forms:
            kinds.setdefault((found.form.action, self.endpoint(found.form.url, "POST")), found)
        return list(kinds.values())

    def endpoint(self, url: str, method: str = "GET") -> str:
        """The name of the route behind an address."""
        return str(self.app.url_map.bind("localhost").match(url.partition("?")[0], method=method)[0])

    def posts(self, *, one_each: bool = False) -> list[str]:
        """Addresses of every route that takes a POST: those of the forms, and made-up ones of the rest."""
        urls = {self.endpoint(found.form.url, "POST"): found.form.url for found in self.forms}
        rest = [rule for rule in self.rules if "POST" in (rule.methods or ()) and rule.endpoint not in urls]
        found = urls.values() if one_each else [found.form.url for found in self.forms]
        return sorted({*found, *(self.made_up(rule) for rule in rest)})

    def an_address(self, rule: Rule) -> str:
        """One of the route: with real things in it where it can be looked at."""
        return self._addresses.get(rule.endpoint) or self.made_up(rule)

    @cached_property
    def _addresses(self) -> dict[str, str]:
        return {self.endpoint(url): url for url in reversed(self.urls)}

    def made_up(self, rule: Rule) -> str:
        """An address of the route with values that have the right shape."""
        url = rule.rule
        url = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", url)
        url = re.sub(r"<int:[^>]*>", "1", url)
        url = url.replace("<number>", self.world.tickets["awaiting_plan"])
        return re.sub(r"<[^>]*>", "x", url)

    @contextmanager
    def unchanged(self, *, but: tuple[str, ...] = NOT_BUSINESS) -> Iterator[None]:
        """Nothing is written meanwhile."""
        before = everything(but=but)
        yield
        assert difference(before, everything(but=but)) == {}

    def _looks(self, url: str) -> Iterator[Seen]:
        """Until somebody is shown it."""
        if url.startswith(OPEN):
            yield Seen(STRANGER, url, self.browser().open(url))
            return
        was_shown = False
        for name in dict.fromkeys((*FIRST, "zhang", "wang", "admin", *STAFF)):
            if was_shown and not (name in FIRST and url.startswith(SHARED)):
                return
            look = Seen(name, url, self.browser(name).open(url))
            was_shown = was_shown or look.page.status == 200
            yield look


def texts_of(form: Form) -> list[str]:
    """The names of the fields in which people write."""
    fields = form.element.all("input", "textarea")
    named = [f["name"] for f in fields if f.get("name") and f.get("name") not in PROTOCOL]
    kinds = {f.get("name"): "textarea" if f.tag == "textarea" else f.get("type", "text") for f in fields}
    return sorted({name for name in named if kinds[name] in TEXTS})
