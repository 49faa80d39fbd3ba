"""Keys in a real browser: twenty reports triaged without a mouse, taken back with Z; nothing fires while one writes."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from models.ground.vocabulary import State
from models.people.person import find_person
from models.record.ticket import find_ticket
from models.steps import accounts, intake, triage
from tests.screens import found

WATCH = """() => {
  window.seen = { mouse: 0, keys: 0, lost: 0 };
  for (const name of ['mousedown', 'mousemove', 'pointerdown', 'pointermove', 'touchstart'])
    addEventListener(name, () => { seen.mouse += 1; }, true);
  let started = false;
  addEventListener('keydown', () => {
    seen.keys += 1;
    seen.lost += started && document.activeElement === document.body;
    started = true;
  }, true);
}"""
KEY_OF = {"P0": "1", "P1": "2", "P2": "3", "P3": "4"}
TWENTY = 20
PLACES = ("/my", "/report", "/triage", "/bench", "/kb", "/me", "/help/shortcuts", "/search?q=%E6%89%93%E5%8D%B0")
WRITES = "input:is([type=text],[type=search],[type=email],[type=tel],[type=url],:not([type])),textarea"


def reports(house, count: int, **known) -> list[str]:
    """Made at the desk, not on the page; the database is the house's own."""
    with house.app.app_context():
        texts = (f"第 {n} 台打印机不出纸，面板报 E-{n:02d}。" for n in range(count))
        return [intake.report_fault(actor=find_person("zhang"), description=text, **known).number for text in texts]


def state_of(house, number: str) -> str:
    with house.app.app_context():
        ticket = find_ticket(number)
        assert ticket
        return ticket.state


def focus_in(page, what: str) -> None:
    page.wait_for_function("what => document.activeElement.matches(what)", arg=what)


def gone(page, number: str) -> None:
    """Out of the list, or dimmed in it with the word of who has it: a row never moves under somebody's hand."""
    page.wait_for_function("number => !document.querySelector(`#row-${number}:not(.gone)`)", arg=number)


def current(page) -> str:
    return page.evaluate("document.querySelector('[aria-current=true][id^=row-]')?.dataset.ticket || ''")


def stand_on(page, number: str) -> None:
    """By J, and from the end of the list by K: what was taken back in working hours is due later, and stands lower."""
    for key in ("j", "k"):
        before = None
        while (stood := current(page)) != before:
            if stood == number:
                return
            before = stood
            page.keyboard.press(key)
    raise AssertionError(f"neither J nor K comes to {number}")


def test_twenty_reports_are_triaged_with_the_keyboard_alone(house, desk):
    """G5, and the last one is taken back with Z (G27)."""
    numbers = set(reports(house, TWENTY, impact="department", urgency="high"))
    wang = desk("wang")
    page = wang.go("/triage")
    page.evaluate(WATCH)
    page.keyboard.press("j")
    focus_in(page, "[id^=row-] a")
    done: list[str] = []
    while len(done) < TWENTY:
        number = current(page)
        if number not in numbers:  # what the demonstration brought along
            page.keyboard.press("j")
            continue
        page.keyboard.press(KEY_OF[page.locator(f"#row-{number}").get_attribute("data-severity") or ""])
        focus_in(page, "#preview input[name=severity]:checked")
        if len(done) % 5 == 0:
            page.keyboard.press("a")
            focus_in(page, "#preview select[name=assignee]")
            page.keyboard.press("z")
            page.keyboard.press("h")
            assert "zhao" in page.evaluate("document.activeElement.selectedOptions[0].text")
        page.keyboard.press("Enter")
        gone(page, number)
        done.append(number)
        focus_in(page, "[id^=row-] a")
    seen = page.evaluate("seen")
    assert (seen["mouse"], seen["lost"]) == (0, 0), seen
    assert seen["keys"] <= 100, seen
    assert {state_of(house, number) for number in done} == {State.AWAITING_ENGINEER}

    page.keyboard.press("z")
    page.wait_for_selector(f"#row-{done[-1]}")
    assert state_of(house, done[-1]) == State.AWAITING_TRIAGE
    focus_in(page, f"#row-{done[-1]} a")
    expect(page.locator("#board .alert.good")).to_have_count(1)


def test_what_else_triage_does_without_leaving_the_list(house, desk):
    first, second, third, fourth, fifth = reports(house, 5, impact="single", urgency="low")
    wang = desk("wang")
    page = wang.go("/triage")
    stand_on(page, first)
    page.keyboard.press("r")  # ask
    focus_in(page, "#preview textarea[name=question]")
    page.keyboard.type("几点开始的？jk1z")
    page.keyboard.press("Control+Enter")
    gone(page, first)
    focus_in(page, "[id^=row-] a")
    with house.app.app_context():
        assert find_ticket(first).waiting_on == "reporter"

    stand_on(page, second)
    page.keyboard.press("d")  # the same as the likeliest one, which stands there already
    focus_in(page, "#preview input[name=into]")
    assert page.locator("#preview input[name=into]").input_value()
    page.keyboard.press("Enter")
    gone(page, second)
    assert state_of(house, second) == State.MERGED
    page.wait_for_selector("#board form[data-action=undo]")  # the row may have gone by news of it, before the answer
    page.keyboard.press("z")
    page.wait_for_selector(f"#row-{second}:not(.gone)")
    assert state_of(house, second) == State.AWAITING_TRIAGE

    stand_on(page, third)
    page.keyboard.press("#")
    focus_in(page, "#preview input[name=reason]")
    page.keyboard.press("Escape")
    focus_in(page, f"#row-{third} a")
    assert state_of(house, third) == State.AWAITING_TRIAGE, "no key sends"
    page.keyboard.press("t")
    page.wait_for_selector("#preview input[name=priority]")

    stand_on(page, fourth)
    page.keyboard.press("x")
    expect(page.locator(f"#row-{fourth} input:checked")).to_have_count(1)
    expect(page.locator(".bulk")).to_be_visible()
    page.keyboard.press("Shift+j" if page.locator(f"#row-{fourth} ~ #row-{fifth}").count() else "Shift+k")
    expect(page.locator(f"#row-{fifth} input:checked")).to_have_count(1)
    page.keyboard.press("a")  # of those selected: the team
    focus_in(page, ".bulk select[name=team]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    gone(page, fourth)
    gone(page, fifth)
    assert {state_of(house, number) for number in (fourth, fifth)} == {State.AWAITING_ENGINEER}
    page.wait_for_selector("#board form[data-action=undo_several]")
    page.keyboard.press("z")  # both of them
    for number in (fourth, fifth):
        page.wait_for_selector(f"#row-{number}:not(.gone)")
    assert {state_of(house, number) for number in (fourth, fifth)} == {State.AWAITING_TRIAGE}
    expect(page.locator("#board form[data-action=undo_several]")).to_have_count(0)


def test_the_list_of_keys_and_the_ways_through_the_house(house, desk):
    number = reports(house, 1)[0]
    wang = desk("wang")
    page = wang.go("/my")
    page.keyboard.press("?")
    sheet = page.locator("dialog.keys-sheet")
    expect(sheet).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("t")
    assert page.url.endswith("/my"), "nothing else while it lies open"
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.evaluate("dispatchEvent.call(document.body, new KeyboardEvent('keydown', "
                  "{ key: '？', code: 'Slash', shiftKey: true, bubbles: true, cancelable: true }))")  # fmt: skip
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    for held in ("Alt+c", "Control+j", "Meta+c"):
        page.keyboard.press(held)
    assert page.url.endswith("/my")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/triage")
    stand_on(page, number)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: f"/t/{number}" in url)
    page.keyboard.press("n")
    focus_in(page, "#form-note textarea")
    page.keyboard.type("ctz?jk/")
    assert page.locator("#form-note textarea").input_value() == "ctz?jk/", "while one writes it is writing"
    page.keyboard.press("Escape")
    focus_in(page, "main")
    assert page.locator("#form-note textarea").input_value() == "ctz?jk/"
    page.keyboard.press("c")
    page.wait_for_url("**/report")
    with house.app.app_context():
        accounts.set_own_settings(find_person("wang"), shortcuts=False)
    try:
        wang.go("/my")
        for key in ("c", "?", "j", "z"):
            page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_have_count(0)
        assert page.url.endswith("/my")
        page.keyboard.press("Control+k")
        focus_in(page, "[role=combobox],#q")
    finally:
        with house.app.app_context():
            accounts.set_own_settings(find_person("wang"), shortcuts=True)


def test_ctrl_s_keeps_what_is_edited_under_administration(desk):
    admin = desk("admin")
    page = admin.go("/admin/organisation")
    page.locator("main input[name=name]").fill("示例科技")
    with admin.leaves():
        page.keyboard.press("Control+s")
    assert page.url.endswith("/admin")
    expect(page.locator(".brand")).to_have_text("示例科技")
    page.goto(f"{admin.base}/admin/organisation")
    page.locator("main input[name=name]").fill("")
    with admin.leaves():
        page.keyboard.press("Control+s")


def test_the_inbox_by_keys(house, desk):
    """J to a line, Shift+U to its button, Enter: it is unread again (V15). The list holds still meanwhile."""
    reports(house, 2)
    wang = desk("wang")
    page = wang.go("/notifications")
    with wang.leaves():
        page.locator("form[data-action=mark_read] button").click()
    expect(page.locator("#lines li.unread")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("j")
    focus_in(page, "#lines .rows > li:nth-child(2) a")
    page.keyboard.press("Shift+U")
    focus_in(page, "#lines .rows > li:nth-child(2) button[name=message]")
    with wang.leaves():
        page.keyboard.press("Enter")
    expect(page.locator("#lines .rows > li:nth-child(2).unread")).to_have_count(1)
    page.keyboard.press("j")
    number = reports(house, 1)[0]
    expect(page.locator("#fresh")).to_be_visible()
    expect(page.locator("#fresh span")).to_have_text(page.locator("#lines").get_attribute("data-w-fresh-one") or "")
    expect(page.locator("#lines")).not_to_contain_text(number)
    page.keyboard.press(".")
    expect(page.locator("#lines .rows > li").first).to_contain_text(number)


def test_a_deed_of_the_ticket_page_is_taken_back(house, desk):
    number = reports(house, 1)[0]
    with house.app.app_context():
        zhao = find_person("zhao")
        triage.triage_ticket(
            find_ticket(number), actor=find_person("wang"), severity="P3", category="function", team=zhao.team,
            assignee=zhao,
        )  # fmt: skip
    desk_of_zhao = desk("zhao")
    page = desk_of_zhao.go(f"/t/{number}")
    page.keyboard.press("i")
    focus_in(page, "form[data-action=take] button")
    assert state_of(house, number) == State.AWAITING_ENGINEER, "the key only goes there"
    with desk_of_zhao.leaves():
        page.keyboard.press("Enter")
    assert state_of(house, number) == State.AWAITING_PLAN
    with desk_of_zhao.leaves():
        page.keyboard.press("z")
    assert state_of(house, number) == State.AWAITING_ENGINEER
    expect(page.locator("form[data-action=undo]")).to_have_count(0)


def compose(desk, path: str) -> int:
    """Half a word and Enter in every field of the page; how many there were. Nothing is sent, no key does anything."""
    page = desk.go(path)
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    page.evaluate("""() => {
      window.sent = 0;
      addEventListener('submit', event => { sent += 1; event.preventDefault(); }, true);
      addEventListener('beforeunload', () => { sent += 1; });
    }""")
    ime = page.context.new_cdp_session(page)
    there = [field for field in page.locator(WRITES).all() if field.is_visible() and field.is_editable()]
    for field in there:
        field.focus()
        ime.send("Input.imeSetComposition", {"text": "jk", "selectionStart": 2, "selectionEnd": 2})
        for name, code in (("Enter", 13), ("Process", 229), ("z", 90)):
            key = {"key": name, "code": "Enter" if code != 90 else "KeyZ", "windowsVirtualKeyCode": code}
            ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        ime.send("Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0})
        assert page.evaluate("[sent, document.querySelectorAll('dialog[open]').length]") == [0, 0], (path, field)
        assert page.url == desk.base + path
        assert field.evaluate("field => field === document.activeElement"), (path, "the focus stays")
    ime.detach()
    return len(there)


def test_enter_for_a_candidate_sends_nothing_anywhere(house, desk):
    """G6 for the pages on which most is written; the others with --full."""
    number = reports(house, 1)[0]
    wang = desk("wang")
    ways = ("", "/triage", "/ask", "/merging")
    found = sum(compose(wang, path) for path in ("/report", *(f"/t/{number}{way}" for way in ways)))
    assert found >= 15


@pytest.mark.full
@pytest.mark.once
def test_enter_for_a_candidate_sends_nothing_on_any_page(house, desk):
    """G6 on every screen, and in the forms of a report."""
    number = reports(house, 1)[0]
    ways = ("answer", "cancellation", "waiting", "relations", "splitting", "note", "update", "call", "policies")
    paths = {"wang": [*PLACES, *(f"/t/{number}/{way}" for way in ways)]}
    for screen in found(house.app):
        paths.setdefault(screen.login, []).append(quote(screen.path, safe="/?=&%"))
    fields = {login: sum(compose(one, path) for path in paths[login]) for login in paths for one in [desk(login)]}
    assert sum(fields.values()) > 150, fields


STEP = """() => {
  const at = document.activeElement;
  window.walked ??= [];
  return at === document.body || walked.includes(at) ? false : !!walked.push(at);
}"""
MISSED = """() => {
  const can = 'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex="0"]';
  const stops = [...document.querySelectorAll(can)].filter(e => {
    if (e.disabled || e.tabIndex < 0 || !e.checkVisibility({ visibilityProperty: true })) return false;
    if (e.closest('details:not([open])') && !e.matches('summary')) return false;
    if (e.type !== 'radio') return true; // one stop for a group: the chosen one, or the first
    const group = [...document.getElementsByName(e.name)].filter(other => other.form === e.form);
    return e === (group.find(other => other.checked) || group[0]);
  });
  const short = e => e ? e.outerHTML.slice(0, 120) : 'nothing';
  return stops.flatMap((e, at) => walked[at] === e ? [] : [[short(e), short(walked[at])]]).slice(0, 2);
}"""


def walk(desk, path: str) -> None:
    """Tab comes to everything that can be used, in the order of the page, and out again."""
    page = desk.go(path)
    for _ in range(400):
        page.keyboard.press("Tab")
        if not page.evaluate(STEP):
            break
    assert page.evaluate("walked.length") > 8, path
    assert page.evaluate(MISSED) == [], path


@pytest.mark.parametrize("path", ["/my", "/report", "/triage", "/t/{n}", "/help/shortcuts", "/me"])
def test_tab_comes_to_everything_in_order(house, desk, path):
    """G12."""
    walk(desk("wang", width=1200), path.format(n=reports(house, 1)[0]))


def test_esc_closes_what_was_opened(desk):
    page = desk("wang").go("/my")
    page.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    focus_in(page, ".menu summary")


def test_e_corrects_the_title_where_it_stands_and_others_see_it(house, desk):
    """V08; and who types a password in capitals is told so (V01)."""
    (number,) = reports(house, 1)
    zhang, wang = desk("zhang"), desk("wang")
    zhang.go(f"/t/{number}")
    page = wang.go(f"/t/{number}")
    page.keyboard.press("e")
    focus_in(page, "#form-retitle [name=title]")
    page.keyboard.press("Control+a")
    page.keyboard.type("E-00 e 打印机")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("E-00 e 打印机")
    expect(zhang.page.locator("h1")).to_have_text("E-00 e 打印机")
    expect(zhang.page).to_have_title(re.compile("E-00 e 打印机"))
    page = wang.go("/me")
    field, hint = page.locator("[name=old_password]"), page.locator("[name=old_password] + [role=status]")
    for held, said in ((True, hint.get_attribute("data-caps")), (False, "")):
        field.evaluate(
            "(field, held) => field.dispatchEvent(new KeyboardEvent('keyup',"
            " { key: 'A', modifierCapsLock: held, bubbles: true }))",
            held,
        )
        expect(hint).to_have_text(said)
