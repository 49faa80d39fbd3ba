"""What pages weigh on the wire (G21): text, sheet and script, each within what the screens allow."""

import gzip
import re

import pytest

from blueprints.assets import STATIC, sent, static
from models.record.link import living_link
from models.steps import comment
from tests.factories import a_ticket, person

KB = 1024
MOST_REQUESTS = 5  # with nothing in the browser's store


def gz(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def weigh(browser, path: str) -> int:
    return gz(browser.open(path).response.get_data())


def test_the_sheet_and_the_scripts():
    assert gz(sent("app.css")) < gz(sent("watch.css")) <= 16 * KB
    assert gz(sent("vendor/htmx.js")) + gz(sent("app.js")) <= 32 * KB
    assert gz((STATIC / "link.css").read_bytes()) <= 5 * KB


def test_a_list_of_fifty(cast, sign_in):
    for n in range(50):
        a_ticket(description=f"三楼打印机卡纸，清了还是报错 E-{n:02}")
    wang = sign_in("wang")
    assert len(wang.get("/triage").all("tr", data_ticket=None)) == 50
    assert weigh(wang, "/triage") <= 20 * KB
    part = wang.open(
        "/triage", headers={"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#queue"}
    )
    assert b"<!doctype" not in part.response.get_data(), "the region alone"
    assert gz(part.response.get_data()) <= 10 * KB


def test_a_ticket_with_a_hundred_events(cast, sign_in):
    ticket = a_ticket("awaiting_plan")
    for n in range(95):
        comment.add_note(ticket, actor=person("zhao"), text=f"第 {n} 步：看了日志，没有异常。")
    assert weigh(sign_in("zhao"), f"/t/{ticket.number}") <= 30 * KB


def test_the_customers_page(cast, browser):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    path = f"/c/{living_link(ticket).token}"
    assert weigh(browser, path) <= 8 * KB
    page = browser.open(path).response.get_data()
    icons = gz((STATIC / "icons.svg").read_bytes())
    assert gz(page) + gz((STATIC / "link.css").read_bytes()) + icons <= 40 * KB
    assert len(fetched(page.decode())) + 1 <= 3


@pytest.mark.parametrize(
    ("login", "path"), [("wang", "/triage"), ("zhao", "/bench"), ("liu", "/watch"), ("zhang", "/report")]
)
def test_few_requests_and_none_elsewhere(sign_in, login, path):
    text = sign_in(login).open(path).response.get_data(as_text=True)
    files = fetched(text)
    assert static("watch.css" if path == "/watch" else "app.css") in files
    assert len(files) + 1 <= MOST_REQUESTS
    assert [file for file in files if not file.startswith("/static/")] == []


def fetched(text: str) -> set[str]:
    """What a browser gets for the page: sheets, scripts, pictures; symbols of one file count once."""
    found = re.findall(r'<(?:script|img|use|link)\b[^>]*?(?:src|href)="([^"]+)"', text)
    return {address.split("#")[0] for address in found if not address.startswith(("data:", "#"))}
