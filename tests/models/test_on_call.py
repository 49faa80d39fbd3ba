"""Who is called (P1, P5.4): rotas and hand-overs, absences and delegates, the rungs they leave, a P0's crew."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.clockwork import escalation as clockwork
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.dossier import events_of
from models.insight.ladder import ladder_of
from models.insight.on_call import left_alone, left_alone_soon, week_of
from models.people.absence import Absence, stand_in
from models.people.person import Person, RoleHeld
from models.people.rota import Shift, gaps, holder_of, occurrences, on_call, stints, stints_of
from models.record.message import Message
from models.rules.calling import called
from models.rules.permissions import can_see
from models.steps import accounts, comment, escalation, triage
from models.steps.absences import announce_absence, end_absence
from models.steps.rotas import add_shift, end_shift, hand_over_shift
from tests.factories import a_ticket, person
from tests.models.test_deadlines import at
from tests.models.test_escalation import fired, sweep_until, told
from tests.models.test_permissions import hire

BERLIN = ZoneInfo("Europe/Berlin")


def a_shift(who: str = "chen", role: str = "duty_lead", *, start: str = "09:00", end: str = "18:00", **more) -> Shift:
    return add_shift(actor=person("admin"), role=role, person=person(who), starts_at=at(start), ends_at=at(end), **more)


def away(who: str, *, start: str = "09:00", end: str = "20.T18:00", to: str = "", by: str = "") -> None:
    announce_absence(
        person(who), actor=person(by or who), starts_at=at(start), ends_at=at(end),
        delegate=person(to) if to else None,
    )  # fmt: skip


def logins(people) -> set[str]:
    return {found.login for found in people}


def last(ticket, event: str = "escalated"):
    db.session.rollback()
    return [e for e in events_of(ticket) if e.name == event][-1]


# --- rotas


def test_once_or_every_week_at_the_same_local_hours():
    weekly = Shift(
        starts_at=datetime(2026, 3, 23, 9, tzinfo=BERLIN).astimezone(UTC),
        ends_at=datetime(2026, 3, 23, 17, tzinfo=BERLIN).astimezone(UTC),
        every_weeks=1, time_zone="Europe/Berlin",
    )  # fmt: skip
    found = list(occurrences(weekly, weekly.starts_at, weekly.starts_at + timedelta(days=13)))
    assert [begins.astimezone(BERLIN).strftime("%m-%d %H:%M") for begins, _ in found] == ["03-23 09:00", "03-30 09:00"]
    assert found[1][0] - found[0][0] == timedelta(days=7) - timedelta(hours=1), "the night in which summer began"
    weekly.every_weeks = 0
    assert len(list(occurrences(weekly, weekly.starts_at, weekly.starts_at + timedelta(weeks=9)))) == 1


@given(
    start=st.integers(0, 20_000), length=st.integers(1, 7 * 24 * 60), every=st.integers(0, 3),
    asked=st.integers(-5_000, 90_000), ended=st.none() | st.integers(0, 60_000),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_week_shows_what_a_moment_says(start, length, every, asked, ended):
    """Whoever asks for a moment and whoever looks at the table get the same answer."""
    zero = datetime(2026, 1, 5, tzinfo=UTC)
    begins, minute = zero + timedelta(minutes=start), timedelta(minutes=1)
    shift = Shift(
        id=1, person_id=1, starts_at=begins, ends_at=begins + length * minute, every_weeks=every, time_zone="UTC",
        until=None if ended is None else begins + ended * minute, person=Person(id=1), handovers=[],
    )  # fmt: skip
    moment = zero + timedelta(minutes=asked)
    shown = stints([shift], moment - timedelta(days=3), moment + timedelta(days=3))
    assert (holder_of(shift, moment) == 1) is any(s.starts_at <= moment < s.ends_at for s in shown)
    turn, passed = timedelta(weeks=every), moment - begins
    expected = passed.total_seconds() >= 0 and (passed % turn if every else passed) < length * minute
    expected = expected and (shift.until is None or moment < shift.until)
    assert (holder_of(shift, moment) == 1) is expected


def test_whoever_is_on_call_is_called_and_nobody_else(cast, time):
    """P1: the rota says who; where nobody is on, whoever is on duty."""
    lead = hire("lead-2", "duty_lead")
    a_shift("lead-2", start="12:00", end="13:00")
    ticket = a_ticket("awaiting_plan", severity="P1")
    assert logins(called("duty_lead", ticket).people) == {"chen", "lead-2"}
    assert logins(called("duty_lead", ticket, at=at("12:30")).people) == {"lead-2"}
    assert logins(called("duty_lead", ticket, at=at("13:00")).people) == {"chen", "lead-2"}
    assert on_call("duty_lead", None, at("12:00")) == [lead.id]


def test_the_teams_own_rota_goes_before_the_one_for_all(cast, time):
    for login in ("lead-dev", "lead-all"):
        hire(login, "duty_lead")
    a_shift("lead-all", start="09:00", end="18:00")
    a_shift("lead-dev", start="09:00", end="12:00", team=cast.team("dev"))
    dev, ops = (a_ticket("awaiting_plan", team=team) for team in ("dev", "ops"))
    assert logins(called("duty_lead", dev).people) == {"lead-dev"}
    assert logins(called("duty_lead", ops).people) == {"lead-all"}
    assert logins(called("duty_lead", dev, at=at("12:00")).people) == {"lead-all"}


def test_a_turn_goes_to_somebody_else_and_on_to_a_third(cast, time):
    """Zhao takes wang's Friday; both are named."""
    for login in ("second", "third"):
        hire(login, "first_line")
    shift = a_shift("wang", "first_line", start="20.T09:00", end="20.T18:00", every_weeks=1)
    given = hand_over_shift(
        shift, actor=cast.wang, taker=person("second"), starts_at=at("20.T09:00"), ends_at=at("20.T18:00")
    )
    assert (given.giver.login, given.taker.login) == ("wang", "second")
    hand_over_shift(shift, actor=cast.chen, taker=person("third"), starts_at=at("20.T12:00"), ends_at=at("20.T13:00"))
    who = [on_call("first_line", None, at(f"20.T{hour}")) for hour in ("09:00", "12:30", "13:00", "18:00")]
    assert who == [[person("second").id], [person("third").id], [person("second").id], []]
    assert on_call("first_line", None, at("27.T10:00")) == [cast.wang.id], "the next Friday is wang's again"
    assert [s.person.login for s in stints([shift], at("20.T00:00"), at("21.T00:00"))] == ["second", "third", "second"]
    assert [s.giver.login for s in stints_of(person("third"), at("18.T00:00"), at("30.T00:00"))] == ["wang"]


@pytest.mark.parametrize(
    ("start", "end", "taker", "field"),
    [
        ("20.T08:00", "20.T12:00", "second", "starts_at"),
        ("20.T09:00", "20.T19:00", "second", "ends_at"),
        ("20.T12:00", "20.T12:00", "second", "ends_at"),
        ("20.T09:00", "20.T12:00", "wang", "taker"),
        ("20.T09:00", "20.T12:00", "zhao", "taker"),
    ],
)
def test_a_hand_over_that_makes_no_sense(cast, time, start, end, taker, field):
    hire("second", "first_line")
    shift = a_shift("wang", "first_line", start="20.T09:00", end="20.T18:00")
    with pytest.raises(Invalid) as refusal:
        hand_over_shift(shift, actor=cast.wang, taker=person(taker), starts_at=at(start), ends_at=at(end))
    assert refusal.value.field == field


def test_what_has_passed_is_nobodys_to_hand_over(cast, time):
    hire("second", "first_line")
    shift = a_shift("wang", "first_line")
    past = {"actor": cast.wang, "taker": person("second"), "starts_at": at("09:00")}
    with pytest.raises(Invalid, match="passed") as refusal:
        hand_over_shift(shift, ends_at=at("10:00"), **past)
    assert refusal.value.field == "ends_at"
    assert hand_over_shift(shift, ends_at=at("10:01"), **past).id, "the rest of it still is"


@pytest.mark.parametrize(
    ("who", "role", "start", "end", "every", "field"),
    [
        ("zhao", "duty_lead", "09:00", "10:00", 0, "person"),
        ("chen", "verifier", "09:00", "10:00", 0, "role"),
        ("chen", "duty_lead", "10:00", "10:00", 0, "ends_at"),
        ("chen", "duty_lead", "10:00", "26.T10:00", 1, "ends_at"),
    ],
)
def test_a_shift_that_makes_no_sense(cast, time, who, role, start, end, every, field):
    with pytest.raises(Invalid) as refusal:
        a_shift(who, role, start=start, end=end, every_weeks=every)
    assert refusal.value.field == field


def test_who_keeps_rotas(cast, time):
    shift = a_shift()
    for login in ("zhang", "wang", "zhao", "liu", "he", "yang"):
        with pytest.raises(Refused):
            add_shift(
                actor=person(login), role="duty_lead", person=cast.chen, starts_at=at("09:00"), ends_at=at("10:00")
            )
        with pytest.raises(Refused):
            end_shift(shift, actor=person(login))
        with pytest.raises(Refused):
            hand_over_shift(shift, actor=person(login), taker=cast.chen, starts_at=at("12:00"), ends_at=at("13:00"))
    end_shift(shift, actor=cast.wu)
    assert on_call("duty_lead", None, at("12:00")) == []
    with pytest.raises(Conflict):
        end_shift(shift, actor=cast.wu)


def test_gaps_are_what_no_stint_covers(cast, time):
    a_shift(start="09:00", end="12:00")
    a_shift(start="13:00", end="18:00")
    (rota,) = week_of([at(f"{day}.T00:00") for day in range(16, 24)])
    wednesday = [(p.starts_at, p.ends_at) for p in rota.days[2] if p.stint is None]
    assert wednesday == [(at("00:00"), at("09:00")), (at("12:00"), at("13:00")), (at("18:00"), at("19.T00:00"))]
    assert gaps([], at("09:00"), at("10:00")) == [(at("09:00"), at("10:00"))]
    assert sum((p.ends_at - p.starts_at for d in rota.days for p in d), timedelta()) == timedelta(days=7)


# --- absences


def test_the_delegate_hears_it(cast, time):
    """P5.4: rungs and warnings go to the delegate; the record says who was told."""
    hire("manager-2", "tech_manager")
    hire("deputy", "tech_manager")
    accounts.set_own_settings(person("deputy"), locale="zh", time_zone="Asia/Shanghai", theme="auto", on_duty=False)
    away("liu", to="deputy")
    away("zhao", to="li")
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    people = {p.id: p.login for p in db.session.scalars(select(Person))}
    assert {people[id_] for id_ in last(ticket).told} == {"manager-2", "deputy"}
    warned = [e for e in events_of(ticket) if e.name == "warned" and e.details["kind"] == "resolve"]
    assert people[warned[0].told[0]] == "li"


def test_away_without_a_delegate_the_next_rung_hears_it(cast, time):
    away("liu")
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    assert fired(ticket, "resolve")[-1] == ("resolve", 100, "director", "18:00")
    assert told(ticket, "escalated") == {"sun"}
    assert last(ticket).details["passed_over"] == [{"role": "tech_manager", "person": cast.liu.id, "why": "absent"}]


def test_a_delegate_who_does_not_hold_the_role_is_no_help(cast, time):
    """Chen shares a role with liu, but is no technical manager."""
    grant("liu", "supervisor")
    away("liu", to="chen")
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    assert told(ticket, "escalated") == {"sun"}


def test_a_handler_who_is_away_without_a_delegate_the_supervisor_is_warned(cast, time):
    away("zhao")
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("14:00"))
    warned = last(ticket, "warned")
    assert told(ticket, "warned") == {"chen", "wu"}
    assert warned.details["passed_over"] == [{"role": "assignee", "person": cast.zhao.id, "why": "absent"}]


def test_the_rest_of_the_role_hears_it_when_one_is_away(cast, time):
    away("chen")
    ticket = a_ticket(severity="P2")
    sweep_until(time, at("10:10"))
    assert told(ticket, "escalated") == {"wu"}
    assert [over["person"] for over in last(ticket).details["passed_over"]] == [cast.chen.id]


def test_on_call_but_away_the_next_holder_is_called(cast, time):
    """The rota is a wish, an absence a fact."""
    hire("lead-2", "duty_lead")
    a_shift("chen")
    away("chen")
    ticket = a_ticket(severity="P0")
    assert logins(called("duty_lead", ticket).people) == {"lead-2"}
    assert [over["person"] for over in called("duty_lead", ticket).passed_over] == [cast.chen.id]


def test_on_call_but_gone_the_next_holder_is_called(cast, time):
    """Whoever left, or lost the role, stays in the rota until somebody changes it, and is not called."""
    hire("lead-2", "duty_lead")
    a_shift("lead-2")
    ticket = a_ticket(severity="P0")
    assert logins(called("duty_lead", ticket).people) == {"lead-2"}
    accounts.deactivate_person(person("lead-2"), actor=cast.admin, successor=cast.chen)
    assert logins(called("duty_lead", ticket).people) == {"chen"}


def test_everybody_away_ends_with_the_administrators_and_an_alarm(cast, time):
    """P5.4: a chain never ends in nobody; administrators are told even when they are away."""
    for login in ("liu", "sun", "admin"):
        away(login)
    assert clockwork.at_last_resort() == 0
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    assert told(ticket, "escalated") == {"admin"}
    assert ticket.escalation == 4
    assert clockwork.at_last_resort() == 1
    escalation.acknowledge_escalation(ticket, actor=cast.admin)
    assert clockwork.at_last_resort() == 0, "somebody has taken charge"


def test_who_has_taken_charge_and_is_away_is_asked_through_the_delegate(cast, time):
    hire("deputy", "tech_manager")
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:05"))
    escalation.acknowledge_escalation(ticket, actor=cast.liu)
    announce_absence(
        cast.liu, actor=cast.liu, starts_at=at("19:00"), ends_at=at("20.T09:00"), delegate=person("deputy")
    )
    sweep_until(time, at("22:05"))
    assert last(ticket).details["mark"] == 1001
    assert last(ticket).told == [person("deputy").id]


def test_chains_are_followed_three_times_and_circles_end():
    able = range(1, 10)
    assert stand_in(1, {1: 2}, able) == 2
    assert stand_in(1, {1: 2, 2: 3, 3: 4}, able) == 4
    assert stand_in(1, {1: 2, 2: 3, 3: 4, 4: 5}, able) is None
    assert stand_in(1, {1: 2, 2: 1}, able) is None
    assert stand_in(1, {1: None}, able) is None
    assert stand_in(1, {1: 2}, [3]) is None


def test_a_circle_of_delegates_is_refused(cast, time):
    grant("wu", "tech_manager")
    grant("sun", "tech_manager")
    away("liu", to="wu")
    away("wu", to="sun")
    with pytest.raises(Invalid) as refusal:
        away("sun", to="liu")
    assert refusal.value.field == "delegate"
    away("sun", start="21.T09:00", end="22.T09:00", to="liu")  # the others are back by then


def test_a_fourth_delegation_in_a_row_is_refused(cast, time):
    for login in ("a", "b", "c", "d", "e"):
        hire(login, "tech_manager")
    for giver, taker in (("d", "e"), ("c", "d"), ("b", "c")):
        away(giver, to=taker)
    with pytest.raises(Invalid):
        away("a", to="b")


@pytest.mark.parametrize(
    ("start", "end", "to", "field"),
    [
        ("12:00", "12:00", "", "ends_at"),
        ("08:00", "09:00", "", "ends_at"),
        ("12:00", "13:00", "li", "delegate"),
        ("12:00", "13:00", "liu", "delegate"),
    ],
)
def test_an_absence_that_makes_no_sense(cast, time, start, end, to, field):
    with pytest.raises(Invalid) as refusal:
        away("liu", start=start, end=end, to=to)
    assert refusal.value.field == field


def test_two_absences_at_once_are_refused_and_back_early_ends_one(cast, time):
    away("liu")
    with pytest.raises(Invalid):
        away("liu", start="19.T09:00", end="30.T09:00")
    (absence,) = db.session.scalars(select(Absence))
    end_absence(absence, actor=cast.liu)
    assert logins(called("tech_manager", a_ticket()).people) == {"liu"}
    with pytest.raises(Conflict):
        end_absence(absence, actor=cast.liu)


def test_who_announces_whose_absence(cast, time):
    """Oneself, a supervisor of the team, an administrator."""
    away("li", start="12:00", end="13:00", by="admin")
    away("li", start="13:00", end="14:00", by="wu")
    scoped = hire("scoped", "supervisor", team_id=cast.team("dev").id)
    for login in ("zhao", "liu", scoped.login):
        with pytest.raises(Refused):
            away("li", start="14:00", end="15:00", by=login)


def test_whoever_leaves_a_rung_empty_is_named_beforehand(cast, time):
    away("liu", start="20.T09:00", end="21.T09:00")
    away("chen", start="20.T09:00", end="21.T09:00")
    found = {absence.person.login: {role for role, _ in rungs} for absence, rungs in left_alone_soon()}
    assert found == {"liu": {"tech_manager"}, "chen": {"duty_lead"}}, "wu stays as supervisor"
    hire("deputy", "tech_manager")
    assert all(absence.person.login != "liu" for absence, _ in left_alone_soon())
    absence = db.session.scalars(select(Absence)).first()
    assert left_alone(absence) == []


def test_the_delegate_is_told_beforehand(cast, time):
    grant("wu", "tech_manager")
    away("liu", to="wu")
    told_of_it = db.session.scalars(select(Message).where(Message.template == "stand_in")).one()
    assert told_of_it.person.login == "wu"


# --- a P0 calls at once (P3.4), whatever it is about


def test_a_p0_about_security_calls_the_crew_and_lets_them_see(cast, time):
    """P3.4 goes before P2.11: whoever is called works on it."""
    other = hire("senior-ops", "engineer")
    level(other, "senior", cast.team("ops").id)
    ticket = a_ticket("awaiting_engineer", severity="P1", category="security", assignee=cast.li)
    assert not can_see(cast.zhao, ticket)
    triage.regrade_ticket(ticket, actor=cast.liu, severity="P0", reason="全站受影响")
    crew = {m.person.login for m in db.session.scalars(select(Message).where(Message.template == "p0"))}
    assert {"chen", "zhao"} <= crew
    assert "senior-ops" not in crew, "of another team"
    assert can_see(person("zhao"), ticket)
    assert not can_see(person("senior-ops"), ticket)


def test_called_before_anybody_knew_that_it_is_about_security(cast, time):
    """A P0 calls everybody when it is reported; once it is graded as security the owning team's crew still sees it."""
    ticket = a_ticket("awaiting_engineer", severity="P0", category="security", assignee=cast.li)
    assert can_see(cast.zhao, ticket)
    assert can_see(cast.chen, ticket)
    assert not can_see(cast.he, ticket)


def test_the_last_resort_may_see_what_it_is_told(cast, time):
    for login in ("liu", "sun"):
        away(login)
    ticket = a_ticket("awaiting_plan", severity="P1", category="security")
    assert not can_see(cast.admin, ticket)
    sweep_until(time, at("18:00"))
    assert can_see(cast.admin, ticket)


# --- the engine comes back (P5.6)


def test_overtaken_warnings_are_on_record_and_tell_nobody(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    comment.post_update(ticket, actor=cast.zhao, text="在看。")
    time(at("17:00"))  # resolve: 50 % was due at 14:00, 80 % at 16:24
    while clockwork.sweep():
        pass
    assert fired(ticket, "resolve") == [
        ("resolve", 50, "overtaken", "17:00"),
        ("resolve", 80, "assignee", "17:00"),
    ]
    warned = [e.details["percent"] for e in events_of(ticket) if e.name == "warned" and e.details["kind"] == "resolve"]
    assert warned == [80]
    time(at("19.T09:00"))
    while clockwork.sweep():
        pass
    assert fired(ticket, "resolve")[2:] == [("resolve", 100, "tech_manager", "09:00")], "no rung is skipped or joined"


def test_after_a_night_each_clock_tells_one_thing(cast, time):
    ticket = a_ticket(severity="P1")
    time(at("19.T09:00"))
    while clockwork.sweep():
        pass
    told_now = [m for m in fired(ticket) if m[2] != "overtaken"]
    assert [(kind, mark) for kind, mark, *_ in told_now] == [("triage", 100), ("respond", 100), ("resolve", 100)]
    assert {mark for _, mark, role, _ in fired(ticket) if role == "overtaken"} == {50, 80}


# --- a ticket shows its ladder (P5.5)


def test_the_ladder_says_what_was_and_what_comes(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    sweep_until(time, at("18:00"))
    away("sun")
    climb = next(c for c in ladder_of(ticket) if c.deadline.kind == "resolve")
    assert [(r.mark, logins(r.people), r.late_by) for r in climb.fired] == [
        (50, {"zhao"}, 0.0), (80, {"zhao", "chen", "wu"}, 0.0), (100, {"liu"}, 0.0),
    ]  # fmt: skip
    (ahead,) = climb.ahead
    assert (ahead.mark, ahead.due_at, logins(ahead.people), ahead.role) == (200, at("18:30"), {"admin"}, "admin")
    assert [(over["role"], over["person"]) for over in ahead.passed_over] == [("director", cast.sun.name)]


def test_what_the_ladder_foretells_is_what_happens(cast, time):
    """Every mark ahead comes at its time to these people, if nobody does anything."""
    away("liu", start="18:00", end="19.T00:00")
    ticket = a_ticket("awaiting_plan", severity="P1")
    foretold = {
        (climb.deadline.kind, rung.mark): (rung.due_at, sorted(p.id for p in rung.people))
        for climb in ladder_of(ticket) for rung in climb.ahead
    }  # fmt: skip
    sweep_until(time, at("19.T12:00"))
    happened = {
        (climb.deadline.kind, rung.mark): (rung.done_at, sorted(p.id for p in rung.people))
        for climb in ladder_of(ticket) for rung in climb.fired
    }  # fmt: skip
    assert len(foretold) > 8
    assert {key: happened[key] for key in foretold} == foretold


def test_late_is_said_to_be_late(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(at("18:20"))
    while clockwork.sweep():
        pass
    climb = next(c for c in ladder_of(ticket) if c.deadline.kind == "resolve")
    assert [(r.mark, r.overtaken, r.late_by) for r in climb.fired][-1] == (100, False, 20 * 60)
    assert all(r.overtaken and not r.people for r in climb.fired[:-1])


# --- helpers


@command
def grant(login: str, role: str) -> None:
    db.session.add(RoleHeld(person_id=person(login).id, role=role))


@command
def level(who: Person, engineer_level: str, team_id: int) -> None:
    who.engineer_level, who.team_id = engineer_level, team_id
