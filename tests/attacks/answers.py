"""What the house answers with: headers, cookies, frames, caches."""

import re
from collections.abc import Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app import create_app
from models.ground import tokens
from models.ground.db import db
from models.record import attachment
from tests.attacks.figures import nothing
from tests.attacks.observatory import REACHABLE, Answer, directives, score
from tests.attacks.site import Seen, Site
from tests.browsing import Browser, Page
from tests.conftest import KEY, settings

WEARS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


HANDLER = re.compile(r"on[a-z]+|style|srcdoc|hx-on.*")


OLD_KEY, NEW_KEY = "an older key - which many have had by now", "a newer key - long enough for anybody"
DECIDES = ("approve", "return", "ratify", "confirm", "consent", "agree", "dispute")


def a25(site: Site) -> str:
    """The headers of every route, status and content type; a page's score by the Observatory's own rules."""
    answers = [*_of_every_kind(site), *site.seen]
    for seen in answers:
        headers = seen.page.response.headers
        nothing([f"{seen}: {name}" for name, value in WEARS.items() if headers.get(name) != value])
        policy = directives(Answer(headers, (), ()))
        assert policy.get("default-src") == ["'none'"], seen
        assert "unsafe" not in headers["Content-Security-Policy"], seen
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), seen
        assert "Server" not in headers, seen
        assert "X-Powered-By" not in headers, seen
    kinds = {(seen.page.status, seen.page.response.mimetype) for seen in answers}
    scores = _scores(_over_https(site))
    assert max(scores) == REACHABLE, scores
    assert min(scores) >= REACHABLE - 5, scores  # a page without scripts earns nothing for the integrity of scripts
    return f"{len(answers)} answers of {len(kinds)} kinds; scores {min(scores)} to {max(scores)} of {REACHABLE}"


def a26(site: Site) -> str:
    """No inline script, style or handler on any page, nothing unsafe in any policy."""
    odd: list[str] = []
    for seen in site.html:
        assert "unsafe" not in seen.page.response.headers["Content-Security-Policy"], seen
        for element in seen.page.node.iter():
            if not isinstance(element.tag, str):
                continue
            odd += [f"{seen}: {element.tag} {name}" for name in element.attrib if HANDLER.fullmatch(name)]
            odd += [f"{seen}: {element.tag}"] * (element.tag in ("style", "iframe", "object", "embed", "base"))
            odd += [f"{seen}: inline script"] * (element.tag == "script" and not element.get("src"))
    nothing(odd)
    return f"{len(site.html)} pages, 0 inline"


def a27(site: Site) -> str:
    """The pages on which people decide cannot be put into a frame."""
    deciding = [seen for seen in site.html if any(form.action in DECIDES for form in seen.page.forms())]
    assert len(deciding) > 3
    for seen in deciding:
        assert seen.page.response.headers["X-Frame-Options"] == "DENY", seen
        assert "frame-ancestors 'none'" in seen.page.response.headers["Content-Security-Policy"], seen
    return f"{len(deciding)} pages refuse to be framed"


def a28(site: Site) -> str:
    """The cookie: name, flags, size; a nameless one and one tossed from a neighbour are nobody's session."""
    for page in _over_https(site):
        for cookie in page.response.headers.getlist("Set-Cookie"):
            assert cookie.startswith("__Host-bihuan="), cookie
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; ")), cookie
            assert "Domain" not in cookie
            assert len(cookie) < 1024
    held = site.cookies["chen"].cookie
    for tossed in (f"={held}", f"bihuan2={held}", f"=bihuan={held}", f"BIHUAN={held}", f"bihuan[]={held}"):
        assert not _is_let_in(site, tossed), tossed
    return "1 cookie, 5 flags; 5 tossed, 0 let in"


def a29(site: Site) -> str:
    """Forged, truncated, re-keyed and re-salted cookies are nobody's."""
    held = site.cookies["chen"].cookie
    with site.app.test_request_context():
        other = URLSafeTimedSerializer("another key" * 4, salt="cookie-session").dumps({"_user_id": "1"})
        salted = URLSafeTimedSerializer(KEY, salt="once").dumps({"_user_id": "1"})
    bent = [held[:n] + ("A" if held[n] != "A" else "B") + held[n + 1 :] for n in range(len(held) - 1)]
    cut = [held[:n] for n in range(0, len(held) - 1, 7)]
    assert _is_let_in(site, f"bihuan={held}"), "the true one is let in, or this proves nothing"
    tried = [f"bihuan={cookie}" for cookie in (*bent, *cut, other, salted, "", ".", "..", "null", held + held)]
    nothing([cookie for cookie in tried if _is_let_in(site, cookie)])
    return f"{len(tried)} cookies, 0 let in; {_keys_are_changed(site, held)}"


def _keys_are_changed(site: Site, held: str) -> str:
    """The drill: a new key in front, people stay and their open forms count; the old one gone, both are nobody's."""
    old, changed, gone = (_with_keys(site, keys) for keys in (OLD_KEY, f"{NEW_KEY}, {OLD_KEY}", NEW_KEY))
    try:
        return _drilled(site, held, old, changed, gone)
    finally:
        for app in (old, changed, gone):  # the next test's database is another file of the same name
            with app.app_context():
                db.engine.dispose()


def _drilled(site: Site, held: str, old: Flask, changed: Flask, gone: Flask) -> str:
    before = _holding(old, _signer(old).dumps(_signer(site.app).loads(held)))
    form = before.get("/me").form("set_language")
    cookie = before.client.get_cookie("bihuan").value
    statuses = []
    for app in (changed, gone):
        browser = _holding(app, cookie)
        statuses += [browser.open("/me").status]
        statuses += [browser.open(form.url, method="POST", data=form.values | {"language": "en"}).status]
        fresh = browser.client.get_cookie("bihuan")
        with pytest.raises(BadSignature):
            _signer(old).loads(fresh.value if fresh else "")
    assert statuses == [200, 303, 303, 403], statuses
    return "the key changed: 0 signed out; the old one taken out: worth nothing"


def _with_keys(site: Site, keys: str) -> Flask:
    url = site.app.config["SETTINGS"].database_url
    app = create_app(settings(site.home, database_url=url, signing_keys=keys))
    _as_before(site.home)
    return app


def _holding(app: Flask, cookie: str) -> Browser:
    browser = Browser(app)
    browser.client.set_cookie("bihuan", cookie)
    return browser


def _signer(app: Flask) -> Any:
    return app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]


def a30(site: Site) -> str:
    """A cache before us shows nobody what was made for another."""
    for seen in site.seen:
        held = seen.page.response.headers.get("Cache-Control", "")
        assert "no-store" in held or held.startswith("private"), f"{seen}: {held}"
        assert "public" not in held, seen
        if seen.page.response.headers.get("ETag"):
            assert seen.url.startswith(("/c/", "/ical/")) or "no-store" in held, seen
    asset = site.new_browser("chen").open("/static/app.js")
    assert "Set-Cookie" not in asset.response.headers, "what everybody may keep says nothing of anybody"
    return f"{len(site.seen)} answers, 0 that a shared cache may keep"


def _of_every_kind(site: Site) -> Iterator[Seen]:
    """Errors of each sort, and what lies in static/."""
    chen, trouble = site.browser("chen"), "/static/../app.py"
    for url, method in (
        ("/nothing", "GET"),
        ("/me", "DELETE"),
        ("/login", "PUT"),
        ("/me", "POST"),
        (trouble, "GET"),
        ("/static/app.css", "GET"),
        ("/static/app.js", "GET"),
        ("/static/icons.svg", "GET"),
        ("/static/link.js", "GET"),
        ("/static/nothing.js", "GET"),
    ):
        yield Seen("chen", url, chen.open(url, method=method))
    much = {"Content-Length": str(65 * 1024 * 1024)}
    yield Seen(
        "chen",
        "413",
        chen.open("/report", method="POST", headers=much, environ_overrides={"CONTENT_LENGTH": much["Content-Length"]}),
    )
    view, site.app.view_functions["account.shortcuts"] = site.app.view_functions["account.shortcuts"], _break
    try:
        broken = Seen("chen", "500", chen.open("/help/shortcuts"))
        assert broken.page.status == 500
        yield broken
    finally:
        site.app.view_functions["account.shortcuts"] = view


def _break(**_: object) -> None:
    raise RuntimeError("broken on purpose")


def _over_https(site: Site) -> list[Page]:
    """Pages of strangers, of a customer and of somebody signed in, as an installation with https shows them."""
    app = _secure(site.app, site.home)
    browser = Browser(app)
    paths = ["/login", f"/c/{site.world.values['token'][0]}", "/nothing"]
    pages = [browser.open(path, base_url="https://desk.example") for path in paths]
    browser.client.set_cookie("__Host-bihuan", site.cookies["chen"].cookie, domain="desk.example", secure=True)
    pages.append(browser.open("/me", base_url="https://desk.example"))
    with app.app_context():
        db.engine.dispose()
    return pages


def _secure(app: Flask, home: Path) -> Flask:
    secure = create_app(
        settings(
            home, env="production", base_url="https://desk.example", database_url=app.config["SETTINGS"].database_url
        )
    )
    _as_before(home)
    return secure


def _as_before(home: Path) -> None:
    """Another application was made; these belong to the process."""
    tokens.use_key(KEY)
    attachment.use_folder(home / "files")


def _scores(visit: list[Page]) -> list[int]:
    """Of each page, with the cookies that the whole visit has brought."""
    cookies = tuple(cookie for page in visit for cookie in page.response.headers.getlist("Set-Cookie"))
    return [score(Answer(page.response.headers, cookies, _scripts(page))) for page in visit]


def _scripts(page: Page) -> tuple[tuple[str, bool], ...]:
    return tuple((script.get("src"), bool(script.get("integrity"))) for script in page.all("script"))


def _is_let_in(site: Site, cookies: str) -> bool:
    client = site.app.test_client(use_cookies=False)
    return Context().run(client.get, "/session", headers={"Cookie": cookies}).status_code == 200
