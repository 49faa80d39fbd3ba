"""`./run shots [folder]`: a picture of every screen, wide and phone, light and dark, in both languages, and one page to
look at them all side by side."""

import sys
import tempfile
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.looking import context_of
from tests.screens import Screen, found
from tests.workers.conftest import House, a_house

WIDTHS = {"wide": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
LOOKS = [(language, scheme, size) for language in ("zh", "en") for scheme in ("light", "dark") for size in WIDTHS]


def main(words: list[str]) -> int:
    """Take them all; `--only name …` takes some."""
    words, _, only = " ".join(words).partition("--only")
    folder = Path(words.strip() or "build/shots")
    folder.mkdir(parents=True, exist_ok=True)
    if not CHROMIUM:
        sys.exit("There is no Chromium here; on Debian: apt install chromium")
    with tempfile.TemporaryDirectory() as home, a_house(Path(home)) as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        screens = [screen for screen in found(house.app) if not only or screen.name in only.split()]
        for language, scheme, size in LOOKS:
            _take(browser, house, screens, folder, language, scheme, size)
        browser.close()
    sheet = folder / "index.html"
    sheet.write_text(_contact_sheet(screens), "utf-8")
    print(f"  shots         {len(screens) * len(LOOKS)} pictures, {sheet}")
    return 0


def _take(
    browser: Browser, house: House, screens: list[Screen], folder: Path, language: str, scheme: str, size: str
) -> None:
    base, contexts = f"http://localhost:{house.port}", dict[str, BrowserContext]()
    for screen in screens:
        if screen.login not in contexts:
            how = {"viewport": WIDTHS[size], "color_scheme": scheme, "language": language}
            contexts[screen.login] = context_of(browser, base, screen.login, **how)
        page = contexts[screen.login].new_page()
        page.goto(base + screen.path)
        page.screenshot(path=folder / _file(screen, language, scheme, size), full_page=True)
        page.close()
    for context in contexts.values():
        context.close()


def _file(screen: Screen, language: str, scheme: str, size: str) -> str:
    return f"{screen.name}-{size}-{scheme}-{language}.png"


def _contact_sheet(screens: list[Screen]) -> str:
    rows = [
        f"<h2>{escape(screen.name)} <small>{escape(screen.login)} {escape(screen.path)}</small></h2><p>"
        + "".join(f'<a href="{name}"><img loading="lazy" src="{name}" alt="{name}"></a>' for name in _files(screen))
        + "</p>"
        for screen in screens
    ]
    style = "body{font:14px system-ui;margin:24px}img{width:300px;height:340px;object-fit:cover;"
    style += "object-position:top left;border:1px solid #999;margin:4px}img[src*=phone]{width:150px}"
    style += "small{font-weight:400;color:#555}"
    return f'<!doctype html><meta charset="utf-8"><title>Screens</title><style>{style}</style>' + "\n".join(rows)


def _files(screen: Screen) -> list[str]:
    return [_file(screen, *look) for look in LOOKS]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
