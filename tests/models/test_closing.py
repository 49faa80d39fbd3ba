"""What blocks closing (P11.1): each piece is named while it is missing and no longer when it is there."""

import pytest

from models.ground.db import command, db
from models.ground.errors import Conflict, Refused
from models.record.archive import ArchiveRecord
from models.record.plan import WorkStep
from models.steps import closing, cooperation, customer_verification, intake, relations, repair, triage
from tests.factories import ROAD, a_ticket, archive, carry_out, further, person
from tests.models.test_replay import asked


def lacks(ticket):
    db.session.expire_all()
    return closing.missing_pieces(ticket)


def solved(**said):
    """A ticket that waits for its review, after a test with these words."""
    ticket = a_ticket("awaiting_test")
    repair.pass_test(ticket, actor=person("he"), findings="好了。", result="好了。", **said)
    return customer_verification.confirm_result(ticket, actor=person("zhang"), verdict="yes")


def test_a_whole_record_lacks_nothing(cast):
    assert lacks(a_ticket("awaiting_review")) == []


def test_it_asks_once_for_everything(cast, engine):
    ticket = a_ticket("awaiting_review")
    assert asked(engine, lambda: closing.missing_pieces(ticket)) <= 2, "one read, and the BEGIN of SQLite"


def test_an_unanswered_department_blocks_until_it_has_answered(cast):
    ticket = a_ticket("awaiting_fix")
    request = cooperation.ask_department(ticket, actor=cast.zhao, contact=cast.yang, body="请看。")
    carry_out(ticket)
    repair.finish_fix(ticket, actor=cast.zhao)
    repair.pass_test(ticket, actor=cast.he, findings="好了。", result="好了。")
    customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="yes")
    assert lacks(ticket) == ["cooperation"]
    with pytest.raises(Conflict):
        closing.close_ticket(ticket, actor=cast.chen)
    cooperation.answer_cooperation(request, actor=cast.yang, result="needs_time", answer="明天。")
    assert lacks(ticket) == ["cooperation"], "it has promised an answer"
    cooperation.answer_cooperation(request, actor=cast.yang, result="done", answer="好了。")
    assert lacks(ticket) == []
    assert closing.close_ticket(ticket, actor=cast.chen).state == "closed"


def test_what_is_left_over_needs_a_ticket_with_an_owner(cast):
    ticket = solved(leftovers="导出仍然慢。")
    assert lacks(ticket) == ["leftovers"]
    follow_up = intake.report_fault(actor=cast.zhang, description="导出仍然慢。")
    _tie(follow_up, ticket)
    assert lacks(ticket) == ["leftovers"], "nobody owns it yet"
    triage.triage_ticket(
        follow_up, actor=cast.wang, severity="P3", category="performance", team=cast.team("dev"), assignee=cast.zhao
    )
    assert lacks(ticket) == []


def test_one_press_makes_the_ticket_for_what_is_left_over(cast):
    ticket = solved(leftovers="导出仍然慢。")
    with pytest.raises(Refused):
        closing.follow_up_leftovers(ticket, actor=cast.zhao)
    made = closing.follow_up_leftovers(ticket, actor=cast.chen)
    assert (made.description, made.parent_id, made.state) == ("导出仍然慢。", ticket.id, "awaiting_triage")
    assert (made.assignee.login, made.reporter.login) == ("zhao", "zhang")
    assert lacks(ticket) == []
    with pytest.raises(Conflict, match="Nothing is left over"):
        closing.follow_up_leftovers(ticket, actor=cast.chen)


def test_partly_solved_has_its_ticket_and_owner_at_once(cast):
    ticket = a_ticket("awaiting_customer")
    customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="partly", comment="导出仍然慢。")
    assert lacks(ticket) == []


def test_reports_below_it_that_are_open_block(cast):
    ticket, child = a_ticket("awaiting_review"), a_ticket("awaiting_plan")
    relations.relate(child, actor=cast.chen, other=ticket, kind="parent")
    assert lacks(ticket) == ["children"]
    triage.cancel_ticket(child, actor=cast.wang, reason="随大故障一起恢复。")
    assert lacks(ticket) == []


def test_a_step_that_nobody_recorded(cast):
    ticket = a_ticket("awaiting_review")
    _forget_last_step(ticket)
    assert lacks(ticket) == ["steps"]


def test_what_was_never_recorded_step_by_step_is_not_asked_for_afterwards(cast):
    ticket = a_ticket("awaiting_review")
    _forget_tasks(ticket)
    assert lacks(ticket) == []


def test_the_archive_keeps_the_record_and_the_cooperation(cast):
    ticket = a_ticket("awaiting_plan")
    request = cooperation.ask_department(ticket, actor=cast.zhao, contact=cast.yang, body="请看网关。")
    cooperation.answer_cooperation(request, actor=cast.yang, result="done", answer="网关正常。")
    for state in ROAD[ROAD.index("awaiting_plan") : ROAD.index("closed")]:
        further(ticket, state)
    archive(ticket)
    content = db.session.get_one(ArchiveRecord, ticket.id).content
    (kept,) = content["cooperation"]
    assert (kept["body"], kept["answer"], kept["contact"], kept["place"]) == (
        "请看网关。",
        "网关正常。",
        "杨帆",
        "硬件支持",
    )
    assert [(step["how"], step["before"], step["is_planned"]) for step in content["work"]] == [
        ("done", "占用 98%", True)
    ] * 2


@command
def _tie(follow_up, ticket):
    follow_up.parent_id = ticket.id


@command
def _forget_last_step(ticket):
    db.session.delete(db.session.query(WorkStep).order_by(WorkStep.id.desc()).first())


@command
def _forget_tasks(ticket):
    db.session.query(WorkStep).update({"task_id": None})
