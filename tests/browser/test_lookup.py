"""The caller is found while one types: with Chinese input, with the browser's own list, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from models.ground.db import command, db
from models.people.customer import Contact, Customer
from models.record.ticket import find_ticket

URL, FORM = "/report/telephone", 'form[data-action="register"]'


@pytest.fixture(scope="module")
def namesakes(house) -> None:
    """Two of one name at two companies."""

    @command
    def hire() -> None:
        for company in ("四海公司", "五湖公司"):
            db.session.add(Contact(name="孙悦", phone="13900001111", customer=Customer(name=company)))

    with house.app.app_context():
        hire()


def customer_of(house, number: str) -> str:
    with house.app.app_context():
        return find_ticket(number).customer.name


def test_chinese_input_fills_the_list_and_sends_nothing(house, desk, namesakes):
    """Enter while composing belongs to the input method; the list comes when the word is there."""
    wang = desk("wang")
    page = wang.go(URL)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "contact=" in request.url else None)
    page.locator("#contact").focus()
    ime = page.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "sun", "selectionStart": 3, "selectionEnd": 3})
    ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229})
    page.wait_for_timeout(600)
    assert (page.url, asked) == (wang.base + URL, [])
    ime.send("Input.insertText", {"text": "孙悦"})
    expect(page.locator("#contact-found option")).to_have_count(2)
    assert len(asked) == 1
    assert page.locator("#contact").input_value() == "孙悦"
    assert page.url == wang.base + URL


def test_one_of_two_namesakes_is_picked_in_place(house, desk, namesakes):
    wang = desk("wang")
    page = wang.go(URL)
    wang.fill("register", description="投影没有声音", contact="孙悦")
    wang.press("register")
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.locator("#description").input_value() == "投影没有声音"
    page.locator(f"{FORM} .option", has_text="五湖公司").click()
    with wang.leaves():
        wang.press("register")
    assert customer_of(house, wang.number) == "五湖公司"


def test_without_javascript(house, desk, namesakes):
    wang = desk("wang", script=False, width=390)
    page = wang.go(URL)
    page.locator("#description").fill("投影没有画面")
    page.locator("#contact").fill("1111 四海")
    for _ in range(2):
        with page.expect_navigation():
            page.locator(f'{FORM} button:not([type="button"])').last.click()
        if page.locator(f"{FORM} .option", has_text="四海公司").count():
            page.locator(f"{FORM} .option", has_text="四海公司").click()
    assert customer_of(house, wang.number) == "四海公司"
