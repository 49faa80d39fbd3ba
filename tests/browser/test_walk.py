"""Back and forward, pause and return: the pages find their place again, and are fresh."""

import random
from time import monotonic
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from models.people.person import find_person
from models.record.ticket import find_ticket
from models.steps import comment, intake, triage
from tests.browser.test_storm import WATCHING
from tests.workers.conftest import eventually

pytestmark = pytest.mark.once
PLACE = """() => [location.pathname + location.search, Math.round(scrollY),
  document.activeElement.closest('.tickets tr')?.id ?? '']"""
STEPS = 40


@pytest.fixture(scope="module")
def many(house) -> list[str]:
    """Numbers of enough tickets that lists have to be scrolled."""
    with house.app.app_context():
        zhao, numbers = find_person("zhao"), []
        for n in range(24):
            made = intake.report_fault(actor=find_person("zhang"), description=f"第 {n} 张")
            triage.triage_ticket(
                made, actor=find_person("wang"), severity="P3", category="function", team=zhao.team, assignee=zhao
            )
            numbers.append(made.number)
        return numbers


def arrived(page: Page) -> None:
    """A whole page stands, never a bare fragment, and its script has run."""
    page.wait_for_load_state("load")
    page.wait_for_function("() => !!document.querySelector('head title') && !!document.querySelector('header.bar')")


def walk(page: Page, base: str, steps: int, seed: int) -> list[list]:
    """At random into filters and tickets, along the list, back and forward; the places that were found again."""
    chance = random.Random(seed)
    page.goto(base + "/watch")
    arrived(page)
    visited, at, found, step = [page.evaluate(PLACE)], 0, list[list](), 0
    while step < steps:  # what cannot be done here is no step
        doing = chance.choice(("open", "open", "filter", "along", "back", "back", "forward"))
        is_list = page.locator(".tickets").count() > 0
        if doing in ("back", "forward"):
            there = at + (-1 if doing == "back" else 1)
            if not 0 <= there < len(visited):
                continue
            (page.go_back if doing == "back" else page.go_forward)()
            arrived(page)
            at = there
            _stands(page, visited[at], f"step {step} of seed {seed}")
            found.append(visited[at])
            step += 1
            continue
        if doing == "open" and is_list:
            row = page.locator(".tickets tbody tr:not(.gone)").nth(
                chance.randrange(page.locator(".tickets tbody tr").count())
            )
            row.scroll_into_view_if_needed()
            place = [page.evaluate(PLACE)[0], page.evaluate(PLACE)[1], row.get_attribute("id")]
            row.locator("a").first.click()
        elif doing == "filter" and is_list:
            filters = page.locator(".figures a")
            link = filters.nth(chance.randrange(filters.count()))
            link.hover()  # as whoever points at it has scrolled there
            place = page.evaluate(PLACE)
            link.click()
        elif doing == "along" and page.locator("[data-key=next], [data-key=list]").count():
            place = page.evaluate(PLACE)
            page.locator("[data-key=next], [data-key=list]").last.click()
        else:
            continue
        arrived(page)
        visited[at:] = [place, page.evaluate(PLACE)]
        at += 1
        step += 1
    return found


def _says(found: list[list], steps: int) -> None:
    """A walk that came back to nothing but tops of pages would prove nothing."""
    rows, scrolled = sum(bool(row) for _, _, row in found), sum(y > 0 for _, y, _ in found)
    print(f"\n  walk  {steps} steps, {len(found)} places found again: {rows} with their row, {scrolled} scrolled down")
    assert rows >= steps // 10
    assert scrolled >= 1


def _stands(page: Page, wanted: list, where: str) -> None:
    """Address, place on the page and row are those that were left."""
    found: list = []

    def is_there() -> bool:
        found[:] = page.evaluate(PLACE)
        return found[0] == wanted[0] and abs(found[1] - wanted[1]) <= 1 and found[2] == wanted[2]

    assert eventually(is_there), f"{where}: {found} instead of {wanted}"


def test_a_random_walk_finds_its_places_again(house, desk, many):
    """G19"""
    liu = desk("liu")
    _says(walk(liu.page, liu.base, STEPS, seed=19), STEPS)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(5))
def test_a_long_random_walk(house, desk, many, seed):
    """G19"""
    liu = desk("liu")
    _says(walk(liu.page, liu.base, 100, seed=seed), 100)


def test_nothing_shifts_on_the_main_pages(house, desk, many):
    """G20: while they load, open their stream, fetch their regions anew, and their clocks tick."""
    _stand_still(
        desk("liu").page, house, ("/watch", "/bench", "/my", "/approvals", "/notifications", "/kb", "/archive"), 1_200
    )
    _stand_still(desk("zhao").page, house, ("/bench", f"/t/{many[0]}", "/report", f"/t/{many[0]}/plan"), 1_200)


@pytest.mark.full
def test_nothing_shifts_while_clocks_tick(house, desk, many):
    _stand_still(desk("zhao").page, house, ("/bench", f"/t/{many[0]}"), 20_000)
    _stand_still(desk("liu").page, house, ("/watch",), 20_000)


def _stand_still(page: Page, house, paths: tuple[str, ...], ms: int) -> None:
    for path in paths:
        page.goto(f"http://localhost:{house.port}{path}")
        page.evaluate(WATCHING)
        page.wait_for_timeout(ms)
        assert page.evaluate("shifts") == [], path


def test_along_the_list_and_back_to_the_row(house, desk, many):
    zhao = desk("zhao")
    page = zhao.go("/bench")
    page.locator(f"#row-{many[3]} a").first.click()
    page.locator("[data-key=next]").click()
    expect(page.locator(f'[data-ticket="{many[4]}"]').first).to_be_attached()
    page.locator("[data-key=list]").click()
    expect(page.locator(f"#row-{many[4]} a").first).to_be_focused()
    assert urlsplit(page.url).path == "/bench"


def test_updates_can_be_paused_and_the_page_says_so(house, desk, many):
    """WCAG 2.2.2: remembered, with the age of what is shown; going on brings everything."""
    zhao = desk("zhao")
    page = zhao.go(f"/t/{many[0]}")
    page.locator(".menu summary").click()
    page.locator('.menu [data-updates="off"]').click()
    page.reload()
    line = page.locator("#connection")
    expect(line.locator("[data-age]")).to_contain_text(":")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with house.app.app_context():
        comment.post_update(find_ticket(many[0]), actor=find_person("wang"), text="暂停时写的")
    page.wait_for_timeout(1500)
    assert asked == []
    assert "暂停时写的" not in page.locator("#timeline").text_content()
    line.locator("button").click()
    expect(page.locator("#timeline")).to_contain_text("暂停时写的")
    expect(line).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "main"


def test_after_a_restart_everything_is_fresh_and_the_line_goes_by_itself(house, desk, many):
    """G17: the web process is killed; the supervisor brings it back; five seconds later nothing is stale."""
    zhao = desk("zhao")
    page = zhao.go("/bench")
    page.wait_for_timeout(900)
    rows = page.locator(".tickets tbody tr").count()
    name = next(name for name in house.processes() if name.startswith("web"))
    was = house.kill(name)
    eventually(lambda: house.processes().get(name, was) != was, seconds=20)
    with house.app.app_context():
        comment.post_update(find_ticket(many[5]), actor=find_person("wang"), text="重启后写的")
        made = intake.report_fault(actor=find_person("zhang"), description="重启后来的")
        zhao_ = find_person("zhao")
        triage.triage_ticket(
            made, actor=find_person("wang"), severity="P3", category="function", team=zhao_.team, assignee=zhao_
        )
    began = monotonic()
    expect(page.locator(f"#row-{made.number}")).to_be_visible(timeout=15_000)
    assert monotonic() - began < 8, "the page was stale for too long after the server was back"
    expect(page.locator("#connection")).to_be_hidden()
    ids = page.evaluate("[...document.querySelectorAll('.tickets tbody tr')].map(row => row.id)")
    assert len(ids) == len(set(ids)) == rows + 1


def test_what_calls_somebody_is_said_at_once(house, desk, many):
    """G13: a P0 that is given to me is the one thing that cannot wait; it is said once."""
    zhao = desk("zhao")
    page = zhao.go("/kb")
    page.wait_for_timeout(900)
    with house.app.app_context():
        made = intake.report_fault(
            actor=find_person("zhang"), description="全公司都登录不了", impact="all", urgency="critical"
        )
    alert = page.locator("#live-alert")
    expect(alert).to_contain_text(made.number, timeout=8_000)
    page.reload()
    page.wait_for_timeout(1200)
    expect(alert).to_have_text("")
