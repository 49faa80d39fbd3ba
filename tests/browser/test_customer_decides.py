"""The customer's decisions on a telephone, in a real browser: two taps, with scripts or without, nothing too wide."""

import pytest

from models.ground.db import db
from models.people.customer import Contact
from models.record.link import CONSENT, living_link
from models.record.ticket import Ticket, find_ticket
from models.steps import repair
from tests.factories import a_ticket, person

CHECKS = ["问题已解决", "功能正常", "速度符合预期", "没有引起别的问题"]
MOST_BYTES = 40_000  # of the page with its style and its icons


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
        weights = {}
        narrow.page.on("response", lambda answer, weights=weights: weights.update({answer.url: len(answer.body())}))
        page = narrow.go(f"/c/{living_link(ticket, purpose=purpose).token}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert sum(weights.values()) < MOST_BYTES, weights
        assert not page.locator("script").count()
