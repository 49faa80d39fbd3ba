"""In a running house with its clock moved: a late fault climbs by itself, before the eyes of whoever watches."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from models.ground.db import db
from models.insight.dossier import events_of
from models.people.person import find_person
from models.record.deadline import Deadline, Firing
from models.record.demo_clock import advance_demo_clock
from models.record.ticket import Ticket, find_ticket
from models.rules import journal
from models.steps import intake, triage

TEN_SECONDS = 10_000  # ms, also with a worker that has just been killed


def a_p0(house) -> str:
    with house.app.app_context():
        zhao = find_person("zhao")
        ticket = intake.report_fault(
            actor=find_person("zhang"), description="支付接口超时", impact="all", urgency="critical"
        )
        triage.triage_ticket(
            ticket, actor=find_person("wang"), severity="P0", category="system", team=zhao.team, assignee=zhao
        )
        return ticket.number


def move(house, span: timedelta) -> None:
    with house.app.app_context():
        advance_demo_clock(span)


def test_a_p0_climbs_to_the_technical_manager_and_the_director(house, desk):
    number = a_p0(house)
    liu, sun = desk("liu"), desk("sun")
    liu.go("/watch")
    sun.go("/watch")
    row = f'tr[data-ticket="{number}"]'
    expect(liu.page.locator(row)).to_have_attribute("data-escalation", "0")
    move(house, timedelta(hours=4, seconds=5))
    expect(liu.page.locator(f'{row}[data-escalation="2"]')).to_have_count(1, timeout=TEN_SECONDS)
    house.kill("sweep")  # and with a killed worker it climbs on
    move(house, timedelta(minutes=11))
    expect(sun.page.locator(f'{row}[data-escalation="3"]')).to_have_count(1, timeout=TEN_SECONDS)
    assert house.pid("sweep")

    liu.go(f"/t/{number}")
    liu.press("acknowledge")
    expect(liu.page.locator('form[data-action="acknowledge"]')).to_have_count(0)
    with house.app.app_context():
        ticket = find_ticket(number)
        assert journal.verify(ticket, events_of(ticket)) is None
        names = [event.name for event in events_of(ticket)]
        assert "acknowledged" in names
        told = db.session.execute(
            select(Deadline.kind, Firing.mark).join(Firing, Firing.deadline_id == Deadline.id)
            .where(Firing.ticket_id == ticket.id)
        ).all()  # fmt: skip
        assert len(told) == len(set(told)), "each step exactly once"
        assert {("resolve_max", 100), ("resolve_max", 200)} <= {tuple(row) for row in told}


def test_the_administrator_moves_the_clock_by_a_button(house, desk):
    admin = desk("admin")
    admin.go("/admin/clock")
    before = admin.page.locator("body").get_attribute("data-now")
    with admin.leaves():
        admin.page.locator('form[data-action="move_demo_clock"] button').first.click()
    admin.go("/admin/clock")
    assert admin.page.locator("body").get_attribute("data-now") > before


def test_everything_is_still_sound(house):
    with house.app.app_context():
        for ticket in db.session.scalars(select(Ticket)):
            assert journal.verify(ticket, events_of(ticket)) is None, ticket.number
