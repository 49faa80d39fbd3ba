"""A clock explains itself in place: one after another, over a live change, without the script, and on a phone."""

import pytest
from playwright.sync_api import expect

from models.people.person import find_person
from models.record.ticket import find_ticket
from models.steps import comment, intake, triage


def a_fault(house) -> str:
    with house.app.app_context():
        zhao = find_person("zhao")
        ticket = intake.report_fault(actor=find_person("zhang"), description="报销单提交后一直转圈")
        triage.triage_ticket(
            ticket,
            actor=find_person("wang"),
            severity=ticket.severity,
            category="system",
            team=zhao.team,
            assignee=zhao,
        )
        return ticket.number


@pytest.mark.parametrize("width", [1366, 390])
def test_why_opens_in_place_and_stays_while_the_ticket_changes(house, desk, width):
    number = a_fault(house)
    page = desk("zhao", width=width).go(f"/t/{number}")
    for kind in ("resolve", "update"):
        page.locator(f'a.why[href$="/clocks/{kind}/1"]').click()
        expect(page.locator("#explanation table")).to_be_visible()
        expect(page.locator("#explanation h2")).to_be_focused()
    assert page.url.endswith(f"/t/{number}")
    said = page.locator("#explanation h2").inner_text()
    with house.app.app_context():
        comment.post_update(find_ticket(number), actor=find_person("zhao"), text="已定位到缓存。")
    expect(page.locator("#timeline")).to_contain_text("已定位到缓存。")
    expect(page.locator("#explanation h2")).to_have_text(said)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("(side => side.scrollWidth <= side.clientWidth)(document.querySelector('aside.side'))")
    page.locator('a[href$="/attribution"]').click()
    expect(page.locator("#explanation svg.shares")).to_be_visible()


def test_without_the_script_it_is_a_page_of_its_own(house, desk):
    number = a_fault(house)
    page = desk("zhao", script=False).go(f"/t/{number}")
    page.locator('a.why[href$="/clocks/resolve/1"]').click()
    page.wait_for_url(f"**/t/{number}/clocks/resolve/1")
    expect(page.locator("table")).to_be_visible()
    page.locator(f'a.button[href="/t/{number}"]').click()
    page.wait_for_url(f"**/t/{number}")


def test_how_long_ago_it_was_counts_on(house, desk):
    """On the watch (V11): the script says it in the words of the page, in one unit."""
    number = a_fault(house)
    page = desk("liu").go("/watch")
    age, words = page.locator(f"#row-{number} [data-since]"), page.evaluate("({ ...document.body.dataset })")
    age.scroll_into_view_if_needed()  # what nobody sees need not count
    back = "(time, s) => { time.dateTime = new Date(Date.parse(document.body.dataset.now) - s * 1000).toISOString(); }"
    for seconds, word, unit, number_said in (
        (1500, "wAgoMin", "{m}", "25"), (7500, "wAgoHour", "{h}", "2"), (200_000, "wAgoDay", "{d}", "2"),
        (30, "wAgoNow", "", ""),
    ):  # fmt: skip
        age.evaluate(back, seconds)
        expect(age).to_have_text(words[word].replace(unit, number_said))
