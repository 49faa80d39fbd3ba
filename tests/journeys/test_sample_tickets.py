"""The four real reports, each over HTTP from its report to the archive, with the clock at their times."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from models.clockwork import escalation as clockwork
from models.ground.db import db
from models.insight.dossier import events_of
from models.record.archive import ArchiveRecord
from models.record.article import Article
from models.record.deadline import deadlines_of
from models.record.link import living_link
from models.record.message import Message
from models.record.ticket import Ticket, find_ticket
from models.rules import journal
from tests.browsing import Browser, Page
from tests.factories import MATRIX, newest_plan, person

SAMPLES = json.loads((Path(__file__).parents[1] / "data/sample_tickets.json").read_text("utf-8"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
SATISFIED = {
    5: "satisfied",
    4: "mostly_satisfied",
    None: "satisfied",
}  # the score of the paper in the words of the scale
TEAM = {"系统运维": "ops", "应用开发": "dev"}
CATEGORY = {"P0": "system", "P1": "function", "P2": "account"}


def instant(words: str) -> datetime:
    return datetime.strptime(words, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


class Journey:
    """One ticket on its way, with everybody who has a hand in it at their own browser."""

    def __init__(self, sample: dict[str, Any], time: Callable[..., None], sign_in: Callable[[str], Browser]) -> None:
        self.sample, self.time, self._sign_in = sample, time, sign_in
        self.browsers: dict[str, Browser] = {}
        self.number = ""
        self.reported = instant(sample["reported"])
        self.resolved = instant(sample["resolved"]) if "resolved" in sample else self.reported + timedelta(minutes=95)
        self.engineer = "zhao" if sample["severity"] in ("P0", "P1") else "li"

    def as_(self, login: str) -> Browser:
        if login not in self.browsers:
            self.browsers[login] = self._sign_in(login)
        return self.browsers[login]

    def at(self, moment: datetime) -> None:
        """Time passes and the engine sweeps."""
        self.time(moment)
        while clockwork.sweep():
            pass

    def part(self, share: float) -> datetime:
        """A moment between the triage and the result."""
        begin = self.reported + timedelta(minutes=8)
        return begin + (self.resolved - begin) * share

    def does(self, login: str, action: str, page: str = "", **fields: Any) -> Page:
        return self.as_(login).does(f"/t/{self.number}{page}", action, **fields)

    @property
    def ticket(self) -> Ticket:
        db.session.rollback()
        found = find_ticket(self.number)
        assert found is not None
        return found


@pytest.mark.parametrize("sample", SAMPLES, ids=["erp", "payment", "mailbox", "telephone"])
def test_from_the_report_to_the_archive(cast, time, sign_in, sample):
    way = Journey(sample, time, sign_in)
    report(way, cast)
    triage(way, cast)
    find_the_cause(way)
    plan_and_approve(way)
    carry_out_and_test(way)
    confirm(way)
    close_and_learn(way)
    archive(way)
    check_the_record(way)


def report(way: Journey, cast: Any) -> None:
    sample = way.sample
    way.at(way.reported)
    impact, urgency = MATRIX[sample["severity"]]
    said = {
        "description": sample["description"],
        "steps": sample.get("steps", ""),
        "impact": impact,
        "urgency": urgency,
    }
    if "customer" in sample:
        page = way.as_("wang").does("/report/telephone", "register", contact=cast.contact.name, **said)
    else:
        page = way.as_("zhang").does("/report", "report", **said)
    way.number = page.one(data_ticket=None)["data-ticket"]
    assert way.number == f"TS{way.sample['reported'][:10].replace('-', '')}001"
    assert way.ticket.state == "awaiting_triage"
    assert way.number in page.text, "the receipt says it"


def triage(way: Journey, cast: Any) -> None:
    queue = way.as_("wang").get("/triage")
    row = queue.one(data_ticket=way.number)
    assert (row["data-state"], row["data-severity"]) == ("awaiting_triage", way.sample["severity"])
    way.at(way.reported + timedelta(minutes=8))
    way.does(
        "wang", "triage", "/triage", severity=way.sample["severity"], category=CATEGORY[way.sample["severity"]],
        team=str(cast.team(TEAM[way.sample["team"]]).id), assignee=str(person(way.engineer).id),
    )  # fmt: skip
    bench = way.as_(way.engineer).get("/bench")
    assert bench.one(data_ticket=way.number)["data-state"] == "awaiting_engineer"


def find_the_cause(way: Journey) -> None:
    way.does(way.engineer, "take")
    way.at(instant(way.sample["responded"]) if "responded" in way.sample else way.part(0.1))
    way.does(way.engineer, "call", "/call", text="已与上报人通话,确认现象。")
    way.does(way.engineer, "update", "/update", text="已收到,正在排查。")
    way.does(way.engineer, "step", "/steps", done="查看服务日志。", seen="能够复现。")
    way.does(
        way.engineer,
        "diagnose",
        "/diagnosis",
        root_cause=way.sample["remark"] or "配置被改回默认值。",
        cause="capacity",
    )


def plan_and_approve(way: Journey) -> None:
    way.at(way.part(0.4))
    way.does(
        way.engineer, "submit_plan", "/plan", kind="fix", risk="normal", effect="恢复正常",
        verification="请上报人再试一次", rollback="恢复原配置", **{"steps-0-body": "处理", "steps-1-body": "验证"},
    )  # fmt: skip
    way.at(way.part(0.5))
    plan = newest_plan(way.ticket)
    inbox = way.as_("chen").get("/approvals")
    assert inbox.one(id=f"row-plan-{plan.id}")
    assert not way.as_(way.engineer).get(f"/approvals/{plan.id}").forms("approve"), "nobody decides on their own plan"
    way.as_("chen").does(f"/approvals/{plan.id}", "approve", comment="同意")
    assert way.ticket.state == "awaiting_fix"


def carry_out_and_test(way: Journey) -> None:
    way.at(way.part(0.7))
    for _step in newest_plan(way.ticket).tasks:
        way.does(way.engineer, "work", "/work", result="正常", before="报错", after="正常")
    way.does(way.engineer, "fix")
    way.at(way.resolved)
    way.does(
        "he", "pass_test", "/test", findings="与上报人一起验证通过。",
        result=way.sample["result"] or "已可以正常登录。",
        cause="见排查记录", measures="已处理", prevention="加告警",
    )  # fmt: skip
    assert way.ticket.state == "awaiting_customer"


def confirm(way: Journey) -> None:
    way.at(way.resolved + timedelta(minutes=20))
    answer = {"verdict": "yes", "satisfaction": SATISFIED[way.sample["score"]]}
    if way.ticket.contact:
        token = living_link(way.ticket).token
        stranger = Browser(way.as_("wang").client.application)
        page = stranger.get(f"/c/{token}")
        assert way.number in page.text
        assert page.status == 200
        stranger.does(f"/c/{token}", "confirm", **answer)
        assert not stranger.get(f"/c/{token}").forms("confirm"), "an answer counts once"
    else:
        way.does("zhang", "confirm", "/confirmation", **answer)
    assert way.ticket.state == "awaiting_review"


def close_and_learn(way: Journey) -> None:
    way.at(way.resolved + timedelta(minutes=35))
    way.does("chen", "close", "/review", review=way.sample["remark"])
    way.as_("chen").does(f"/t/{way.number}", "draft_article")
    article = db.session.scalars(select(Article)).one()
    assert article.ticket_id == way.ticket.id
    way.as_("qian").does(f"/kb/{article.slug}", "publish_article")
    assert article.title in way.as_("zhang").get("/kb").text


def archive(way: Journey) -> None:
    way.at(way.ticket.closed_at + timedelta(days=7, seconds=-1))
    assert way.ticket.state == "closed"
    way.at(way.ticket.closed_at + timedelta(days=7))
    assert way.ticket.state == "archived"
    assert way.as_("chen").get("/archive").one(data_ticket=way.number)["data-status"] == "archived"
    page = way.as_("chen").get(f"/t/{way.number}/record")
    for said in (way.number, way.sample["description"], way.sample["result"]):
        assert said in page.text, said
    assert not [form.action for form in page.forms() if form.action not in ("set_language", "set_theme", "sign_out")]


def check_the_record(way: Journey) -> None:
    ticket = way.ticket
    record = db.session.get(ArchiveRecord, ticket.id)
    assert record is not None
    assert record.is_sound
    assert journal.verify(ticket, events_of(ticket)) is None
    road = [e.name for e in events_of(ticket) if e.name not in ("warned", "escalated")]
    assert road == [
        "reported", "triaged", "taken", "called", "updated", "step_logged", "diagnosed", "plan_submitted", "approved",
        "worked", "worked", "fixed", "test_passed", "confirmed", "closed", "archived",
    ]  # fmt: skip
    clocks = {
        d.kind: d.clock_state for d in deadlines_of(ticket) if d.kind in ("triage", "respond", "resolve", "resolve_max")
    }
    assert set(clocks.values()) == {"met"}, clocks
    assert ("resolve_max" in clocks) == (way.sample["severity"] == "P0")
    caller = Message.contact_id == ticket.contact_id if ticket.contact_id else Message.person_id == ticket.reporter_id
    mails = db.session.scalars(
        select(Message.template).where(Message.ticket_id == ticket.id, Message.channel == "mail", caller)
    )
    assert {"accepted", "update", "result", "closed"} <= set(mails)


def test_three_reports_of_one_day_are_numbered_in_order(cast, time, sign_in):
    for n, sample in enumerate(SAMPLES[:3], 1):
        way = Journey(sample, time, sign_in)
        report_numbered = way.as_("zhang")
        way.at(way.reported)
        page = report_numbered.does("/report", "report", description=sample["description"])
        assert page.one(data_ticket=None)["data-ticket"] == f"TS20231025{n:03}"
