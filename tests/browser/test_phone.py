"""On a phone nothing is read sideways: tables of many columns become lists."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.people.person import find_person
from models.steps import drills, rotas


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
