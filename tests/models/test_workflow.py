"""The state machine, row by row: every pair of state and action, taken from the table itself."""

from functools import partial

import pytest
from sqlalchemy import select

from models.ground.db import db, expecting
from models.ground.errors import Conflict, DomainError, Refused
from models.ground.vocabulary import State
from models.insight.dossier import events_of
from models.record.deadline import CANCELLED, MET, RUNNING, Deadline, open_deadlines
from models.record.ticket import ENDED, STATUS_OF
from models.rules import journal
from models.rules.permissions import MAY, allows
from models.rules.workflow import CLOCKS_IN, SAME, STEPS, can, opened_by
from models.steps import approval, customer_verification, repair, triage
from tests.database import difference, everything
from tests.deeds import DEEDS, actor_of, do, walk
from tests.factories import a_ticket, newest_plan, person

ACTIONS = [action for action in STEPS if action != "report"]  # reporting comes from nowhere: test_intake.py
# Every way there ends the waiting.
NOBODY_WAITS = [(s, "resume") for s in ("awaiting_direction", "awaiting_customer", "awaiting_review")]
ALLOWED = [(s, a) for a in ACTIONS for s in STEPS[a].come_from if (s, a) not in NOBODY_WAITS]
# These turn clocks by rules of their own, tested elsewhere.
KEPT_ANEW = {"update", "regrade", "supply", "resume", "extend", "grant_extension", "refuse_extension", "unmerge"}


def test_the_table_is_whole():
    assert set(DEEDS) == set(ACTIONS)
    assert set(STEPS) <= set(MAY), "every action has its right"
    assert set(STATUS_OF) == set(State)
    reachable = {to for step in STEPS.values() for to in step.go_to if to != SAME}
    assert reachable == set(State)


@pytest.mark.parametrize(("state", "action"), ALLOWED)
def test_an_allowed_step_goes_where_the_table_says(cast, state, action):
    ticket = DEEDS[action].made(state)
    DEEDS[action].prepare(ticket)
    step, was = STEPS[action], ticket.state
    held = {d.kind: d for d in open_deadlines(ticket)}
    seq, version = ticket.seq, ticket.version
    assert can(actor_of(action), action, ticket)

    do(action, ticket)

    db.session.expire_all()
    goal = was if step.go_to[0] == SAME else step.go_to[0]
    events = events_of(ticket)
    new = events[seq:]
    assert (ticket.state, [e.name for e in new]) == (goal, [step.event])
    assert (new[0].state, new[0].version, new[0].seq) == (goal, ticket.version, ticket.seq)
    assert ticket.version == version + step.edits
    assert new[0].actor_id == getattr(actor_of(action), "id", None)
    assert journal.verify(ticket, events) is None
    _check_clocks(ticket, step, was, goal, held)


def _check_clocks(ticket, step, was, goal, held):
    moved = goal != was
    left = set(CLOCKS_IN.get(was, "").split()) if moved else set()
    entered = set(CLOCKS_IN.get(goal, "").split()) if moved else set()
    met = set(step.meets.split())
    opened = {kind for kind in (*step.opens.split(), *entered) if _is_agreed(ticket, kind)}
    now_open = {d.kind: d for d in open_deadlines(ticket)}
    taken_back = set(opened_by(step.undoes))
    expected = entered if goal in ENDED and moved else (set(held) - left - met - taken_back) | opened
    if step.action in KEPT_ANEW:
        expected |= set(now_open)
    assert set(now_open) == expected, f"clocks that run in {goal}"
    for kind, deadline in held.items():
        if kind in met:
            assert deadline.state == MET, kind
        elif kind in left:
            assert deadline.state == (CANCELLED if step.gives_up else MET), kind
        elif goal in ENDED and moved:
            assert deadline.state == CANCELLED, kind
    running = [d.due_at for d in now_open.values() if d.state == RUNNING and d.kind not in ("silence", "archive")]
    assert ticket.next_due_at == min(running, default=None)


def _is_agreed(ticket, kind):
    if kind == "deliver":
        return ticket.deliver_at is not None
    return kind in ("silence", "archive") or ticket.policy_version.pack.target(kind, ticket.level) is not None


@pytest.mark.parametrize("state", list(State))
def test_everything_else_is_refused_and_writes_nothing(cast, state):
    ticket = a_ticket(state)
    for action in ACTIONS:
        if state in STEPS[action].come_from or (state, action) == (State.CLOSED, "dispute"):
            continue  # a closed ticket that is disputed is reopened instead (P10.4)
        DEEDS[action].prepare(ticket)
        actor = actor_of(action)
        before = everything(but=("attachment",))  # a file is kept before anything is judged
        assert not can(actor, action, ticket)
        # nobody follows it here, so the command unfollow has nothing to refuse
        attempt = partial(walk, ticket, action, actor=actor) if action == "unfollow" else partial(do, action, ticket)
        with pytest.raises(DomainError) as refusal:
            attempt()
        said_no = (Conflict,) if allows(actor, action, ticket) else (Conflict, Refused)
        assert refusal.type in said_no, f"{action} in {state}: {refusal.value}"
        assert difference(before, everything(but=("attachment",))) == {}, f"{action} in {state} wrote something"


def test_the_last_of_a_round_decides(cast):
    ticket = a_ticket("awaiting_approval", risk="major")
    plan = newest_plan(ticket)
    approval.approve_plan(plan, actor=cast.chen)
    assert ticket.state == "awaiting_approval"
    approval.approve_plan(plan, actor=cast.wu)
    assert ticket.state == "awaiting_fix"


@pytest.mark.parametrize(
    ("state", "goal"),
    [
        ("awaiting_engineer", "awaiting_engineer"),
        ("awaiting_plan", "awaiting_engineer"),
        ("awaiting_approval", "awaiting_approval"),
        ("awaiting_fix", "awaiting_fix"),
        ("awaiting_test", "awaiting_test"),
    ],
)
def test_another_team_takes_it_up_anew_until_there_is_a_plan(cast, state, goal):
    ticket = a_ticket(state)
    triage.hand_over_ticket(ticket, actor=cast.chen, reason="网络问题", team=cast.team("ops"))
    assert (ticket.state, ticket.team.code, ticket.assignee.login) == (goal, "ops", "li")


def test_a_joint_test_is_not_asked_about_twice(cast):
    ticket = a_ticket("awaiting_test")
    repair.pass_test(ticket, actor=cast.zhao, findings="一起测试通过。", result="已恢复。", confirmed_by="张敏")
    assert ticket.state == "awaiting_review"


def test_a_failed_test_may_need_a_new_plan(cast):
    ticket = a_ticket("awaiting_test")
    repair.fail_test(ticket, actor=cast.he, findings="方案不对。", new_plan=True)
    assert ticket.state == "awaiting_plan"


@pytest.mark.parametrize(("state", "goal"), [("awaiting_customer", "disputed"), ("closed", "reopened")])
def test_not_solved_goes_back_to_work_in_a_new_round(cast, state, goal):
    ticket = a_ticket(state)
    customer_verification.dispute_result(ticket, actor=cast.zhang, reason="又出现了。")
    assert (ticket.state, ticket.round, events_of(ticket)[-1].name) == ("awaiting_plan", 2, goal)
    rounds = db.session.scalars(
        select(Deadline.round).where(Deadline.ticket_id == ticket.id, Deadline.kind == "resolve")
    )
    assert sorted(rounds) == [1, 2]
    assert ticket.resolved_at is None
    assert ticket.closed_at is None


def test_only_its_own_goals_can_be_reached(cast):
    ticket = a_ticket("awaiting_plan")
    with pytest.raises(Conflict):
        walk(ticket, "submit_plan", actor=person("zhao"), to=State.CLOSED)


def test_a_version_that_has_moved_on_is_a_conflict(cast):
    ticket = a_ticket()
    stale = ticket.version
    triage.ask_reporter(ticket, actor=cast.wang, question="几点?")
    before = everything()
    with expecting(stale), pytest.raises(Conflict):
        do("triage", ticket)
    assert difference(before, everything()) == {}
    with expecting(ticket.version):
        do("triage", ticket)
