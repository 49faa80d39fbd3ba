"""Live without harm: while everything changes, nothing moves under the hand, and little is said aloud."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from models.people.person import find_person
from models.record.ticket import Ticket, find_ticket
from models.steps import comment, intake, triage

PUSHED_WITHIN = 8_000  # ms; a region polls every 15 s
pytestmark = pytest.mark.once  # what a screen does with news does not depend on the database
WATCHING = """() => {
  window.told = []; window.shifts = [];
  for (const id of ['live-status', 'live-alert']) new MutationObserver(() => {
    const text = document.getElementById(id).textContent;
    if (text) told.push([id, text, Date.now()]);
  }).observe(document.getElementById(id), {childList: true, characterData: true, subtree: true});
  const where = ({node, previousRect: was, currentRect: is}) =>
    `${node?.nodeName} ${node?.textContent.trim().slice(0, 60)}: ${was.x},${was.y} → ${is.x},${is.y}`;
  new PerformanceObserver(list => list.getEntries().forEach(entry => shifts.push(...entry.sources.map(where))))
    .observe({type: 'layout-shift', buffered: true});
}"""
ROWS = "() => [...document.querySelectorAll('.tickets tbody tr')].map(r => [r.id, r.getBoundingClientRect().top])"


def report(house, text: str, **more) -> Ticket:
    return intake.report_fault(actor=find_person("zhang"), description=text, **more)


def given_to(made: Ticket, login: str, *, severity: str = "P3") -> Ticket:
    handler = find_person(login)
    triage.triage_ticket(
        made, actor=find_person("wang"), severity=severity, category="function", team=handler.team, assignee=handler
    )
    return made


def watch(page: Page) -> None:
    page.evaluate(WATCHING)
    page.wait_for_timeout(900)  # the stream opens, and what it refreshes is there


def test_new_rows_wait_behind_the_pill_and_those_that_leave_stay_dimmed(house, desk):
    with house.app.app_context():
        first = [report(house, f"待分诊 {n}").number for n in range(3)]
    wang = desk("wang")
    page = wang.go("/triage")
    row = page.locator(f"#row-{first[0]}")
    row.hover()
    watch(page)
    before = dict(page.evaluate(ROWS))
    title = page.title()
    with house.app.app_context():
        new = [report(house, f"刚刚来的 {n}").number for n in range(3)]
        given_to(find_ticket(first[1]), "li")
    pill = page.locator("#fresh")
    expect(pill).to_contain_text("3", timeout=PUSHED_WITHIN)
    gone = page.locator(f"#row-{first[1]}")
    expect(gone).to_have_class("gone", timeout=PUSHED_WITHIN)
    expect(gone.locator(".fate")).to_contain_text("李强")
    assert dict(page.evaluate(ROWS)) == before, "no row may move, come or go under the pointer"
    assert page.title() != title, "the page's title says how many there are now"
    assert page.evaluate("shifts") == []
    pill.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{new[2]}")).to_be_visible()
    expect(gone).to_have_count(0)
    expect(pill).to_be_hidden()
    assert page.evaluate("document.activeElement.closest('tr').id") in {f"row-{number}" for number in new}
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(5, 5)
    with house.app.app_context():
        late = report(house, "没有人在列表里").number
    expect(page.locator(f"#row-{late}")).to_be_visible(timeout=PUSHED_WITHIN)  # nobody is in the list
    expect(pill).to_be_hidden()


def test_a_storm_leaves_alone_what_somebody_types_and_reads(house, desk):
    """G15: Chinese is composed in the composer of a ticket; on another screen a list is scrolled and pointed at."""
    with house.app.app_context():
        number = given_to(report(house, "打字时刮风"), "zhao").number
        for n in range(12):
            given_to(report(house, f"列表 {n}"), "li")
    zhao, chen = desk("zhao"), desk("chen")
    page, board = zhao.go(f"/t/{number}"), chen.go("/watch")
    zhao.fill("note", text="已经写好的一段")
    note = page.locator('form[data-action="note"] textarea')
    note.evaluate("box => { box.focus(); box.setSelectionRange(2, 2) }")
    ime = zhao.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "paicha", "selectionStart": 6, "selectionEnd": 6})
    board.mouse.move(600, 500)
    board.mouse.wheel(0, 150)
    for screen in (page, board):
        watch(screen)
    rows, typed = dict(board.evaluate(ROWS)), "box => [box.value, box.selectionStart, box.selectionEnd, scrollY]"
    before, scrolled = note.evaluate(typed), board.evaluate("scrollY")
    with house.app.app_context():
        for n in range(15):
            comment.post_update(find_ticket(number), actor=find_person("wang"), text=f"风 {n}")
            given_to(report(house, f"又一张 {n}"), "li")
    for screen in (page, board):
        expect(screen.locator("#fresh")).to_be_visible(timeout=PUSHED_WITHIN)
    page.wait_for_timeout(1500)
    assert note.evaluate(typed) == before
    ime.send("Input.insertText", {"text": "排查"})
    assert note.input_value() == "已经排查写好的一段", "the composition went on where it stood"
    assert dict(board.evaluate(ROWS)) == rows
    assert board.evaluate("scrollY") == scrolled
    assert [screen.evaluate("shifts") for screen in (page, board)] == [[], []]
    for screen in (page, board):
        said = [at for place, _, at in screen.evaluate("told") if place == "live-status"]
        assert said, "that something came is said, too"
        assert all(later - earlier >= 10_000 for earlier, later in pairwise(said)), said
    page.locator("#fresh").click()
    expect(page.locator("#timeline")).to_contain_text("风 14")
    expect(page.locator("#fresh")).to_be_hidden()
    assert page.evaluate("document.activeElement.name") == "text", "whoever writes goes on writing"
    assert note.input_value() == "已经排查写好的一段"


def test_little_is_said_and_each_threshold_once(house, desk):
    """G13: the browser's clock is moved on, so that half an hour of storm takes some seconds."""
    with house.app.app_context():
        number = given_to(report(house, "我的一张"), "zhao").number
        given_to(report(house, "别人的一张"), "li")
    zhao = desk("zhao")
    page = zhao.page
    page.clock.install()
    page.evaluate("localStorage.setItem('updates', 'off')")  # the rows stay as the test makes them
    zhao.go("/bench")
    page.evaluate(WATCHING)
    page.evaluate(
        """number => { // a clock that has 31 minutes left; and the same of somebody else's
          const row = document.getElementById('row-' + number), theirs = row.cloneNode(true);
          theirs.id = 'row-theirs';
          theirs.dataset.ticket = 'theirs';
          theirs.dataset.assignee = '0';
          row.after(theirs);
          const due = new Date(Date.now() + 31 * 60000).toISOString();
          for (const clock of document.querySelectorAll(`#row-${number} .clock, #row-theirs .clock`)) {
            clock.dataset.due = due;
            clock.dataset.clockState = 'running';
          }
        }""",
        number,
    )
    for _ in range(33):
        page.clock.run_for(60_000)
    told = [tuple(each) for each in page.evaluate("told")]
    polite = [(text, at) for place, text, at in told if place == "live-status"]
    assert [re.findall(r"\d+", text.replace(number, "")) for text, _ in polite] == [["30"], ["15"], ["5"]], told
    assert all(number in text for text, _ in polite)
    (alert,) = [text for place, text, _ in told if place == "live-alert"]
    assert number in alert
