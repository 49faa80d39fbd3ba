"""A request on its whole way over HTTP: wish, assessment, direction, delivery, UAT, archive (P8.3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.clockwork import auditor
from models.clockwork import escalation as clockwork
from models.ground import clock
from models.ground.db import db
from models.insight.dossier import events_of
from models.insight.tales import pasts
from models.record.archive import ArchiveRecord
from models.record.assessment import assessments_of
from models.record.deadline import deadlines_of
from models.record.link import DIRECTION, living_link
from models.record.ticket import Ticket, find_ticket
from models.rules import journal
from models.steps import accounts
from tests.browsing import Browser, Page
from tests.factories import newest_plan, person

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(words: str) -> datetime:
    return datetime.strptime(words, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


class Way:
    """The request, and everybody who has a hand in it at their own browser."""

    def __init__(self, time: Callable[..., None], sign_in: Callable[[str], Browser]) -> None:
        self.time, self._sign_in, self.number = time, sign_in, ""
        self.browsers: dict[str, Browser] = {}

    def at(self, words: str) -> None:
        """Time passes and the engine sweeps."""
        self.time(at(words))
        while clockwork.sweep():
            pass

    def as_(self, login: str) -> Browser:
        if login not in self.browsers:
            self.browsers[login] = self._sign_in(login)
        return self.browsers[login]

    def does(self, login: str, action: str, page: str = "", **fields: Any) -> Page:
        return self.as_(login).does(f"/t/{self.number}{page}", action, **fields)

    def customer(self) -> Browser:
        return Browser(self.as_("wang").client.application)

    @property
    def ticket(self) -> Ticket:
        db.session.rollback()
        found = find_ticket(self.number)
        assert found is not None
        return found


@pytest.fixture
def way(cast, time, sign_in) -> Way:
    for login in ("wang", "zhou", "zhao", "chen"):
        accounts.set_own_settings(person(login), locale="en", time_zone="Asia/Shanghai", theme="auto", on_duty=True)
    return Way(time, sign_in)


def test_from_the_wish_to_the_archive(way, cast):
    wish_and_triage(way, cast)
    propose_twice(way)
    build(way)
    accept_and_confirm(way)
    close_and_archive(way)
    check_the_record(way)


def wish_and_triage(way: Way, cast: Any) -> None:
    way.at("2026-11-18 09:30")
    page = way.as_("wang").does(
        "/report/telephone/request", "register", contact=cast.contact.name, description="每月底对账，要逐张下载发票。",
        expected="能按月批量下载。", category="new_feature", wished="P1",
    )  # fmt: skip
    way.number = page.one(data_ticket=None)["data-ticket"]
    assert way.number == "RD20261118001"
    assert way.number in page.text, "the receipt says it"
    way.at("2026-11-18 09:38")
    way.does("wang", "triage", "/request", priority="P2", team=str(cast.team("dev").id))
    bench = way.as_("zhou").get("/bench")
    assert bench.one("tr", data_ticket=way.number)["data-state"] == "awaiting_assessment"
    assert way.ticket.next_due_at == at("2026-11-18 15:00"), "the response: 4 h of service, as a P3"


def propose_twice(way: Way) -> None:
    """The first proposal is too late for the customer; the second they agree to by its own link."""
    way.at("2026-11-20 10:00")
    assessment = {
        "verdict": "feasible", "report": "可以做：在发票页加“批量下载”。", "product_opinion": "多家客户提过。",
        "development_opinion": "两周。", "development_by": "赵磊", "test_opinion": "回归发票模块。", "test_by": "何雪",
        "engineer": str(person("zhao").id), "cost": "10 人日",
    }  # fmt: skip
    way.does("zhou", "assess", "/feasibility", deliver_at="2027-02-26T18:00", **assessment)
    first = living_link(way.ticket, purpose=DIRECTION).token
    page = way.customer().get(f"/c/{first}")
    assert "可以做：在发票页加“批量下载”。" in page.text
    assert "两周。" not in page.text, "what the house says among itself"
    way.customer().does(f"/c/{first}", "agree", answer="no", comment="年底前就要用。")
    assert way.ticket.state == "awaiting_assessment"

    way.at("2026-11-20 15:00")
    way.does("zhou", "assess", "/feasibility", deliver_at="2026-12-18T18:00", **assessment)
    assert way.customer().open(f"/c/{first}").status == 410
    second = living_link(way.ticket, purpose=DIRECTION).token
    customer = way.customer()
    customer.does(f"/c/{second}", "agree", answer="yes")
    assert not customer.get(f"/c/{second}").forms("agree"), "an answer counts once"
    ticket = way.ticket
    assert (ticket.state, ticket.assignee.login, ticket.deliver_at) == ("awaiting_plan", "zhao", at("2026-12-18 18:00"))


def build(way: Way) -> None:
    way.at("2026-11-23 10:00")
    way.does(
        "zhao", "submit_plan", "/plan", kind="fix", risk="normal", effect="可按月下载", verification="与客户一起验收",
        rollback="关闭开关", **{"steps-0-body": "加批量下载", "steps-1-body": "灰度"},
    )  # fmt: skip
    plan = newest_plan(way.ticket)
    way.as_("chen").does(f"/approvals/{plan.id}", "approve")
    way.at("2026-12-10 10:00")
    for _step in newest_plan(way.ticket).tasks:
        way.does("zhao", "work", "/work", result="完成")
    way.does("zhao", "fix")
    assert way.as_("zhou").get("/bench").one("tr", data_ticket=way.number)["data-state"] == "awaiting_test"


def accept_and_confirm(way: Way) -> None:
    """UAT: the product manager with the customer, who then says so by their link."""
    way.at("2026-12-11 14:00")
    page = way.as_("zhou").get(f"/t/{way.number}")
    assert "Record the acceptance test (UAT)" in page.text
    way.does("zhou", "pass_test", "/test", findings="客户当场下载十二张。", result="发票可以按月批量下载。")
    way.at("2026-12-11 14:20")
    token = living_link(way.ticket).token
    way.customer().does(f"/c/{token}", "confirm", verdict="yes", satisfaction="satisfied")
    assert way.ticket.state == "awaiting_review"


def close_and_archive(way: Way) -> None:
    way.at("2026-12-11 14:40")
    way.does("chen", "close", "/review")
    way.at("2026-12-18 14:41")
    assert way.ticket.state == "archived"


def check_the_record(way: Way) -> None:
    ticket = way.ticket
    events = events_of(ticket)
    road = [e.name for e in events if e.name not in ("warned", "escalated", "reminded")]
    assert road == [
        "reported", "triaged", "assessed", "direction_declined", "assessed", "direction_agreed", "plan_submitted",
        "approved", "worked", "worked", "fixed", "test_passed", "confirmed", "closed", "archived",
    ]  # fmt: skip
    clocks = {(d.kind, d.round): d.clock_state for d in deadlines_of(ticket)}
    assert {d.severity for d in deadlines_of(ticket)} == {"request"}
    assert (clocks["assess", 1], clocks["assess", 2], clocks["deliver", 1]) == ("met", "met", "met")
    assert not {kind for kind, _ in clocks} & {"resolve", "resolve_max", "plan", "test"}, "nobody agreed these"
    assert [a.answer for a in assessments_of(ticket)] == ["declined", "agreed"]
    assert journal.verify(ticket, events) is None
    (past,) = pasts([ticket.id], until=clock.now())
    assert past.left_out == "", "replay comes to the same"
    assert auditor.audit().wrong == []
    frozen = db.session.get(ArchiveRecord, ticket.id)
    assert frozen.is_sound
    assert [a["answer"] for a in frozen.content["assessments"]] == ["declined", "agreed"]
    page = way.as_("chen").get(f"/t/{way.number}/record")
    assert "年底前就要用。" in page.text
    report = way.as_("zhou").get(f"/t/{way.number}/assessment")
    assert "2026-12-18 18:00" in report.text
    assert timedelta(0) < ticket.deliver_at - ticket.resolved_at, "a week early"
