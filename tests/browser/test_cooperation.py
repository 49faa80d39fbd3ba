"""On a phone: a contact answers in two taps and a sentence, an engineer records a step in one, with and without
scripts (P6.4, P8.1)."""

import pytest

from models.insight.progress import work_of
from models.people.person import find_person
from models.record.cooperation import cooperations_of
from models.record.ticket import find_ticket
from models.steps import approval, cooperation, diagnosis, intake, plans, triage


@pytest.fixture
def worked_on(house) -> str:
    """A ticket that is being planned: its number."""
    with house.app.app_context():
        zhao, wang = find_person("zhao"), find_person("wang")
        made = intake.report_fault(actor=find_person("zhang"), description="报销系统打不开")
        triage.triage_ticket(made, actor=wang, severity="P3", category="function", team=zhao.team, assignee=zhao)
        return diagnosis.take_ticket(made, actor=zhao).number


@pytest.mark.parametrize("script", [True, False])
def test_two_taps_and_a_sentence(house, desk, worked_on, script):
    with house.app.app_context():
        cooperation.ask_department(
            find_ticket(worked_on), actor=find_person("chen"), contact=find_person("yang"), body="请核对网关日志。"
        )
    yang = desk("yang", script=script, width=390)
    page = yang.go("/cooperation")
    page.locator(f'tr[data-ticket="{worked_on}"] .c-title a').click()  # one finds the request …
    page.locator('label.option:has(input[value="done"])').click()  # … first tap
    page.locator('textarea[name="answer"]').fill("日志正常。")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    yang.press("answer_cooperation")  # second tap
    page.wait_for_url("**/cooperation")
    assert page.locator(f'tr[data-ticket="{worked_on}"]').count() == 0
    with house.app.app_context():
        (asked,) = cooperations_of(find_ticket(worked_on))
        assert (asked.result, asked.answer) == ("done", "日志正常。")


def test_a_new_request_appears_by_itself(house, desk, worked_on):
    yang = desk("yang", width=390)
    page = yang.go("/cooperation")
    with house.app.app_context():
        cooperation.ask_department(
            find_ticket(worked_on), actor=find_person("chen"), contact=find_person("yang"), body="请看一下。"
        )
    page.locator(f'tr[data-ticket="{worked_on}"]').wait_for()


@pytest.mark.parametrize("script", [True, False])
def test_the_steps_of_a_plan_one_after_another(house, desk, worked_on, picture, script):
    with house.app.app_context():
        zhao, ticket = find_person("zhao"), find_ticket(worked_on)
        plan = plans.submit_plan(
            ticket, actor=zhao, risk="normal", kind="fix", steps="停服务\n清理缓存", rollback="恢复"
        )
        approval.approve_plan(plan, actor=find_person("chen"))
    engineer = desk("zhao", script=script, width=390)
    page = engineer.go(f"/t/{worked_on}/work")
    assert page.locator('textarea[name="body"]').input_value() == "停服务"
    with engineer.leaves():
        engineer.press("work")
    assert page.locator('textarea[name="body"]').input_value() == "清理缓存"
    page.locator("details.fold > summary").first.click()
    page.locator('input[type="file"]').set_input_files(picture)
    with engineer.leaves():
        engineer.press("work")
    assert page.url.endswith(f"/t/{worked_on}"), "nothing is left of the plan"
    assert page.locator('form[data-action="fix"]').count() == 1
    with house.app.app_context():
        steps = work_of(find_ticket(worked_on).plans[-1])
        assert [(step.body, [file.name for file in step.files]) for step in steps] == [
            ("停服务", []), ("清理缓存", ["截图.png"]),
        ]  # fmt: skip
