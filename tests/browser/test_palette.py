"""The palette (V16): one field to everything, by keys alone, safe while somebody composes. Suggestions keep still."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.once
LIT = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"


def lit(page) -> str:
    return page.evaluate(f"{LIT}?.textContent.replace(/\\s+/g, ' ').trim() || ''")


def report(desk, words: str) -> str:
    desk.does("/report", "report", description=words)
    return desk.number


def test_the_palette_by_keys_alone(desk):
    zhang = desk("zhang")
    number = report(zhang, "打印机一直卡纸,红灯闪烁")
    page, asked = zhang.page, []
    page.on("request", lambda request: asked.append(request.url) if "/palette" in request.url else None)
    zhang.go(f"/t/{number}")
    expect(page.locator("#palette")).to_be_hidden()
    assert asked == [], "nothing is fetched before it is opened"
    page.locator("h1").click()
    page.keyboard.press("Control+k")
    field = page.locator("#palette [role=combobox]")
    expect(field).to_be_focused()
    expect(page.locator("#palette-found")).to_contain_text(number)  # opened last
    expect(page.locator("#palette-list [role=group]").last).to_contain_text("知识库")
    page.keyboard.type(f"#{number[-3:]}")
    expect(page.locator("#palette-found [role=option]").first).to_contain_text(number)
    page.wait_for_function(f"() => {LIT} !== null")
    assert number in lit(page)
    page.keyboard.press("ArrowDown")
    assert number not in lit(page)
    page.keyboard.press("ArrowUp")
    assert number in lit(page)
    assert page.locator("#palette-list [aria-selected=true]").count() == 1
    with zhang.leaves():
        page.keyboard.press("Enter")
    assert page.url.endswith(f"/t/{number}")

    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("知识库")
    page.wait_for_function(f"() => {LIT} !== null")
    assert lit(page).startswith("知识库")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()

    page.keyboard.press("Control+k")
    page.keyboard.type(number[-3:])
    expect(page.locator("#palette-found [role=option]").first).to_contain_text(number)
    pressed = page.locator("#palette [data-scope][aria-pressed=true]")
    for scope in ("tickets", "articles", "actions"):
        page.keyboard.press("Tab")
        expect(field).to_be_focused()
        expect(pressed).to_have_attribute("data-scope", scope)
    expect(page.locator("#palette-found [role=option]")).to_have_count(0)  # what the page knows is asked of nobody
    expect(page.locator("#palette-list > p")).to_have_text(page.locator("#palette").get_attribute("data-none") or "")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(pressed).to_have_attribute("data-scope", "tickets")
    expect(page.locator("#palette-found [role=option]").first).to_contain_text(number)
    page.route("**/palette?*", lambda route: None)  # a server that keeps silent
    page.keyboard.type("9")
    expect(page.locator("#palette [data-late]")).to_be_visible()
    page.unroute("**/palette?*")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(pressed).to_have_attribute("data-scope", "")
    page.keyboard.type("没有这样的东西")
    expect(page.locator("#palette-found [role=option]")).to_have_count(2)
    with zhang.leaves():
        page.keyboard.press("Enter")
    assert "/search?q=" in page.url


def test_enter_for_a_candidate_opens_nothing(desk):
    """An input method's Enter belongs to it: neither is anything opened nor asked for half a word."""
    zhang = desk("zhang")
    page = zhang.go("/my")
    page.locator("h1").click()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [role=option]").first).to_be_visible()
    ime = zhang.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "zhishi", "selectionStart": 6, "selectionEnd": 6})
    key = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    expect(page.locator("#palette")).to_be_visible()
    assert page.url.endswith("/my")
    ime.send("Input.insertText", {"text": "知识"})
    page.wait_for_function(f"() => {LIT}?.textContent.includes('知识库')")


def test_on_a_phone_it_fills_the_screen(desk):
    wang = desk("wang", width=390)
    page = wang.go("/triage")
    page.locator(".seek-phone").click()
    box = page.locator("#palette").bounding_box()
    assert (box["x"], box["y"], box["width"]) == (0, 0, 390)
    expect(page.locator("#palette [role=option]").first).to_be_visible()
    low = page.evaluate(
        "Math.min(...[...document.querySelectorAll('#palette [role=option]')].map(o => o.offsetHeight))"
    )
    assert low >= 44
    page.locator("#palette [data-close]").click()
    expect(page.locator("#palette")).to_be_hidden()


def test_an_action_of_the_ticket_is_reached_and_not_sent(desk):
    zhang, wang = desk("zhang"), desk("wang")
    number = report(zhang, "键盘有几个键失灵")
    page = wang.go(f"/t/{number}")
    page.locator("h1").click()
    page.keyboard.press("Control+k")
    page.keyboard.type("内部")
    page.wait_for_function(f"() => {LIT} !== null")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#composer textarea:focus")).to_have_count(1)


def test_suggestions_come_by_themselves_and_move_nothing(desk):
    """V03: after a pause, not while composing, and the form stays where it is."""
    zhang = desk("zhang")
    number = report(zhang, "会议室投影仪没有信号")
    page = zhang.go("/report")
    before = page.locator("form[data-action=report] button.primary").bounding_box()
    shifts = "new Promise(done => { let sum = 0; new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) sum += e.value; })).observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 200); })"  # noqa: E501
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/suggest" in request.url else None)
    page.locator("#description").click()
    ime = zhang.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "touyingyi", "selectionStart": 9, "selectionEnd": 9})
    page.wait_for_timeout(500)
    assert asked == [], "nothing is asked for half a word"
    ime.send("Input.insertText", {"text": "投影仪没信号了"})
    expect(page.locator(f'#likely a[href*="{number}"]')).to_be_visible()
    assert len(asked) == 1
    assert page.locator("form[data-action=report] button.primary").bounding_box() == before
    assert page.evaluate(shifts) == 0


def test_what_a_search_has_found_is_walked_through_and_come_back_to(desk):
    """U9: on to the next hit with `]`, back to it with L; and Back leads to where one stood.

    Had a swap written into the history while the browser was going back, Back would have been lost.
    """
    zhang, wang = desk("zhang"), desk("wang")
    numbers = [report(zhang, f"门禁读卡器没有反应，{floor} 楼") for floor in range(2, 5)][::-1]
    page = wang.go("/search?q=门禁读卡器")
    page.set_viewport_size({"width": 1366, "height": 420})
    page.locator(f"#row-{numbers[1]} a").first.click()
    page.wait_for_url(lambda url: f"/t/{numbers[1]}" in url)
    page.keyboard.press("]")
    page.wait_for_url(lambda url: f"/t/{numbers[2]}" in url)
    page.keyboard.press("l")
    page.wait_for_url(lambda url: "/search" in url)
    expect(page.locator(f"#row-{numbers[2]} a").first).to_be_focused()
    for _ in range(3):
        page.go_back()
        assert page.evaluate("history.state?.htmx") is None
    expect(page.locator(f"#row-{numbers[1]} a").first).to_be_focused()
