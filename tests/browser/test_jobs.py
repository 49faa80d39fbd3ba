"""Long work on the screen: its progress comes by itself and takes no focus, its end brings the result; and the bell."""

import os
import signal

import pytest
from playwright.sync_api import expect

from models.people import claim
from models.people.person import find_person
from models.steps import drills, jobs, organisation

SOON = 3_000  # ms; how late things may be is measured by the benchmarks
PERIOD = {"policy": "unified", "first": "2026-10-01", "last": "2026-11-30"}


@pytest.fixture
def running(house):
    """A job of liu's that this test works on itself: `running(done)` says how far it has come."""
    stopped = house.kill("job", signal.SIGSTOP)
    with house.app.app_context():
        job_id = jobs.start_job(actor=find_person("liu"), kind="replay", arguments=PERIOD).id
        assert jobs.claim_job(job_id)

    def come(done: int) -> int:
        with house.app.app_context():
            assert jobs.beat_job(job_id, 1, done=done, total=400)
        return job_id

    yield come
    os.kill(stopped, signal.SIGCONT)


def test_progress_comes_by_itself_and_the_end_brings_the_result(house, desk, running):
    job_id = running(100)
    liu = desk("liu", width=390)
    page = liu.go(f"/jobs/{job_id}")
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "100")
    button = page.locator('form[data-action="cancel_job"] button').last
    button.focus()
    running(300)
    expect(bar).to_have_attribute("aria-valuenow", "300", timeout=SOON)
    expect(button).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with house.app.app_context():
        jobs.finish_job(job_id, 1, result={"policy": "unified"})
    expect(page.locator(f'a[href="/admin/replay/{job_id}"]')).to_be_visible(timeout=2 * SOON)
    expect(button).to_have_count(0)


def test_asked_for_on_the_page_and_read_a_moment_later(desk):
    liu = desk("liu")
    liu.does("/admin/replay", "start_replay", first="2026-11-01", last="2026-11-30")
    page = liu.page
    page.locator(".button.primary[href^='/admin/replay/']").click(timeout=20_000)
    expect(page.locator("[data-replayed]")).to_be_visible()


def test_a_drill_reaches_the_bell_of_an_open_page(house, desk):
    sun = desk("sun")
    with sun.page.expect_response(lambda answer: "/events" in answer.url):  # from here on the page hears
        page = sun.go("/me")
    before = page.locator("#inbox .count").text_content() if page.locator("#inbox .count").count() else "0"
    with house.app.app_context():
        drill = drills.start_drill(actor=find_person("admin"), role="director")
    expect(page.locator("#inbox .count")).to_have_text(str(int(before) + 1), timeout=SOON)
    page.locator("#inbox").click()
    expect(page.locator(f'a[href="/admin/drills/{drill.id}"]')).to_be_visible()


def test_the_checks_of_the_set_up_look_again_by_themselves(house, desk):
    """V02: every three seconds, on a page without the desk's frame; whoever stands on a button stays there."""
    home = house.app.config["SETTINGS"].home
    claim.print_code(home)
    try:
        page = desk("admin", width=390).go("/setup/checks")
        expect(page.locator("#checks .works").first).to_be_visible()
        expect(page.locator("#checks .trial")).to_have_count(0)
        button = page.locator('form[data-action="send_trial"] button').last
        button.focus()
        with house.app.app_context():
            organisation.send_trial_letter(actor=find_person("admin"))
        expect(page.locator("#checks .trial")).to_have_attribute("data-message-state", "queued", timeout=2 * SOON)
        expect(button).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        with house.app.app_context():
            claim.end(home)
