"""A real browser before a running house: web, workers, ticker, hub and Valkey, as `./run` starts them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from models.demonstration import PASSWORD
from tests.workers.conftest import House, a_furnished_house

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
HARMLESS = (
    "Failed to load resource",
    "net::ERR",
    "Failed to fetch",
)  # neither a refused form nor a cut line is a fault of the page


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of this file's own, with the demonstration in it."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium here; on Debian: apt install chromium")
    with a_furnished_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def chromium(house: House) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Desk:
    """Somebody's browser: how a person fills in what is there and presses it."""

    def __init__(self, context: BrowserContext, house: House) -> None:
        self.context, self.base = context, f"http://localhost:{house.port}"
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message) -> None:
        if message.type == "error" and not any(word in message.text for word in HARMLESS):
            self.complaints.append(message.text)

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, login: str) -> "Desk":
        self.go("/login")
        self.fill("sign_in", login=login, password=PASSWORD)
        self.press("sign_in")
        self.page.wait_for_url(lambda url: "/login" not in url)
        return self

    def fill(self, action: str, **fields: str) -> None:
        """Fill in fields of the form that does `action`, whatever control each of them is."""
        form = self.page.locator(f'form[data-action="{action}"]').first
        form.evaluate("form => { for (let e = form; e; e = e.parentElement) if (e.matches('details')) e.open = true }")
        for name, value in fields.items():
            control = form.locator(f'[name="{name}"]').first
            control.evaluate("c => { for (let e = c; e; e = e.parentElement) if (e.matches('details')) e.open = true }")
            kind = control.evaluate("c => c.type")
            if kind == "radio":
                form.locator(f'[name="{name}"][value="{value}"]').check()
            elif kind.startswith("select"):
                control.select_option(value)
            else:
                control.fill(value)

    def press(self, action: str) -> None:
        form = self.page.locator(f'form[data-action="{action}"]').first
        form.evaluate("form => { for (let e = form; e; e = e.parentElement) if (e.matches('details')) e.open = true }")
        form.locator('button:not([type="button"])').last.click()

    def does(self, path: str, action: str, **fields: str) -> None:
        """Go there, fill in, press; and wait until the answer stands."""
        self.go(path)
        self.fill(action, **fields)
        with self.leaves():
            self.press(action)

    @contextmanager
    def leaves(self) -> Iterator[None]:
        """Until another page stands: `expect_navigation` also takes what htmx writes into the history for one."""
        with self.page.expect_event("domcontentloaded"):
            yield

    @property
    def number(self) -> str:
        """The ticket on the page."""
        found = self.page.locator("[data-ticket]").first.get_attribute("data-ticket")
        assert found
        return found


@pytest.fixture
def desk(chromium: Browser, house: House) -> Iterator[Callable[..., Desk]]:
    """`desk("zhang")`: a browser of their own in which they are signed in; without a name, a stranger's."""
    opened: list[Desk] = []

    def open_desk(login: str = "", *, script: bool = True, width: int = 1366, locale: str = "zh-CN") -> Desk:
        context = chromium.new_context(
            java_script_enabled=script, viewport={"width": width, "height": 768}, locale=locale
        )
        context.set_default_timeout(10_000)
        desk = Desk(context, house)
        opened.append(desk)
        return desk.sign_in(login) if login else desk

    yield open_desk
    complaints = [complaint for desk in opened for complaint in desk.complaints]
    for desk in opened:
        desk.context.close()
    assert complaints == [], "the pages' own scripts and policies complained"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small screenshot."""
    file = tmp_path / "截图.png"
    file.write_bytes(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
            "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
        )
    )
    return file
