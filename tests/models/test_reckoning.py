"""Every due time can be computed anew from its start, whatever has happened: the one that is stored (P4.7)."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import DomainError
from models.ground.vocabulary import State, Verdict
from models.policy.cell import read_cell
from models.policy.pack_parts import Waits
from models.policy.version import PolicyVersion, add_edition
from models.record.approval import ApprovalTemplate
from models.record.deadline import RUNNING, Deadline
from models.record.extension import pending_extension
from models.record.ticket import Ticket
from models.rules import marks, timekeeping
from models.steps import approval_templates, comment, customer_verification, extension, intake, repair, triage
from tests.conftest import TEN_O_CLOCK, examples
from tests.factories import a_plan, a_ticket, deadline, further, person
from tests.models.test_deadlines import at

LEVELS = ("P0", "P1", "P2", "P3")
WITHOUT_SHRINKING = (Phase.reuse, Phase.generate)  # a story is short enough to read, and telling it takes a while
CLOCKS = select(Deadline).order_by(Deadline.id)


@pytest.fixture
def strict_pauses(monkeypatch):
    """A policy in which vendors stop everything, departments some clocks, a window all but the updates, and approvers
    all but their own."""
    plain = PolicyVersion.pack.fget
    stops = {
        "vendor": Waits(stops="all"),
        "department": Waits(stops=("resolve", "test")),
        "window": Waits(stops="all", but=("update",)),
        "approver": Waits(stops="all", but=("approve",)),
    }

    def pack(version):
        found = plain(version)
        return replace(found, pauses={**found.pauses, **stops})

    monkeypatch.setattr(PolicyVersion, "pack", property(pack))


def later(minutes):
    return clock.now() + timedelta(minutes=minutes)


def _ask_for_time(ticket, minutes):
    held = deadline(ticket, "resolve")
    until = held.due_at + timedelta(minutes=minutes + 1)
    extension.ask_for_extension(ticket, actor=person("zhao"), reason="补丁", until=until)


def _decide(ticket, minutes):
    found = pending_extension(ticket)
    if found and minutes % 3:
        extension.grant_extension(found, actor=person("chen"))
    elif found:
        extension.refuse_extension(found, actor=person("chen"), comment="不行")


def _sweep(_ticket, _minutes):
    while escalation.sweep():
        pass


def _dispute(ticket, _minutes):
    customer_verification.confirm_result(ticket, actor=person("zhang"), verdict=Verdict.NO, comment="没好")


def _by_template(ticket, minutes):
    """A plan whose round has a time limit of its own (P7.2), another one each time."""
    limit = ("90 min service", "7 h", "2 wd", "")[minutes % 4]
    held = db.session.scalar(select(ApprovalTemplate).where(ApprovalTemplate.name == "限时"))
    template = approval_templates.keep_approval_template(
        held, actor=person("chen"), name="限时", risk="normal", rule="any", seats=[("supervisor", None, None)],
        limit=read_cell(limit), climb=("", "tech_manager director")[minutes % 2],
    )  # fmt: skip
    a_plan(ticket, template=template)


# What can happen to a ticket; each is refused where it does not fit, and that is part of the history.
DEEDS = {
    "on": lambda t, m: further(t, t.state) if t.state not in (State.CLOSED, State.ARCHIVED) else None,
    "ask": lambda t, m: triage.ask_reporter(t, actor=person("wang"), question="?"),
    "supply": lambda t, m: intake.supply_information(t, actor=person("zhang"), text="!"),
    "vendor": lambda t, m: comment.wait_for(t, actor=person("wang"), party="vendor", reason="备件"),
    "department": lambda t, m: comment.wait_for(t, actor=person("wang"), party="department", reason="网络组"),
    "window": lambda t, m: comment.wait_for(t, actor=person("wang"), party="window", reason="窗口", until=later(m + 1)),
    "resume": lambda t, m: comment.resume_work(t, actor=person("wang")),
    "regrade": lambda t, m: triage.regrade_ticket(t, actor=person("wang"), severity=LEVELS[m % 4], reason="变化"),
    "extend": _ask_for_time,
    "decide": _decide,
    "update": lambda t, m: comment.post_update(t, actor=person("wang"), text="在查"),
    "fail": lambda t, m: repair.fail_test(t, actor=person("he"), findings="x", new_plan=bool(m % 2)),
    "dispute": _dispute,
    "sweep": _sweep,
    "limited": _by_template,
}
STORIES = st.lists(st.tuples(st.sampled_from([*DEEDS, "on", "on"]), st.integers(1, 2000)), min_size=4, max_size=22)


def wrong(ticket):
    """The clocks whose stored due time is not the one that their history gives."""
    history = marks.history_of(ticket)
    mine = db.session.scalars(CLOCKS.where(Deadline.ticket_id == ticket.id))
    return [
        (d.kind, d.round, d.state, d.due_at, found)
        for d in mine
        if (found := marks.reckoned(d, history)) != d.due_at
    ]  # fmt: skip


@settings(
    max_examples=examples(40),
    deadline=None,
    phases=WITHOUT_SHRINKING,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(level=st.sampled_from(LEVELS), story=STORIES)
def test_whatever_happens(cast, time, strict_pauses, level, story):
    time(TEN_O_CLOCK)
    ticket = a_ticket(severity=level)
    for deed, minutes in story:
        time(timedelta(minutes=minutes))
        with suppress(DomainError):
            DEEDS[deed](ticket, minutes)
        db.session.rollback()
        assert wrong(ticket) == [], (deed, story)
    before = [(d.id, d.due_at, d.ring_at, d.mark) for d in db.session.scalars(CLOCKS)]
    recompute(ticket)
    assert [(d.id, d.due_at, d.ring_at, d.mark) for d in db.session.scalars(CLOCKS)] == before, "nothing moves"


@pytest.mark.parametrize("state", [state for state in State if state != State.ARCHIVED])
@pytest.mark.parametrize("level", LEVELS)
def test_in_every_state(cast, state, level):
    ticket = a_ticket(state, severity=level)
    assert wrong(ticket) == []


def test_a_due_time_that_was_tampered_with_is_noticed_and_put_right(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    spoil(deadline(ticket, "resolve"))
    assert [(kind, due, found) for kind, _, _, due, found in wrong(ticket)] == [("resolve", at("19:00"), at("18:00"))]
    recompute(ticket)
    found = deadline(ticket, "resolve")
    assert (found.due_at, found.ring_at) == (at("18:00"), at("14:00"))


def test_another_edition_moves_what_runs_and_leaves_what_was_judged(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    comment.post_update(ticket, actor=cast.zhao, text="在看。")
    time(at("10:30"))
    shorter = publish(ticket)
    move(ticket, shorter)
    assert deadline(ticket, "resolve").due_at == at("12:00"), "two hours instead of eight"
    assert deadline(ticket, "resolve").ring_at == at("11:00")
    respond = deadline(ticket, "respond")
    assert (respond.state, respond.due_at) == ("met", at("10:30")), "judged by the edition of its time"
    assert respond.version is not ticket.policy_version
    assert wrong(ticket) == []
    assert ticket.next_due_at == min(d.due_at for d in db.session.scalars(CLOCKS) if d.state == RUNNING)


@command
def recompute(ticket: Ticket) -> None:
    timekeeping.recompute(ticket)


@command
def spoil(held: Deadline) -> None:
    held.due_at += timedelta(hours=1)


@command
def publish(ticket: Ticket) -> PolicyVersion:
    """A policy in which P1 resolves within two hours and responds within one."""
    pack = ticket.policy_version.pack
    two_hours = replace(pack.clocks["resolve"]["P1"], minutes=120)
    one_hour = replace(pack.clocks["respond"]["P1"], minutes=60)
    clocks = pack.clocks | {
        "resolve": pack.clocks["resolve"] | {"P1": two_hours},
        "respond": pack.clocks["respond"] | {"P1": one_hour},
    }
    return add_edition(
        replace(pack, clocks=clocks), calendar_id=ticket.policy_version.calendar_id, effective_at=clock.now()
    )


@command
def move(ticket: Ticket, version: PolicyVersion) -> None:
    timekeeping.move_to(ticket, version)
