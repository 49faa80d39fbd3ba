"""Requests (客户需求): from the wish to the acceptance test, with a clock that is a date (P2.5, P3.1, P8.3)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, DomainError, Invalid, Refused
from models.insight import attribution
from models.insight.dossier import dossier, events_of
from models.insight.explanation import explain
from models.insight.suggestion import suggest_product_manager
from models.insight.tales import pasts
from models.people.person import Person, RoleHeld
from models.policy.pack import load_pack
from models.record import search
from models.record.assessment import assessments_of, deliveries_of, newest_assessment
from models.record.deadline import Deadline, Firing, deadlines_of, open_deadlines
from models.record.entry import Entry
from models.record.link import DIRECTION, living_link
from models.record.message import Message
from models.record.ticket import Ticket
from models.rules import journal, marks
from models.rules.permissions import allows
from models.steps import closing, comment, customer_verification, direction, intake, repair, triage, wish
from tests.database import difference, everything
from tests.factories import REQUEST_ROAD, a_request, a_ticket, assess, deadline

DAY = timedelta(days=1)


def sweep_at(moment: datetime) -> None:
    with clock.hold(moment):
        while escalation.sweep():
            pass


def kinds(ticket) -> set[str]:
    return {str(found.kind) for found in open_deadlines(ticket)}


def plays_again(ticket) -> bool:
    """Whether replay comes to every clock and every firing of the record."""
    (past,) = pasts([ticket.id], until=clock.now())
    return past.left_out == ""


def told(ticket) -> list[tuple[str, str]]:
    rows = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id))
    return [(row.template, getattr(row.reader, "login", "customer")) for row in rows]


@command
def another_product_manager() -> Person:
    held = [RoleHeld(role="reporter"), RoleHeld(role="product_manager")]
    newcomer = Person(login="ma", name="马琳", roles_held=held, email="ma@example.com")
    db.session.add(newcomer)
    db.session.flush()
    return newcomer


@command
def move_past_the_process(found: Deadline) -> None:
    db.session.get_one(Deadline, found.id).due_at = found.due_at + DAY


# --- registered


def test_it_has_its_own_numbers_and_the_column_of_its_own(cast):
    ticket, fault = a_request(), a_ticket()
    assert (ticket.number, fault.number) == ("RD20261118001", "TS20261118001")
    assert (ticket.kind, ticket.level, ticket.severity, ticket.wished) == ("request", "request", "P1", "P1")
    assert {(d.kind, d.severity) for d in deadlines_of(ticket)} == {("triage", "request"), ("respond", "request")}
    assert a_request().number == "RD20261118002"


@pytest.mark.parametrize(("name", "number"), [("unified", "RD20261118007"), ("problem-record", "TP007")])
def test_every_policy_numbers_requests_by_its_own_template(name, number):
    assert load_pack(name).format_number(7, datetime(2026, 11, 18, tzinfo=UTC).date(), kind="request") == number


@pytest.mark.parametrize(
    ("scene", "effect"), [("对账很慢。", ""), ("", "可以批量下载。"), ("对账很慢。", "可以批量下载。")]
)
def test_scene_or_effect_will_do(cast, scene, effect):
    ticket = wish.make_request(actor=cast.zhang, description=scene, expected=effect)
    assert (ticket.description, ticket.expected, ticket.severity) == (scene or effect, effect, "P3")
    condition = search.matches(effect or scene)
    assert condition is not None
    assert db.session.scalars(select(Ticket).where(condition)).all() == [ticket], "found by both"


def test_neither_will_not(cast):
    before = everything()
    with pytest.raises(Invalid):
        wish.make_request(actor=cast.zhang, description=" ", expected="\n")
    assert difference(before, everything()) == {}


def test_the_most_urgent_wish_wakes_nobody(cast):
    """P3.4 is about faults."""
    ticket = a_request(wished="P0")
    assert ("p0", "chen") not in told(ticket)
    assert [login for template, login in told(ticket) if template == "p0"] == []
    wish.triage_request(ticket, actor=cast.wang, priority="P0", category="experience", team=cast.team("dev"))
    assert [login for template, login in told(ticket) if template == "p0"] == []


def test_the_first_line_registers_it_for_a_caller(cast):
    ticket = a_request(contact=cast.contact)
    assert (ticket.number[:2], ticket.channel, ticket.contact.name) == ("RD", "telephone", "张经理")
    assert living_link(ticket)


# --- graded


def test_it_goes_to_the_product_manager_with_the_fewest(cast):
    other = another_product_manager()
    a_request("awaiting_assessment")  # zhou holds one
    assert suggest_product_manager(cast.team("dev").id).id == other.id
    ticket = a_request()
    wish.triage_request(ticket, actor=cast.wang, priority="P2", category="experience", team=cast.team("dev"))
    assert (ticket.assignee_id, ticket.product_manager_id) == (other.id, other.id)
    assert ("assigned", other.login) in told(ticket)
    assert ("accepted", "zhang") in told(ticket)


def test_a_fault_turns_out_to_be_a_request(cast, time):
    ticket = a_ticket(severity="P1")
    number, created = ticket.number, ticket.created_at
    time(timedelta(minutes=6))
    grade = {"actor": cast.wang, "priority": "P2", "category": "new_feature", "team": cast.team("dev")}
    with pytest.raises(Invalid):
        wish.triage_request(ticket, **grade)
    wish.triage_request(ticket, **grade, reason="系统本来没有这个功能。")
    assert (ticket.number, ticket.kind, ticket.state) == (number, "request", "awaiting_assessment")
    assert kinds(ticket) == {"respond", "update", "assess"}, "nothing is to be solved by a time"
    assert {d.severity for d in open_deadlines(ticket)} == {"request"}
    assert deadline(ticket, "respond").started_at == created
    assert plays_again(ticket)


def test_a_request_turns_out_to_be_a_fault(cast, time):
    ticket = a_request()
    created = ticket.created_at
    time(timedelta(minutes=6))
    grade = {"severity": "P0", "impact": "all", "urgency": "critical", "category": "system", "team": cast.team("dev")}
    with pytest.raises(Invalid):
        triage.triage_ticket(ticket, actor=cast.wang, **grade)
    triage.triage_ticket(ticket, actor=cast.wang, **grade, reason="以前是可以的。")
    assert (ticket.kind, ticket.state, ticket.number[:2]) == ("fault", "awaiting_engineer", "RD")
    assert kinds(ticket) == {"respond", "update", "resolve", "resolve_max"}
    assert {deadline(ticket, kind).started_at for kind in ("resolve", "resolve_max", "respond")} == {created}
    assert [login for template, login in told(ticket) if template == "p0"], "now people are called"
    assert plays_again(ticket)


def test_its_priority_moves_no_clock(cast):
    ticket = a_request("awaiting_plan")
    before = [(d.kind, d.round, d.due_at) for d in deadlines_of(ticket)]
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P0", reason="大客户要求。")
    assert [(d.kind, d.round, d.due_at) for d in deadlines_of(ticket)] == before
    assert plays_again(ticket)


def test_it_is_handed_to_another_product_manager(cast):
    ticket = a_request("awaiting_assessment")
    other = another_product_manager()
    triage.hand_over_ticket(ticket, actor=cast.chen, reason="分工调整", assignee=other)
    assert (ticket.product_manager_id, ticket.state) == (other.id, "awaiting_assessment")


# --- assessed


@pytest.mark.parametrize(
    "missing",
    [
        {"report": " "}, {"product_opinion": ""}, {"development_opinion": ""}, {"test_opinion": ""},
        {"engineer": None}, {"deliver_at": None}, {"deliver_at": datetime(2026, 11, 18, 1, tzinfo=UTC)},
        {"verdict": "perhaps"}, {"verdict": "not_now", "product_opinion": ""},
    ],
    ids=str,
)  # fmt: skip
def test_an_assessment_is_whole(cast, missing):
    ticket = a_request("awaiting_assessment")
    before = everything()
    with pytest.raises(Invalid):
        assess(ticket, **missing)
    assert difference(before, everything()) == {}


def test_the_customer_is_asked_by_a_link_of_its_own(cast):
    ticket = a_request("awaiting_direction", contact=cast.contact)
    found = newest_assessment(ticket)
    assert (found.nth, found.verdict, found.engineer.login, found.answer) == (1, "feasible", "zhao", "")
    assert living_link(ticket, purpose=DIRECTION)
    assert ("direction_asked", "customer") in told(ticket)
    assert kinds(ticket) == {"follow_up", "update"}, "the assessment was the first contact"


def test_not_now_is_told_with_its_reasons_and_can_be_left_at_that(cast):
    ticket = a_request("awaiting_assessment")
    assess(ticket, verdict="not_now", report="明年二季度再评估：依赖新的账务平台。")
    assert (ticket.state, ticket.status) == ("awaiting_customer", "resolved")
    assert ("postponed", "zhang") in told(ticket)
    customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="yes")
    assert closing.missing_pieces(ticket) == []
    closing.close_ticket(ticket, actor=cast.chen)
    assert plays_again(ticket)
    closing.reopen_ticket(ticket, actor=cast.chen, reason="平台提前上线。")
    assert ticket.state == "awaiting_assessment"
    assert plays_again(ticket)


def test_not_now_disputed_is_assessed_anew(cast):
    ticket = a_request("awaiting_assessment")
    assess(ticket, verdict="not_now")
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="我们等不了。")
    assert (ticket.state, ticket.assignee.login, ticket.round) == ("awaiting_assessment", "zhou", 2)
    assert {"assess", "update"} <= kinds(ticket)
    assess(ticket)
    assert newest_assessment(ticket).nth == 2
    assert plays_again(ticket)


# --- agreed


def test_agreed_by_the_link(cast):
    ticket = a_request("awaiting_direction", contact=cast.contact)
    progress, door = living_link(ticket), living_link(ticket, purpose=DIRECTION)
    with pytest.raises(Refused):
        direction.agree_direction(ticket, actor=progress)
    direction.agree_direction(ticket, actor=door, comment="很好。")
    found = newest_assessment(ticket)
    assert (found.answer, found.means, found.said_by, found.comment) == ("agreed", "link", "张经理", "很好。")
    assert (ticket.state, ticket.assignee.login) == ("awaiting_plan", "zhao")
    assert ticket.deliver_at == found.deliver_at == deadline(ticket, "deliver").due_at
    with pytest.raises(DomainError):
        direction.agree_direction(ticket, actor=door)


def test_agreed_aloud(cast):
    ticket = a_request("awaiting_direction", contact=cast.contact)
    said = {"said_by": "张经理", "how": "电话", "answer": "agreed"}
    with pytest.raises(Refused):
        direction.record_direction(ticket, actor=cast.he, **said)
    for gap in ("said_by", "how"):
        with pytest.raises(Invalid):
            direction.record_direction(ticket, actor=cast.wang, **(said | {gap: " "}))
    direction.record_direction(ticket, actor=cast.wang, **said)
    found = newest_assessment(ticket)
    assert (found.means, found.said_by, found.how, found.taken_by.login) == ("spoken", "张经理", "电话", "wang")


def test_declined_goes_back_with_the_reason(cast):
    ticket = a_request("awaiting_direction")
    with pytest.raises(Invalid):
        direction.decline_direction(ticket, actor=cast.zhang, reason=" ")
    direction.decline_direction(ticket, actor=cast.zhang, reason="要按周下载。")
    assert (ticket.state, ticket.assignee.login, ticket.deliver_at) == ("awaiting_assessment", "zhou", None)
    assert ("direction_declined", "zhou") in told(ticket)
    assess(ticket, verdict="needs_change", days=30)
    assert [(a.nth, a.answer) for a in assessments_of(ticket)] == [(1, "declined"), (2, "")]
    assert plays_again(ticket)


def test_a_link_of_the_first_assessment_does_not_answer_the_second(cast):
    ticket = a_request("awaiting_direction", contact=cast.contact)
    first = living_link(ticket, purpose=DIRECTION)
    direction.decline_direction(ticket, actor=first, reason="太晚了。")
    assess(ticket, days=10)
    assert first.death == "superseded"
    with pytest.raises(Refused):
        direction.agree_direction(ticket, actor=first)
    assert living_link(ticket, purpose=DIRECTION).id != first.id


def test_a_date_that_has_gone_by_is_not_agreed_to(cast, time):
    ticket = a_request("awaiting_direction", days=2)
    time(3 * DAY)
    before = everything()
    with pytest.raises(Conflict):
        direction.agree_direction(ticket, actor=cast.zhang)
    assert difference(before, everything()) == {}
    direction.decline_direction(ticket, actor=cast.zhang, reason="请给新的日期。")
    assert ticket.state == "awaiting_assessment"


# --- the clock that is a date


def test_delivery_warns_and_is_broken_like_any_promise(cast, time):
    ticket = a_request("awaiting_plan", days=20)
    due = deadline(ticket, "deliver")
    begun = due.started_at
    for share in (0.5, 0.8, 1.0):
        sweep_at(begun + share * (due.due_at - begun))
    fired = db.session.execute(
        select(Firing.mark, Firing.due_at, Firing.role).where(Firing.deadline_id == due.id).order_by(Firing.mark)
    ).all()
    assert [tuple(row) for row in fired] == [
        (50, begun + 10 * DAY, "assignee"), (80, begun + 16 * DAY, "assignee"), (100, begun + 20 * DAY, "supervisor"),
    ]  # fmt: skip
    time(begun + 20 * DAY)
    assert deadline(ticket, "deliver").clock_state == "breached"
    assert plays_again(ticket)


def test_delivery_stands_still_for_nobody(cast, time):
    ticket = a_request("awaiting_plan")
    due = deadline(ticket, "deliver").due_at
    triage.ask_reporter(ticket, actor=cast.zhao, question="压缩包要加密吗?")
    time(3 * DAY)
    intake.supply_information(ticket, actor=cast.zhang, text="不用。")
    assert deadline(ticket, "deliver").due_at == due
    assert plays_again(ticket)


def test_delivered_when_the_acceptance_test_is_passed(cast, time):
    ticket = a_request("awaiting_test")
    time(2 * DAY)
    repair.pass_test(ticket, actor=cast.zhou, findings="与客户一起验收。", result="可以批量下载。")
    assert deadline(ticket, "deliver").clock_state == "met"
    assert kinds(ticket) == {"follow_up", "silence"}
    assert plays_again(ticket)


def test_another_date_needs_a_reason_and_is_a_clock_of_its_own(cast, time):
    ticket = a_request("awaiting_fix")
    old = deadline(ticket, "deliver")
    time(DAY)
    later = old.due_at + 10 * DAY
    for bad in ({"reason": " "}, {"deliver_at": None}, {"deliver_at": clock.now()}, {"deliver_at": old.due_at}):
        with pytest.raises(Invalid):
            direction.change_delivery(ticket, actor=cast.zhou, **({"deliver_at": later, "reason": "接口推迟。"} | bad))
    with pytest.raises(Refused):
        direction.change_delivery(ticket, actor=cast.zhao, deliver_at=later, reason="接口推迟。")
    direction.change_delivery(ticket, actor=cast.zhou, deliver_at=later, reason="接口推迟。")
    now = deadline(ticket, "deliver")
    assert (old.state, now.round, now.due_at, ticket.deliver_at) == ("cancelled", 2, later, later)
    assert [d.reason for d in deliveries_of(ticket)] == ["", "接口推迟。"]
    assert ("delivery_changed", "zhang") in told(ticket)
    assert plays_again(ticket)


def test_no_date_no_change(cast):
    ticket = a_ticket("awaiting_plan")
    with pytest.raises(Conflict):
        direction.change_delivery(ticket, actor=cast.zhou, deliver_at=clock.now() + DAY, reason="x")


def test_disputed_before_its_date_the_promise_runs_on(cast, time):
    ticket = a_request("awaiting_customer", days=20)
    due = ticket.deliver_at
    time(2 * DAY)
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="少了两张。")
    assert (ticket.state, deadline(ticket, "deliver").due_at) == ("awaiting_plan", due)
    assert plays_again(ticket)


def test_disputed_after_its_date_another_is_agreed(cast, time):
    ticket = a_request("awaiting_customer", days=1)
    time(2 * DAY)
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="少了两张。")
    assert "deliver" not in kinds(ticket)
    direction.change_delivery(ticket, actor=cast.zhou, deliver_at=clock.now() + 5 * DAY, reason="补两张。")
    assert "deliver" in kinds(ticket)
    assert plays_again(ticket)


@pytest.mark.parametrize("state", REQUEST_ROAD)
def test_everything_can_be_reckoned_again_wherever_it_stands(cast, state):
    ticket = a_request(state)
    assert plays_again(ticket)
    for found in deadlines_of(ticket):
        assert marks.reckoned(found) == found.due_at, found.kind
        why = explain(found)
        assert why.agrees, found.kind
        assert why.started_by
    assert auditor.audit().wrong == []
    assert journal.verify(ticket, events_of(ticket)) is None
    life = attribution.attribution_of(ticket)
    assert sum((part.span for part in life.parts), timedelta()) == life.whole


def test_the_auditor_sees_a_date_that_was_moved_past_the_process(cast):
    ticket = a_request("awaiting_plan")
    found = deadline(ticket, "deliver")
    move_past_the_process(found)
    assert [wrong["kind"] for wrong in auditor.audit().wrong] == ["deliver"]
    assert not explain(deadline(ticket, "deliver")).agrees


# --- accepted, archived


def test_only_its_own_product_manager_accepts_it(cast):
    ticket, other = a_request("awaiting_test"), another_product_manager()
    assert allows(cast.zhou, "pass_test", ticket)
    assert allows(cast.he, "pass_test", ticket)
    assert not allows(other, "pass_test", ticket)
    assert not allows(cast.zhou, "pass_test", a_ticket("awaiting_test")), "of a fault it is no business of hers"
    assert ("to_test", "zhou") in told(ticket)


def test_a_request_needs_no_root_cause(cast):
    ticket = a_request("awaiting_review")
    assert closing.missing_pieces(ticket) == []


def test_the_archive_keeps_what_was_wished_assessed_and_agreed(cast):
    ticket = a_request("archived")
    content = dossier(ticket)
    assert (content["report"]["kind"], content["report"]["expected"]) == ("request", "可以按月批量下载发票。")
    assert content["people"]["product_manager"] == "周婷"
    (found,) = content["assessments"]
    assert (found["verdict"], found["person"], found["engineer"], found["answer"]) == (
        "feasible", "周婷", "赵磊", "agreed",
    )  # fmt: skip
    assert len(content["deliveries"]) == 1


def test_a_secret_in_the_wish_is_gone_everywhere(cast):
    ticket = a_request("awaiting_assessment", expected="用密码 hunter2 登录后批量下载")
    assess(ticket, report="用 hunter2 登录即可批量下载。")
    comment.redact_description(ticket, actor=cast.chen, replacement="每月对账。", reason="含密码")
    (report,) = db.session.scalars(select(Entry).where(Entry.ticket_id == ticket.id))
    comment.redact_entry(report, actor=cast.chen, reason="含密码")
    assert "hunter2" not in str(everything())
