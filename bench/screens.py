"""Screens: how soon triage stands and answers on a slow machine with many tickets, in a real browser (goal G22)."""

import shutil
from argparse import Namespace
from collections.abc import Callable, Iterator
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import event

from app import Settings, create_app
from bench.databases import KEY, Crowded
from bench.results import Result
from bench.stack import Server
from bench.visitor import WrongAnswer
from models.demonstration import PASSWORD
from models.ground.db import db

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
SLOWER = 4  # times, than this machine's own processor
LOADS, ROWS, LISTS = 12, 40, 12
TRIAGE, FIRST_LINE = "/triage", "wang"
WATCH = """
globalThis.seen = {lcp: 0, swaps: []};
const begun = new WeakMap();
new PerformanceObserver(list => list.getEntries().forEach(entry => { seen.lcp = entry.startTime; }))
  .observe({type: 'largest-contentful-paint', buffered: true});
document.addEventListener('htmx:before:request', ({detail: {ctx}}) => begun.set(ctx, performance.now()));
document.addEventListener('htmx:after:swap', ({detail: {ctx}}) => requestAnimationFrame(() => setTimeout(() => {
  seen.swaps.push(performance.now() - begun.get(ctx));
})));
"""  # a swap lasts from the request until the next frame has been painted
LIST_ANEW = """() => {
  const list = document.getElementById('queue');
  list._htmx.ptag = ''; // as if something had changed: the whole list comes
  htmx.trigger(list, 'refresh');
}"""


def screens(server: Server, _asked: Namespace) -> Iterator[Result]:
    """Triage, its rows beside the list and the list itself, and how often each asks the database."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(FLAGS))
        page = _signed_in(browser, server.port)
        painted = [_painted(page, server.port) for _ in range(LOADS)]
        rows = [_swapped(page, lambda: page.keyboard.press("j")) for _ in range(ROWS)]
        lists = [_swapped(page, lambda: page.evaluate(LIST_ANEW)) for _ in range(LISTS)]
        asked = _statements(server.database, page.context, page.locator("[data-preview]").first)
        browser.close()
    note = f"{LOADS} loads, processor {SLOWER} × slower, least {min(painted):.0f}, most {max(painted):.0f} ms"
    yield Result("triage, largest contentful paint, median", median(painted), "ms", most=1200, note=note)
    for name, found in (("a row's form beside the list", rows), ("the list of 50 rows", lists)):
        note = f"{len(found)} swaps, until painted, processor {SLOWER} × slower, median {median(found):.0f} ms"
        yield Result(f"{name}, p95", quantiles(found, n=20, method="inclusive")[18], "ms", most=150, note=note)
    note = ", ".join(f"{name} {count}" for name, count in asked.items())
    yield Result("triage, statements", asked["triage"], "", most=12, note=f"one page each: {note}")


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if not found:
        raise WrongAnswer("there is no Chromium here; on Debian: apt install chromium")
    return found


def _signed_in(browser: Browser, port: int) -> Page:
    """The first line's browser, from now on as slow as a cheap machine."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN").new_page()
    page.goto(f"http://localhost:{port}/login")
    form = page.locator('form[data-action="sign_in"]')
    form.locator('[name="login"]').fill(FIRST_LINE)
    form.locator('[name="password"]').fill(PASSWORD)
    form.locator('button:not([type="button"])').last.click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.add_init_script(WATCH)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page


def _painted(page: Page, port: int) -> float:
    """Milliseconds until the largest thing of the page stood."""
    page.goto(f"http://localhost:{port}{TRIAGE}", wait_until="load")
    page.wait_for_function("() => seen.lcp > 0")
    page.wait_for_timeout(300)  # a larger one may still come
    return float(page.evaluate("seen.lcp"))


def _swapped(page: Page, act: Callable[[], Any]) -> float:
    """Milliseconds of the one swap that the act brings."""
    page.evaluate("seen.swaps.length = 0")
    act()
    page.wait_for_function("() => seen.swaps.length")
    return float(page.evaluate("seen.swaps[0]"))


def _statements(database: Crowded, context: BrowserContext, row: Any) -> dict[str, int]:
    """How many statements each of the two pages takes, in this process and signed in as the browser is."""
    paths = {"triage": TRIAGE, "a row's form": row.get_attribute("data-preview")}
    settings = Settings(_env_file=None, home=database.home, database_url=database.url, env="demo", secret_key=KEY)  # type: ignore[call-arg]
    app, asked = create_app(settings), list[str]()
    client = app.test_client()
    for cookie in context.cookies():
        client.set_cookie(cookie["name"], cookie["value"])
    found = {}
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: asked.append(sql))
    for name, path in paths.items():
        for _ in range(2):  # the first look reads what is then kept
            asked.clear()
            if client.get(path).status_code != 200:
                raise WrongAnswer(f"{path} could not be counted")
        found[name] = len(asked)
    return found
