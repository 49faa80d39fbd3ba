"""What a browser is asked about a page: axe, and what axe does not know."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from models.demonstration import PASSWORD

AXE = Path(__file__).parents[1] / "data/axe/axe.min.js"
EXPLAINED = AXE.with_name("explained.json")  # what axe can not decide by itself, and why it is all right
PROBES = Path(__file__).with_name("probes.js")
WIDTHS = (320, 390, 768, 1024)


def context_of(browser: Browser, base: str, login: str, **how: object) -> BrowserContext:
    """A browser in which somebody is signed in, in this light and language."""
    language = str(how.pop("language", "zh"))
    context = browser.new_context(locale={"zh": "zh-CN", "en": "en-US"}[language], **how)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{base}/login")
    if login:
        page.locator('form[data-action="sign_in"] [name="login"]').fill(login)
        page.locator('form[data-action="sign_in"] [name="password"]').fill(PASSWORD)
        page.locator('form[data-action="sign_in"] button:not([type="button"])').last.click()
        page.wait_for_url(lambda url: "/login" not in url)
    form = page.locator('form[data-action="set_language"]').first
    if page.locator("html").get_attribute("lang") != language:
        form.locator(f'button[value="{language}"]').evaluate("button => button.click()")
        page.wait_for_function("language => document.documentElement.lang === language", arg=language)
    page.close()
    return context


def ask(page: Page, probe: str) -> Any:
    """What a probe of probes.js says of the page that stands."""
    if not page.evaluate("'probes' in globalThis"):
        page.evaluate(_text(PROBES))
    return page.evaluate(f"probes.{probe}")


def ask_axe(page: Page) -> list[str]:
    """Everything that axe objects to, best practice included, and what it is not sure of and nobody has explained."""
    page.evaluate(_text(AXE))
    return ask(page, f"axe({_text(EXPLAINED)})")


def too_wide(page: Page, widths: Iterable[int] = WIDTHS) -> list[str]:
    """What is read sideways, at every narrow width."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"at {width}: {one}" for one in ask(page, f"wide({width})")]
    return found


def said(found: dict[str, list[str]]) -> str:
    """What is wrong, place by place."""
    return json.dumps({where: what for where, what in found.items() if what}, ensure_ascii=False, indent=1)


@cache
def _text(file: Path) -> str:
    return file.read_text("utf-8")
