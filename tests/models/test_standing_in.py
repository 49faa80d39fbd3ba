"""Whoever is away from a round: who stands in and until when, and a seat that a supervisor gives away (P5.4, P7.3)."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.dossier import events_of
from models.insight.standing_in import away_from, away_from_all
from models.rules import journal, rounds
from models.rules.permissions import allows
from models.steps import accounts, approval, triage
from models.steps.absences import announce_absence, end_absence
from tests.factories import a_plan, a_reviewer, a_ticket
from tests.models.test_approval_beside import told, turns
from tests.models.test_approval_refusals import refuses

HOUR = timedelta(hours=1)


@pytest.fixture
def plan(cast):
    """Of zhao's, for chen and wu together."""
    return a_plan(a_ticket("awaiting_plan"), risk="major")


def goes_away(who, *, delegate=None, hours=3):
    now = clock.now()
    return announce_absence(who, actor=who, starts_at=now, ends_at=now + hours * HOUR, delegate=delegate)


def seat_of(plan, who):
    return next(seat for seat in plan.approvals if seat.person is who)


# --- who stands in


def test_it_says_who_stands_in_and_until_when(cast, plan, time):
    assert away_from(plan) == {}
    absence, seat = goes_away(cast.wu, delegate=a_reviewer()), seat_of(plan, cast.wu)
    found = away_from(plan)
    assert [(id_, each.until, each.by.login) for id_, each in found.items()] == [(seat.id, absence.ends_at, "mei")]
    approval.approve_plan(plan, actor=a_reviewer())
    assert away_from(plan) == {}, "nobody waits for this seat any more"
    time(clock.now() + 4 * HOUR)
    goes_away(cast.chen)
    assert away_from(plan)[seat_of(plan, cast.chen).id].by is None, "nobody stands in, and that is said too"


def test_nobody_is_named_who_could_not_decide(cast):
    """The delegate has a seat of their own, wrote the plan, or has decided already."""
    goes_away(cast.wu, delegate=cast.chen)
    both = a_plan(a_ticket("awaiting_plan"), risk="major")
    assert [each.by for each in away_from(both).values()] == [None], "chen has a seat of chen's own"
    own = a_plan(a_ticket("awaiting_plan", assignee=cast.chen), author=cast.chen)
    assert [each.by for each in away_from(own).values()] == [None], "chen wrote it"


def test_when_the_absence_or_the_round_is_over_nothing_is_said(cast, plan):
    absence = goes_away(cast.wu, delegate=a_reviewer())
    assert len(away_from_all([plan])) == 1
    approval.return_plan(plan, actor=cast.chen, comment="缺步骤")
    assert away_from_all([plan]) == {}
    end_absence(absence, actor=cast.wu)
    assert away_from_all([plan]) == {}


# --- given away


def test_a_supervisor_gives_away_the_seat_of_somebody_absent_and_both_are_told(cast, plan):
    lan, seat = a_reviewer("lan"), seat_of(plan, cast.wu)
    refuses(Conflict, lambda: approval.hand_over_seat(plan, actor=cast.chen, to=lan, reason="x", seat=seat), "decides")
    goes_away(cast.wu)
    taken = approval.hand_over_seat(plan, actor=cast.chen, to=lan, reason="休假，赶不上", seat=seat)
    assert (seat.decision, seat.decided_by_id, taken.handed_from.login) == ("handed_over", cast.chen.id, "wu")
    assert (told("seat_handed_over"), told("seat_given_away")) == (["lan"], ["wu"])
    assert turns(plan) == ["chen", "lan"]
    approval.approve_plan(plan, actor=lan)
    approval.approve_plan(plan, actor=cast.chen)
    assert plan.outcome == "approved"
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.wu), "handed over")
    assert journal.verify(plan.ticket, events_of(plan.ticket)) is None


def test_whoever_gives_their_own_seat_away_is_told_nothing(cast, plan):
    approval.hand_over_seat(plan, actor=cast.wu, to=a_reviewer(), reason="出差")
    assert told("seat_given_away") == []


def test_a_seat_whose_holder_lost_the_role_or_left_is_given_away_too(cast, plan):
    accounts.edit_person(cast.wu, actor=cast.admin, roles=[("reporter", None), ("engineer", None)])
    seat = seat_of(plan, cast.wu)
    assert rounds.is_abandoned(seat)
    approval.hand_over_seat(plan, actor=cast.chen, to=a_reviewer(), reason="已转岗", seat=seat)
    assert turns(plan) == ["chen", "mei"]


def test_who_may_not_and_to_whom_not(cast, plan):
    goes_away(cast.wu)
    seat, mei = seat_of(plan, cast.wu), a_reviewer()
    for who in (mei, cast.liu, cast.zhao, cast.wang):
        refuses(Refused, lambda w=who: approval.hand_over_seat(plan, actor=w, to=mei, reason="x", seat=seat))
    refuses(Invalid, lambda: approval.hand_over_seat(plan, actor=cast.chen, to=mei, reason=" ", seat=seat))
    for unfit in (cast.zhao, cast.chen, cast.li):
        refuses(Invalid, lambda u=unfit: approval.hand_over_seat(plan, actor=cast.chen, to=u, reason="x", seat=seat))
    approval.return_plan(plan, actor=cast.chen, comment="缺步骤")
    refuses(Conflict, lambda: approval.hand_over_seat(plan, actor=cast.chen, to=mei, reason="x", seat=seat), "decided")


def test_nobody_chooses_who_judges_their_own_work(cast, plan):
    """A supervisor who wrote the plan, or carries it out now, by whichever account, gives no seat away."""
    goes_away(cast.wu)
    seat = seat_of(plan, cast.wu)
    assert allows(cast.chen, "give_seat_away", seat)
    triage.hand_over_ticket(plan.ticket, actor=cast.chen, reason="接手", assignee=cast.li)
    accounts.edit_person(cast.li, actor=cast.admin, roles=[("engineer", None)], same_as_id=cast.chen.id)
    db.session.expire_all()
    assert not allows(cast.chen, "give_seat_away", seat)
    own = a_plan(a_ticket("awaiting_plan", assignee=cast.chen), author=cast.chen)
    assert not allows(cast.chen, "give_seat_away", own.approvals[0])
