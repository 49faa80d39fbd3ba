"""Cooperation between departments (P6.4): a lead is named, contacts are asked, answer in time, or the ladder hears."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.cooperations import clocks_of, requests_to
from models.insight.dossier import events_of
from models.insight.tales import pasts
from models.record.cooperation import Cooperation, cooperations_of
from models.record.deadline import Deadline, open_deadlines
from models.record.entry import Entry
from models.record.message import Message
from models.record.ticket import Ticket
from models.rules.permissions import allows, can_see, visible
from models.steps import accounts, comment, cooperation, triage
from tests.database import difference, everything
from tests.factories import a_ticket, person
from tests.models.test_deadlines import at


def ask(ticket, *, actor="chen", body="请核对发票网关的日志。", waits=False):
    return cooperation.ask_department(ticket, actor=person(actor), contact=person("yang"), body=body, waits=waits)


def say(asked, result="done", *, actor="yang", answer="日志正常。"):
    return cooperation.answer_cooperation(asked, actor=person(actor), result=result, answer=answer)


def clock_of(asked):
    db.session.rollback()
    mine = select(Deadline).where(Deadline.kind == "cooperate", Deadline.about_id == asked.id)
    return db.session.scalars(mine.order_by(Deadline.round.desc())).first()


def told(template):
    return {
        (m.person.login, m.channel) for m in db.session.scalars(select(Message).where(Message.template == template))
    }


def sweep():
    while escalation.sweep():
        pass


def people_told(ticket, name):
    return [set(e.details["people"]) for e in events_of(ticket) if e.name == name and e.details["kind"] == "cooperate"]


@pytest.mark.parametrize(("level", "due"), [("P1", "19.T10:00"), ("P3", "20.T16:00")])
def test_the_contact_has_twenty_four_hours(cast, level, due):
    """On the wall for P0 and P1; within the hours of the calendar, eight a day, for the others."""
    asked = ask(a_ticket("awaiting_plan", severity=level))
    found = clock_of(asked)
    assert found.started_at == at("10:00")
    assert found.due_at == at(due) if level == "P1" else found.due_at > at("20.T10:00")


def test_an_answer_in_time_meets_the_clock(cast, time):
    asked = ask(a_ticket("awaiting_plan", severity="P1"))
    time(at("12:00"))
    say(asked)
    found = clock_of(asked)
    assert (found.state, found.met_at, found.clock_state) == ("met", at("12:00"), "met")
    assert (asked.result, asked.answer, asked.answered_by.login) == ("done", "日志正常。", "yang")


def test_several_requests_run_at_once_each_by_its_own_clock(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    first = ask(ticket)
    time(at("11:00"))
    second = ask(ticket, actor="zhao", body="再查一下网卡。")
    say(second)
    assert [clock_of(asked).state for asked in (first, second)] == ["running", "met"]
    assert [asked.is_settled for asked in cooperations_of(ticket)] == [False, True]


def test_warnings_belong_to_whoever_owes_the_answer_and_the_breach_climbs(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = ask(ticket)
    due = clock_of(asked).due_at
    for moment in (at("22:00"), at("19.T05:12")):
        time(moment)
        sweep()
    warned = people_told(ticket, "warned")
    assert [cast.yang.id in people for people in warned] == [True, True], "50 and 80 %"
    assert all(cast.zhao.id not in people for people in warned), "whoever asked can do nothing but wait"
    assert cast.chen.id in warned[1], "the supervisor from 80 % on"
    time(due)
    sweep()
    assert [cast.chen.id in people for people in people_told(ticket, "escalated")] == [True]
    assert clock_of(asked).breached_at == due
    say(asked)
    assert clock_of(asked).clock_state in ("met", "late")


def test_a_contact_who_has_left_does_not_silence_the_warning(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    ask(ticket)
    accounts.deactivate_person(cast.yang, actor=cast.admin, successor=cast.wu)
    time(at("22:00"))
    sweep()
    assert cast.chen.id in people_told(ticket, "warned")[0]


def test_the_contact_sees_what_they_were_asked_about_and_nothing_internal(cast):
    for category in ("function", "security"):
        ticket, other = (a_ticket("awaiting_plan", category=category) for _ in range(2))
        assert not can_see(cast.yang, ticket)
        asked = ask(ticket)
        assert can_see(cast.yang, ticket), category
        assert not can_see(cast.yang, other), category
        assert not allows(cast.yang, "view_internal", ticket)
        assert allows(cast.yang, "view_cooperation", asked)
        assert allows(cast.yang, "answer_cooperation", asked)
        listed = set(db.session.scalars(select(Ticket.id).where(visible(cast.yang))))
        assert ticket.id in listed
        assert other.id not in listed


def test_everybody_concerned_is_told(cast):
    asked = ask(a_ticket("awaiting_plan"))
    assert told("cooperation_asked") == {("yang", "app"), ("yang", "mail")}
    say(asked)
    assert told("cooperation_answered") == {(login, on) for login in ("zhao", "chen") for on in ("app", "mail")}


def test_who_needs_time_answers_again(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = ask(ticket)
    say(asked, "needs_time", answer="明天中午前给结果。")
    assert clock_of(asked).state == "met", "that is an answer"
    assert requests_to(cast.yang, "todo") == [asked]
    time(at("19.T11:00"))
    say(asked, "done", answer="网关日志正常。")
    assert requests_to(cast.yang, "todo") == []
    assert requests_to(cast.yang, "done") == [asked]
    entries = db.session.scalars(select(Entry).where(Entry.kind == "cooperation").order_by(Entry.id))
    assert [(entry.body, entry.public) for entry in entries] == [
        ("请核对发票网关的日志。", False), ("明天中午前给结果。", False), ("网关日志正常。", False),
    ]  # fmt: skip


def test_an_answer_stands(cast):
    asked = ask(a_ticket("awaiting_plan"))
    say(asked, "not_ours", answer="属于网络组。")
    before = everything()
    with pytest.raises(Conflict, match="answered already"):
        say(asked)
    assert difference(before, everything()) == {}


def test_the_ticket_waits_and_goes_on_with_the_last_answer(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    first, second = ask(ticket, waits=True), ask(ticket, waits=True)
    assert ticket.waiting_on == "department"
    time(at("11:00"))
    say(first)
    assert ticket.waiting_on == "department"
    say(second, "needs_time")
    assert ticket.waiting_on == "department"
    say(second)
    assert ticket.waiting_on == ""
    assert [e.name for e in events_of(ticket)][-1] == "resumed"


def test_who_waits_for_the_reporter_goes_on_waiting_for_them(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    triage.ask_reporter(ticket, actor=cast.zhao, question="?")
    asked = ask(ticket, waits=True)
    assert ticket.waiting_on == "reporter"
    say(asked)
    assert ticket.waiting_on == "reporter"


def test_what_was_said_on_the_telephone_is_taken_down(cast):
    asked = ask(a_ticket("awaiting_plan"))
    for login in ("he", "wang", "zhang"):
        with pytest.raises(Refused):
            say(asked, actor=login)
    say(asked, actor="zhao")
    assert asked.answered_by.login == "zhao"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"contact": None}, "contact"),
        ({"contact": "he"}, "contact"),
        ({"body": " "}, "body"),
    ],
)
def test_a_question_needs_a_contact_and_words(cast, given, field):
    ticket = a_ticket("awaiting_plan")
    known = {"contact": cast.yang, "body": "请看。"} | given
    if isinstance(known["contact"], str):
        known["contact"] = person(known["contact"])
    before = everything()
    with pytest.raises(Invalid) as refusal:
        cooperation.ask_department(ticket, actor=cast.chen, **known)
    assert refusal.value.field == field
    assert difference(before, everything()) == {}


def test_an_answer_needs_a_choice_and_words(cast):
    asked = ask(a_ticket("awaiting_plan"))
    for result, answer, field in (("perhaps", "x", "result"), ("", "x", "result"), ("done", " ", "answer")):
        with pytest.raises(Invalid) as refusal:
            say(asked, result, answer=answer)
        assert refusal.value.field == field
    assert asked.result == ""


def test_who_may_ask(cast):
    ticket = a_ticket("awaiting_plan")
    for login in ("wang", "he", "zhang"):
        with pytest.raises(Refused):
            ask(ticket, actor=login)
    assert db.session.scalars(select(Cooperation)).all() == []


def test_a_lead_is_named_and_changed_with_a_reason(cast):
    ticket = a_ticket("awaiting_plan")
    comment.follow_ticket(ticket, actor=cast.he)
    cooperation.name_lead(ticket, actor=cast.chen, team=cast.team("dev"))
    assert ticket.lead_team.code == "dev"
    with pytest.raises(Invalid) as refusal:
        cooperation.name_lead(ticket, actor=cast.chen, team=cast.team("ops"))
    assert refusal.value.field == "reason"
    with pytest.raises(Conflict):
        cooperation.name_lead(ticket, actor=cast.chen, team=cast.team("dev"), reason="x")
    cooperation.name_lead(ticket, actor=cast.chen, team=cast.team("ops"), reason="根因在网络。")
    assert ticket.lead_team.code == "ops"
    assert told("lead_named") == {("zhao", "app"), ("he", "app")}
    with pytest.raises(Refused):
        cooperation.name_lead(ticket, actor=cast.zhao, team=cast.team("dev"), reason="x")


def test_a_ticket_that_has_ended_asks_nobody_any_more(cast):
    ticket = a_ticket("awaiting_plan")
    asked = ask(ticket)
    triage.cancel_ticket(ticket, actor=cast.wang, reason="已恢复。")
    assert open_deadlines(ticket)[0].kind == "archive"
    assert requests_to(cast.yang, "todo") == []
    assert clocks_of([asked]) == {}
    with pytest.raises(Conflict):
        say(asked)


def test_a_new_level_keeps_the_request_of_the_clock(cast):
    ticket = a_ticket("awaiting_plan", severity="P3")
    asked = ask(ticket)
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P1", reason="影响扩大")
    found = clock_of(asked)
    assert (found.severity, found.due_at, found.round) == ("P1", at("19.T10:00"), 2)
    say(asked)
    assert clock_of(asked).state == "met"


def test_the_record_can_be_played_again_and_is_audited(cast, time):
    """Several requests, a waiting, a regrade, a breach: replay and auditor agree with what stands."""
    ticket = a_ticket("awaiting_plan", severity="P1")
    first = ask(ticket, waits=True)
    time(at("12:00"))
    second = ask(ticket)
    time(at("13:00"))
    sweep()
    say(second, "needs_time")
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P2", reason="有替代办法")
    time(at("24.T17:00"))
    sweep()
    say(first)
    say(second)
    db.session.rollback()
    (past,) = pasts([ticket.id], until=clock.now() + timedelta(days=1))
    assert past.left_out == ""
    assert (found := auditor.audit()).wrong == []
    assert (found.missing, found.checked > 0) == (0, True)


def test_a_secret_goes_everywhere(cast):
    asked = ask(a_ticket("awaiting_plan"), body="密码是 hunter2")
    entry = db.session.scalars(select(Entry).where(Entry.body == "密码是 hunter2")).one()
    comment.redact_entry(entry, actor=cast.chen, reason="含密码")
    assert db.session.scalar(select(Cooperation.body).where(Cooperation.id == asked.id)) == comment.REDACTED
