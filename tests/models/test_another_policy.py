"""Another policy for a running ticket (P3.2): graded anew, counted from the original start, provable throughout."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, DomainError, Invalid, Refused
from models.insight.dossier import events_of
from models.insight.explanation import explain, find_clock
from models.insight.replay import replay
from models.insight.story import story
from models.policy.pack import Pack, load_pack
from models.policy.pack_parts import Waits
from models.policy.version import versions_in_force
from models.record.deadline import Deadline, open_deadlines, pauses_of
from models.record.entry import Entry
from models.record.extension import extensions_of
from models.record.message import Message
from models.steps import comment, diagnosis, extension, triage
from models.steps.another_policy import change_policy
from tests.conftest import examples
from tests.factories import a_policy, a_ticket, deadline, person
from tests.models.test_deadlines import at
from tests.models.test_reckoning import DEEDS as COMMON
from tests.models.test_reckoning import LEVELS, wrong
from tests.models.test_replay import OTHER as OTHER_CLOCKS
from tests.models.test_replay import begin_anew, past_of


@pytest.fixture
def strict(cast):
    """Response control: P1 responds within 4 h and is solved within 8 h, P2 within 8 h and 24 h of service."""
    return a_policy("response-control")


def a_pack(name="own", **clocks):
    """The unified policy under another name, with these cells of its table of time limits (None: not agreed)."""
    raw = load_pack("unified").dump() | {"name": name, "title": {"zh": "自有", "en": "Own"}}
    for cell, target in clocks.items():
        kind, level = cell.split("__")
        raw["clocks"].setdefault(kind, {}).pop(level, None)
        raw["clocks"][kind] |= {level: target} if target else {}
    return Pack.from_dict(raw)


OTHER = replace(OTHER_CLOCKS, name="other")


def change(ticket, cast, version, severity=None, **more):
    more = {"reason": "客户另有合同。", "severity": severity or ticket.severity} | more
    return change_policy(ticket, actor=cast.wang, version=version, **more)


def sweep():
    while escalation.sweep():
        pass


def all_clocks(ticket):
    found = db.session.scalars(select(Deadline).where(Deadline.ticket_id == ticket.id).order_by(Deadline.id))
    return [d for d in found if d.kind not in ("archive", "silence", "wait")]


def _move(ticket, minutes):
    others = [v for v in versions_in_force(clock.now()) if v.pack_name != ticket.policy_version.pack_name]
    change_policy(
        ticket, actor=person("wang"), version=others[minutes % len(others)], severity=LEVELS[minutes % 4], reason="合同"
    )


DEEDS = COMMON | {"move": _move}
STORIES = st.lists(
    st.tuples(st.sampled_from([*DEEDS, *["on"] * 3, "move"]), st.integers(1, 2000)), min_size=4, max_size=18
)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(level=st.sampled_from(LEVELS), story_told=STORIES)
def test_whatever_happens(_house, cast, time, level, story_told):  # noqa: PT019
    """Stored, reckoned, explained and recounted by the auditor are the same; replay leaves out exactly those moved."""
    begin_anew(_house, time)
    a_policy(OTHER)
    a_policy("problem-record")
    ticket = a_ticket(severity=level)
    for deed, minutes in story_told:
        time(timedelta(minutes=minutes))
        with suppress(DomainError):
            DEEDS[deed](ticket, minutes)
        db.session.rollback()
        assert wrong(ticket) == [], (deed, story_told)
    assert all(explain(found).agrees for found in all_clocks(ticket)), story_told
    assert auditor.audit().wrong_count == 0, story_told
    has_moved = any(event.name == "policy_changed" for event in events_of(ticket))
    assert past_of(ticket.id).left_out == ("moved" if has_moved else ""), story_told


def test_open_clocks_count_anew_from_their_start_and_ended_ones_stay_judged(cast, time, strict):
    ticket = a_ticket("awaiting_plan", severity="P1")
    comment.record_call(ticket, actor=cast.wang, text="已联系")
    time(at("10:30"))
    own = a_policy(a_pack(resolve__P2={"basis": "wall", "minutes": 240}))
    change(ticket, cast, own, "P2", reason=" 客户另有合同。 ", impact="single", urgency="medium")
    was, now = [d for d in all_clocks(ticket) if d.kind == "resolve"]
    assert (was.state, was.version.pack_name, was.due_at) == ("cancelled", "unified", at("18:00"))
    assert (now.state, now.version, now.severity, now.round) == ("running", own, "P2", 2)
    assert (now.started_at, now.due_at) == (at("10:00"), at("14:00"))
    assert deadline(ticket, "respond").version.pack_name == "unified", "answered under the policy of its time"
    assert (ticket.severity, ticket.impact, ticket.urgency, ticket.state) == ("P2", "single", "medium", "awaiting_plan")
    assert wrong(ticket) == []
    assert ticket.next_due_at == min(d.due_at for d in open_deadlines(ticket))


def test_the_record_names_both_editions_and_keeps_the_reason(cast, strict):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    change(ticket, cast, strict, "P2", impact="all", urgency="critical")
    event = events_of(ticket)[-1]
    assert (event.name, event.actor_id, event.state) == ("policy_changed", cast.wang.id, "awaiting_engineer")
    said = {key: event.details[key] for key in ("was_policy", "was_edition", "policy", "edition", "suggested")}
    assert said == {"was_policy": "unified", "was_edition": 1, "policy": "response-control", "edition": 1,
                    "suggested": "P0"}  # fmt: skip
    assert (event.details["was_severity"], event.details["severity"]) == ("P1", "P2")
    entry = db.session.scalars(select(Entry).where(Entry.event_id == event.id)).one()
    assert (entry.kind, entry.body, entry.public) == ("reason", "客户另有合同。", False)
    told = {(m.template, m.channel, m.person.login) for m in db.session.scalars(
        select(Message).where(Message.event_id == event.id))}  # fmt: skip
    assert told == {("another_policy", "app", "zhao"), ("another_policy", "app", "zhang"),
                    ("another_policy", "mail", "zhang")}  # fmt: skip


def test_a_critical_one_calls_everybody_and_clocks_that_are_past_are_late_by_triage(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P2")
    sweep()
    time(at("13:00"))
    sweep()
    change(ticket, cast, a_policy(a_pack()), "P0")
    templates = {m.template for m in db.session.scalars(select(Message)) if m.person and m.person.login == "chen"}
    assert "p0" in templates
    found = deadline(ticket, "resolve")
    assert (found.due_at, found.late_by_triage) == (at("12:00"), True)
    assert deadline(ticket, "resolve_max").due_at == at("14:00"), "four hours, which the old level did not have"
    before = auditor.audit()
    assert before.missing == 0, "nobody has had ten seconds yet"
    sweep()
    after = auditor.audit()
    assert (after.late, after.missing, after.wrong_count) == (before.late, 0, 0), "and nobody could have been in time"
    assert after.fired == before.fired


def test_what_only_the_new_policy_agrees_runs_from_when_it_was_owed(cast, time):
    bare = a_policy(a_pack("bare", respond__P1=None, resolve__P1=None, update__P1=None, plan__P1=None))
    full = a_policy(a_pack("full", resolve_max__P1={"basis": "wall", "minutes": 600}))
    ticket = a_ticket("awaiting_engineer", severity="P1")
    change(ticket, cast, bare)
    assert open_deadlines(ticket) == []
    time(at("10:20"))
    diagnosis.take_ticket(ticket, actor=cast.zhao)
    time(at("11:00"))
    change(ticket, cast, full)
    starts = {d.kind: d.started_at for d in open_deadlines(ticket)}
    assert starts == {"respond": at("10:00"), "resolve": at("10:00"), "resolve_max": at("10:00"),
                      "plan": at("10:20"), "update": at("11:00")}  # fmt: skip
    assert deadline(ticket, "respond").late_by_triage
    assert not deadline(ticket, "resolve").late_by_triage
    assert explain(find_clock(ticket, "update", deadline(ticket, "update").round)).started_by == "policy_changed"
    assert auditor.audit().wrong_count == 0


def test_a_response_that_was_given_is_not_owed_again(cast, time):
    bare, full = a_policy(a_pack("bare", respond__P2=None)), a_policy(a_pack("full"))
    ticket = a_ticket("awaiting_engineer")
    change(ticket, cast, bare)
    comment.record_call(ticket, actor=cast.wang, text="已联系")
    change(ticket, cast, full)
    assert deadline(ticket, "respond").state == "cancelled"
    assert len([d for d in all_clocks(ticket) if d.kind == "respond"]) == 1


def test_what_the_new_policy_does_not_agree_is_given_up(cast):
    bare = a_policy(a_pack(resolve__P2=None, update__P2=None))
    ticket = a_ticket("awaiting_plan")
    change(ticket, cast, bare)
    assert deadline(ticket, "resolve").state == deadline(ticket, "update").state == "cancelled"
    assert auditor.audit().wrong_count == 0, "and nobody misses what is not agreed"


def test_a_waiting_goes_on_and_stops_what_the_new_policy_stops(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    comment.wait_for(ticket, actor=cast.wang, party="vendor", reason="备件")
    time(at("11:00"))
    pack = a_pack()
    stops = replace(pack, pauses={**pack.pauses, "vendor": Waits(stops=("resolve",))})
    change(ticket, cast, a_policy(stops))
    assert (deadline(ticket, "resolve").state, deadline(ticket, "plan").state) == ("paused", "running")
    time(at("13:00"))
    comment.resume_work(ticket, actor=cast.wang)
    assert deadline(ticket, "resolve").due_at == at("21:00"), "the whole waiting, by the rule of the new policy"
    assert wrong(ticket) == []
    assert len(pauses_of(ticket)) == 1


def test_granted_minutes_stay_granted_and_a_request_lapses(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    asked = extension.ask_for_extension(ticket, actor=cast.zhao, reason="补丁", until=at("19:00"))
    extension.grant_extension(asked, actor=cast.chen)
    time(at("10:10"))
    extension.ask_for_extension(ticket, actor=cast.zhao, reason="补丁", until=at("20:00"))
    change(ticket, cast, a_policy(a_pack(resolve__P1={"basis": "wall", "minutes": 600})))
    assert deadline(ticket, "resolve").due_at == at("21:00"), "ten hours and the one that was granted"
    assert [found.outcome for found in extensions_of(ticket)] == ["granted", "lapsed"]
    assert deadline(ticket, "approve").state == "cancelled"


def test_a_ladder_that_was_climbed_stays_on_record_and_begins_anew(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("18:10"))
    sweep()
    assert deadline(ticket, "resolve").breached_at == at("18:00")
    change(ticket, cast, a_policy(a_pack(resolve__P1={"basis": "wall", "minutes": 1440})))
    was, now = [d for d in all_clocks(ticket) if d.kind == "resolve"]
    assert (was.breached_at, was.version.pack_name) == (at("18:00"), "unified")
    assert (now.breached_at, now.due_at) == (None, at("19.T10:00"))
    time(at("20:00"))
    sweep()
    assert deadline(ticket, "resolve").mark == 50, "nobody climbs the old ladder any further"


def test_the_explanation_names_both_policies_and_adds_up(cast, time, strict):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("10:40"))
    change(ticket, cast, strict)
    why = explain(deadline(ticket, "resolve"))
    assert (why.agrees, why.is_under_another_policy, why.version) == (True, True, strict)
    assert [before.version.pack_name for before in why.before] == ["unified"]
    assert all(explain(found).agrees for found in all_clocks(ticket))


def test_levels_of_the_past_keep_the_words_of_their_policy(cast):
    ticket = a_ticket("awaiting_engineer", severity="P1")
    record = a_policy("problem-record")
    change(ticket, cast, record, "P2")
    words = {m.name: m.policy_version.pack_name for m in story(ticket, internal=True)}
    assert words == {"policy_changed": "problem-record", "triaged": "unified", "reported": "unified"}


def test_replay_names_it_as_not_counted(cast, strict):
    moved, stayed = a_ticket("awaiting_plan"), a_ticket("awaiting_plan")
    change(moved, cast, strict)
    found = replay(strict)
    assert (found.tickets, found.left_out["moved"].numbers) == (0, [moved.number])
    assert replay(stayed.policy_version).tickets == 1


def test_the_same_policy_is_refused_also_in_a_newer_edition(cast):
    ticket = a_ticket("awaiting_plan")
    newer = a_policy("unified")
    for version in (ticket.policy_version, newer):
        with pytest.raises(Invalid):
            change(ticket, cast, version)


def test_an_edition_that_is_not_in_force_is_refused(cast, time):
    ticket = a_ticket("awaiting_plan")
    old = a_policy(a_pack("own"))
    time(at("11:00"))
    a_policy(a_pack("own", resolve__P2={"basis": "wall", "minutes": 60}))
    for version in (old, a_policy(a_pack("later"), effective_at=at("12:00"))):
        with pytest.raises(Conflict):
            change(ticket, cast, version)
    assert ticket.policy_version.pack_name == "unified"


def test_it_takes_a_reason_the_right_person_and_the_right_moment(cast, strict):
    ticket = a_ticket("awaiting_plan")
    with pytest.raises(Invalid):
        change(ticket, cast, strict, reason=" ")
    with pytest.raises(Refused):
        change_policy(ticket, actor=cast.zhao, version=strict, severity="P2", reason="!")
    for state in ("awaiting_customer", "closed"):
        with pytest.raises(Conflict):
            change(a_ticket(state), cast, strict)


def test_before_triage_its_own_time_to_triage_counts(cast, time, strict):
    ticket = a_ticket(severity="P2")
    own = a_policy(a_pack(triage__P2={"basis": "wall", "minutes": 60}))
    time(at("10:05"))
    change(ticket, cast, own)
    assert deadline(ticket, "triage").due_at == at("11:00")
    triage.triage_ticket(ticket, actor=cast.wang, severity="P2", category="function", team=cast.zhao.team)
    assert {d.version for d in open_deadlines(ticket)} == {own}
