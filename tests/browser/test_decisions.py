"""The two long roads with all their decisions, clicked in a real browser by everybody who takes one: a major change
that is returned, fails and is confirmed in part (P7, P8, P10.6), and a request from the wish to its UAT (P8.3)."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models.ground import clock
from models.ground.db import db
from models.insight.dossier import events_of
from models.record.link import DIRECTION, PROGRESS, living_link
from models.record.plan import WorkStep
from models.record.ticket import Ticket, find_ticket
from models.steps import absences, accounts
from tests.browser.conftest import Desk
from tests.factories import newest_plan, person

PHONE = 390
FITS = "document.documentElement.scrollWidth <= innerWidth"
SEND = """path => {
  const body = new FormData(document.querySelector('form[data-action=sign_out]'));
  body.set('outcome', 'done');
  body.set('body', '先做了再说');
  return fetch(path, {method: 'POST', body}).then(answer => answer.status);
}"""


DECIDED = (
    "plan_submitted", "approved", "returned",  # the delegate agrees, liu returns it
    "plan_submitted", *["approved"] * 3, "worked", "worked", "rolled_back",
    "plan_submitted", *["approved"] * 3, "worked", "worked", "fixed", "test_passed", "partly_confirmed", "closed",
)  # fmt: skip


class Road:
    """One ticket, and everybody who has a hand in it at their own browser."""

    def __init__(self, house, open_desk) -> None:
        self.house, self._open, self.number = house, open_desk, ""
        self._desks: dict[str, Desk] = {}

    def at(self, login: str) -> Desk:
        if login not in self._desks:
            self._desks[login] = self._open(login)
        return self._desks[login]

    def does(self, login: str, action: str, page: str = "", **fields: str) -> Page:
        self.at(login).does(f"/t/{self.number}{page}", action, **fields)
        return self.at(login).page

    def decision(self, login: str) -> Page:
        """The page on which the newest plan is decided."""
        with self.house.app.app_context():
            plan = newest_plan(find_ticket(self.number)).id
        return self.at(login).go(f"/approvals/{plan}")

    def agrees(self, login: str) -> None:
        page = self.decision(login)
        page.locator("#decide summary", has_text="同意").click()
        with self.at(login).leaves():
            page.get_by_role("button", name="确认同意").click()

    def customer(self, purpose: str) -> Desk:
        """Behind the link, on a telephone, without an account."""
        with self.house.app.app_context():
            token = living_link(find_ticket(self.number), purpose=purpose).token
        phone = self._open(width=PHONE)
        phone.go(f"/c/{token}")
        assert phone.page.evaluate(FITS)
        return phone

    @property
    def state(self) -> str:
        with self.house.app.app_context():
            return find_ticket(self.number).state


@pytest.fixture
def road(house, desk) -> Road:
    return Road(house, desk)


@pytest.fixture
def wu_is_away(house) -> None:
    """liu and sun sit on reviews, too; wu is on leave, and sun stands in for wu."""
    with house.app.app_context():
        for login in ("liu", "sun"):
            held = [(role.role, role.team_id) for role in person(login).roles_held]
            accounts.edit_person(person(login), actor=person("admin"), roles=[*held, ("approver", None)])
        now = clock.now()
        absences.announce_absence(
            person("wu"), actor=person("wu"), starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=3),
            delegate=person("sun"),
        )  # fmt: skip


def test_a_major_change_with_all_its_decisions(road, wu_is_away):
    report_and_take(road)
    plan_with_three_approvers(road)
    refuse_what_is_not_approved(road)
    return_once(road)
    revise_and_approve(road)
    fail_and_roll_back(road)
    plan_anew(road)
    carry_out_and_test(road)
    rest = confirm_in_part(road)
    review(road, rest)


def report_and_take(road: Road) -> None:
    road.at("wang").does("/report/telephone", "register", contact="张经理", description="导出报表一直失败。")
    road.number = road.at("wang").number
    with road.house.app.app_context():
        zhao = person("zhao")
        team, engineer = str(zhao.team_id), str(zhao.id)
    road.does("wang", "triage", "/triage", severity="P3", category="function", team=team, assignee=engineer)
    road.does("zhao", "take")
    road.does("zhao", "diagnose", "/diagnosis", root_cause="报表库索引损坏。", cause="code")
    assert road.state == "awaiting_plan"


def plan_with_three_approvers(road: Road) -> None:
    page = road.at("zhao").go(f"/t/{road.number}/plan")
    road.at("zhao").fill(
        "submit_plan", risk="major", effect="报表可以导出", backup="已全量备份", verification="导出一张报表",
        **{"steps-0-body": "停止报表服务", "steps-1-body": "重建索引", "rollback": "恢复备份"},
    )  # fmt: skip
    for name in ("陈静", "吴刚", "刘洋"):
        page.locator("#approvers").get_by_text(name, exact=True).click()
    with road.at("zhao").leaves():
        page.get_by_role("button", name="提交审批").click()
    assert road.state == "awaiting_approval"


def refuse_what_is_not_approved(road: Road) -> None:
    """P7.6: there is no form for it, and one made by hand comes to nothing."""
    before, page = written(road), road.at("zhao").go(f"/t/{road.number}/work")
    expect(page.locator('form[data-action="work"]')).to_have_count(0)
    assert 400 <= page.evaluate(SEND, f"/t/{road.number}/work") < 500
    assert written(road) == before


def return_once(road: Road) -> None:
    """The delegate decides in wu's place, and it says so; liu returns the plan, which ends the round."""
    page = road.decision("sun")
    expect(page.get_by_text("吴刚不在岗")).to_be_visible()
    road.agrees("sun")
    page = road.decision("liu")
    seat = page.locator(".seats li", has_text="孙浩")
    expect(seat).to_contain_text("代吴刚（不在岗）")
    page.locator("#decide summary", has_text="退回").click()
    page.locator('form[data-action="return"] textarea').fill("回滚没有写到哪一份备份。")
    with road.at("liu").leaves():
        page.get_by_role("button", name="确认退回").click()
    assert road.state == "awaiting_plan"


def revise_and_approve(road: Road) -> None:
    """The author reads why, those who decide read what is different now, and everybody decides anew."""
    page = road.at("zhao").go(f"/t/{road.number}/plan")
    expect(page.get_by_text("回滚没有写到哪一份备份。")).to_be_visible()
    road.does("zhao", "submit_plan", "/plan", rollback="恢复今天 12 点的备份\n启动报表服务")
    page = road.decision("chen")
    expect(page.get_by_role("heading", name="与第 1 版相比的改动")).to_be_visible()
    assert "今天 12 点" in "".join(page.locator("ins").all_inner_texts())
    everybody_agrees(road)


def everybody_agrees(road: Road) -> None:
    for login in ("chen", "sun", "liu"):
        assert road.state == "awaiting_approval"
        road.agrees(login)
    assert road.state == "awaiting_fix"


def fail_and_roll_back(road: Road) -> None:
    """A failed step leads straight to the rollback, line by line as the plan says it."""
    road.does("zhao", "work", "/work", result="已停止")
    page = road.does("zhao", "work", "/work", outcome="failed", result="磁盘空间不足")
    assert page.url.endswith(f"/t/{road.number}/rollback")
    done = page.locator('[name^="undone-"][name$="-body"]')
    assert [line.input_value() for line in done.all()] == ["恢复今天 12 点的备份", "启动报表服务", ""]
    with road.at("zhao").leaves():
        page.get_by_role("button", name="已回滚").click()
    assert road.state == "awaiting_plan"


def plan_anew(road: Road) -> None:
    """What was approved before counts no longer."""
    road.does("zhao", "submit_plan", "/plan", **{"steps-1-body": "先扩容磁盘，再重建索引"})
    everybody_agrees(road)


def carry_out_and_test(road: Road) -> None:
    for _step in range(2):
        road.does("zhao", "work", "/work", result="完成")
    road.does("zhao", "fix")
    road.does(
        "he", "pass_test", "/test", findings="导出十张，九张正常。", result="报表可以导出。", cause="索引损坏。",
        measures="扩容并重建索引。",
    )  # fmt: skip
    assert road.state == "awaiting_customer"


def confirm_in_part(road: Road) -> str:
    """On the telephone: partly, the sheet, what does not hold; the receipt names the ticket that goes on."""
    phone = road.customer(PROGRESS)
    page = phone.page
    assert not page.locator(".sheet").is_visible()
    page.get_by_text("部分解决", exact=True).click()
    for nth, holds in enumerate(("yes", "no", "yes", "yes"), start=1):
        page.locator(f"label:has([name=check_{nth}][value={holds}])").click()
    page.locator("[name=remark_2]").fill("年度报表仍然导不出")
    with phone.leaves():
        page.get_by_role("button", name="提交答复").click()
    with road.house.app.app_context():
        rest = db.session.query(Ticket).filter_by(parent_id=find_ticket(road.number).id).one()
        assert (rest.description, rest.state) == ("✗ 功能正常: 年度报表仍然导不出", "awaiting_triage")
        number = rest.number
    expect(page.get_by_text(number)).to_be_visible()
    assert page.evaluate(FITS)
    return number


def review(road: Road, rest: str) -> None:
    chen = road.at("chen")
    page = chen.go(f"/t/{road.number}")
    expect(page.locator(f'a[href="/t/{rest}"]').first).to_be_visible()
    with chen.leaves():
        page.get_by_role("link", name="审核与关闭").click()
    with chen.leaves():
        page.get_by_role("button", name="关闭工单").click()
    assert road.state == "closed"
    assert [name for name in names(road) if name in DECIDED] == list(DECIDED)


def test_a_request_from_the_wish_to_its_uat(road):
    wish_and_triage(road)
    propose(road)
    agree_to_the_direction(road)
    build(road)
    accept(road)


def wish_and_triage(road: Road) -> None:
    wang = road.at("wang")
    page = wang.go("/report?type=request")
    with wang.leaves():
        page.get_by_role("link", name="电话登记").click()
    assert page.url.endswith("/report/telephone/request")
    wang.fill(
        "register", contact="张经理", description="月底要逐张下载发票。", expected="能按月批量下载。",
        category="new_feature", wished="P1",
    )  # fmt: skip
    with wang.leaves():
        wang.press("register")
    road.number = wang.number
    assert road.number.startswith("RD")
    with road.house.app.app_context():
        team = str(person("zhao").team_id)
    road.does("wang", "triage", "/request", priority="P2", team=team)
    assert road.state == "awaiting_assessment"


def propose(road: Road) -> None:
    """The product manager finds it on the bench and says what can be built, by when and by whom."""
    expect(road.at("zhou").go("/bench").locator(f'tr[data-ticket="{road.number}"]')).to_be_visible()
    with road.house.app.app_context():
        engineer = str(person("zhao").id)
    road.does(
        "zhou", "assess", "/feasibility", verdict="feasible", report="可以做：按月打包下载。",
        deliver_at=f"{clock.now() + timedelta(days=20):%Y-%m-%dT18:00}", engineer=engineer,
        development_opinion="两周。", development_by="赵磊", test_opinion="回归发票模块。", test_by="何雪",
        product_opinion="值得做。",
    )  # fmt: skip
    assert road.state == "awaiting_direction"


def agree_to_the_direction(road: Road) -> None:
    phone = road.customer(DIRECTION)
    page = phone.page
    expect(page.get_by_text("可以做：按月打包下载。").first).to_be_visible()
    assert "两周。" not in page.content(), "what the house says among itself"
    page.locator("label:has([name=answer][value=yes])").click()
    with phone.leaves():
        page.locator("main .primary").click()
    assert road.state == "awaiting_plan"


def build(road: Road) -> None:
    road.does(
        "zhao", "submit_plan", "/plan", risk="normal",
        **{"steps-0-body": "加批量下载", "steps-1-body": "灰度发布", "rollback": "关闭开关"},
    )  # fmt: skip
    road.agrees("chen")
    for _step in range(2):
        road.does("zhao", "work", "/work", result="完成")
    road.does("zhao", "fix")
    assert road.state == "awaiting_test"


def accept(road: Road) -> None:
    """UAT: the product manager with the customer, who then says so by their link."""
    zhou = road.at("zhou")
    page = zhou.go(f"/t/{road.number}")
    with zhou.leaves():
        page.get_by_role("link", name="记录用户验收测试（UAT）").click()
    zhou.fill("pass_test", findings="客户当场下载十二张。", result="发票可以按月批量下载。")
    with zhou.leaves():
        zhou.press("pass_test")
    phone = road.customer(PROGRESS)
    page = phone.page
    page.get_by_text("验收通过", exact=True).click()
    with phone.leaves():
        page.get_by_role("button", name="提交答复").click()
    expect(page.locator(".said", has_text="验收通过")).to_be_visible()
    assert road.state == "awaiting_review"


def written(road: Road) -> Any:
    """What a deed on the ticket would change."""
    with road.house.app.app_context():
        ticket = find_ticket(road.number)
        return ticket.version, ticket.state, len(names(road)), db.session.query(WorkStep).count()


def names(road: Road) -> list[str]:
    """What has happened to the ticket, in order."""
    with road.house.app.app_context():
        return [event.name for event in events_of(find_ticket(road.number))]
