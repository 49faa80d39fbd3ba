"""A policy played again over past tickets (P12.3): under its own edition it is the record, to the microsecond."""

import json
from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db
from models.ground.errors import DomainError
from models.ground.vocabulary import HOUSEKEEPING
from models.insight import tales
from models.insight.playing import play
from models.insight.replay import replay
from models.people.person import Person
from models.policy.draft import draft_of
from models.policy.pack import Pack, load_pack
from models.policy.version import Edition, PolicyVersion
from models.record.cooperation import RESULTS, cooperations_of
from models.record.deadline import Deadline
from models.record.event import last_deed
from models.record.ticket import ENDED, Ticket
from models.rules import permissions, rounds
from models.steps import (
    approval,
    closing,
    comment,
    consent,
    cooperation,
    customer_verification,
    diagnosis,
    plans,
    policies,
    relations,
    repair,
    triage,
    undo,
    wish,
)
from models.steps import escalation as steps
from tests.conftest import TEN_O_CLOCK, examples
from tests.database import difference, everything
from tests.factories import TOUCHING, a_plan, a_ticket, an_emergency, deadline, further, person
from tests.models.test_deadlines import at
from tests.models.test_reckoning import DEEDS as COMMON
from tests.models.test_reckoning import LEVELS, spoil, strict_pauses

__all__ = ["strict_pauses"]


def _sweep_once(_ticket, minutes):
    escalation.sweep(limit=1 + minutes % 5)


def _acknowledge(ticket, _minutes):
    heard = next(
        p for p in map(person, ("wang", "zhao", "chen", "liu", "sun")) if permissions.allows(p, "acknowledge", ticket)
    )
    steps.acknowledge_escalation(ticket, actor=heard)


def _unhappy(ticket, minutes):
    verdict = ("yes", "partly", "no")[minutes % 3]
    customer_verification.confirm_result(
        ticket, actor=person("zhang"), verdict=verdict, satisfaction="dissatisfied", comment="慢", asked="dissatisfied"
    )


def _on_late(decide):
    """Deciding on an emergency that still owes its approval; where there is none, nothing."""
    return lambda ticket, _: (plan := rounds.late_plan(ticket)) and decide(plan, person("wu"))


def _revise(ticket, _minutes):
    if plan := rounds.newest_plan(ticket):
        plans.revise_plan(plan, actor=person("zhao"), risk="normal", steps="1. 换个办法")


def _hand_over(ticket, minutes):
    team = person("li").team if minutes % 2 else None
    triage.hand_over_ticket(ticket, actor=person("chen"), assignee=person("li"), team=team, reason="忙")


def _regrade_by_triage(ticket, minutes):
    """Triage with another level, or as a request."""
    level, team = LEVELS[minutes % 4], person("zhao").team
    if minutes % 5:
        triage.triage_ticket(
            ticket, actor=person("wang"), severity=level, category="function", team=team, reason="看过"
        )
    else:
        wish.triage_request(
            ticket, actor=person("wang"), priority=level, category="new_feature", team=team, reason="是需求"
        )


def _and_back(deed):
    """Done, and undone a moment later by whoever did it."""

    def both(ticket, minutes):
        deed(ticket, minutes)
        done = last_deed(ticket.id)
        UNDO[done.name](ticket, actor=db.session.get(Person, done.actor_id), seq=done.seq)

    return both


UNDO = {"triaged": undo.undo_triage, "taken": undo.undo_taking, "handed_over": undo.undo_hand_over}
DEEDS = COMMON | {
    "emergency": lambda t, m: an_emergency(t),
    "late approval": _on_late(lambda plan, who: approval.approve_plan(plan, actor=who)),
    "late refusal": _on_late(lambda plan, who: approval.return_plan(plan, actor=who, comment="不必如此")),
    "revise": _revise,
    "touch": lambda t, m: a_plan(t, **TOUCHING),
    "refuse": lambda t, m: consent.refuse_consent(t, actor=person("zhang"), reason="那晚要月结"),
    "on": lambda t, m: further(t, t.state) if t.state not in ENDED else None,
    "sweep once": _sweep_once,
    "acknowledge": _acknowledge,
    "unhappy": _unhappy,
    "answer": lambda t, m: triage.answer_ticket(t, actor=person("wang"), result="按一下"),
    "call": lambda t, m: comment.record_call(t, actor=person("wang"), text="打过电话"),
    "call back": lambda t, m: closing.record_call_back(t, actor=person("chen"), text="打过电话"),
    "send back": lambda t, m: closing.send_back(t, actor=person("chen"), reason="不全"),
    "reopen": lambda t, m: closing.reopen_ticket(t, actor=person("chen"), reason="又坏了"),
    "reject": lambda t, m: customer_verification.dispute_result(t, actor=person("zhang"), reason="又坏了"),
    "hand over": _hand_over,
    "roll back": lambda t, m: repair.roll_back(t, actor=person("zhao"), reason="失败"),
    "triage and back": _and_back(_regrade_by_triage),
    "take and back": _and_back(lambda t, m: diagnosis.take_ticket(t, actor=t.assignee)),
    "hand over and back": _and_back(_hand_over),
    "merge": lambda t, m: relations.merge_ticket(t, actor=person("wang"), into=a_ticket()) if m % 2 else None,
    "unmerge": lambda t, m: relations.unmerge_ticket(t, actor=person("wang")),
    "ask a department": lambda t, m: cooperation.ask_department(
        t, actor=person("chen"), contact=person("yang"), body="请看", waits=bool(m % 2)
    ),
    "a department answers": lambda t, m: cooperation.answer_cooperation(
        next(each for each in cooperations_of(t) if not each.is_settled),
        actor=person("yang"),
        result=RESULTS[m % 3],
        answer="好",
    ),
    "cancel": lambda t, m: triage.cancel_ticket(t, actor=person("wang"), reason="误报") if m % 4 == 0 else None,
}
WEIGHED = [*DEEDS, *["on"] * 8, *["sweep"] * 6]
MINUTES = st.one_of(st.integers(1, 600), st.integers(1, 6000))
STORIES = st.lists(st.tuples(st.sampled_from(WEIGHED), MINUTES), min_size=4, max_size=30)
# Deeds that go through whatever the clocks say: then a story can be lived under two policies.
TIMED = ("extend", "decide", "acknowledge", "unhappy", "sweep", "sweep once", "merge")
UNTIMED = [deed for deed in WEIGHED if deed not in TIMED]
LIVES = st.lists(st.tuples(st.sampled_from(UNTIMED), MINUTES), min_size=3, max_size=14)


def _other():
    """A policy that differs from the unified one in everything that moves a clock."""
    raw = load_pack("unified").dump()
    raw["clocks"]["resolve"] |= {"P0": {"basis": "wall", "minutes": 45}, "P2": {"basis": "days", "days": 2}}
    raw["clocks"]["respond"].pop("P2", None)
    raw["clocks"]["resolve_max"] = {"P1": {"basis": "service", "minutes": 300}, "P3": {"basis": "days", "days": 5}}
    raw["clocks"]["plan"] |= {"P3": {"basis": "days", "days": 1}}
    raw["escalation"]["acknowledge_within"] |= {"P0": 25, "P2": 90}
    raw["pauses"] |= {"vendor": {"stops": "all"}, "customer": {"stops": ["resolve"]}, "window": {"stops": "all"}}
    raw["pauses"]["approver"] = {"stops": ["resolve", "update"]}
    raw["warnings"] |= {"marks": [30, 60, 90], "short_marks": [70]}
    return Pack.from_dict(raw)


OTHER = _other()
anew = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(anew, max_examples=examples(160))
@given(level=st.sampled_from(LEVELS), story=STORIES, spoken=st.integers(0, 90), by_phone=st.booleans())
def test_the_edition_in_force_gives_the_record(_house, cast, time, strict_pauses, level, story, spoken, by_phone):  # noqa: PT019
    begin_anew(_house, time)
    before = {"reported_at": TEN_O_CLOCK - timedelta(minutes=spoken)} if spoken % 3 else {}
    ticket = a_ticket(severity=level, contact=cast.contact if by_phone else None, **before)
    for deed, minutes in story:
        time(timedelta(minutes=minutes))
        happen(ticket, deed, minutes)
    for id_ in db.session.scalars(select(Ticket.id)).all():
        assert wrong(id_) == set(), (level, story)


@settings(anew, max_examples=examples(50))
@given(level=st.sampled_from(LEVELS), life=LIVES)
def test_another_edition_gives_what_would_have_been(_house, cast, time, monkeypatch, level, life):  # noqa: PT019
    """The same story is lived twice, each time under one of two policies; the first, replayed, is the second."""
    told = []
    for pack in (load_pack("unified"), OTHER):
        monkeypatch.setattr(PolicyVersion, "pack", property(lambda _, pack=pack: pack))
        begin_anew(_house, time)
        ticket = a_ticket(severity=level)
        for deed, minutes in life:
            on_time(time, clock.now() + timedelta(minutes=minutes))
            happen(ticket, deed, minutes)
        on_time(time, clock.now() + timedelta(minutes=1))  # what the last deed has made overdue is swept, too
        escalation.sweep()  # a mark that rings at this very moment as well
        db.session.rollback()
        told.append((past_of(ticket.id), *promises(ticket.id)))
    past, *_ = told[0]
    _, clocks, fired = told[1]
    under = Edition(OTHER, past.under.calendar)
    again = play(past.tale, under, until=clock.now(), recorded=past.played)
    assert tales.mismatches(again, clocks, fired) == set(), (level, life)


def test_the_same_policy_changes_nothing_however_late_the_sweep_was(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    for hour in ("11:30", "12:10", "17:50", "23:40"):
        time(at(hour))
        while escalation.sweep():
            pass
    steps.acknowledge_escalation(ticket, actor=cast.liu)
    found = replay(edition_of(ticket))
    assert (found.tickets, found.left_out) == (1, {})
    assert found.before == found.after
    assert found.before.rungs["1"] > 1
    assert not any(row.gained.count or row.lost.count for row in found.breaches.values())


def test_a_shorter_time_breaks_promises_and_calls_people(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("12:00"))
    comment.post_update(ticket, actor=cast.zhao, text="在查")
    time(at("13:30"))
    shorter = draft(resolve__P1={"basis": "wall", "minutes": 120})
    before = everything()
    found = replay(shorter)
    assert difference(before, everything()) == {}, "nothing is written"
    row = found.breaches["resolve", "P1"]
    assert (row.before, row.after, row.gained.count, row.lost.count) == (0, 1, 1, 0)
    assert row.gained.numbers == [ticket.number]
    extra = found.after.rungs - found.before.rungs
    assert extra == {"1": 1, "2": 1}, "due at 12:00, the technical manager; half an hour later the director"
    assert found.after.people[cast.liu.id] - found.before.people[cast.liu.id] == 1
    assert found.after.people[cast.sun.id] - found.before.people[cast.sun.id] == 1


def test_a_longer_time_keeps_promises(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("19:00"))
    while escalation.sweep():
        pass
    row = replay(draft(resolve__P1={"basis": "wall", "minutes": 1440})).breaches["resolve", "P1"]
    assert (row.before, row.after, row.lost.count, row.lost.numbers) == (1, 0, 1, [ticket.number])


def test_a_clock_that_is_newly_agreed_is_played_and_one_no_longer_agreed_is_gone(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("23:00"))
    while escalation.sweep():
        pass
    found = replay(draft(resolve_max__P1={"basis": "wall", "minutes": 60}, resolve__P1=None))
    assert found.breaches["resolve_max", "P1"].gained.numbers == [ticket.number]
    assert found.breaches["resolve", "P1"].lost.numbers == [ticket.number]


def test_what_does_not_follow_from_its_policy_is_named_and_left_out(cast):
    good, tampered = a_ticket("awaiting_plan"), a_ticket("awaiting_plan")
    spoil(deadline(tampered, "resolve"))
    found = replay(draft(resolve__P2={"basis": "wall", "minutes": 1}))
    assert found.tickets == 1
    assert {why: left.numbers for why, left in found.left_out.items()} == {"differs": [tampered.number]}
    assert good.number not in found.left_out["differs"].numbers


def test_security_is_counted_for_everybody_and_named_for_few(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1", category="security")
    time(at("13:30"))
    shorter = draft(resolve__P1={"basis": "wall", "minutes": 120})
    for reader, named in ((cast.feng, []), (cast.liu, [ticket.number])):
        gained = replay(shorter, reader=reader).breaches["resolve", "P1"].gained
        assert (gained.count, gained.numbers) == (1, named), reader.login


def test_only_the_period_counts(cast, time):
    a_ticket()
    time(timedelta(days=200))
    recent = a_ticket()
    policy = edition_of(recent)
    assert replay(policy).tickets == 1
    assert replay(policy, first=TEN_O_CLOCK.date(), last=TEN_O_CLOCK.date()).tickets == 1
    assert replay(policy, first=TEN_O_CLOCK.date()).tickets == 2


def test_it_asks_no_more_often_for_more_tickets(cast, engine):
    ticket = a_ticket("awaiting_plan")
    few = asked(engine, lambda: replay(edition_of(ticket)))
    for _ in range(6):
        a_ticket("awaiting_fix")
    assert asked(engine, lambda: replay(edition_of(ticket))) == few


def test_on_the_command_line(app, cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("13:30"))
    draft(resolve__P1={"basis": "wall", "minutes": 120})
    run = app.test_cli_runner().invoke
    lines = run(args=["policy", "replay", "unified"]).output
    assert f"gained\t1\t{ticket.number}" in lines
    found = json.loads(run(args=["policy", "replay", "unified@1", "--json"]).output)
    assert found["tickets"] == 1
    assert found["before"] == found["after"]
    assert all(row["gained"]["count"] == 0 for row in found["breaches"])
    period = json.loads(
        run(args=["policy", "replay", "unified", "--from", "2026-01-01", "--to", "2026-01-31", "--json"]).output
    )
    assert (period["from"], period["to"], period["tickets"]) == ("2026-01-01", "2026-01-31", 0)
    for wrong_name in ("nothing", "unified@9"):
        refused = run(args=["policy", "replay", wrong_name])
        assert refused.exit_code == 1
        assert "There is no policy" in refused.output


# --- how


def begin_anew(house, time):
    """An empty desk at ten o'clock."""
    db.session.remove()
    house.database.renew()
    time(TEN_O_CLOCK)


def happen(ticket, deed, minutes):
    """One deed, refused or not."""
    with suppress(DomainError, StopIteration):
        DEEDS[deed](ticket, minutes)
    db.session.rollback()


def on_time(time, until):
    """Sweep at every moment at which a mark rings, up to a time."""
    while (rings_at := db.session.scalar(select(func.min(Deadline.ring_at)))) and rings_at < until:
        time(max(rings_at, clock.now()))
        escalation.sweep()
        db.session.rollback()
    time(until)


def past_of(ticket_id):
    """The ticket, played under its own edition."""
    db.session.rollback()
    return next(tales.pasts([ticket_id], until=clock.now()))


def wrong(ticket_id):
    """What only the record says or only the play."""
    rows = (tales.rows_of(query, [ticket_id])[ticket_id] for query in (tales.DEADLINES, tales.FIRINGS))
    return tales.mismatches(past_of(ticket_id).played, *rows)


def promises(ticket_id):
    """Clocks and firings as recorded, without the desk's own housekeeping."""
    rows = (tales.rows_of(query, [ticket_id])[ticket_id] for query in (tales.DEADLINES, tales.FIRINGS))
    return [[row for row in found if row.kind not in HOUSEKEEPING] for found in rows]


def asked(engine, ask):
    """How many statements it takes."""
    db.session.remove()
    heard = []
    listener = lambda *said: heard.append(said[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    return len(heard)


def draft(**cells):
    """A draft of the policy in force with these cells of the table of time limits (None: not agreed)."""
    raw = load_pack("unified").dump()
    for cell, target in cells.items():
        kind, level = cell.split("__")
        raw["clocks"].setdefault(kind, {}).pop(level, None)
        raw["clocks"][kind] |= {level: target} if target else {}
    policies.start_draft(Pack.from_dict(raw), actor=person("admin"))
    return draft_of("unified")


def edition_of(ticket):
    return db.session.get_one(Ticket, ticket.id).policy_version
