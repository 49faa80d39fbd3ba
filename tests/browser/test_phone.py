"""On a phone nothing is read sideways: tables of many columns become lists; and a finger need not aim."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.people.person import find_person
from models.steps import drills, rotas
from tests.browser import looking


@pytest.mark.parametrize("path", ["/admin/on-call", "/admin/drills"])
def test_a_wide_table_is_a_list(house, desk, path):
    with house.app.app_context():
        admin, chen = find_person("admin"), find_person("chen")
        monday = clock.now() - timedelta(days=clock.now().weekday())
        sunday = monday + timedelta(days=6)
        rotas.add_shift(actor=admin, role="duty_lead", person=chen, starts_at=monday, ends_at=sunday)
        drills.start_drill(actor=admin, role="duty_lead")
    page = desk("admin", width=390).go(path)
    assert page.locator(".broad").count()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.querySelectorAll('.broad')].every(e => e.scrollWidth <= e.clientWidth)")


@pytest.mark.parametrize("width", [390, 1366])
def test_the_words_of_a_row_tick_its_box(desk, width):
    page = desk("zhang", width=width).go("/notifications/letters")
    assert looking.ask_axe(page) == []
    box = page.locator("[name=mailed]").nth(1)
    for expected in (False, True):
        page.locator("#mailed-1-word").click(force=True)
        assert box.is_checked() is expected
    assert not page.locator("[name=mailed]:not(:checked)").count(), "no other row's"
