"""Extension (延期申请, P4.6): asked for before the due time, decided by somebody else, told to the customer."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.clockwork import escalation
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.dossier import events_of
from models.people.person import RoleHeld
from models.record.deadline import Deadline, Firing, open_deadlines
from models.record.entry import Entry
from models.record.extension import Extension, extensions_of, pending_extension
from models.record.message import Message
from models.rules.permissions import allows
from models.steps import comment, customer_verification, extension, intake, repair, triage
from tests.factories import a_ticket, deadline, person
from tests.models.test_deadlines import at


def ask(ticket, until, *, login="zhao", reason="等厂商补丁。"):
    return extension.ask_for_extension(ticket, actor=person(login), reason=reason, until=until)


def grant(ticket, *, login="chen"):
    return extension.grant_extension(pending_extension(ticket), actor=person(login))


def told(event):
    """(reader, template, channel) of the newest event of this name."""
    mine = select(Message).where(Message.template == event)
    return {(getattr(m.reader, "login", m.reader.name), m.channel) for m in db.session.scalars(mine)}


@pytest.mark.parametrize(
    ("level", "until", "resolve", "resolve_max"),
    [
        ("P0", "13:00", "13:00", "15:00"),  # 12:00 and 14:00, both an hour later
        ("P1", "20:00", "20:00", None),
        ("P2", "24.T09:30", "24.T09:30", None),  # 23rd 11:30, and service hours on top
        ("P2", "23.T12:45", "23.T12:00", None),  # nobody works in the lunch break: it ends with the morning
        ("P3", "23.T17:00", "23.T17:00", None),
        ("P3", "25.T09:00", "24.T18:00", None),  # the first minute of a day and the last of the one before are one
    ],
)
def test_what_is_granted_moves_the_promise(cast, level, until, resolve, resolve_max):
    ticket = a_ticket("awaiting_plan", severity=level)
    was = deadline(ticket, "resolve").due_at
    asked = ask(ticket, at(until))
    assert deadline(ticket, "resolve").due_at == was, "asking moves nothing"
    assert asked.until == at(resolve), "what is asked for is what will be granted"
    grant(ticket)
    assert deadline(ticket, "resolve").due_at == at(resolve)
    assert getattr(deadline(ticket, "resolve_max"), "due_at", None) == (at(resolve_max) if resolve_max else None)
    db.session.refresh(asked)
    assert (asked.was_due_at, asked.outcome, asked.decided_by.login) == (was, "granted", "chen")


def test_the_warnings_follow(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    assert deadline(ticket, "resolve").ring_at == at("14:00"), "half of eight hours"
    ask(ticket, at("22:00"))
    grant(ticket)
    found = deadline(ticket, "resolve")
    assert (found.mark, found.ring_at) == (50, at("16:00"))


def test_a_warning_that_was_given_is_not_given_again(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    comment.post_update(ticket, actor=cast.zhao, text="在看。")
    for moment in ("14:00", "16:24"):
        time(at(moment))
        escalation.sweep()
    ask(ticket, at("22:00"))
    grant(ticket)
    found = deadline(ticket, "resolve")
    fired = db.session.scalars(select(Firing.mark).where(Firing.deadline_id == found.id)).all()
    assert max(fired) == 80
    assert (found.mark, found.ring_at) == (100, at("22:00"))


def test_a_later_pause_moves_an_extended_due_time_on(cast, time):
    for level, until, after in (("P1", "20:00", "20:30"), ("P3", "23.T17:00", "23.T17:30")):
        time(at("10:00"))
        ticket = a_ticket("awaiting_plan", severity=level)
        ask(ticket, at(until))
        grant(ticket)
        time(at("11:00"))
        triage.ask_reporter(ticket, actor=cast.zhao, question="?")
        time(at("11:30"))
        intake.supply_information(ticket, actor=cast.zhang, text="!")
        assert deadline(ticket, "resolve").due_at == at(after)


def test_what_is_granted_during_a_pause_counts_when_it_ends(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    ask(ticket, at("20:00"))
    time(at("11:00"))
    triage.ask_reporter(ticket, actor=cast.zhao, question="?")
    time(at("19:00"))  # long after 18:00, but the clock stands still
    grant(ticket)
    time(at("19:30"))
    intake.supply_information(ticket, actor=cast.zhang, text="!")
    assert deadline(ticket, "resolve").due_at == at("19.T04:30"), "20:00 and eight and a half hours of waiting"


def test_two_extensions_add_up(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    for until in ("20:00", "23:00"):
        ask(ticket, at(until))
        grant(ticket)
        assert deadline(ticket, "resolve").due_at == at(until)
    assert [e.was_due_at for e in extensions_of(ticket)] == [at("18:00"), at("20:00")], "every old due time stays"


def test_a_new_level_keeps_what_was_granted(cast, time):
    """P3.6: from the original start under the new target, and the minutes granted on top."""
    ticket = a_ticket("awaiting_plan", severity="P1")
    ask(ticket, at("20:00"))
    grant(ticket)
    time(at("10:30"))
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P0", reason="全停")
    assert deadline(ticket, "resolve").due_at == at("14:00")
    assert deadline(ticket, "resolve_max").due_at == at("16:00")


def test_a_new_round_begins_without_it(cast, time):
    """A dispute makes a new promise; the time granted belonged to the old one."""
    ticket = a_ticket("awaiting_test", severity="P1")
    ask(ticket, at("20:00"))
    grant(ticket)
    repair.pass_test(ticket, actor=cast.he, findings="可以。", result="已恢复。")
    time(at("11:00"))
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="又出现了。")
    assert deadline(ticket, "resolve").due_at == at("19:00")
    triage.ask_reporter(ticket, actor=cast.zhao, question="?")
    time(at("11:30"))
    intake.supply_information(ticket, actor=cast.zhang, text="!")
    assert deadline(ticket, "resolve").due_at == at("19:30")


def test_a_new_level_lets_an_undecided_request_lapse(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = ask(ticket, at("20:00"))
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P2", reason="有替代办法")
    db.session.refresh(asked)
    assert asked.outcome == "lapsed"
    assert "approve" not in {d.kind for d in open_deadlines(ticket)}
    with pytest.raises(Conflict, match="decided already"):
        extension.grant_extension(asked, actor=cast.chen)


def test_what_is_solved_needs_no_more_time(cast, time):
    ticket = a_ticket("awaiting_test", severity="P1")
    asked = ask(ticket, at("20:00"))
    repair.pass_test(ticket, actor=cast.he, findings="可以。", result="已恢复。")
    db.session.refresh(asked)
    assert asked.outcome == "lapsed"
    assert {d.kind for d in open_deadlines(ticket)} == {"follow_up", "silence"}


def test_undecided_at_the_due_time_does_not_prevent_the_breach(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = ask(ticket, at("20:00"))
    time(at("18:00"))
    while escalation.sweep():
        pass
    assert deadline(ticket, "resolve").breached_at == at("18:00")
    with pytest.raises(Conflict, match="due time has passed"):
        extension.grant_extension(asked, actor=cast.chen)
    extension.refuse_extension(asked, actor=cast.chen, comment="已超时。")
    assert asked.outcome == "refused"


def test_after_the_due_time_it_is_refused(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("18:00"))
    with pytest.raises(Conflict, match="due time has passed"):
        ask(ticket, at("20:00"))
    assert extensions_of(ticket) == []


@pytest.mark.parametrize("until", ["17:59", "18:00", None])
def test_the_new_time_is_later(cast, until):
    ticket = a_ticket("awaiting_plan", severity="P1")
    with pytest.raises(Invalid) as refusal:
        ask(ticket, at(until) if until else None)
    assert refusal.value.field == "until"


def test_there_must_be_work_between_the_two(cast):
    """From the closing hour to the next morning nobody works."""
    ticket = a_ticket("awaiting_plan", severity="P3")
    ask(ticket, at("23.T18:00"))
    grant(ticket)
    with pytest.raises(Invalid, match="nobody works"):
        ask(ticket, at("24.T08:59"))


def test_a_reason_is_given_on_both_sides(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    with pytest.raises(Invalid):
        ask(ticket, at("20:00"), reason=" ")
    asked = ask(ticket, at("20:00"))
    with pytest.raises(Invalid):
        extension.refuse_extension(asked, actor=cast.chen, comment=" ")
    assert pending_extension(ticket) is asked


def test_one_request_at_a_time_and_none_while_the_clock_stands_still(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    ask(ticket, at("20:00"))
    with pytest.raises(Conflict, match="already"):
        ask(ticket, at("21:00"))
    grant(ticket)
    triage.ask_reporter(ticket, actor=cast.zhao, question="?")
    with pytest.raises(Conflict, match="stands still"):
        ask(ticket, at("21:00"))


def test_nobody_grants_their_own_request(cast):
    ticket = a_ticket("awaiting_plan", severity="P1", assignee=cast.chen)
    asked = ask(ticket, at("20:00"), login="chen")
    for decide in (extension.grant_extension, extension.refuse_extension):
        with pytest.raises(Refused):
            decide(asked, actor=cast.chen, comment="x")
    assert not allows(cast.chen, "grant_extension", ticket)
    assert allows(cast.wu, "grant_extension", ticket)
    grant(ticket, login="wu")
    assert asked.outcome == "granted"


def test_a_decision_stands(cast, engine):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = ask(ticket, at("20:00"))
    grant(ticket)
    with pytest.raises(Conflict, match="decided already"):
        extension.refuse_extension(asked, actor=cast.chen, comment="改主意了。")
    assert deadline(ticket, "resolve").due_at == at("20:00")


def test_the_approval_clock_runs_for_the_request_alone(cast, time):
    """P4.2: a plan and a request can both wait, and each has its own clock."""
    ticket = a_ticket("awaiting_approval", severity="P1")
    asked = ask(ticket, at("20:00"))
    clocks = select(Deadline).where(Deadline.ticket_id == ticket.id, Deadline.kind == "approve").order_by(Deadline.id)
    assert [(d.about_id, d.due_at) for d in db.session.scalars(clocks)] == [
        (None, at("11:00")),
        (asked.id, at("11:00")),
    ]
    time(at("10:20"))
    grant(ticket)
    db.session.expire_all()
    assert [(d.state, d.met_at) for d in db.session.scalars(clocks)] == [("running", None), ("met", at("10:20"))]


def test_late_decisions_go_to_the_supervisors(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    ask(ticket, at("20:00"))
    time(at("10:48"))
    while escalation.sweep():
        pass
    warned = next(e for e in reversed(events_of(ticket)) if e.details.get("kind") == "approve")
    assert cast.chen.id in warned.details["people"]
    assert cast.zhao.id not in warned.details["people"]


def test_everybody_concerned_is_told(cast):
    ticket = a_ticket("awaiting_plan", severity="P1", contact=cast.contact)
    comment.follow_ticket(ticket, actor=cast.he)
    ask(ticket, at("20:00"))
    assert told("to_extend") == {(login, on) for login in ("chen", "wu") for on in ("app", "mail")}
    grant(ticket)
    assert told("extended") == {(cast.contact.name, "mail"), ("he", "app")}
    assert told("extension_granted") == {("zhao", "app"), ("zhao", "mail")}
    ask(ticket, at("22:00"))
    extension.refuse_extension(pending_extension(ticket), actor=cast.wu, comment="先上临时方案。")
    assert told("extension_refused") == {("zhao", "app"), ("zhao", "mail")}
    assert [e.name for e in events_of(ticket)][-4:] == [
        "extension_requested", "extension_granted", "extension_requested", "extension_refused"
    ]  # fmt: skip
    entries = db.session.scalars(select(Entry).where(Entry.body.in_(["等厂商补丁。", "先上临时方案。"]))).all()
    assert len(entries) == 3
    assert not any(entry.public for entry in entries), "reasons stay in the house"


def test_a_supervisor_of_another_team_does_not_decide(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = ask(ticket, at("20:00"))
    db.session.rollback()
    scoped = person("wu")
    held = next(role for role in scoped.roles_held if role.role == "supervisor")
    assert isinstance(held, RoleHeld)
    held.team_id = cast.team("ops").id
    with db.session.no_autoflush:
        assert not allows(scoped, "grant_extension", ticket)
    db.session.rollback()
    assert asked.outcome == ""


def test_a_secret_in_a_reason_goes_everywhere(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = ask(ticket, at("20:00"), reason="密码是 hunter2")
    entry = db.session.scalars(select(Entry).where(Entry.body == "密码是 hunter2")).one()
    comment.redact_entry(entry, actor=cast.chen, reason="含密码")
    assert db.session.scalar(select(Extension.reason).where(Extension.id == asked.id)) == comment.REDACTED


def test_asking_costs_no_time(cast, time):
    """The clock runs on while the request waits."""
    ticket = a_ticket("awaiting_plan", severity="P1")
    ask(ticket, at("20:00"))
    time(at("12:00"))
    grant(ticket)
    assert deadline(ticket, "resolve").due_at == at("20:00")
    assert deadline(ticket, "resolve").due_at - at("18:00") == timedelta(hours=2)


def test_without_a_time_of_resolution_there_is_nothing_to_extend(app):
    with pytest.raises(Conflict, match="No time of resolution"):
        extension.extensible(a_ticket("awaiting_review"))
