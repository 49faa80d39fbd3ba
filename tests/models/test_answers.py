"""The joint verification sheet, and answers that contradict themselves (P10.6)."""

import pytest
from sqlalchemy import select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import DomainError, Invalid, Unclear
from models.insight.customer_view import customer_view, dead_view
from models.insight.dossier import dossier, events_of
from models.record.archive import ArchiveRecord
from models.record.deadline import open_deadlines
from models.record.entry import Entry
from models.record.link import living_link
from models.record.resolution import Check, Confirmation, sheet_of
from models.record.ticket import Ticket
from models.steps import closing, comment, customer_verification, repair
from tests.database import difference, everything
from tests.factories import a_request, a_ticket, archive, person

CHECKS = ["问题已解决", "功能正常", "速度符合预期", "没有引起别的问题"]
ALL_HOLD = dict.fromkeys(range(1, 5), ("yes", ""))


def a_tested_ticket(cast, checks=CHECKS, **more) -> Ticket:
    """A customer's ticket that was tested and waits for their answer, with a sheet."""
    ticket = a_ticket("awaiting_test", contact=cast.contact)
    repair.pass_test(ticket, actor=cast.he, findings="可以提交。", result="已恢复。", checks=checks, **more)
    return ticket


def say(ticket, verdict, **more):
    return customer_verification.confirm_result(ticket, actor=living_link(ticket), verdict=verdict, **more)


@command
def adopt(child, *, parent):
    child.parent_id = parent.id


def rest_of(ticket):
    return db.session.scalars(select(Ticket).where(Ticket.parent_id == ticket.id)).one()


@pytest.mark.parametrize("checks", [[], CHECKS, CHECKS[:3], [*CHECKS, "a", "b", "c"], ["", *CHECKS, " "]])
def test_three_to_seven_lines_or_none(cast, checks):
    sheet = sheet_of(a_tested_ticket(cast, checks))
    assert [check.text for check in sheet] == [text for text in checks if text.strip()]
    assert {check.answer for check in sheet} <= {""}


@pytest.mark.parametrize("checks", [["a"], ["a", "b", ""], [str(n) for n in range(8)]])
def test_no_other_number(cast, checks):
    ticket = a_ticket("awaiting_test")
    before = everything()
    with pytest.raises(Invalid) as refusal:
        repair.pass_test(ticket, actor=cast.he, findings="好", result="好", checks=checks)
    assert refusal.value.field == "checks"
    assert difference(before, everything()) == {}


def test_tested_together_the_sheet_holds(cast):
    ticket = a_tested_ticket(cast, confirmed_by="张经理")
    assert {check.answer for check in sheet_of(ticket)} == {"yes"}


def test_what_does_not_hold_becomes_a_ticket_of_its_own(cast):
    ticket = a_tested_ticket(cast)
    say(
        ticket,
        "partly",
        comment="手机上还要看。",
        checks=ALL_HOLD | {2: ("no", "导出按钮是灰的"), 3: ("no", "")},
    )
    rest = rest_of(ticket)
    assert rest.description == "手机上还要看。\n✗ 功能正常: 导出按钮是灰的\n✗ 速度符合预期"
    assert (rest.state, rest.assignee, rest.team) == ("awaiting_triage", ticket.assignee, ticket.team)
    assert (rest.contact_id, rest.service_id) == (ticket.contact_id, ticket.service_id)
    kept = [(check.answer, check.comment) for check in sheet_of(ticket)]
    assert kept == [("yes", ""), ("no", "导出按钮是灰的"), ("no", ""), ("yes", "")]
    view = customer_view(ticket)
    assert view["follow_ups"] == [rest.number]
    assert [check["answer"] for check in view["answer"]["checks"]] == ["yes", "no", "no", "yes"]
    assert dossier(ticket)["checks"][1]["comment"] == "导出按钮是灰的"


def test_partly_and_nothing_else_is_asked_for_the_sheet(cast):
    ticket = a_tested_ticket(cast)
    before = everything()
    with pytest.raises(Unclear) as asked:
        say(ticket, "partly")
    with pytest.raises(Unclear):
        say(ticket, "partly", checks=ALL_HOLD)
    assert asked.value.values["about"] == ("sheet",)
    assert difference(before, everything()) == {}
    say(ticket, "partly", checks={1: ("no", "")})
    assert rest_of(ticket).title == "✗ 问题已解决"


def test_without_a_sheet_the_words_say_what_remains(cast):
    with pytest.raises(Invalid) as refusal:
        say(a_tested_ticket(cast, []), "partly")
    assert refusal.value.field == "comment"


def test_not_solved_with_the_sheet_alone_is_enough_of_a_reason(cast):
    ticket = a_tested_ticket(cast)
    say(ticket, "no", checks={1: ("no", "仍然转圈")})
    assert ticket.state == "awaiting_plan"
    said = db.session.scalars(select(Entry).where(Entry.ticket_id == ticket.id, Entry.kind == "feedback")).one()
    assert said.body == "✗ 问题已解决: 仍然转圈"
    assert sheet_of(ticket) == [], "the next round has a sheet of its own"


@pytest.mark.parametrize("checks", [{1: ("maybe", "")}, {2: ("YES", "")}])
def test_a_mark_that_makes_no_sense(cast, checks):
    with pytest.raises(DomainError) as refusal:
        say(a_tested_ticket(cast), "partly", comment="x", checks=checks)
    assert refusal.value.status == 422


def test_a_mark_beyond_the_sheet_is_nobodys(cast):
    ticket = a_tested_ticket(cast)
    say(ticket, "yes", checks={9: ("no", "x")})
    assert ticket.state == "awaiting_review"


CONTRADICTIONS = [
    ("yes", {"checks": {2: ("no", "")}}, "checks", "awaiting_review"),
    ("yes", {"comment": "但是导出还是报错"}, "words", "awaiting_review"),
    ("yes", {"satisfaction": "dissatisfied"}, "dissatisfied", "awaiting_review"),
    ("no", {"comment": "没好", "satisfaction": "satisfied"}, "satisfied", "awaiting_plan"),
    ("yes", {"comment": "还没好", "satisfaction": "dissatisfied"}, "words dissatisfied", "awaiting_review"),
]


@pytest.mark.parametrize(("verdict", "said", "about", "goal"), CONTRADICTIONS)
def test_asked_about_once_before_it_counts(cast, verdict, said, about, goal):
    ticket = a_tested_ticket(cast)
    before = everything()
    with pytest.raises(Unclear) as asked:
        say(ticket, verdict, **said)
    assert " ".join(asked.value.values["about"]) == about
    assert difference(before, everything()) == {}
    say(ticket, verdict, asked=about, **said)
    assert ticket.state == goal
    assert db.session.scalars(select(Confirmation)).one().asked == about, "it is on record that it was asked"
    assert any(event.details.get("asked") == about for event in events_of(ticket))


FITTING = [
    ("yes", {}),
    ("yes", {"satisfaction": "satisfied", "comment": "谢谢,没问题了"}),
    ("yes", {"checks": ALL_HOLD}),
    ("yes", {"satisfaction": "mostly_satisfied", "comment": "处理慢了一点"}),
    ("no", {"comment": "没好"}),
    ("no", {"comment": "没好", "satisfaction": "dissatisfied"}),
    ("partly", {"comment": "导出还是报错", "satisfaction": "dissatisfied"}),
    ("partly", {"comment": "导出还是报错", "satisfaction": "satisfied"}),
]


@pytest.mark.parametrize(("verdict", "said"), FITTING)
def test_what_fits_together_is_not_asked_about(cast, verdict, said):
    ticket = a_tested_ticket(cast)
    say(ticket, verdict, **said)
    assert ticket.state != "awaiting_customer"
    assert db.session.scalars(select(Confirmation)).one().asked == ""


def test_what_is_taken_down_is_asked_about_too(cast):
    ticket = a_tested_ticket(cast)
    spoken = {"actor": cast.wang, "said_by": "张经理", "how": "电话", "verdict": "yes", "checks": {2: ("no", "灰的")}}
    with pytest.raises(Unclear):
        customer_verification.record_spoken(ticket, **spoken)
    customer_verification.record_spoken(ticket, asked="checks", **spoken)
    assert [check.answer for check in sheet_of(ticket)] == ["", "no", "", ""]
    assert db.session.scalars(select(Confirmation)).one().asked == "checks"


@pytest.mark.parametrize("verdict", ["yes", "partly"])
def test_a_change_of_mind_after_each_answer(cast, verdict):
    """After "partly" the linked ticket stays, and is named."""
    ticket = a_tested_ticket(cast)
    link = living_link(ticket)
    say(ticket, verdict, comment="手机上再看看")
    numbers = customer_view(ticket)["follow_ups"]
    customer_verification.dispute_result(ticket, actor=link, reason="电脑上也不行了。")
    assert (ticket.state, ticket.round) == ("awaiting_plan", 2)
    assert len(numbers) == (verdict == "partly")
    assert dead_view(link)["follow_ups"] == numbers
    assert customer_view(ticket)["follow_ups"] == numbers
    with pytest.raises(DomainError):
        customer_verification.confirm_result(ticket, actor=link, verdict="yes")


def test_not_solved_can_be_disputed_no_further(cast):
    ticket = a_tested_ticket(cast)
    link = living_link(ticket)
    say(ticket, "no", comment="没好")
    with pytest.raises(DomainError):
        customer_verification.dispute_result(ticket, actor=link, reason="真的没好")


def test_dissatisfied_starts_a_call_back(cast):
    ticket = a_tested_ticket(cast)
    say(ticket, "yes", satisfaction="dissatisfied", asked="dissatisfied")
    assert "call_back" in {deadline.kind for deadline in open_deadlines(ticket)}


def test_a_parents_other_children_are_not_shown_to_the_customer(cast):
    ticket = a_tested_ticket(cast)
    other = a_ticket()
    adopt(other, parent=ticket)
    assert customer_view(ticket)["follow_ups"] == []


def test_a_request_is_accepted_in_words_of_its_own(cast):
    """P8.3: delivery ends with UAT."""
    assert customer_view(a_request("awaiting_customer"))["words"] == "uat"
    assert customer_view(a_tested_ticket(cast))["words"] == "verdict"


def test_silence_says_that_it_is_silence(cast):
    ticket = a_tested_ticket(cast)
    for _ in range(10):
        due = next((d.due_at for d in open_deadlines(ticket) if d.kind == "silence"), None)
        if due is None:
            break
        with clock.hold(max(due, clock.now())):
            while escalation.sweep():
                pass
        db.session.refresh(ticket)
    assert customer_view(ticket)["answer"]["means"] == "silence"


def test_a_secret_in_the_sheet_is_redacted_everywhere(cast):
    """P11.7"""
    ticket = a_tested_ticket(cast)
    say(ticket, "yes", checks={1: ("yes", "密码 hunter2 可以登录")})
    assert "hunter2" not in str(dossier(ticket)), "what holds needs no words"
    other = a_tested_ticket(cast)
    say(other, "no", comment="账号 guest99", checks={1: ("no", "密码 hunter2 不对")})
    said = db.session.scalars(select(Entry).where(Entry.ticket_id == other.id, Entry.kind == "feedback")).one()
    comment.redact_entry(said, actor=person("chen"), reason="含密码")
    assert "hunter2" not in str(dossier(other))
    assert "guest99" not in str(dossier(other))
    assert db.session.scalars(select(Check).where(Check.ticket_id == other.id, Check.answer == "no")).one()


def test_the_archive_keeps_the_sheet(cast):
    ticket = a_tested_ticket(cast)
    say(ticket, "yes", checks=ALL_HOLD)
    closing.close_ticket(ticket, actor=cast.chen)
    archive(ticket)
    frozen = db.session.get(ArchiveRecord, ticket.id)
    assert [check["answer"] for check in frozen.content["checks"]] == ["yes"] * 4
