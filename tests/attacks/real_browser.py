"""A real browser that is shown recorded answers: does anything in them run, load or violate the policy?"""

from contextvars import Context

from playwright.sync_api import Route, sync_playwright

from tests.attacks.site import Seen, Site
from tests.browser.conftest import CHROMIUM, FLAGS

BASE = "http://localhost"
COUNTS = (
    "window.called = 0;"
    "for (const name of ['kanarie', 'alert', 'prompt', 'confirm']) window[name] = () => { window.called++ }"
)


def canaries_called(site: Site, pages: list[Seen]) -> tuple[int, list[str]]:
    """How often a payload was called on these pages, and what their policy has refused."""
    complaints: list[str] = []
    called = 0
    client = site.app.test_client()

    def answer(route: Route) -> None:
        url = route.request.url.removeprefix(BASE)
        if url.startswith("/recorded/"):
            page = pages[int(url.rsplit("/", 1)[-1])].page
            route.fulfill(status=200, headers=dict(page.response.headers), body=page.response.get_data())
        elif url.startswith("/static/"):
            found = Context().run(client.get, url)
            route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.get_data())
        else:
            route.fulfill(status=204)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.add_init_script(COUNTS)
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None
        )
        page.route("**/*", answer)
        for nth in range(len(pages)):
            page.goto(f"{BASE}/recorded/{nth}", wait_until="load")
            page.evaluate("document.querySelectorAll('main *').forEach(e => e.dispatchEvent(new Event('mouseover')))")
            called += page.evaluate("window.called")
        browser.close()
    return called, complaints
