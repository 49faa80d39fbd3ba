"""Beside a round: add an approver, hand over, copy to, urge, the four lists, who is told, and the templates (P7)."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight import approvals
from models.insight.dossier import events_of
from models.record.message import Message
from models.rules import ladder, rounds
from models.rules.permissions import allows, can_see
from models.rules.workflow import STEPS
from models.steps import accounts, approval, approval_templates, plans, triage
from models.steps.absences import announce_absence
from tests.factories import a_plan, a_reviewer, a_ticket, an_emergency, deadline, newest_plan
from tests.models.test_approval_refusals import refuses
from tests.models.test_replay import wrong


@pytest.fixture
def plan(cast):
    """Of zhao's, for chen and wu together."""
    return a_plan(a_ticket("awaiting_plan"), risk="major")


@pytest.fixture
def line(cast):
    """Of zhao's, for chen and then wu, by a template."""
    template = a_template(cast, rule="sequence")
    return a_plan(a_ticket("awaiting_plan"), template=template)


def a_template(cast, *, name="依次", risk="normal", rule="sequence", quorum=1, seats=None):
    seats = seats or [("", None, cast.chen), ("", None, cast.wu)]
    return approval_templates.keep_approval_template(
        None, actor=cast.chen, name=name, risk=risk, rule=rule, quorum=quorum, seats=seats
    )


def turns(plan):
    return [seat.person.login for seat in rounds.open_seats(plan)]


def order(plan):
    return [[seat.person.login for seat in slot.seats] for slot in rounds.slots_of(plan)]


def told(template):
    db.session.rollback()
    found = db.session.query(Message).filter_by(template=template, channel="app").order_by(Message.id)
    return [message.person.login for message in found]


# --- one after the other


def test_the_next_of_a_sequence_is_told_when_it_is_their_turn(cast, line):
    assert (turns(line), told("to_approve")) == (["chen"], ["chen"])
    approval.approve_plan(line, actor=cast.chen)
    assert (turns(line), told("to_approve")) == (["wu"], ["chen", "wu"])
    assert {p.login for p in ladder.warned(deadline(line.ticket, "approve"), 50).people} == {"wu"}
    assert told("plan_approved") == []
    approval.approve_plan(line, actor=cast.wu)
    assert told("plan_approved") == ["zhao"]


def test_who_stands_in_is_told_too(cast):
    now = clock.now()
    announce_absence(cast.wu, actor=cast.wu, starts_at=now, ends_at=now + timedelta(hours=1), delegate=a_reviewer())
    a_plan(a_ticket("awaiting_plan"), risk="major")
    assert sorted(told("to_approve")) == ["chen", "mei", "wu"]


# --- one more


@pytest.mark.parametrize(("first", "expected"), [(True, ["mei", "chen", "wu"]), (False, ["chen", "mei", "wu"])])
def test_added_to_a_sequence_they_decide_before_or_after(cast, line, first, expected):
    mei = a_reviewer()
    added = approval.add_approver(line, actor=cast.chen, person=mei, first=first, comment="请看容量")
    assert order(line) == [[login] for login in expected]
    assert (added.required, added.added_by_id, added.reason) == (True, cast.chen.id, "请看容量")
    assert told("to_approve" if first else "approver_added")[-1] == "mei"
    for login in expected:
        assert turns(line) == [login]
        approval.approve_plan(line, actor=next(seat.person for seat in line.approvals if seat.person.login == login))
    assert line.ticket.state == "awaiting_fix"


@pytest.mark.parametrize("first", [True, False])
def test_added_where_one_suffices_they_must_agree_all_the_same(cast, first):
    plan = newest_plan(a_ticket("awaiting_approval"))
    mei = a_reviewer()
    approval.add_approver(plan, actor=cast.chen, person=mei, first=first)
    assert ("mei" in turns(plan)) == first
    assert ("chen" in turns(plan)) != first, "before: the one who asked waits for the answer"
    if first:
        refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen), "not your turn")
        approval.approve_plan(plan, actor=mei)
    approval.approve_plan(plan, actor=cast.chen)
    if not first:
        assert (plan.outcome, turns(plan)) == ("", ["mei"])
        approval.approve_plan(plan, actor=mei)
    assert plan.outcome == "approved"


def test_who_cannot_be_added(cast, plan):
    for unfit in (cast.zhao, cast.chen, cast.wu, cast.li, cast.yang):
        refuses(Invalid, lambda who=unfit: approval.add_approver(plan, actor=cast.chen, person=who, first=True))
    mei = a_reviewer()
    approval.approve_plan(plan, actor=cast.chen)
    refuses(Conflict, lambda: approval.add_approver(plan, actor=cast.chen, person=mei, first=False))


# --- somebody else


def test_handed_over_somebody_else_decides(cast, plan):
    mei = a_reviewer()
    taken = approval.hand_over_seat(plan, actor=cast.wu, to=mei, reason="出差")
    given = next(seat for seat in plan.approvals if seat.person is cast.wu)
    assert (given.decision, taken.handed_from.login, taken.slot, taken.reason) == (
        "handed_over",
        "wu",
        given.slot,
        "出差",
    )
    assert told("seat_handed_over") == ["mei"]
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.wu), "handed over")
    refuses(Conflict, lambda: approval.hand_over_seat(plan, actor=cast.wu, to=a_reviewer(), reason="x"))
    approval.approve_plan(plan, actor=mei)
    approval.approve_plan(plan, actor=cast.chen)
    assert plan.ticket.state == "awaiting_fix"


def test_handing_over_says_why_and_to_somebody_fit(cast, plan):
    mei = a_reviewer()
    refuses(Invalid, lambda: approval.hand_over_seat(plan, actor=cast.wu, to=mei, reason=" "))
    for unfit in (cast.zhao, cast.chen, cast.wu, cast.li):
        refuses(Invalid, lambda who=unfit: approval.hand_over_seat(plan, actor=cast.wu, to=who, reason="x"))


# --- to know


def test_a_copy_is_read_and_decides_nothing(cast, plan):
    assert [copy.person.login for copy in approval.copy_plan(plan, actor=cast.zhao, people=[cast.li, cast.liu])] == [
        "li", "liu",
    ]  # fmt: skip
    assert told("plan_copied") == ["li", "liu"]
    refuses(Invalid, lambda: approval.copy_plan(plan, actor=cast.chen, people=[cast.li]), "copy yet")
    refuses(Invalid, lambda: approval.copy_plan(plan, actor=cast.chen, people=[cast.zhang]), "may not read")
    refuses(Refused, lambda: approval.approve_plan(plan, actor=cast.li))
    assert approvals.counts(cast.li)["cc"] == 1
    copy = approval.read_copy(plan, actor=cast.li)
    assert (copy.read_at, approvals.counts(cast.li)["cc"]) == (clock.now(), 0)
    assert [one.plan for one in approvals.box(cast.li, "cc").lines] == [plan]
    refuses(Refused, lambda: approval.read_copy(plan, actor=cast.chen))


def test_a_copy_lets_them_see_a_ticket_about_security(cast):
    plan = newest_plan(a_ticket("awaiting_approval", category="security"))
    assert not can_see(cast.li, plan.ticket)
    approval.copy_plan(plan, actor=cast.zhao, people=[cast.li])
    assert can_see(cast.li, plan.ticket)


# --- soon


def test_urged_at_most_once_in_half_an_hour(cast, line, time):
    approval.urge_approvers(line, actor=cast.zhao)
    assert told("urged") == ["chen"]
    time(clock.now() + timedelta(minutes=30) - timedelta(seconds=1))
    with pytest.raises(Conflict) as refusal:
        approval.urge_approvers(line, actor=cast.zhao)
    assert refusal.value.values["time"] == clock.now() + timedelta(seconds=1)
    time(clock.now() + timedelta(seconds=1))
    approval.approve_plan(line, actor=cast.chen)
    approval.urge_approvers(line, actor=cast.zhao)
    assert told("urged") == ["chen", "wu"]
    approval.approve_plan(line, actor=cast.wu)
    refuses(Conflict, lambda: approval.urge_approvers(line, actor=cast.zhao))


def test_only_the_author_and_a_supervisor_urge(cast, line):
    refuses(Refused, lambda: approval.urge_approvers(line, actor=cast.li), "may not urge")
    approval.urge_approvers(line, actor=cast.chen)


def test_a_new_round_can_be_urged_anew(cast, plan):
    approval.urge_approvers(plan, actor=cast.zhao)
    fresh = plans.revise_plan(plan, actor=cast.zhao, risk="normal", steps="x")
    approval.urge_approvers(fresh, actor=cast.zhao)
    refuses(Conflict, lambda: approval.urge_approvers(plan, actor=cast.zhao), "Nobody's decision")


# --- who is told


def test_a_withdrawal_is_told_and_a_revision_only_once(cast, plan):
    plans.revise_plan(plan, actor=cast.zhao, risk="normal", steps="x")
    assert (told("plan_withdrawn"), told("to_approve")) == ([], ["chen", "wu", "chen", "wu"])
    plans.withdraw_plan(newest_plan(plan.ticket), actor=cast.zhao)
    assert told("plan_withdrawn") == ["chen", "wu"]


def test_the_record_names_the_text_and_whoever_stood_in(cast, plan):
    now, mei = clock.now(), a_reviewer()
    announce_absence(cast.wu, actor=cast.wu, starts_at=now, ends_at=now + timedelta(hours=1), delegate=mei)
    approval.approve_plan(plan, actor=mei, comment="代")
    event = events_of(plan.ticket)[-1]
    assert (event.name, event.actor_id, event.details["for_person"]) == ("approved", mei.id, cast.wu.id)
    assert (event.details["digest"], event.details["revision"]) == (plan.digest, 1)


def test_a_round_with_everything_in_it_can_be_played_again(cast, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    plan = a_plan(ticket, risk="major")
    for minutes, deed in enumerate(
        (
            lambda: approval.add_approver(plan, actor=cast.chen, person=a_reviewer("mei"), first=True),
            lambda: approval.hand_over_seat(plan, actor=cast.wu, to=a_reviewer("lan"), reason="x"),
            lambda: approval.copy_plan(plan, actor=cast.zhao, people=[cast.li]),
            lambda: approval.urge_approvers(plan, actor=cast.zhao),
            lambda: approval.approve_plan(plan, actor=a_reviewer("mei")),
            lambda: plans.revise_plan(plan, actor=cast.zhao, risk="normal", steps="x"),
            lambda: approval.approve_plan(newest_plan(ticket), actor=cast.chen),
            lambda: plans.revise_plan(newest_plan(ticket), actor=cast.zhao, risk="normal", steps="y"),
            lambda: approval.return_plan(newest_plan(ticket), actor=cast.wu, comment="x"),
        )
    ):
        time(clock.now() + timedelta(minutes=3 + minutes))
        deed()
    assert wrong(ticket.id) == set()


# --- the four lists


def listed(person, box):
    return [
        (line.plan.ticket.number, line.for_person and line.for_person.login)
        for line in approvals.box(person, box).lines
    ]


def test_what_waits_for_whom(cast, line, time):
    number = line.ticket.number
    assert listed(cast.chen, "todo") == [(number, None)]
    assert listed(cast.wu, "todo") == [], "not their turn yet"
    assert listed(cast.zhao, "mine") == [(number, None)]
    mei, now = a_reviewer(), clock.now()
    announce_absence(cast.wu, actor=cast.wu, starts_at=now, ends_at=now + timedelta(hours=1), delegate=mei)
    approval.approve_plan(line, actor=cast.chen)
    assert (listed(cast.chen, "todo"), listed(cast.chen, "done")) == ([], [(number, None)])
    assert (listed(mei, "todo"), listed(cast.wu, "todo")) == ([(number, "wu")], [(number, None)])
    assert approvals.counts(mei) == {"todo": 1, "done": 0, "mine": 0, "cc": 0}
    time(now + timedelta(hours=1))
    assert listed(mei, "todo") == [], "the delegation has ended"
    time(now)
    approval.approve_plan(line, actor=mei)
    assert (listed(mei, "done"), listed(cast.wu, "done")) == ([(number, "wu")], [])
    assert approvals.counts(mei)["done"] == 1


def test_nothing_waits_that_could_not_be_decided(cast):
    """Each line of the list can really be decided by the person, and nothing else can."""
    plans = [newest_plan(a_ticket("awaiting_approval", risk=risk)) for risk in ("normal", "major", "normal", "major")]
    plans.append(an_emergency(a_ticket("awaiting_plan", severity="P0"), risk="major"))
    triage.hand_over_ticket(plans[0].ticket, actor=cast.wu, reason="接手", assignee=cast.chen)
    approval.approve_plan(plans[1], actor=cast.chen)
    triage.cancel_ticket(plans[2].ticket, actor=cast.wang, reason="不用了")
    approval.approve_plan(plans[4], actor=cast.wu)
    for who in (cast.chen, cast.wu, cast.zhao, cast.liu):
        waiting = {line.plan.id for line in approvals.box(who, "todo").lines}
        assert waiting == {plan.id for plan in plans if _would_count(plan, who)}, who.login
        assert approvals.counts(who)["todo"] == len(waiting)


def _would_count(plan, who):
    """Tried, and taken back."""
    try:
        before = rounds.seat_of(plan, who)
        return before is not None and before in rounds.open_seats(plan) and _allowed(plan, who)
    finally:
        db.session.rollback()


def _allowed(plan, who):
    action = "countersign" if plan.is_emergency else "approve"
    return (
        allows(who, action, plan.ticket)
        and plan.ticket.state in STEPS[action].come_from
        and not (rounds.has_decided(plan, who))
    )


def test_a_list_goes_on_page_by_page(cast, monkeypatch):
    monkeypatch.setattr(approvals, "PAGE", 2)
    plans = [newest_plan(a_ticket("awaiting_approval")) for _ in range(5)]
    for who, box in ((cast.chen, "todo"), (cast.zhao, "mine")):
        seen, after = [], ""
        while True:
            page = approvals.box(who, box, after=after)
            seen += [line.plan for line in page.lines]
            after = page.next
            if not after:
                break
        assert seen == plans[::-1]
    for plan in plans:
        approval.copy_plan(plan, actor=cast.zhao, people=[cast.liu])
        approval.approve_plan(plan, actor=cast.chen)
    for who, box in ((cast.liu, "cc"), (cast.chen, "done")):
        first = approvals.box(who, box)
        second = approvals.box(who, box, after=first.next)
        assert [line.plan for line in (*first.lines, *second.lines)] == plans[:0:-1]


# --- templates


def test_a_template_seats_roles_of_other_departments(cast):
    mei = a_reviewer("mei")
    accounts.edit_person(mei, actor=cast.admin, roles=[("tech_manager", cast.team("ops").id)])
    template = a_template(
        cast, name="跨部门", risk="major", rule="all",
        seats=[("supervisor", None, None), ("tech_manager", cast.team("ops"), None)],
    )  # fmt: skip
    plan = a_plan(a_ticket("awaiting_plan"), risk="major", template=template, approvers=None)
    assert order(plan)[0] == ["chen", "wu"]
    assert set(order(plan)[1]) == {"liu", "mei"}
    assert [[p.login for p in seat] for seat in approvals.would_sit(template, cast.team("dev"))] == order(plan)
    approval.approve_plan(plan, actor=mei)
    approval.approve_plan(plan, actor=cast.chen)
    assert plan.outcome == "approved"


def test_a_seat_that_nobody_else_could_fill_gets_its_holder(cast):
    """chen could sit on both: the seat that only chen can fill is chen's."""
    accounts.edit_person(cast.wu, actor=cast.admin, roles=[("approver", None)])
    template = a_template(cast, risk="major", rule="all", seats=[("approver", None, None), ("supervisor", None, None)])
    accounts.edit_person(cast.chen, actor=cast.admin, roles=[("supervisor", None), ("approver", None)])
    plan = a_plan(a_ticket("awaiting_plan"), risk="major", template=template, approvers=None)
    assert order(plan) == [["wu"], ["chen"]]


def test_a_seat_that_stays_empty_is_said(cast):
    template = a_template(cast, risk="major", rule="all", seats=[("director", None, None), ("", None, cast.chen)])
    ticket = a_ticket("awaiting_plan")
    accounts.edit_person(cast.sun, actor=cast.admin, roles=[("reporter", None)])
    refuses(Conflict, lambda: a_plan(ticket, risk="major", template=template), "stays empty")
    refuses(Conflict, lambda: a_plan(ticket, risk="normal", template=template), "risk class")
    approval_templates.retire_approval_template(template, actor=cast.chen)
    refuses(Conflict, lambda: a_plan(ticket, risk="major", template=template), "not in use")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"risk": "standard"}, "risk"),
        ({"rule": "coin"}, "rule"),
        ({"seats": []}, "seats"),
        ({"rule": "quorum", "quorum": 3}, "quorum"),
        ({"rule": "quorum", "quorum": 0}, "quorum"),
        ({"risk": "major", "rule": "any"}, "rule"),
        ({"risk": "major", "rule": "quorum", "quorum": 1}, "rule"),
        ({"seats": [("supervisor", None, "chen")]}, "seats"),
        ({"seats": [("", None, None)]}, "seats"),
        ({"seats": [("reporter", None, None)]}, "seats"),
        ({"seats": [("", None, "li")]}, "seats"),
        ({"seats": [("", None, "chen"), ("", None, "chen")]}, "seats"),
    ],
)
def test_what_a_template_cannot_say(cast, given, field):
    usual = {"name": "两人", "risk": "normal", "rule": "all", "quorum": 1}
    seats = given.pop("seats", [("", None, "chen"), ("", None, "wu")])
    found = [(role, team, getattr(cast, login) if login else None) for role, team, login in seats]

    def keep():
        approval_templates.keep_approval_template(None, actor=cast.chen, **usual | given, seats=found)

    refuses(Invalid, keep)
    with pytest.raises(Invalid) as refusal:
        keep()
    assert refusal.value.field == field


def test_templates_are_kept_by_supervisors_and_administrators(cast):
    template = a_template(cast)
    usual = {"name": "依次", "risk": "normal", "rule": "all", "seats": [("supervisor", None, None)]}
    for who in (cast.zhao, cast.wang, cast.liu):
        refuses(Refused, lambda w=who: approval_templates.keep_approval_template(template, actor=w, **usual))
        refuses(Refused, lambda w=who: approval_templates.retire_approval_template(template, actor=w))
    with pytest.raises(Invalid, match="this name"):
        approval_templates.keep_approval_template(None, actor=cast.admin, **usual)
    plan = a_plan(a_ticket("awaiting_plan"), template=template)
    approval_templates.keep_approval_template(template, actor=cast.admin, **usual)
    assert [(seat.position, seat.role) for seat in template.seats] == [(1, "supervisor")]
    assert (plan.rule, order(plan)) == ("sequence", [["chen"], ["wu"]]), "a round that has begun stays as it was"
    approval_templates.retire_approval_template(template, actor=cast.admin)
    refuses(Conflict, lambda: approval_templates.retire_approval_template(template, actor=cast.admin))
    refuses(Conflict, lambda: approval_templates.keep_approval_template(template, actor=cast.admin, **usual))
