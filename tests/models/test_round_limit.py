"""A round's own time limit and ladder, from its approval template (P7.2): kept, counted three times over, explained."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from blueprints.clocks.words import in_words
from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Invalid
from models.insight.explanation import explain
from models.insight.replay import replay
from models.policy.cell import read_cell
from models.policy.pack import load_pack
from models.record.deadline import Deadline, Firing
from models.record.plan import Plan
from models.rules import ladder
from models.steps import approval, approval_templates, extension, plans, triage
from tests.factories import a_plan, a_policy, a_ticket, deadline, newest_plan, person
from tests.models.test_approval_refusals import refuses
from tests.models.test_deadlines import at
from tests.models.test_journal import plainly
from tests.models.test_reckoning import wrong
from tests.models.test_replay import wrong as replayed_otherwise


def a_limited_template(limit="90 min service", climb="", *, name="快审", template=None, rule="any"):
    seats = [("", None, person("chen")), ("", None, person("wu"))]
    return approval_templates.keep_approval_template(
        template, actor=person("chen"), name=name, risk="normal", rule=rule, seats=seats, limit=read_cell(limit),
        climb=climb,
    )  # fmt: skip


def a_limited_plan(limit="90 min service", climb="", *, severity="P2", rule="any"):
    return a_plan(a_ticket("awaiting_plan", severity=severity), template=a_limited_template(limit, climb, rule=rule))


def approve_clock(plan):
    return deadline(plan.ticket, "approve")


def sweep():
    while escalation.sweep():
        pass


def roles_told(plan):
    db.session.rollback()
    fired = db.session.query(Firing).filter_by(deadline_id=approve_clock(plan).id).order_by(Firing.id)
    return [(each.mark, each.role) for each in fired]


# --- how long


@pytest.mark.parametrize(
    ("limit", "severity", "due"),
    [
        ("90 min service", "P2", "11:30"),
        ("20 h", "P2", "19.T06:00"),
        ("10 h service", "P2", "19.T14:00"),
        ("2 wd", "P2", "20.T10:00"),
        ("3 h", "P0", "13:00"),
        ("", "P2", "15:30"),  # as the policy says: four hours
    ],
)
def test_the_clock_of_the_round_runs_by_the_template(cast, limit, severity, due):
    plan = a_limited_plan(limit, severity=severity)
    assert approve_clock(plan).due_at == at(due)
    assert wrong(plan.ticket) == []
    assert replayed_otherwise(plan.ticket_id) == set()
    assert auditor.audit().is_clean


def test_in_a_sequence_it_is_for_the_whole_round(cast, time):
    plan = a_limited_plan(rule="sequence")
    time(at("10:40"))

    approval.approve_plan(plan, actor=cast.chen)
    assert (approve_clock(plan).due_at, approve_clock(plan).state) == (at("11:30"), "running")


def test_a_later_edit_of_the_template_moves_no_running_clock(cast, time):
    template = a_limited_template("90 min service", "tech_manager")
    plan = a_plan(a_ticket("awaiting_plan"), template=template)
    a_limited_template("5 h", "director", template=template)
    triage.regrade_ticket(plan.ticket, actor=cast.wang, severity="P1", reason="影响扩大")
    held = approve_clock(plan)
    assert (held.round, held.severity, held.due_at, held.climb) == (2, "P1", at("11:30"), "tech_manager")
    assert wrong(plan.ticket) == []
    assert auditor.audit().is_clean
    time(at("10:20"))
    fresh = plans.revise_plan(newest_plan(plan.ticket), actor=cast.zhao, risk="normal", steps="x", template=template)
    assert (approve_clock(fresh).due_at, approve_clock(fresh).climb) == (at("15:20"), "director")
    time(at("10:22"))
    usual = plans.revise_plan(newest_plan(plan.ticket), actor=cast.zhao, risk="normal", steps="y")
    assert approve_clock(usual).due_at == at("11:22"), "a round without the template is as the policy says"
    assert replayed_otherwise(plan.ticket_id) == set()


def test_a_request_for_more_time_is_as_the_policy_says(cast):
    plan = a_limited_plan("15 min")
    until = deadline(plan.ticket, "resolve").due_at + timedelta(hours=3)
    extension.ask_for_extension(plan.ticket, actor=cast.zhao, reason="等补丁", until=until)
    asked = approve_clock(plan)
    assert (asked.about_id is not None, asked.limit, asked.due_at) == (True, None, at("15:30"))
    assert auditor.audit().is_clean


def test_where_the_policy_agrees_no_time_the_template_does(cast):
    pack = load_pack("unified")
    a_policy(replace(pack, clocks={kind: row for kind, row in pack.clocks.items() if kind != "approve"}))
    plan = a_plan(a_ticket("awaiting_plan"), template=a_limited_template("1 h"))
    assert approve_clock(plan).due_at == at("11:00")
    assert ladder.rung(approve_clock(plan), 100).role == "supervisor", "somebody is told"
    assert auditor.audit().is_clean


# --- to whom it climbs


def test_it_climbs_to_whom_the_template_says(cast, time):
    plan = a_limited_plan("2 h", "tech_manager director", severity="P2")
    time(at("11:36"))
    sweep()
    told = {p.login for p in ladder.warned(approve_clock(plan), 80).people}
    assert told == {"chen", "wu", "liu"}, (
        "whoever decides, and in the supervisor's place the first who hears of a breach"
    )
    time(at("12:00"))
    sweep()
    time(at("14:30"))
    sweep()
    assert roles_told(plan)[-2:] == [(100, "tech_manager"), (200, "director")]
    assert replayed_otherwise(plan.ticket_id) == set()
    assert auditor.audit().is_clean


def test_warnings_are_those_of_its_own_length(cast):
    short, long = a_limited_plan("30 min"), None
    assert (approve_clock(short).mark, approve_clock(short).ring_at) == (80, at("10:24"))
    long = a_plan(a_ticket("awaiting_plan"), template=a_limited_template("10 h", name="慢审"))
    assert (approve_clock(long).mark, approve_clock(long).ring_at) == (50, at("15:00"))


# --- proved


def test_the_explanation_names_the_template(cast, app):
    plan = a_limited_plan("90 min service", "tech_manager")
    with app.test_request_context(headers={"Accept-Language": "en"}):
        said = in_words(explain(approve_clock(plan)), internal=True)
    facts = dict(said.facts)
    assert said.sound
    assert facts["Allowed"] == "1 h 30 min, counted in the hours of service"
    assert "“快审”" in facts["Agreed by"]
    assert "Technical manager" in facts["Agreed by"]


def test_another_policy_moves_nothing_that_the_template_says(cast):
    plan = a_limited_plan("90 min service", "tech_manager director")
    before, pack = approve_clock(plan).due_at, load_pack("unified")
    slower = pack.clocks | {"approve": pack.clocks["approve"] | {"P2": pack.clocks["approve"]["P3"]}}
    version = a_policy(replace(pack, clocks=slower))
    found = replay(version)
    assert (found.tickets, sum(each.after for each in found.breaches.values())) == (1, 0)
    assert approve_clock(plan).due_at == before


def test_the_limit_of_a_round_stands(cast):
    plan = a_limited_plan()
    for change in ("limit_amount = 9000", "limit_amount = NULL", "limit_basis = 'wall'"):
        with pytest.raises(DBAPIError, match="never changed"):
            plainly(f"UPDATE plan SET {change} WHERE id = {plan.id}")
    assert db.session.get(Plan, plan.id).limit_amount == 90


@command
def tamper(held: Deadline) -> None:
    due = {"limit_amount": 600, "due_at": clock.now() + timedelta(hours=10), "limit_basis": "wall"}
    db.session.execute(update(Deadline).where(Deadline.id == held.id).values(due))


def test_a_clock_that_was_given_more_than_its_round_has_is_found(cast):
    plan = a_limited_plan()
    tamper(approve_clock(plan))
    found = auditor.audit()
    assert [(one["kind"], one["recounted"]) for one in found.wrong] == [("approve", at("11:30").isoformat())]


# --- what a template cannot say


@pytest.mark.parametrize(
    ("limit", "climb", "field"),
    [("every 30 min", "", "limit"), ("daily 17:00", "", "limit"), ("at once", "", "limit"), ("1 h", "admin", "climb"),
     ("1 h", "director supervisor", "climb")],
)  # fmt: skip
def test_what_is_no_limit(cast, limit, climb, field):
    refuses(Invalid, lambda: a_limited_template(limit, climb))
    with pytest.raises(Invalid) as refusal:
        a_limited_template(limit, climb)
    assert refusal.value.field == field
