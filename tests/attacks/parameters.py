"""What is sent along with addresses and in fields, exports and the log."""

import ast
import csv
import importlib
import io
import logging
import pkgutil
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import structlog
from sqlalchemy import event

import blueprints
import models
import workers
from models.ground.db import db
from models.policy import calendar_files
from models.policy.calendar import newest_calendars
from models.policy.sheet import Day
from tests.attacks.figures import nothing
from tests.attacks.payloads import FAR, FORMULAS, LONG, SQL
from tests.attacks.site import Site
from tests.house.source import calls, dotted, files, tree
from workers import logs

NAMES = re.compile(r"""(?:args|values|said)(?:\.get(?:list)?\(|\[)"(\w+)\"""")


COOKIES_ONLY = ("set_language", "set_theme")  # change no row of anybody


SEEKS = ("search", "sub", "subn", "findall", "finditer", "split")


SECONDS = 0.2  # that an answer to something absurd may take, beyond what the plain page takes


def a06(site: Site) -> str:
    """SQL in every parameter, id, header and cookie: only bound values reach the database."""
    asked, tried, broken = set[str](), 0, []
    with _statements(asked):
        for nth, url in enumerate(_lists(site)):
            for turn in range(3):
                query = {name: f"zqx{SQL[(nth + at + turn * 11) % len(SQL)]}" for at, name in enumerate(_parameters())}
                answer = site.browser("chen").open(url, query_string=query)
                broken += [f"{url}?{query}"] * (answer.status >= 500)
                tried += len(query)
        for word in SQL:
            headers = {
                "User-Agent": f"zqx{word}",
                "Accept-Language": f"zqx{word}",
                "HX-Target": f"zqx{word}",
                "HX-PTag": word,
            }
            broken += [word] * (site.browser("chen").open("/my", headers=headers).status >= 500)
            for path in ("/t/{}", "/kb/{}", "/c/{}", "/password/{}", "/ical/due/{}.ics", "/files/{}"):
                broken += [path] * (site.browser("chen").open(path.format(quote(f"zqx{word}", safe=""))).status >= 500)
                tried += 1
    nothing(broken)
    nothing([sql for sql in asked if "zqx" in sql])
    return f"{tried} requests, {len(asked)} statements, 0 with a word of ours in them"


def a07(site: Site) -> str:
    """Sorting and filtering by columns that are nobody's business changes nothing."""
    tried, odd = 0, []
    for url in _lists(site):
        plain = _rows(site, url)
        for name in (
            "sort",
            "order",
            "order_by",
            "filter[token]",
            "filter",
            "fields",
            "columns",
            "include",
            "expand",
            "group",
        ):
            odd += [f"{url}?{name}"] * (_rows(site, url, **{name: "password_hash"}) != plain)
            tried += 1
    nothing(odd)
    return f"{tried} tries, 0 with another answer"


def a08(site: Site) -> str:
    """Endless patterns, far pages and numbers that are none: quick, and never more rows than a page has."""
    worst, tried, broken, words = 0.0, 0, [], ("%_" * 1_000, *FAR)
    for url in _lists(site):
        plain = _seconds(site, url, {})[0]
        for turn in range(3):
            query = {name: words[(tried + at) % len(words)] for at, name in enumerate(_parameters())}
            took, answer = _seconds(site, url, query)
            worst, tried = max(worst, took - plain), tried + len(query) + turn
            broken += [f"{url}?{query}: {answer.status}"] * (answer.status >= 500)
            broken += [f"{url}?{query}: rows"] * (len(answer.all("tr", data_ticket=None)) > 100)
    took, answer = _seconds(site, "/search", {"q": "登录 " * 2_000})
    nothing(broken)
    assert answer.status in (200, 400, 413, 414), (answer.status, answer.response.location)
    assert max(worst, took) < SECONDS, (worst, took)
    return f"{tried} requests, at most {max(worst, took) * 1000:.0f} ms more"


def a11(site: Site) -> str:
    """What begins like a formula is none in a file that a spreadsheet opens."""
    calendar = newest_calendars()[0]
    for formula in FORMULAS:
        sheet = calendar_files.sheet_of(calendar).with_days([Day(date(2027, 1, 1), "closed", (), {"zh": formula})])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(calendar_files, "sheet_of", lambda _row, sheet=sheet: sheet)
            written = calendar_files.write_file(calendar, "csv")
        row = next(row for row in csv.reader(io.StringIO(written, newline="")) if row[0] == "2027-01-01")
        assert row[-1] == f"'{formula.strip()}", row
        assert not [cell for cell in row if re.match(r"\s*[=+\-@＝＋－＠]", cell)]
    return f"{len(FORMULAS)} beginnings, 0 formulas"


def a12(site: Site) -> str:
    """Texts on which careless patterns take for ever, against every pattern of ours and every check of a field."""
    slow: list[str] = []
    patterns, worst = (
        sorted({(p.pattern, p.flags): (p, seeks) for p, seeks in _patterns()}.items(), key=lambda item: str(item[0])),
        0.0,
    )
    for _, (pattern, seeks) in patterns:
        for text in LONG:
            said: Any = text if isinstance(pattern.pattern, str) else text.encode()
            took = _took(lambda p=pattern, t=said, s=seeks: (s and p.search(t), p.fullmatch(t)))
            slow += [f"{pattern.pattern[:60]!r} on {text[:12]!r}: {took:.2f} s"] * (took > 0.25)
            worst = max(worst, took)
    assert len(patterns) > 20
    nothing(slow)
    return f"{len(patterns)} patterns, {len(LONG)} texts, at most {worst * 1000:.0f} ms"


def a13(site: Site) -> str:
    """New lines and forged events in names, paths and programs' names: one line for each event."""
    forged = 'x\n{"event": "signed in", "level": "info"}\r\x1b[2J\u2028y'
    lines = []
    for as_json in (True, False):
        with _logged(as_json) as written:
            log = structlog.get_logger("pages")
            log.warning("refused", path=forged, login=forged, program=forged)
            log.warning(forged)
            logging.getLogger("other").warning("%s", forged)
        lines.append(len(written().splitlines()))  # what any reader of lines takes for one, U+2028 included
    assert lines == [3, 3], lines
    return "3 forged events in two forms of the log, 3 lines each"


def a14(site: Site) -> str:
    """A field sent twice, in the address too, or as a list: refused, never the one or the other."""
    odd, tried = [], 0
    with site.unchanged():
        for found in [found for found in site.kinds if found.form.action not in COOKIES_ONLY]:
            single = [
                e["name"]
                for e in found.form.element.all("input", "textarea", "select")
                if e.get("name")
                and e.get("type") in ("radio", "text", "", "hidden")
                and e["name"] not in ("csrf_token", "kept")
            ]
            for name in sorted(set(single) - {"files"})[:3]:
                values = found.form.values | {name: ["a", "b"]}
                answer = site.browser(found.name).open(found.form.url, method="POST", data=values)
                odd += [f"{found}: {name} twice: {answer.status}"] * (answer.status not in (400, 403, 409, 422))
                tried += 1
            sent = urlencode(found.form.values | {"verdict": "yes"}, doseq=True)
            answer = site.browser(found.name).open(f"{found.form.url.partition('?')[0]}?{sent}", method="POST")
            odd += [f"{found}: by its address: {answer.status}"] * (answer.status != 403)
    nothing(odd)
    return f"{tried} fields twice, {len(site.kinds)} forms by their address, 0 accepted"


def _lists(site: Site) -> list[str]:
    """Pages that are not about one thing: those that are searched, filtered and paged through."""
    paths = [rule.rule for rule in site.rules if "GET" in (rule.methods or ()) and not rule.arguments]
    return [path for path in paths if not path.startswith(("/setup", "/healthz", "/readyz", "/metrics", "/session"))]


def _parameters() -> list[str]:
    """Every name that is read from an address."""
    return sorted({name for path in files("blueprints") for name in NAMES.findall(path.read_text("utf-8"))})


@contextmanager
def _statements(asked: set[str]) -> Iterator[None]:
    def note(_c: Any, _cursor: Any, sql: str, *_: Any) -> None:
        asked.add(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    yield
    event.remove(db.engine, "before_cursor_execute", note)


def _rows(site: Site, url: str, **query: str) -> list[str]:
    page = site.browser("chen").open(url, query_string=query)
    return [str(page.status), *(e.text for e in page.all("tr"))]


def _seconds(site: Site, url: str, query: dict[str, str]) -> tuple[float, Any]:
    began = time.process_time()
    answer = site.browser("chen").open(url, query_string=query)
    return time.process_time() - began, answer


def _took(what: Any) -> float:
    began = time.process_time()
    what()
    return time.process_time() - began


def _patterns() -> Iterator[tuple[re.Pattern[Any], bool]]:
    """Every pattern that stands in a module of ours or where it is used; whether it is sought anywhere in a text."""
    used = [called for path in files("models", "blueprints", "workers") for _, called in calls(path)]
    sought = {called.split(".")[-2] for called in used if called.rsplit(".", 1)[-1] in SEEKS and "." in called}
    for package in (models, blueprints, workers):
        for found in pkgutil.walk_packages(package.__path__ or (), f"{package.__name__}."):
            module = importlib.import_module(found.name)
            yield from ((v, name in sought) for name, v in vars(module).items() if isinstance(v, re.Pattern))
    for path in files("models", "blueprints", "workers"):
        for node in ast.walk(tree(path)):
            of_re = isinstance(node, ast.Call) and dotted(node.func).startswith("re.") and node.args
            if of_re and isinstance(node.args[0], ast.Constant):
                yield re.compile(node.args[0].value), dotted(node.func).split(".")[-1] in SEEKS


@contextmanager
def _logged(as_json: bool) -> Iterator[Any]:
    """What the log says meanwhile, as the house writes it."""
    root, held = logging.getLogger(), logging.getLogger().handlers[:]
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", stream)
        logs.set_up(level="INFO", as_json=as_json)
        structlog.configure(cache_logger_on_first_use=False)
        try:
            yield stream.getvalue
        finally:
            root.handlers[:] = held
            structlog.reset_defaults()
