"""No page that axe objects to, best practice included, or is not sure of without an explanation (G10); fingers, narrow
widths and focus beside it (G11).

The normal run takes one screen of each kind, in light or dark by turns; `--full` every screen in both languages and
both lights, and every address of the product for whoever may see it.
"""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import looking
from tests.house.world import STAFF, build_world
from tests.screens import SCREENS, Screen, found

pytestmark = pytest.mark.once
OF_EACH_KIND = (
    "login", "customer", "report", "my", "settings", "article", "search", "triage", "ticket", "bench", "plan", "decide",
    "approvals", "request-page", "watch", "wall", "record", "ladder", "admin", "policy", "calendar", "components",
)  # fmt: skip
KINDS = tuple(screen for screen in SCREENS if screen.name in OF_EACH_KIND)
FINGER, POINTER = 44, 24
MAIN = re.compile("<main.*</main>", re.DOTALL)
# What is another one each time that a page is asked for.
PASSING = re.compile(r'name="(?:csrf_token|once)"[^>]*>|[0-9a-f]{12,}')


@pytest.fixture(scope="module")
def addresses(house) -> list[str]:
    """Every address that answers a GET, in a world where each of them has something to show."""
    with house.app.app_context():
        return build_world().urls(house.app)


def test_one_screen_of_each_kind(chromium: Browser, house) -> None:
    assert len(KINDS) == len(OF_EACH_KIND)
    problems: dict[str, list[str]] = {}
    for language, scheme in (("zh", "light"), ("en", "dark")):
        mine = found(house.app, KINDS)[language == "en" :: 2]
        problems |= walk(chromium, house, mine, language, scheme)
    assert not any(problems.values()), looking.said(problems)


@pytest.mark.full
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen(chromium: Browser, house, language: str, scheme: str) -> None:
    problems = walk(chromium, house, found(house.app), language, scheme)
    assert not any(problems.values()), looking.said(problems)


@pytest.mark.full
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_address_of_the_product(chromium: Browser, house, addresses: list[str], language: str) -> None:
    """With a world in which every kind of thing is there, for everybody who gets a page, in both lights by turns; what
    several people get alike to the letter is judged once. `-s` says what is found as it is found."""
    problems: dict[str, list[str]] = {}
    met: set[str] = set()
    for number, login in enumerate(STAFF):
        scheme = ("light", "dark")[number % 2]
        context = looking.context_of(chromium, base(house), login, language=language, color_scheme=scheme)
        answers = {url: context.request.get(base(house) + url, max_redirects=0) for url in addresses}
        shown = [url for url, answer in answers.items() if _is_new(answer, met)]
        print(f"{login}: {len(shown)} pages", flush=True)
        context.close()
        problems |= walk(chromium, house, [Screen(url, login, url) for url in shown], language, scheme)
    assert len(met) > len(addresses) / 2
    assert not any(problems.values()), looking.said(problems)


def test_whoever_walks_by_keyboard_sees_where_they_are(chromium: Browser, house) -> None:
    """G11: each stop is marked, and nothing that sticks covers it."""
    names = ("report", "triage", "ticket", "decide", "watch", "settings")
    lost: dict[str, list[str]] = {}
    for screen in found(house.app, tuple(s for s in SCREENS if s.name in names)):
        context = looking.context_of(chromium, base(house), screen.login, viewport={"width": 1366, "height": 600})
        page = context.new_page()
        page.goto(base(house) + screen.path)
        lost[screen.name] = _stops(page)
        context.close()
    assert not any(lost.values()), looking.said(lost)


def base(house) -> str:
    return f"http://localhost:{house.port}"


def walk(chromium: Browser, house, screens: list[Screen], language: str, scheme: str) -> dict[str, list[str]]:
    """Where → what is wrong there; one browser for each person."""
    problems: dict[str, list[str]] = {}
    for login in dict.fromkeys(screen.login for screen in screens):
        context = looking.context_of(chromium, base(house), login, language=language, color_scheme=scheme)
        page = context.new_page()
        for screen in [one for one in screens if one.login == login]:
            page.set_viewport_size({"width": 1366, "height": 768})
            page.goto(base(house) + screen.path)
            where, wrong = f"{screen.path} as {login or 'a stranger'}, {language}, {scheme}", judge(page)
            problems[where] = wrong
            for one in wrong:
                print(f"{where}: {one}", flush=True)
        context.close()
    return problems


def judge(page: Page) -> list[str]:
    """All that is wrong with the page that stands, wide and narrow."""
    wrong = looking.ask_axe(page) + looking.ask(page, f"small({POINTER})") + looking.too_wide(page)
    page.set_viewport_size({"width": 390, "height": 844})
    return wrong + looking.ask(page, f"small({FINGER})") + looking.ask(page, "clipped()")


def _stops(page: Page, most: int = 60) -> list[str]:
    """A sentence for every stop of the Tab key that cannot be seen."""
    said: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = looking.ask(page, "stop()")
        if stop is None:
            break
        said += stop
    return said


def _is_new(response, met: set[str]) -> bool:
    """Whether this answer is a page whose work nobody has been shown yet; it is from now on."""
    if response.status not in (200, 403, 404, 410) or "text/html" not in response.headers.get("content-type", ""):
        return False
    work = PASSING.sub("", MAIN.search(response.text())[0])
    known = work in met
    met.add(work)
    return not known
