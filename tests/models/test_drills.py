"""Drills: who is told, who may answer, what is measured."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.record.drill import Drill, drills, usual_seconds
from models.record.message import Message
from models.steps.absences import announce_absence
from models.steps.accounts import deactivate_person
from models.steps.drills import answer_drill, start_drill
from models.steps.rotas import add_shift
from tests.database import difference, everything
from tests.factories import person
from tests.models.test_deadlines import at
from tests.models.test_permissions import hire


def a_drill(role: str = "supervisor", **more) -> Drill:
    return start_drill(actor=person("admin"), role=role, **more)


def told(drill: Drill) -> dict[str, list[str]]:
    """login → channels."""
    found: dict[str, list[str]] = {}
    wanted = select(Message).where(Message.template == "drill").order_by(Message.channel, Message.person_id)
    for message in db.session.scalars(wanted):
        if message.params["drill"] == drill.id:
            found.setdefault(message.person.login, []).append(message.channel)
    return found


def test_whoever_is_on_call_is_told_and_nobody_else(cast, time):
    lead = hire("lead-2", "duty_lead")
    add_shift(actor=cast.admin, role="duty_lead", person=lead, starts_at=at("09:00"), ends_at=at("12:00"))
    drill = a_drill("duty_lead")
    assert told(drill) == {"lead-2": ["app"]}, "no address: the inbox only"
    time(at("13:00"))
    assert told(a_drill("duty_lead")) == {"chen": ["app", "mail"], "lead-2": ["app"]}


def test_in_one_team(cast, time):
    hire("ops-only", "supervisor", team_id=cast.team("ops").id)
    assert set(told(a_drill(team=cast.team("dev")))) == {"chen", "wu"}
    assert set(told(a_drill(team=cast.team("ops")))) == {"chen", "wu", "ops-only"}


def test_the_stand_in_is_told(cast, time):
    hire("second", "tech_manager")
    announce_absence(
        cast.liu, actor=cast.liu, kind="leave", starts_at=at("09:00"), ends_at=at("20.T09:00"),
        delegate=person("second"),
    )  # fmt: skip
    assert set(told(a_drill("tech_manager"))) == {"second"}


def test_where_nobody_is_there_nothing_begins(cast, time):
    announce_absence(cast.sun, actor=cast.sun, kind="trip", starts_at=at("09:00"), ends_at=at("20.T09:00"))
    before = everything()
    with pytest.raises(Invalid):
        a_drill("director")
    with pytest.raises(Invalid):
        a_drill("reporter")
    assert difference(before, everything()) == {}


def test_from_telling_to_the_answer(cast, time):
    drill = a_drill()
    assert (drill.outcome, drill.seconds) == ("waiting", None)
    assert drill.answer_by - drill.told_at == timedelta(minutes=10), "as a P0 would be acknowledged (P5.3)"
    time(timedelta(seconds=95))
    answer_drill(drill, actor=cast.wu)
    assert (drill.outcome, drill.seconds, drill.answered_by.login) == ("answered", 95, "wu")


def test_the_first_answer_counts(cast, time):
    drill = a_drill()
    answer_drill(drill, actor=cast.wu)
    before = everything()
    with pytest.raises(Conflict):
        answer_drill(drill, actor=cast.chen)
    assert difference(before, everything()) == {}


def test_missed_without_any_job_and_late_all_the_same(cast, time):
    drill = a_drill()
    time(timedelta(minutes=10))
    assert drill.outcome == "waiting", "to the minute"
    time(timedelta(seconds=1))
    before = everything()
    assert drill.outcome == "missed"
    assert difference(before, everything()) == {}
    answer_drill(drill, actor=cast.chen)
    assert (drill.outcome, drill.seconds) == ("late", 601)


@pytest.mark.parametrize("login", ["zhang", "wang", "zhao", "liu", "sun"])
def test_who_may_start_one(cast, time, login):
    with pytest.raises(Refused):
        start_drill(actor=person(login), role="supervisor")
    assert told(start_drill(actor=cast.chen, role="first_line")) == {"wang": ["app", "mail"]}


@pytest.mark.parametrize("login", ["admin", "wang", "liu"])
def test_only_who_was_told_answers(cast, time, login):
    drill = a_drill()
    with pytest.raises(Refused):
        answer_drill(drill, actor=person(login))
    assert drill.answered_at is None


def test_whoever_has_left_does_not_answer(cast, time):
    drill = a_drill()

    db.session.expunge_all()
    deactivate_person(cast.wu, actor=cast.admin, successor=cast.chen)
    with pytest.raises(Refused):
        answer_drill(db.session.get_one(Drill, drill.id), actor=cast.wu)


def test_the_median_of_what_was_answered(cast, time):
    assert usual_seconds(drills()) is None
    for seconds in (30, 90, 700):
        drill = a_drill()
        time(timedelta(seconds=seconds))
        answer_drill(drill, actor=cast.wu)
    a_drill()
    assert usual_seconds(drills()) == 90
    assert [drill.seconds for drill in drills()] == [None, 700, 90, 30], "newest first"
    assert clock.now() > drills()[-1].told_at
