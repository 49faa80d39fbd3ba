"""What is tried on rights: every cell of the matrix, other people's things, parts of pages."""

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask, g

from blueprints import access
from models.ground.errors import Missing
from models.ground.vocabulary import Category
from models.people.person import Person
from models.record.ticket import find_ticket
from models.rules.permissions import MAY, NEVER, allows
from tests import standing
from tests.attacks.figures import heavy, nothing
from tests.attacks.site import OUTSIDERS, STRANGER, Site
from tests.browsing import Page
from tests.factories import a_ticket, person
from tests.house.world import STAFF

A_FEW = ("yang", "zhao", "chen")  # an outsider, somebody at work, somebody who decides


LISTS = {"triage": "view_triage", "watch": "view_watch"}  # whose views are kept: they ask for the list's own right


SHOWN = (200, 303, 304, 404, 409, 422, 400)


RANDOM = re.compile(r"[0-9a-f]{12}|[A-Za-z0-9_-]{40,}|\d\d:\d\d(:\d\d)?")


def a31(site: Site) -> str:
    """Every route, as a few people and as a stranger: what the table of rights says, cell by cell."""
    return _matrix(site, A_FEW, each=1)


@heavy
def a31_all(site: Site) -> str:
    """The full matrix: every address of every route, as everybody."""
    return _matrix(site, (STRANGER, *STAFF), each=1000)


def a33(site: Site) -> str:
    """Ids and numbers of others, of nobody and around those that are there: 404, and the same 404."""
    secret = a_ticket("awaiting_plan", category=Category.SECURITY).number
    absent, tried, odd = "TS20261118999", 0, []
    for nth, name in enumerate(OUTSIDERS):
        browser = site.browser(name)
        for rule in [rule for rule in site.rules if rule.arguments == {"number"} and "GET" in (rule.methods or ())][
            nth::3
        ]:
            if rule.endpoint.startswith("relations.") and "incidents" in rule.rule:
                continue
            theirs, nobodys = (browser.open(rule.rule.replace("<number>", number)) for number in (secret, absent))
            odd += [f"{name}: {rule.rule} {theirs.status}"] * (theirs.status != 404 or nobodys.status != 404)
            odd += [f"{name}: {rule.rule} is told apart"] * (_bare(theirs, secret) != _bare(nobodys, absent))
            tried += 2
        for url in list(_around(site))[nth::3]:
            answer = browser.open(url)
            odd += [f"{name}: {url} {answer.status}"] * (answer.status not in (403, 404))
            tried += 1
    nothing(odd)
    return f"{tried} things of others or of nobody, 0 shown, the same answer"


def a34(site: Site) -> str:
    """Fragments, files, pictures, exports, prints and histories asked for directly: the same answer as their page."""
    return _parts(site, every=6)


@heavy
def a34_all(site: Site) -> str:
    """All of them."""
    return _parts(site, every=1)


def _parts(site: Site, *, every: int) -> str:
    part = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#content"}
    odd, tried = [], 0
    for name in (*OUTSIDERS, "zhang", STRANGER):
        for url in site.urls[::every]:
            page = site.browser(name).open(url)
            if page.status in (403, 404) or (name == STRANGER and page.status == 303):
                asked = site.browser(name).open(url, headers=part)
                odd += [f"{name}: {url} {page.status} {asked.status}"] * (asked.status not in (page.status, 401))
                odd += [f"{name}: {url} says something"] * (asked.status == 401 and asked.response.data != b"")
                tried += 1
    nothing(odd)
    return f"{tried} parts of pages that are not theirs, 0 shown"


def _matrix(site: Site, names: tuple[str, ...], *, each: int) -> str:
    cells, odd = 0, []
    known: dict[str, Any] = {}
    with site.unchanged():
        for rule in site.rules:
            kind, action, of = site.app.view_functions[rule.endpoint].access
            if kind == "public":
                continue
            for url in _addresses(site, rule)[:each]:
                for name in names:
                    expected = _expected(site, name, action, of, url, rule, known)
                    for method in sorted({"GET", "POST"} & (rule.methods or set())):
                        status = _status(site, name, url, method)
                        fits = (
                            status in SHOWN
                            if expected == 200
                            else status == (401, expected)[method == "GET" or expected != 303]
                        )
                        odd += [f"{name}: {method} {url} is {status}, the table says {expected}"] * (not fits)
                        cells += 1
    nothing(odd)
    return f"{cells} cells of {len(site.rules)} routes, all as the table says"


def _addresses(site: Site, rule: Any) -> list[str]:
    if "GET" in rule.methods:
        return [url for url in site.urls if site.endpoint(url) == rule.endpoint]
    posts = {found.form.url for found in site.forms}
    return sorted(url for url in posts if site.endpoint(url, "POST") == rule.endpoint) or [site.made_up(rule)]


def _expected(site: Site, name: str, action: str, of: Any, url: str, rule: Any, known: dict[str, Any]) -> int:
    """What the route must answer: 303 to a stranger, 404 out of sight, 403 without the right, else 200 or the like."""
    if name == STRANGER:
        return 303
    who = person(name)
    if of is None:
        held = {held.role for held in standing.rows("role_held", person_id=who.id)}
        words = {"anyone"} | held | ({"staff"} if held & standing.DESK else set())
        words |= {"in_rounds"} if standing.rows("approval", person_id=who.id) else set()
        words |= {"in_rounds"} if standing.rows("plan_copy", person_id=who.id) else set()
        asked = [action, *(of_list for page, of_list in LISTS.items() if f"page={page}" in url)]
        return 200 if all(words & set(MAY[each].split()) for each in asked) else 403
    values = site.app.url_map.bind("localhost").match(url.partition("?")[0], method=_method_of(rule))[1]
    if of is access.ticket:
        return _about_a_ticket(who, action, values["number"], known)
    return _by_its_loader(site.app, who, action, of, values)


def _about_a_ticket(who: Person, action: str, number: str, known: dict[str, Any]) -> int:
    """Told by hand from the rows: models/rules/permissions is not asked."""
    ticket = find_ticket(number)
    if ticket is None:
        return 404
    if number not in known:
        known[number] = standing.facts(ticket)
    words = standing.words_of(who, known[number])
    if "viewer" not in words:
        return 404
    may = words & set(MAY[action].split()) and not words & set(NEVER.get(action, ()))
    return 200 if may else 403


def _by_its_loader(app: Flask, who: Person, action: str, of: Any, values: dict[str, Any]) -> int:
    with app.test_request_context():
        g._login_user = who
        try:
            thing = of(**{name: values[name] for name in access._names(of)})
        except Missing:
            return 404
        return 200 if allows(who, action, thing) else 403


def _method_of(rule: Any) -> str:
    return "GET" if "GET" in rule.methods else "POST"


def _status(site: Site, name: str, url: str, method: str) -> int:
    browser = site.browser(name)
    data = {"csrf_token": site.csrf(name)} if method == "POST" else None
    return browser.open(url, method=method, data=data).status


def _around(site: Site) -> Iterator[str]:
    """Addresses with ids that belong to others, to nobody, or are none."""
    for rule in site.rules:
        of = site.app.view_functions[rule.endpoint].access[2]
        if of is None or "GET" not in (rule.methods or ()) or not re.search(r"<int:", rule.rule):
            continue
        if site.app.view_functions[rule.endpoint].access[1] in ("use_account", "view_article"):
            continue
        for value in ("1000", "1001", "0", "2147483647", "99999999999999999999"):
            url = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
            url = re.sub(r"<int:[^>]*>", value, url).replace("<number>", site.world.tickets["awaiting_plan"])
            yield re.sub(r"<[^>]*>", "x", url)


def _bare(page: Page, number: str) -> str:
    """The answer without what is another each time."""
    text = re.sub(r'(value|data-[a-z]+)="[^"]*"', "", page.response.get_data(as_text=True))
    return RANDOM.sub("", text.replace(number, ""))
