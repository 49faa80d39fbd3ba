"""Deciding with a thumb: two taps to agree, three to return; rows are added in place (screens: personas, G7)."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from models.ground.db import db
from models.people.person import find_person
from models.record.plan import Plan, Task
from models.record.ticket import find_ticket
from models.steps import diagnosis, intake, plans, triage
from tests.browser.conftest import Desk
from tests.factories import a_plan

WIDTH, HEIGHT = 390, 844
THUMB = 0.75  # of the height: below it a thumb reaches
SMALLEST = 44


@pytest.fixture
def waiting(house) -> tuple[str, int]:
    """A ticket whose plan waits for approval: its number and the plan's id."""
    with house.app.app_context():
        ticket = _diagnosed()
        steps = [Task(f"第 {nth} 步：重启节点并观察", find_person("zhao"), "20:00") for nth in range(1, 9)]
        plan = plans.submit_plan(
            ticket, actor=find_person("zhao"), risk="normal", kind="fix", steps=steps, rollback="恢复配置",
            effect="恢复正常", verification="压测", backup="已备份",
        )  # fmt: skip
        return ticket.number, plan.id


def _diagnosed():
    zhao, wang = find_person("zhao"), find_person("wang")
    made = intake.report_fault(actor=find_person("zhang"), description="报销系统打不开")
    triage.triage_ticket(made, actor=wang, severity="P3", category="function", team=zhao.team, assignee=zhao)
    return diagnosis.take_ticket(made, actor=zhao)


@pytest.fixture(params=[True, False], ids=["script", "no_script"])
def phone(request, chromium: Browser, house) -> Iterator[Callable[[str], Desk]]:
    """A phone with a touch screen, with and without JavaScript."""
    opened: list[Desk] = []

    def signed_in(login: str) -> Desk:
        context = chromium.new_context(
            java_script_enabled=request.param, viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True,
            is_mobile=True, locale="zh-CN",
        )  # fmt: skip
        context.set_default_timeout(10_000)
        opened.append(Desk(context, house))
        return opened[-1].sign_in(login)

    yield signed_in
    for desk in opened:
        desk.context.close()
    assert [complaint for desk in opened for complaint in desk.complaints] == []


class Thumb:
    """Taps only what is on the screen already and large enough, without scrolling, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, what: Locator, *, reach: float = 0) -> None:
        box = what.bounding_box()
        assert box, what
        top, bottom = box["y"], box["y"] + box["height"]
        assert reach * HEIGHT <= top, f"at {top}: a thumb does not reach up there"
        assert bottom <= HEIGHT, f"it ends at {bottom}, below the screen"
        assert min(box["height"], box["width"]) >= SMALLEST, box
        self.page.touchscreen.tap(box["x"] + box["width"] / 2, (top + bottom) / 2)
        self.taps += 1


def _state_of(house, number: str) -> str:
    with house.app.app_context():
        return find_ticket(number).state


def test_agreeing_takes_two_taps(house, phone, waiting):
    number, plan = waiting
    page = phone("chen").go(f"/approvals/{plan}")
    thumb = Thumb(page)
    thumb.tap(page.locator("#decide summary.primary"), reach=THUMB)
    confirm = page.locator('form[data-action="approve"] button.primary')
    expect(confirm).to_be_visible()
    with page.expect_event("domcontentloaded"):
        thumb.tap(confirm, reach=THUMB)
    assert thumb.taps == 2
    assert _state_of(house, number) == "awaiting_fix"


def test_returning_takes_three_taps(house, phone, waiting):
    number, plan = waiting
    page = phone("chen").go(f"/approvals/{plan}")
    thumb = Thumb(page)
    thumb.tap(page.locator("#decide summary").nth(1), reach=THUMB)
    form = page.locator('form[data-action="return"]')
    expect(form.locator(".option").first).to_be_visible()
    thumb.tap(form.locator(".option").first)
    assert form.locator("input:checked").count() == 1
    with page.expect_event("domcontentloaded"):
        thumb.tap(form.locator("button.danger"), reach=THUMB)
    assert thumb.taps == 3
    assert _state_of(house, number) == "awaiting_plan"
    with house.app.app_context():
        assert db.session.get(Plan, plan).approvals[0].comment


def test_a_plan_is_written_row_by_row(house, phone):
    with house.app.app_context():
        number = _diagnosed().number
    page = phone("zhao").go(f"/t/{number}/plan")
    for nth in range(4):
        if nth == 3:
            page.locator('button[name="add"][value="steps"]').click()
        page.locator(f"#steps-{nth}-body").fill(f"第 {nth} 步")
    expect(page.locator("#steps-0-body")).to_have_value("第 0 步")
    page.locator('input[name="risk"][value="normal"]').check()
    with page.expect_event("domcontentloaded"):
        page.locator('form[data-action="submit_plan"] button.primary').click()
    with house.app.app_context():
        (plan,) = find_ticket(number).plans
        assert [task.body for task in plan.tasks] == [f"第 {nth} 步" for nth in range(4)]


def test_only_what_applies_is_asked(house, phone):
    with house.app.app_context():
        number = _diagnosed().number
    page = phone("zhao").go(f"/t/{number}/plan")
    approvers, explanation = page.locator("#approvers"), page.locator("#explanation")
    expect(approvers).to_be_hidden()
    expect(explanation).to_be_hidden()
    page.locator('input[name="risk"][value="major"]').check()
    page.locator('input[name="touches_customer"]').check()
    expect(approvers).to_be_visible()
    expect(explanation).to_be_visible()


def test_an_added_row_takes_the_focus_and_drafts_stay(house, desk):
    with house.app.app_context():
        number = _diagnosed().number
    zhao = desk("zhao")
    page = zhao.go(f"/t/{number}/plan")
    page.locator("#effect").fill("写了很久")
    page.locator('button[name="add"][value="steps"]').click()
    expect(page.locator("#steps-3-body")).to_be_focused()
    expect(page.locator("#effect")).to_have_value("写了很久")
    page.reload()
    expect(page.locator("#effect")).to_have_value("写了很久")
    page.locator("#steps-0-body").fill("重启")
    page.locator('input[name="risk"][value="normal"]').check()
    with page.expect_event("domcontentloaded"):
        page.locator('form[data-action="submit_plan"] button.primary').click()
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('draft '))") == []


# --- several at once, on a desktop (V09)


@pytest.fixture
def several(house) -> tuple[list[int], int]:
    """Three normal changes and a major one that wait: the ids of their plans."""
    with house.app.app_context():
        return [a_plan(_diagnosed()).id for _ in range(3)], a_plan(_diagnosed(), risk="major").id


def _approved(house, plan: int) -> bool:
    with house.app.app_context():
        return db.session.get_one(Plan, plan).outcome == "approved"


def test_several_are_approved_with_the_keyboard(house, desk, several):
    (oldest, middle, newest), major = several
    chen = desk("chen")
    page = chen.go("/approvals")
    bulk, marked = page.locator(".bulk"), page.locator("input[name=plans]:checked")
    expect(bulk).to_be_hidden()
    page.keyboard.press("y")
    page.keyboard.press("j")
    expect(page.locator(f"#row-plan-{major}[aria-current]")).to_have_count(1)
    page.keyboard.press("x")
    expect(marked).to_have_count(0)  # it has no box: it is read first
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bulk).to_be_visible()
    page.keyboard.press("Shift+J")
    expect(marked).to_have_count(2)
    page.keyboard.press("y")
    page.wait_for_function("() => document.activeElement.closest('.bulk') && document.activeElement.type === 'submit'")
    page.keyboard.press("y")
    assert not _approved(house, newest), "no key sends"
    number = page.locator(f"#row-plan-{middle}").get_attribute("data-ticket") or ""
    another = "box => { box.value = box.value.replace(/:.*/, ':' + '0'.repeat(64)); }"  # as if it had changed meanwhile
    page.locator(f"#row-plan-{middle} input").evaluate(another)
    with chen.leaves():
        page.keyboard.press("Enter")
    expect(page.locator("div.alert.danger")).to_contain_text(number)
    assert [_approved(house, plan) for plan in (newest, middle, oldest, major)] == [True, False, False, False]


def test_several_are_approved_without_a_script_but_not_on_a_phone(house, desk, several):
    (one, two, three), _major = several
    assert desk("chen", width=WIDTH).go("/approvals").locator("input[name=plans]:visible, .bulk:visible").count() == 0
    chen = desk("chen", script=False)
    page = chen.go("/approvals")
    for plan in (one, two):
        page.locator(f"#row-plan-{plan} input").check()
    page.locator(".bulk button").click()
    expect(page.locator(".alert.good")).to_be_visible()
    assert [_approved(house, plan) for plan in (one, two, three)] == [True, True, False]
