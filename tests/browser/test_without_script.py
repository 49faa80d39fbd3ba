"""Report, triage, approve and confirm work without JavaScript: plain forms, plain pages."""

import pytest
from sqlalchemy import select

from models.ground.db import db
from models.people.person import find_person
from models.record.attachment import attachments_of
from models.record.link import living_link
from models.record.plan import Plan
from models.record.resolution import Confirmation
from models.record.ticket import Ticket, find_ticket
from models.steps import diagnosis, intake, plans, triage


@pytest.fixture
def plain(desk):
    """A browser with scripts turned off."""
    return lambda login="", **more: desk(login, script=False, **more)


@pytest.fixture
def waiting(house) -> tuple[str, int]:
    """A ticket whose plan waits for approval: its number and the plan's id."""
    with house.app.app_context():
        zhao, wang = find_person("zhao"), find_person("wang")
        made = intake.report_fault(actor=find_person("zhang"), description="报销系统打不开")
        triage.triage_ticket(made, actor=wang, severity="P3", category="function", team=zhao.team, assignee=zhao)
        diagnosis.take_ticket(made, actor=zhao)
        plan = plans.submit_plan(made, actor=zhao, risk="normal", kind="fix", steps="1. 重启")
        return made.number, plan.id


def submit(desk, action: str) -> None:
    with desk.page.expect_navigation():
        desk.page.locator(f'form[data-action="{action}"] button:not([type="button"])').last.click()


def test_report(house, plain, picture):
    zhang = plain("zhang")
    page = zhang.go("/report")
    page.locator('textarea[name="description"]').fill("没有脚本也能报障")
    page.locator('input[type="file"]').first.set_input_files(picture)
    submit(zhang, "report")
    with house.app.app_context():
        ticket = find_ticket(zhang.number)
        assert (ticket.description, ticket.reporter.login) == ("没有脚本也能报障", "zhang")
        assert [file.name for file in attachments_of(ticket.id)] == ["截图.png"]


def test_report_with_a_mistake(house, plain, picture):
    zhang = plain("zhang")
    page = zhang.go("/report")
    page.locator('input[type="file"]').first.set_input_files(picture)
    submit(zhang, "report")
    assert page.locator("[data-errors]").is_visible()
    assert "截图.png" in page.locator('form[data-action="report"]').inner_text()
    page.locator('textarea[name="description"]').fill("现在写上了")
    submit(zhang, "report")
    with house.app.app_context():
        assert [file.name for file in attachments_of(find_ticket(zhang.number).id)] == ["截图.png"]


def test_triage(house, plain):
    with house.app.app_context():
        number = intake.report_fault(actor=find_person("zhang"), description="打印机坏了").number
        zhao = find_person("zhao")
        zhao_id, team_id = zhao.id, zhao.team_id
    wang = plain("wang")
    page = wang.go("/triage")
    page.locator(f'tr[data-ticket="{number}"] a').first.click()
    page.wait_for_load_state()
    if not page.locator('form[data-action="triage"]').count():
        page.locator(f'a[href="/t/{number}/triage"]').first.click()
    page.locator('input[name="severity"][value="P3"]').check()
    page.locator('select[name="category"]').select_option("hardware")
    page.locator('select[name="team"]').select_option(str(team_id))
    page.locator('select[name="assignee"]').select_option(str(zhao_id))
    submit(wang, "triage")
    with house.app.app_context():
        assert find_ticket(number).state == "awaiting_engineer"


def test_approve_in_two_taps_on_a_phone(house, plain, waiting):
    number, plan_id = waiting
    chen = plain("chen", width=390)
    page = chen.go("/approvals")
    page.locator(f'a[href^="/approvals/{plan_id}?"]').first.click()
    page.locator("#decide summary.primary").click()
    submit(chen, "approve")
    with house.app.app_context():
        assert find_ticket(number).state == "awaiting_fix"


def test_return_with_a_reason(house, plain, waiting):
    number, plan_id = waiting
    chen = plain("chen", width=390)
    page = chen.go(f"/approvals/{plan_id}")
    page.locator("#decide details").nth(1).locator("summary").click()
    page.locator('form[data-action="return"] textarea').fill("缺回滚步骤")
    submit(chen, "return")
    with house.app.app_context():
        assert find_ticket(number).state == "awaiting_plan"
        assert db.session.get(Plan, plan_id).outcome == "returned"


@pytest.mark.parametrize("verdict", ["yes", "no"])
def test_confirm_through_the_link(house, plain, verdict):
    with house.app.app_context():
        wang = find_person("wang")
        made = intake.register_call(actor=wang, description="怎么投屏?", new_customer="新客户", new_contact="李总")
        triage.answer_ticket(made, actor=wang, result="按“投屏”键。")
        number, token = made.number, living_link(made).token
    phone = plain(width=390)
    page = phone.go(f"/c/{token}")
    assert "按“投屏”键。" in page.locator("main").inner_text()
    page.locator(f'input[name="verdict"][value="{verdict}"]').check()
    if verdict == "no":
        page.locator('form[data-action="confirm"] textarea').first.fill("没有这个键")
    submit(phone, "confirm")
    with house.app.app_context():
        ticket = db.session.scalars(select(Ticket).where(Ticket.number == number)).one()
        assert ticket.state == {"yes": "awaiting_review", "no": "awaiting_plan"}[verdict]
        said = db.session.scalars(select(Confirmation).where(Confirmation.ticket_id == ticket.id)).one()
        assert (said.verdict, said.means) == (verdict, "link")


def test_the_language_is_switched(house, plain):
    stranger = plain(locale="en-GB")
    page = stranger.go("/login")
    assert page.locator("html").get_attribute("lang") == "en"
    with page.expect_navigation():
        page.locator('form[data-action="set_language"] button[value="zh"]').click()
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.locator("h1").inner_text() == "登录"
