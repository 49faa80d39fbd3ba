"""Programs that open every link and press every button (P10.2, A45): nothing comes of it, with scripts or without."""

import pytest

from bench.scanner import before_it, by_test_client, in_chromium, make_links, plainly, what_came_of_it
from models.record.link import find_link
from models.steps import customer_verification
from tests.browser.conftest import CHROMIUM

VISITS = 20


def test_a_plain_client(app):
    links = make_links()
    before = before_it()
    assert plainly(by_test_client(app), links, VISITS * 2) == VISITS * 2
    assert what_came_of_it(before) == (0, 0, 0)


def test_the_comparison_would_see_an_answer(app):
    """The proof can fail: one person who does choose is noticed."""
    links = make_links()
    waiting = next(link for link in map(_link, links) if link.ticket.state == "awaiting_customer" and not link.death)
    before = before_it()
    customer_verification.confirm_result(waiting.ticket, actor=waiting, verdict="yes")
    confirmations, consents, changes = what_came_of_it(before)
    assert (confirmations, consents) == (1, 0)
    assert changes > 1


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here; on Debian: apt install chromium")
def test_chromium_with_its_scripts(house):
    with house.app.app_context():
        links = make_links()
        before = before_it()
        assert in_chromium(f"http://localhost:{house.port}", links, VISITS) == VISITS
        assert what_came_of_it(before) == (0, 0, 0)


def _link(path):
    link = find_link(path.removeprefix("/c/"))
    assert link is not None
    return link
