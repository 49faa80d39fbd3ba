"""What is asked of it on behalf of somebody else: forged requests, methods, redirects, hosts."""

import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from blueprints import access, begun, messages
from models.ground.db import db
from models.record.message import Message
from tests.attacks.figures import heavy, nothing
from tests.attacks.site import STRANGER, Site
from tests.attacks.spellings import HOSTS, NEXTS
from tests.browsing import Browser, Page

EVIL = "https://evil.example"


FORGED = (
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": EVIL, "HX-Request": "true", "HX-Request-Type": "partial"},
)


METHODS = (
    ("HEAD", {}, ""),
    ("OPTIONS", {}, ""),
    ("TRACE", {}, ""),
    ("GET", {"X-HTTP-Method-Override": "POST"}, "_method=POST"),
)

LOOKS = (
    ("GET", {}, ""),
    ("GET", {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#content"}, ""),
    ("GET", {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}, ""),
    ("GET", {"X-HTTP-Method": "DELETE", "X-Method-Override": "PUT"}, ""),
)
PROCESSES = os.cpu_count() or 1
WHO = (STRANGER, "zhang", "wang", "zhao", "chen", "liu", "admin", "yang")


def a20(site: Site) -> str:
    """Every route by POST without a CSRF token, with another's, an old or a made-up one, and from other sites."""
    return _forge(site, each=2)


@heavy
def a20_all(site: Site) -> str:
    """Each of these on every address that there is."""
    return _forge(site, each=10)


def _forge(site: Site, *, each: int) -> str:
    """So many of the forgeries on each address, others each time."""
    foreign, mine, old = _csrf(site.new_browser("feng")), site.csrf("chen"), _csrf(site.new_browser("wu"))
    forged = [({"csrf_token": token}, {}) for token in ("", foreign, old, mine[:-1], mine + "x")]
    forged += [({"csrf_token": mine}, headers) for headers in FORGED]
    posts, tried, bad = site.posts(one_each=each < len(forged)), 0, []
    with site.unchanged():
        for url in posts:
            for data, headers in [forged[(tried + nth) % len(forged)] for nth in range(each)]:
                answer = site.browser("chen").open(url, method="POST", data=data, headers=headers)
                bad += [f"{url} with {data} {headers}: {answer.status}"] * (answer.status != 403)
            tried += each
    nothing(bad)
    return f"{len(posts)} addresses, {tried} forged, all 403, 0 changes"


def a21(site: Site) -> str:
    """Every route by HEAD, OPTIONS, TRACE and with its method overridden; nothing is written."""
    answers: list[int] = []
    with site.unchanged(but=()):
        for nth, rule in enumerate(site.rules):
            url, name = site.an_address(rule), "admin" if rule.rule.startswith(("/admin", "/setup")) else "chen"
            for method, headers, query in (METHODS[nth % 2], METHODS[2 + nth // 2 % 2]):
                whole = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
                answers.append(site.browser(name).open(whole, method=method, headers=headers).status)
    nothing([status for status in answers if status >= 500 and status != 503])  # 503: /readyz of a house without engine
    return f"{len(site.rules)} routes, {len(METHODS)} methods, {len(answers)} requests, 0 changes"


@heavy
def a21_all(site: Site) -> str:
    """So many safe requests (`--times`), drawn by lot: any address, anybody, any method, as a page or a part of one."""
    began, answers = perf_counter(), Counter[int]()
    assert site.urls  # found once, before others begin with them
    with site.unchanged(but=()):
        for hears in [_in_a_child(partial(_look_around, site, nth)) for nth in range(PROCESSES)]:
            answers += Counter({int(status): count for status, count in hears().items()})
    told = answers.total()
    figure = f"{told} safe requests by {len(WHO)}, {told / (perf_counter() - began):.0f} a second"
    return f"{figure}, {dict(sorted(answers.items()))}, 0 changes"


def _look_around(site: Site, nth: int) -> Counter[int]:
    """One process's share of them; what is wrong is raised."""
    db.session.remove()
    db.engine.dispose(close=False)  # the connections are the other's
    lots, answers = random.Random(site.times * PROCESSES + nth), Counter[int]()
    for _ in range(site.times // PROCESSES):
        method, headers, query = lots.choice((*METHODS, *LOOKS))
        url, name = lots.choice(site.urls), lots.choice(WHO)
        whole = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        status = site.browser(name).open(whole, method=method, headers=headers).status
        assert status < 500 or status == 503, (name, method, whole, headers, status)
        answers[status] += 1
    return answers


def _in_a_child(deed: Callable[[], Any]) -> Callable[[], Any]:
    """Do it in a process of its own; what comes back waits for it, gives what it made and raises what it raised."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            said = {"made": deed()}
        except BaseException as error:
            said = {"error": repr(error)}
        with os.fdopen(writer, "w") as out:
            json.dump(said, out)
        os._exit(0)
    os.close(writer)

    def hear() -> Any:
        with os.fdopen(reader) as heard:
            said = json.load(heard)
        os.waitpid(pid, 0)
        assert "error" not in said, said["error"]
        return said["made"]

    return hear


def a22(site: Site) -> str:
    """Login and logout are forged from elsewhere: refused, and whoever was signed in still is."""
    victim = site.new_browser("zhang")
    for url, fields in (("/login", {"login": "feng", "password": "demo"}), ("/logout", {})):
        for headers in ({}, *FORGED):
            assert victim.open(url, method="POST", data=fields, headers=headers).status == 403
    assert victim.get("/me").one("body")["data-user"] == "zhang"
    return f"{2 * (len(FORGED) + 1)} tries, 0 strangers in, 0 people out"


def a23(site: Site) -> str:
    """Sixty spellings of a `next` and of a Referer that lead elsewhere."""
    led: list[str] = []
    browser = site.browser("zhang")
    for spelling in NEXTS:
        for url, fields in (("/language", {"language": "en", "next": spelling}), ("/drafts/discarded", {})):
            data = fields | {"csrf_token": site.csrf("zhang")}
            led.append(
                _location(browser.open(url, method="POST", data=data, headers={"Referer": _as_referrer(spelling)}))
            )
        with site.app.test_request_context():
            led.append(access.unsealed(spelling))
            led.append(begun.came_from(_as_referrer(spelling), "localhost"))
    for spelling in NEXTS[::8]:
        answer = site.new_browser().submit("/login", "sign_in", login="zhang", password="demo", next=spelling)
        led.append(_location(answer))
    nothing([where for where in led if not re.match(r"/(?![/\\\t\r\n])", where) or urlsplit(where).netloc])
    return f"{len(NEXTS)} spellings, {len(led)} redirects, all to our own pages"


def a24(site: Site) -> str:
    """Host, X-Forwarded-Host, X-Original-URL and the like: refused, or ignored; letters name BASE_URL."""
    for host in HOSTS:
        for method in ("GET", "POST"):
            assert site.new_browser().open("/login", method=method, headers={"Host": host}).status == 400, host
    for header in ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"):
        answer = site.new_browser().open(
            "/login", headers={header: "host=evil.example" if header == "Forwarded" else EVIL}
        )
        assert answer.status == 200
        assert "evil.example" not in answer.response.get_data(as_text=True), header
    letters = _letters(site)
    assert "http://localhost/" in letters
    assert "evil.example" not in letters
    return f"{len(HOSTS)} hosts refused, 6 headers ignored"


def _csrf(browser: Browser) -> str:
    return browser.get("/me").forms()[0].values["csrf_token"][0]


def _location(answer: Page) -> str:
    return answer.response.headers.get("Location", "/")


def _as_referrer(spelling: str) -> str:
    said = re.sub(r"[\x00-\x20]", "", spelling)
    return said if "://" in said else f"http://localhost{said}"


def _letters(site: Site) -> str:
    with site.app.test_request_context(headers={"Host": "evil.example"}):
        newest = {m.template: m for m in db.session.scalars(db.select(Message).order_by(Message.id))}
        return "\n".join(messages.render(message).text for message in newest.values())
