"""How it looks: one look for the manager, longer words, larger letters, less motion, fewer colours, paper."""

from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page

from blueprints.assets import STATIC, joined, sent
from tests.browser import looking
from tests.screens import SCREENS, found

pytestmark = pytest.mark.once
READ = """texts => texts.map(text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map(rule => rule.cssText.replace(/, /g, ',')); // our own names' values stay as written
})"""
MAIN = ("report", "ticket", "bench", "decide", "watch", "settings", "customer")


@pytest.fixture
def base(house) -> str:
    return f"http://localhost:{house.port}"


@pytest.fixture
def pages(chromium: Browser, house, base):
    """`pages(names, language="en", …)`: each screen in a browser of whoever looks at it."""
    opened = []

    def each(names, **how):
        wanted = {screen.name: screen for screen in SCREENS}
        for screen in found(house.app, tuple(wanted[name] for name in names)):
            context = looking.context_of(chromium, base, screen.login, **how)
            opened.append(context)
            page = context.new_page()
            page.goto(base + screen.path)
            yield screen.name, page
            opened.remove(context)
            context.close()

    yield each
    for context in opened:
        context.close()


def test_one_look_is_enough_for_the_manager(pages):
    """G9 and V11: five figures and eight tickets without scrolling; on a wall large enough for two metres."""
    for name, page in pages(("watch", "wall"), viewport={"width": 1366, "height": 768}):
        assert looking.ask(page, "inside('[data-count]')") == 5, name
        assert looking.ask(page, "inside('tr[data-ticket]')") >= 8, name
        if name == "wall":
            assert _pixels(page, "[data-count] b") >= 64
            assert _pixels(page, "td.c-title a") >= 20
            assert not page.locator(".bar, .thumb").count()
            assert page.locator("html").get_attribute("data-theme") == "dark"
            assert page.locator("#watch").get_attribute("data-live") == "tickets", "it renews itself"
            assert page.locator("#watch").evaluate("e => e.getAttribute('hx-get').includes('wall=1')")
        else:
            dues = page.locator("tr[data-ticket] [data-due]").evaluate_all("all => all.map(e => e.dataset.due)")
            assert all(a <= b for a, b in pairwise(dues)), "the next breach first"
            assert page.locator(".chart svg[role=img] title").count() >= 3


def test_a_small_sheet_says_what_its_parts_say(chromium: Browser):
    """Made small, it is read by a browser as the parts are that people have written."""
    page = chromium.new_page()
    for name, written in (("watch.css", joined("watch.css")), ("link.css", (STATIC / "link.css").read_bytes())):
        pair = [text.decode() for text in (written, sent(name))]
        assert len(pair[1]) < 0.95 * len(pair[0])
        wanted, found = page.evaluate(READ, pair)
        assert len(wanted) > 3
        assert found == wanted
    page.close()


def test_what_is_read_downwards_stands_in_columns(pages):
    """All clocks of a list end at one edge and their times begin at one; the days of a month stand in seven columns."""
    for name, page in pages(("watch", "calendar"), viewport={"width": 1366, "height": 768}):
        if name == "watch":
            assert len(_edges(page, ".tickets .clock", "right")) == 1
            assert len(_edges(page, ".tickets .clock[data-level=over] .due", "right")) == 1
        else:
            assert len(_edges(page, ".month td", "left")) == 7
            assert page.locator(".month tbody tr").count() == len(_edges(page, ".month td", "top"))


def test_words_may_be_longer_and_letters_larger(pages):
    """G24: forty per cent more, twice the size, and the spacing that readers may ask for: all is there."""
    wrong: dict[str, list[str]] = {}
    for name, page in pages(MAIN, language="en", viewport={"width": 683, "height": 400}):
        wrong[f"{name} at 200 %"] = looking.ask(page, "wide(683)")
        looking.ask(page, "lengthen()")
        for width in (390, 1366):
            page.set_viewport_size({"width": width, "height": 800})
            wrong[f"{name}, longer words at {width}"] = looking.ask(page, f"wide({width})") + looking.ask(
                page, "clipped()"
            )
    for name, page in pages(MAIN[:3], language="zh", viewport={"width": 390, "height": 800}):
        looking.ask(page, "space()")
        wrong[f"{name}, spaced"] = looking.ask(page, "wide(390)") + looking.ask(page, "clipped()")
    assert not any(wrong.values()), looking.said(wrong)


def test_nothing_moves_and_every_state_has_a_word_and_an_edge(pages):
    """G29: reduced motion, and colours forced upon the page."""
    for name, page in pages(("triage", "ticket", "watch"), reduced_motion="reduce", forced_colors="active"):
        assert looking.ask(page, "moving()") == [], name
        assert looking.ask(page, "nameless()") == [], name
        assert looking.ask(page, "edgeless()") == [], name
        assert page.locator(".sev").count(), name


def test_the_lists_stand_as_close_as_one_likes(pages):
    for _name, page in pages(("settings",), viewport={"width": 1366, "height": 768}):
        heights = []
        for density in ("compact", "default", "comfy"):
            page.locator(f'[name="density"][value="{density}"]').check()
            with page.expect_event("domcontentloaded"):
                page.locator('form[data-action="keep_settings"] button:not([type="button"])').last.click()
            page.wait_for_function("d => document.body.dataset.density === d", arg=density)
            heights.append(page.evaluate("getComputedStyle(document.body).getPropertyValue('--row').trim()"))
        assert heights == ["32px", "40px", "52px"]


def test_paper_is_black_on_white_and_tells_the_time(pages):
    """Print: the house's name and nothing to press, clocks stand still, whatever light the screen has."""
    for name, page in pages(("ticket", "watch", "record"), color_scheme="dark", language="en"):
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size({"width": 673, "height": 900})  # what a sheet of A4 has inside its margins
        titles = page.locator("td.c-title").evaluate_all("all => all.map(e => e.getBoundingClientRect().width)")
        assert all(width >= 100 for width in titles), (name, titles)
        assert bool(titles) == (name == "watch")
        pressed = page.locator(".bar > :not(.brand), .thumb, .button, .demo, .c-select").evaluate_all(
            "all => all.filter(e => e.offsetParent).length"
        )
        assert pressed == 0, name
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)", name
        assert len(page.pdf(format="A4")) > 5_000


def test_nothing_is_fetched_from_elsewhere(pages, base):
    """G21: no other host, and few requests with an empty store."""
    for name, page in pages(("triage", "ticket", "customer")):
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        _empty(page)
        page.reload(wait_until="load")
        assert all(url.startswith((base, "data:")) for url in asked), (name, asked)
        files = {url.split("#")[0] for url in asked if "/events" not in url}
        assert len(files) <= 7, (name, files)


def _edges(page: Page, what: str, side: str) -> set[int]:
    """Where the edges of these things are, in whole pixels."""
    script = "(all, side) => all.map(e => Math.round(e.getBoundingClientRect()[side]))"
    return set(page.locator(what).evaluate_all(script, side))


def _empty(page: Page) -> None:
    """Forget what the browser keeps of files."""
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")


def _pixels(page: Page, selector: str) -> float:
    return page.locator(selector).first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
