"""The customer's decisions on a telephone, in a real browser: two taps, with scripts or without, nothing too wide."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.ground.db import command, db
from models.people.customer import Contact
from models.record.link import CONSENT, living_link
from models.record.ticket import Ticket, find_ticket
from models.steps import comment, repair
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket, person

CHECKS = ["问题已解决", "功能正常", "速度符合预期", "没有引起别的问题"]
MOST_BYTES = 40_000  # of the page with its style, its icons and its script
MOST_REQUESTS = 3
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}


@pytest.fixture
def contact(house):
    with house.app.app_context():
        yield db.session.query(Contact).order_by(Contact.id).first()


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def phone(request, desk, contact):
    return desk(script=request.param, width=390)


@pytest.fixture
def tested(contact):
    """A result with a sheet of four lines, and the path of its link."""
    ticket = a_ticket("awaiting_test", contact=contact)
    repair.pass_test(ticket, actor=person("he"), findings="好", result="已恢复。", checks=CHECKS)
    return ticket, f"/c/{living_link(ticket).token}"


def tap(page, *names):
    """Each thing is one tap; the last one sends the form."""
    *choices, last = names
    last = f"label:has({last})" if last.startswith("[name") else last
    for choice in choices:
        page.locator(f"label:has({choice})").first.click()
    with page.expect_navigation():
        page.locator(last).first.click()


def state_of(ticket):
    db.session.rollback()
    return find_ticket(ticket.number).state


def test_agreeing_to_a_plan_takes_two_taps(phone, contact):
    ticket = a_ticket("awaiting_consent", contact=contact)
    page = phone.go(f"/c/{living_link(ticket, purpose=CONSENT).token}")
    tap(page, "[name=answer][value=yes]", "main .primary")
    assert state_of(ticket) == "awaiting_fix"
    assert not page.locator("form[data-action=consent]").count()


def test_confirming_takes_two_taps_and_shows_no_sheet(phone, tested):
    ticket, path = tested
    page = phone.go(path)
    assert not page.locator(".sheet").is_visible()
    tap(page, "[name=verdict][value=yes]", "main .primary")
    assert state_of(ticket) == "awaiting_review"


def test_partly_opens_the_sheet_at_once(phone, tested):
    ticket, path = tested
    page = phone.go(path)
    page.locator("label:has([name=verdict][value=partly])").click()
    assert page.locator(".sheet").is_visible()
    remark = page.locator("[name=remark_2]")
    assert not remark.is_visible()
    page.locator("label:has([name=check_2][value=no])").click()
    remark.fill("导出按钮是灰的")
    tap(page, "main .primary")
    assert state_of(ticket) == "awaiting_review"
    rest = db.session.query(Ticket).filter_by(parent_id=ticket.id).one()
    assert rest.description == "✗ 功能正常: 导出按钮是灰的"
    assert rest.number in page.content()


def test_a_contradiction_is_a_question_in_sight(phone, tested):
    ticket, path = tested
    page = phone.go(path)
    page.fill("[name=comment]", "还是不行")
    tap(page, "[name=verdict][value=yes]", "main .primary")
    assert state_of(ticket) == "awaiting_customer"
    question = page.locator(".asked")
    assert question.is_visible()
    box = question.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 768, "the page opens at the question"
    assert page.locator("[name=verdict]:checked").count() == 0
    tap(page, "[name=verdict][value=no]", "form[data-action=confirm] .primary")
    assert state_of(ticket) == "awaiting_plan"


@pytest.mark.parametrize("state", ["awaiting_consent", "awaiting_customer"])
def test_small_and_never_too_wide(desk, contact, state):
    ticket = a_ticket(state, contact=contact)
    purposes = ("progress", CONSENT) if state == "awaiting_consent" else ("progress",)
    for purpose in purposes:
        narrow = desk(width=320)
        weights = weighed(narrow.page)
        page = narrow.go(f"/c/{living_link(ticket, purpose=purpose).token}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert sum(weights.values()) < MOST_BYTES, weights


def weighed(page):
    """Address → bytes of every answer from now on."""
    weights = {}
    page.on("response", lambda answer: weights.update({answer.url: len(answer.body())}))
    return weights


def test_on_a_slow_line_seen_and_answered_with_two_taps(desk, tested, capsys):
    """G8: 390 × 844, Slow 4G. Bytes, requests and taps are asserted; the first paint is measured and said."""
    ticket, path = tested
    phone = desk(width=390)
    page = phone.page
    page.set_viewport_size({"width": 390, "height": 844})
    line = phone.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_4G)
    weights = weighed(page)
    phone.go(path)
    page.wait_for_load_state("networkidle")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    with capsys.disabled():
        print(f"\n  Slow 4G: first paint {paint:.0f} ms, {sum(weights.values())} bytes, {len(weights)} requests")
    assert len(weights) <= MOST_REQUESTS, weights
    assert sum(weights.values()) < MOST_BYTES, weights
    tap(page, "[name=verdict][value=yes]", "main .primary")
    assert state_of(ticket) == "awaiting_review"


def test_a_hundred_looks_change_nothing(desk, tested):
    """A scanner that opens every link of the letter, over and over."""
    ticket, path = tested
    phone = desk(width=390)
    phone.go(path)
    db.session.rollback()
    before = everything(but=NOT_BUSINESS)
    parts = ("", "/confirm", "/dispute", "/information", "/print")
    look = "async urls => Promise.all(urls.map(async url => (await fetch(url)).status))"
    statuses = phone.page.evaluate(look, [path + parts[n % 5] for n in range(100)])
    assert set(statuses) == {200}
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert state_of(ticket) == "awaiting_customer"


def test_a_fresh_link_is_one_tap(desk, tested):
    """With scripts the tick itself sends it; without, the button does."""
    ticket, path = tested
    expire(ticket)
    phone = desk(width=390)
    page = phone.go(path)
    assert not page.locator("form[data-action=renew_link] .acts").is_visible()
    tap(page, "[name=sure]")
    assert page.locator(".alert:not([hidden])").is_visible()
    assert living_link(find_ticket(ticket.number)) is not None
    plain = desk(script=False, width=390).go(path)
    assert plain.locator("form[data-action=renew_link] .acts").is_visible()


def test_something_new_is_shown_and_nothing_typed_is_lost(desk, contact):
    ticket = a_ticket("awaiting_plan", contact=contact)
    phone = desk(width=390)
    page = phone.go(f"/c/{living_link(ticket).token}")
    look = "dispatchEvent(new Event('visibilitychange'))"
    with page.expect_response(lambda answer: answer.status == 304):
        page.evaluate(look)
    comment.post_update(find_ticket(ticket.number), actor=person("zhao"), text="供应商已到现场。")
    with page.expect_event("load"):
        page.evaluate(look)
    assert "供应商已到现场。" in page.locator("main").inner_text()
    page.locator("summary").first.click()
    page.fill("[name=text]", "还有一台也这样")
    comment.post_update(find_ticket(ticket.number), actor=person("zhao"), text="已更换。")
    page.evaluate(look)
    page.locator("#newer").wait_for(state="visible")
    assert page.input_value("[name=text]") == "还有一台也这样"


@command
def expire(ticket):
    living_link(ticket).expires_at = clock.real_now() - timedelta(days=1)
