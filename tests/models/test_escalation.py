"""The ladder (P5): warnings, breaches, who is told next; each exactly once, whoever sweeps and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from models.clockwork import escalation as clockwork
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Refused
from models.insight.dossier import events_of
from models.record.deadline import Deadline, Firing
from models.record.event import Event
from models.record.message import Message
from models.record.ticket import Ticket
from models.rules import journal
from models.steps import accounts, comment, escalation, triage
from tests.factories import a_ticket, an_answered_ticket, deadline, person
from tests.models.test_deadlines import SHANGHAI, at


def sweep_until(time, instant: datetime) -> None:
    """Let time pass as the engine does: at each ring, sweep."""
    while (ring := _next_ring()) and ring <= instant:
        time(max(ring, clock.now()))
        clockwork.sweep()
    time(instant)


def _next_ring():
    db.session.rollback()
    return db.session.scalar(select(func.min(Deadline.ring_at)))


def fired(ticket, *kinds: str) -> list[tuple[str, int, str, str]]:
    """(kind, mark, role, local time of doing) of everything that fired, in order."""
    db.session.rollback()
    found = db.session.execute(
        select(Deadline.kind, Firing.mark, Firing.role, Firing.done_at)
        .join(Deadline, Deadline.id == Firing.deadline_id)
        .where(Firing.ticket_id == ticket.id)
        .order_by(Firing.done_at, Firing.id)
    ).all()
    return [
        (kind, mark, role, when.astimezone(SHANGHAI).strftime("%H:%M"))
        for kind, mark, role, when in found
        if not kinds or kind in kinds
    ]


def told(ticket, event: str, *, n: int = -1) -> set[str]:
    """Who was told of the nth event of this name."""
    found = [e for e in events_of(ticket) if e.name == event][n]
    ids = set(found.told)
    return {login for login in ("zhang", "wang", "li", "zhao", "chen", "liu", "sun", "wu", "he", "admin")
            if person(login).id in ids}  # fmt: skip


def test_a_p1_that_nobody_touches(cast, time):
    """P5.1, P5.2, P5.3, with every time counted by hand."""
    ticket = a_ticket(severity="P1")
    sweep_until(time, at("23:59"))
    assert fired(ticket) == [
        ("triage", 80, "assignee", "10:08"),
        ("triage", 100, "supervisor", "10:10"),
        ("respond", 80, "assignee", "10:24"),
        ("respond", 100, "supervisor", "10:30"),
        ("triage", 200, "tech_manager", "10:40"),
        ("respond", 200, "tech_manager", "11:00"),
        ("triage", 300, "director", "11:10"),
        ("respond", 300, "director", "11:30"),
        ("resolve", 50, "assignee", "14:00"),
        ("resolve", 80, "assignee", "16:24"),
        ("resolve", 100, "tech_manager", "18:00"),
        ("resolve", 200, "director", "18:30"),
    ]
    db.session.refresh(ticket)
    assert ticket.escalation == 3
    assert journal.verify(ticket, events_of(ticket)) is None


def test_a_p0_that_nobody_touches(cast, time):
    ticket = a_ticket(severity="P0")
    sweep_until(time, at("23:59"))
    assert fired(ticket, "respond", "resolve") == [
        ("respond", 80, "assignee", "10:12"),
        ("respond", 100, "supervisor", "10:15"),
        ("respond", 200, "tech_manager", "10:25"),
        ("respond", 300, "director", "10:35"),
        ("resolve", 50, "assignee", "11:00"),
        ("resolve", 80, "assignee", "11:36"),
        ("resolve", 100, "supervisor", "12:00"),
        ("resolve", 200, "tech_manager", "12:10"),
        ("resolve", 300, "director", "12:20"),
    ]
    assert fired(ticket, "resolve_max") == [
        ("resolve_max", 50, "assignee", "12:00"),
        ("resolve_max", 80, "assignee", "13:12"),
        ("resolve_max", 100, "tech_manager", "14:00"),
        ("resolve_max", 200, "director", "14:10"),
    ]


@pytest.mark.parametrize(("severity", "kind", "hours"), [("P0", "resolve_max", 4), ("P1", "resolve", 8)])
def test_the_promise_of_the_process(cast, time, severity, kind, hours):
    """P5.2: the technical manager at 4 and at 8 hours, to the minute, in the inbox and by mail."""
    ticket = a_ticket("awaiting_plan", severity=severity)
    due = at("10:00") + timedelta(hours=hours)
    sweep_until(time, due - timedelta(seconds=1))
    assert 100 not in [mark for _, mark, _, _ in fired(ticket, kind)]
    sweep_until(time, due)
    assert fired(ticket, kind)[-1][1:3] == (100, "tech_manager")
    climbs = [e.id for e in events_of(ticket) if e.name == "escalated" and e.details["kind"] == kind]
    told = select(Message).where(Message.person_id == cast.liu.id, Message.template == "escalated")
    inbox = db.session.scalars(told.where(Message.event_id == max(climbs))).all()
    assert {message.channel for message in inbox} == {"app", "mail"}


@pytest.mark.parametrize("severity", ["P2", "P3"])
def test_small_faults_stop_at_the_supervisor(cast, time, severity):
    ticket = a_ticket("awaiting_plan", severity=severity)
    sweep_until(time, at("30.T18:00"))
    assert {role for _, mark, role, _ in fired(ticket) if mark >= 100} == {"supervisor"}
    assert max(mark for _, mark, _, _ in fired(ticket)) == 100


@pytest.mark.parametrize("state", ["awaiting_customer", "awaiting_review"])
def test_follow_up_and_close_stop_at_the_supervisor_also_for_p0(cast, time, state):
    ticket = a_ticket(state, severity="P0")
    sweep_until(time, at("16:00"))
    assert {(k, m) for k, m, _, _ in fired(ticket, "follow_up", "close") if m >= 100} == {
        ("follow_up" if state == "awaiting_customer" else "close", 100)
    }


@pytest.mark.parametrize(
    ("state", "kind", "first", "later"),
    [
        ("awaiting_triage", "triage", {"wang", "chen", "wu"}, None),
        ("awaiting_plan", "resolve", {"zhao"}, {"zhao", "chen", "wu"}),
        ("awaiting_test", "test", {"he"}, {"he", "chen", "wu"}),
        ("awaiting_approval", "approve", {"chen", "wu"}, {"chen", "wu"}),
    ],
)
def test_who_is_warned(cast, time, state, kind, first, later):
    """P5.1: whoever has to act; from 80 per cent on the supervisor too."""
    ticket = a_ticket(state, severity="P1")
    sweep_until(time, at("17:59"))
    warned = [e for e in events_of(ticket) if e.name == "warned" and e.details["kind"] == kind]
    names = [
        {login for login in ("wang", "zhao", "chen", "wu", "he", "liu") if person(login).id in e.told} for e in warned
    ]
    assert names == ([first, later] if later else [first])
    assert [e.details["percent"] for e in warned] == ([50, 80] if later else [80])


def test_acknowledged_is_not_told_further_but_asked_again(cast, time):
    """P5.3: after an hour for a P0, every four for a P1, once a period."""
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:05"))
    assert fired(ticket, "resolve")[-1] == ("resolve", 100, "tech_manager", "18:00")
    escalation.acknowledge_escalation(ticket, actor=cast.liu)
    sweep_until(time, at("19.T03:00"))
    assert fired(ticket, "resolve")[3:] == [
        ("resolve", 1001, "tech_manager", "22:05"),
        ("resolve", 1002, "tech_manager", "02:05"),
    ]
    asked = [e for e in events_of(ticket) if e.name == "escalated" and e.details["mark"] in (1001, 1002)]
    assert all(e.told == [cast.liu.id] for e in asked), "who took charge is asked"
    assert {e.details["role"] for e in asked if e.details["kind"] == "resolve"} == {"tech_manager"}, "no further"


def test_unacknowledged_goes_on_to_the_director(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:30"))
    assert told(ticket, "escalated") == {"sun"}
    assert ticket.escalation == 3


def test_only_the_ladder_acknowledges(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    with pytest.raises(Conflict):
        escalation.acknowledge_escalation(ticket, actor=cast.liu)  # nothing has been escalated
    sweep_until(time, at("18:00"))
    for login in ("zhang", "wang", "zhao", "he", "yang", "feng"):
        with pytest.raises(Refused):
            escalation.acknowledge_escalation(ticket, actor=person(login))
    escalation.acknowledge_escalation(ticket, actor=cast.liu)
    with pytest.raises(Conflict):
        escalation.acknowledge_escalation(ticket, actor=cast.sun)


def test_reported_upward_the_director_knows(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    escalation.report_up(ticket, actor=cast.liu, reason="需要加人")
    assert told(ticket, "reported_up") == {"sun"}
    assert ticket.escalation == 3


def test_a_role_that_nobody_holds_is_passed_over(cast, time):
    """P5.4: a chain never ends in nobody."""
    accounts.deactivate_person(cast.liu, actor=cast.admin, successor=cast.chen)
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    assert fired(ticket, "resolve")[-1] == ("resolve", 100, "director", "18:00")
    passed = [e for e in events_of(ticket) if e.name == "escalated" and e.details["kind"] == "resolve"][-1]
    assert passed.details["passed_over"] == [{"role": "tech_manager", "person": None, "why": "vacant"}]


def test_the_last_resort_is_every_administrator(cast, time):
    for login in ("liu", "sun"):
        accounts.deactivate_person(person(login), actor=cast.admin, successor=cast.chen)
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    assert fired(ticket, "resolve")[-1] == ("resolve", 100, "admin", "18:00")
    assert told(ticket, "escalated") == {"admin"}
    assert ticket.escalation == 4


def test_whoever_is_off_duty_is_told_only_when_nobody_is_on(cast, time):
    accounts.set_own_settings(cast.wu, locale="zh", time_zone="Asia/Shanghai", theme="auto", on_duty=False)
    ticket = a_ticket(severity="P2")
    sweep_until(time, at("10:10"))
    assert told(ticket, "escalated") == {"chen"}
    accounts.set_own_settings(cast.chen, locale="zh", time_zone="Asia/Shanghai", theme="auto", on_duty=False)
    other = a_ticket(severity="P2")
    sweep_until(time, at("10:20"))
    assert told(other, "escalated") == {"chen", "wu"}


def test_what_is_done_or_paused_does_not_ring(cast, time):
    answered = an_answered_ticket("P2")
    waiting = a_ticket("awaiting_engineer", severity="P1")
    comment.post_update(waiting, actor=cast.zhao, text="在看。")
    triage.ask_reporter(waiting, actor=cast.wang, question="?")
    sweep_until(time, at("11:59"))
    assert {kind for kind, *_ in fired(answered)} <= {"follow_up"}
    assert {kind for kind, *_ in fired(waiting)} <= {"follow_up", "update"}


def test_time_that_jumps_fires_each_mark_once(cast, time):
    """P5.6: the engine was away for a night; a rung is measured from when it was told, not from when it was due."""
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("19.T09:00"))
    while clockwork.sweep():
        pass
    assert [(m, t) for _, m, _, t in fired(ticket, "resolve") if m >= 100] == [(100, "09:00")]
    first = db.session.scalars(
        select(Firing).where(Firing.mark == 100).join(Deadline).where(Deadline.kind == "resolve")
    ).one()
    assert (first.due_at, first.done_at) == (at("18:00"), at("19.T09:00"))
    sweep_until(time, at("19.T09:30"))
    assert [(m, t) for _, m, _, t in fired(ticket, "resolve") if m >= 100] == [(100, "09:00"), (200, "09:30")]


def test_nothing_due_nothing_done(cast, time):
    a_ticket("awaiting_plan", severity="P1")
    assert not clockwork.is_due()
    assert clockwork.sweep() == 0
    time(at("10:24"))
    assert clockwork.is_due()
    while clockwork.sweep():
        pass
    assert not clockwork.is_due()


def test_batches(cast, time):
    for _ in range(5):
        a_ticket(severity="P2")
    time(at("10:08"))
    counts = []
    while done := clockwork.sweep(limit=2):
        counts.append(done)
    assert max(counts) <= 2
    assert sum(counts) == 5


SWEEPERS, TICKETS = 4, 30


def test_many_sweepers_fire_each_mark_exactly_once(app, cast, time):
    """Real threads on one database: each rung is told once, and nobody gets it twice."""
    tickets = [a_ticket(severity="P1") for _ in range(TICKETS)]
    time(at("10:30"))
    together = Barrier(SWEEPERS)

    def sweep_all() -> int:
        with app.app_context():
            together.wait()
            done = 0
            for _ in range(200):  # a sweeper may find everything locked by the others and nothing left for itself
                if not (fired_now := clockwork.sweep(limit=7)) and not clockwork.is_due():
                    return done
                done += fired_now
            return done

    with ThreadPoolExecutor(SWEEPERS) as pool:
        done = sum(pool.map(lambda _: sweep_all(), range(SWEEPERS)))
    db.session.rollback()
    for ticket in tickets:
        assert sorted(fired(ticket)) == [  # a warning that comes with the breach is on record and tells nobody
            ("respond", 80, "overtaken", "10:30"), ("respond", 100, "supervisor", "10:30"),
            ("triage", 80, "overtaken", "10:30"), ("triage", 100, "supervisor", "10:30"),
        ]  # fmt: skip
        db.session.refresh(ticket)
        assert journal.verify(ticket, events_of(ticket)) is None
    assert done == 4 * TICKETS
    assert db.session.scalar(select(func.count(Event.id)).where(Event.name == "escalated")) == 2 * TICKETS
    supervisors, channels = 2, 2
    messages = select(func.count(Message.id)).where(Message.template == "escalated")
    assert db.session.scalar(messages) == 2 * TICKETS * supervisors * channels


def test_work_goes_on_while_it_is_swept(app, cast, time):
    """A command and a sweep on the same tickets: neither loses, and no chain breaks."""
    tickets = [a_ticket(severity="P1") for _ in range(10)]
    ids = [ticket.id for ticket in tickets]
    time(at("10:30"))
    together = Barrier(2)

    def work() -> None:
        with app.app_context():
            together.wait()
            for ticket_id in ids:
                comment.post_update(db.session.get(Ticket, ticket_id), actor=person("wang"), text="在看。")

    def sweep() -> None:
        with app.app_context():
            together.wait()
            for _ in range(200):
                if not clockwork.sweep(limit=3) and not clockwork.is_due():
                    return

    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(work), pool.submit(sweep)]:
            running.result()
    db.session.rollback()
    for ticket in tickets:
        db.session.refresh(ticket)
        events = events_of(ticket)
        assert journal.verify(ticket, events) is None
        assert [e.name for e in events].count("updated") == 1
        assert deadline(ticket, "respond").state == "met"
