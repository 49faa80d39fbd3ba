"""The check of a policy: each rule finds what it is there for, and nothing where all is well."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Invalid, Missing
from models.ground.opening_hours import Calendar
from models.insight.finding import Finding
from models.insight.policy_lint import lint
from models.insight.rehearsal import rehearse
from models.insight.subject import subject_of, subjects
from models.people.team import Team
from models.policy.calendar import CalendarRow
from models.policy.content import digest_of
from models.policy.pack import Pack, load_pack
from models.policy.version import PolicyVersion, version_in_force
from models.steps import accounts, policies
from models.steps.absences import announce_absence
from models.steps.rotas import add_shift, end_shift
from tests.database import difference, everything
from tests.factories import person
from tests.models.test_deadlines import at
from tests.models.test_permissions import hire

DAY = timedelta(days=1)
SLOW = ("slow_to_climb", "triage", "P1")  # 10 minutes to triage a P1, 30 to acknowledge (P4.2, P5.3)
NEXT_YEAR = ("no_holidays", "", "")  # it is November, and the calendar has no make-up days of 2027


def found(pack: Pack | None = None, rule: str = "") -> list[tuple]:
    """(rule, clock or role, level or team or person) of everything that is found with this policy."""
    version = version_in_force(clock.now())
    edition = _edition(pack, version) if pack else version
    db.session.rollback()
    said = [
        (f.rule, f.kind or f.role, f.level or (f.team.code if f.team else "") or (f.person.login if f.person else ""))
        for f in lint(edition)
    ]
    return [line for line in said if rule in ("", line[0])]


def only(rule: str) -> list[Finding]:
    """The same of one rule, with the default policy."""
    db.session.rollback()
    return [finding for finding in lint(version_in_force(clock.now())) if finding.rule == rule]


def _edition(pack: Pack, like: PolicyVersion) -> PolicyVersion:
    return PolicyVersion(
        pack_name=pack.name, content=pack.dump(), digest=digest_of(pack.dump()), calendar_row=like.calendar_row
    )


def changed(**places: dict) -> Pack:
    """The unified policy with other values: `clocks__resolve__P0={"basis": "wall", "minutes": 30}`; None takes away."""
    raw = load_pack("unified").dump()
    for place, value in places.items():
        *path, last = place.split("__")
        at_it = raw
        for step in path:
            at_it = at_it[step]
        if value is None:
            del at_it[last]
        else:
            at_it[last] = value
    return Pack.from_dict(raw)


@command
def give(login: str, **values) -> None:
    for name, value in values.items():
        setattr(person(login), name, value)


def lose(login: str, *roles: str, team: str = "") -> None:
    """Somebody keeps these roles only, in one team if given."""
    team_id = db.session.scalar(select(Team.id).where(Team.code == team))
    accounts.edit_person(person(login), actor=person("admin"), roles=[(role, team_id) for role in roles])


def test_the_desk_of_the_demonstration(cast, time):
    assert found() == [SLOW, NEXT_YEAR]


def test_where_all_is_well(cast, time):
    time(at("18.T10:00") - 30 * DAY)
    assert found(changed(escalation__acknowledge_within__P1=10)) == []


def test_nothing_is_written(cast, time):
    before = everything()
    for subject in [*subjects(), subject_of("problem-record")]:
        lint(subject.version)
    assert difference(before, everything()) == {}


# --- people


def test_a_rung_that_nobody_holds(cast, time):
    lose("liu")
    assert ("vacant", "tech_manager", "") in found()
    assert all(f.is_error for f in only("vacant"))


def test_a_role_that_has_to_act_is_a_warning(cast, time):
    lose("he")
    assert [f.is_error for f in only("vacant") if f.role == "verifier"] == [False]


def test_a_rung_held_in_one_team_only(cast, time):
    """The teams with a service count; the product team has none."""
    lose("chen", "duty_lead")
    lose("wu", "supervisor", team="ops")
    assert found(rule="vacant") == [("vacant", "supervisor", "dev"), ("vacant", "supervisor", "hardware")]


def test_a_ladder_that_ends_in_nobody(cast, time):
    assert found(rule="ends_nowhere") == []
    lose("sun")
    assert found(rule="ends_nowhere") == [("ends_nowhere", "director", "")]
    lose("liu")
    lose("wu")
    lose("chen")
    assert ("ends_nowhere", "supervisor", "") in found(rule="ends_nowhere"), "nobody above either"


def test_no_administrator_is_left(cast, time):
    give("admin", active=False)
    assert found(rule="no_last_resort") == [("no_last_resort", "admin", "")]


def test_leave_that_leaves_a_rung_alone(cast, time):
    away = {"starts_at": at("25.T09:00"), "ends_at": at("26.T18:00")}
    announce_absence(cast.wu, actor=cast.wu, kind="leave", **away)
    assert found(rule="left_alone") == [], "chen is there"
    announce_absence(cast.chen, actor=cast.chen, kind="leave", starts_at=at("26.T09:00"), ends_at=at("27.T18:00"))
    (hole, *_) = [f for f in only("left_alone") if f.role == "supervisor"]
    assert (hole.starts_at, hole.ends_at, hole.is_error) == (at("26.T09:00"), at("27.T18:00"), True)
    assert ("left_alone", "duty_lead", "dev") in found(rule="left_alone"), "and the duty lead is chen alone"


def test_leave_with_a_stand_in_or_far_away_is_well(cast, time):
    hire("second", "tech_manager")
    announce_absence(cast.liu, actor=cast.liu, kind="leave", starts_at=at("25.T09:00"), ends_at=at("26.T09:00"))
    announce_absence(
        cast.sun, actor=cast.sun, kind="leave", starts_at=clock.now() + 40 * DAY, ends_at=clock.now() + 41 * DAY
    )
    assert found(rule="left_alone") == []


def test_one_person_on_two_rungs(cast, time):
    lose("liu", "tech_manager", "supervisor")
    assert found(rule="on_two_rungs") == [("on_two_rungs", "supervisor", "liu")]
    alone = changed(escalation__ladder=[{"rungs": ["supervisor"]}])
    assert found(alone, "on_two_rungs") == [], "not on one ladder"


def test_a_rung_without_an_address(cast, time):
    give("sun", email="")
    give("li", email="")
    assert found(rule="without_email") == [("without_email", "director", "sun")]


def test_a_gap_in_a_rota(cast, time):
    week = {"actor": cast.admin, "role": "duty_lead", "person": cast.chen, "every_weeks": 1}
    shift = add_shift(starts_at=at("16.T00:00"), ends_at=at("23.T00:00"), **week)
    assert found(rule="rota_gap") == []
    end_shift(shift, actor=cast.admin, at=at("20.T00:00"))
    (gap,) = only("rota_gap")
    assert (gap.role, gap.starts_at, gap.count) == ("duty_lead", at("20.T00:00"), 1)


def test_the_rota_for_all_fills_the_gap_of_a_team(cast, time):
    add_shift(
        actor=cast.admin, role="duty_lead", person=cast.chen, starts_at=at("16.T00:00"), ends_at=at("23.T00:00"),
        every_weeks=1,
    )  # fmt: skip
    own = {"starts_at": at("19.T09:00"), "ends_at": at("19.T18:00"), "team": cast.team("dev")}
    add_shift(actor=cast.admin, role="duty_lead", person=cast.chen, **own)
    assert found(rule="rota_gap") == []
    add_shift(actor=cast.admin, role="first_line", person=cast.wang, **own)
    assert [(f.role, f.team.code, f.count) for f in only("rota_gap")] == [("first_line", "dev", 2)]


# --- the calendar


def test_a_year_that_the_calendar_does_not_know(cast, time):
    for days, expected in ((-30, []), (0, [(2027, False)]), (60, [(2027, True)])):
        time(at("18.T10:00") + days * DAY)
        assert [(f.count, f.is_error) for f in only("no_holidays")] == expected, days


def test_a_calendar_that_ends_before_a_clock_does(cast, time):
    """It is said, and stops nothing: the list of what is to do asks for it at each look."""
    version = version_in_force(clock.now())
    days = Calendar(tz="Asia/Shanghai", week=((),) * 7, extra=((at("20.T09:00").date(), ((540, 600),)),)).to_dict()
    row = CalendarRow(name="Two days", content=days, digest="two days", names={}, country="")
    edition = _edition(version.pack, version)
    edition.calendar_row = row
    assert [(f.rule, f.is_error) for f in lint(edition)] == [("calendar_ends", True)]
    with pytest.raises(Invalid):
        rehearse(edition, level="P3", start=clock.now())


# --- the policy


@pytest.mark.parametrize(
    ("rule", "places", "expected"),
    [
        ("update_too_late", {"clocks__resolve__P1": {"basis": "wall", "minutes": 30}}, ("resolve", "P1")),
        ("update_too_late", {"clocks__resolve__P2": {"basis": "service", "minutes": 240}}, ("resolve", "P2")),
        ("warned_too_late", {"clocks__triage__P2": {"basis": "service", "minutes": 4}}, ("triage", "P2")),
        ("warned_too_late", {"warnings__cadence_marks": []}, ("update", "P0")),
        ("slow_to_climb", {"escalation__acknowledge_within__P0": 20}, ("respond", "P0")),
        ("more_than_resolve", {"clocks__plan__P0": {"basis": "wall", "minutes": 80}}, ("resolve", "P0")),
        ("more_than_resolve", {"clocks__test__P3": {"basis": "days", "days": 2}}, ("resolve", "P3")),
    ],
)
def test_limits_that_do_not_go_together(cast, time, rule, places, expected):
    assert (rule, *expected) not in found()
    assert (rule, *expected) in found(changed(**places), rule)


def test_limits_that_just_fit(cast, time):
    assert found(changed(clocks__plan__P0={"basis": "wall", "minutes": 75}), "more_than_resolve") == []
    assert found(changed(escalation__acknowledge_within__P0=15), "slow_to_climb") == [SLOW]
    assert found(changed(clocks__triage__P2={"basis": "service", "minutes": 5}), "warned_too_late") == []


def test_a_level_of_the_matrix_without_any_clock(cast, time):
    raw = load_pack("unified").dump()
    raw["clocks"] = {kind: {c: t for c, t in row.items() if c != "P3"} for kind, row in raw["clocks"].items()}
    assert found(Pack.from_dict(raw), "without_clock") == [("without_clock", "", "P3")]
    raw["matrix"] = {i: {u: "P2" if c == "P3" else c for u, c in row.items()} for i, row in raw["matrix"].items()}
    assert found(Pack.from_dict(raw), "without_clock") == [], "no report comes there"


# --- which policy


def test_the_draft_beside_what_is_in_force(cast, time):
    draft = policies.start_draft(load_pack("unified"), actor=cast.admin)
    assert [subject.key for subject in subjects()] == ["unified", "draft:unified"]
    assert subject_of("unified").draft_id is None
    assert subject_of("draft:unified").draft_id == draft.id
    policies.start_draft(load_pack("problem-record"), actor=cast.admin)
    assert subject_of("problem-record").key == "draft:problem-record"
    assert subject_of("fault-handling").version.pack.name == "fault-handling"
    with pytest.raises(Missing):
        subject_of("nothing-like-it")
