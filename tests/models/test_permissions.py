"""Who may do what (P1): what a role alone may, what everybody may see, and that commands refuse by themselves.

Every cell of the table is in test_permissions_page.py.
"""

from itertools import product

import pytest
from sqlalchemy import select

from models.ground.db import command, db
from models.ground.errors import Refused
from models.ground.vocabulary import Role, Verdict
from models.people.person import Person, RoleHeld
from models.record.link import living_link
from models.record.ticket import Ticket
from models.rules.permissions import MAY, allows, can_see, visible
from models.rules.workflow import STEPS
from models.steps import (
    accounts,
    approval,
    archiving,
    comment,
    customer_verification,
    escalation,
    intake,
    plans,
    repair,
    triage,
)
from tests.database import difference, everything
from tests.deeds import DEEDS
from tests.factories import a_plan, a_ticket, newest_plan, person

# P1, once more in our own words: roles that work the desk, and roles that see every harmless ticket.
DESK = {
    "first_line", "engineer", "duty_lead", "supervisor", "tech_manager", "director", "product_manager", "verifier",
    "approver", "dept_head",
}  # fmt: skip
SEE_ALL = DESK | {"admin"}
ABOUT_A_TICKET = (set(STEPS) - {"report"}) | {
    "record_spoken", "record_direction", "record_spoken_consent", "view", "view_internal", "draft_article",
}  # fmt: skip
ROLES = [str(role) for role in Role if role != "reporter"]

# What a role may do on a ticket that it has nothing else to do with; everything else is refused.
BY_ROLE = {
    "assess": {"product_manager"},
    "postpone": {"product_manager"},
    "record_direction": {"first_line"},
    "change_delivery": {"product_manager"},
    "triage": {"first_line", "supervisor"},
    "answer": {"first_line"},
    "ask": {"first_line", "supervisor"},
    "reuse": {"first_line"},
    "supply": {"first_line"},
    "name_lead": {"supervisor"},
    "cooperate": {"supervisor"},
    "answer_cooperation": {"supervisor"},
    "hand_over": {"supervisor", "tech_manager"},
    "step": {"engineer"},
    "pass_test": {"verifier"},
    "fail_test": {"verifier"},
    "record_spoken": {"first_line"},
    "record_spoken_consent": {"first_line"},
    "send_back": {"supervisor"},
    "close": {"supervisor"},
    "hand_over_seat": {"supervisor"},
    "copy_plan": {"supervisor"},
    "urge": {"supervisor"},
    "reopen": {"supervisor"},
    "cancel": {"first_line", "supervisor"},
    "merge": {"first_line", "supervisor", "tech_manager"},
    "unmerge": {"first_line", "supervisor", "tech_manager"},
    "relate": {"first_line", "supervisor", "tech_manager"},
    "unrelate": {"first_line", "supervisor", "tech_manager"},
    "split": {"first_line", "supervisor", "tech_manager"},
    "join": SEE_ALL,
    "retitle": {"first_line", "supervisor", "tech_manager"},
    "note": DESK,
    "update": {"first_line", "supervisor", "tech_manager"},
    "call": {"first_line"},
    "grant_extension": {"supervisor"},
    "refuse_extension": {"supervisor"},
    "call_back": {"supervisor"},
    "regrade": {"first_line", "supervisor", "tech_manager"},
    "change_policy": {"first_line", "supervisor"},
    "wait": {"first_line", "supervisor", "tech_manager"},
    "resume": {"first_line", "supervisor", "tech_manager"},
    "acknowledge": {"supervisor", "tech_manager", "director"},
    "report_up": {"tech_manager"},
    "follow": SEE_ALL,
    "unfollow": SEE_ALL,
    "send_link": {"first_line", "supervisor"},
    "revoke_link": {"first_line", "supervisor"},
    "redact": {"supervisor"},
    "view": SEE_ALL,
    "view_internal": DESK,
    "draft_article": {"engineer", "first_line", "supervisor"},
}


# Everybody may stop following, and join what is offered to everybody; who is refused an answer: test_cooperation.py.
NOBODY_WRONG = ("unfollow", "answer_cooperation", "join")


@command
def hire(login: str, *roles: str, team_id: int | None = None) -> Person:
    """Somebody with these roles and no other."""
    held = [RoleHeld(role="reporter"), *(RoleHeld(role=role, team_id=team_id) for role in roles)]
    newcomer = Person(login=login, name=login, roles_held=held)
    db.session.add(newcomer)
    db.session.flush()
    return newcomer


@pytest.fixture
def escalated(cast, time):
    """A ticket of a customer on which every relation exists: a plan of zhao's, seats of chen and wu, an escalation."""
    ticket = a_ticket("awaiting_approval", contact=cast.contact, risk="major")
    DEEDS["acknowledge"].prepare(ticket)
    db.session.refresh(ticket)
    return ticket


@pytest.mark.parametrize("action", sorted(ABOUT_A_TICKET))
def test_a_role_alone(escalated, action):
    may = {role for role in ROLES if allows(hire(f"only-{role}", role), action, escalated)}
    assert may == BY_ROLE.get(action, set())


def test_what_is_not_written_is_forbidden(escalated, cast):
    assert not any(allows(who, "fly", escalated) for who in (None, cast.admin, cast.liu, living_link(escalated)))


def test_the_reporters_own(cast):
    ticket = a_ticket("awaiting_customer")
    for action in ("supply", "confirm", "confirm_partly", "dispute", "view", "follow"):
        assert allows(cast.zhang, action, ticket), action
    for action in ("view_internal", "note", "close", "redact", "record_spoken", "update", "cancel", "send_link"):
        assert not allows(cast.zhang, action, ticket), action
    assert allows(cast.zhang, "cancel", a_ticket()), "before triage"
    assert not allows(cast.zhang, "cancel", a_ticket("awaiting_engineer"))


def test_nobody_decides_on_their_own_plan_or_work(cast):
    """P7.3 and P7.6: the author and whoever carries it out are out, whatever they hold; the reporter is not."""
    ticket = a_ticket("awaiting_plan", assignee=cast.chen, reporter=cast.wu)
    plan = a_plan(ticket, author=cast.chen)
    assert [seat.person.login for seat in plan.approvals] == ["wu"]
    assert not allows(cast.chen, "approve", ticket)
    assert allows(cast.wu, "approve", ticket)
    with pytest.raises(Refused):
        approval.approve_plan(plan, actor=cast.chen)

    given = a_ticket("awaiting_approval")
    triage.hand_over_ticket(given, actor=cast.wu, reason="接手", assignee=cast.chen)
    with pytest.raises(Refused):  # chen has a seat, but would carry it out now
        approval.approve_plan(newest_plan(given), actor=cast.chen)


def test_a_role_in_one_team_ends_at_its_door(cast):
    scoped = hire("scoped", "supervisor", team_id=cast.team("ops").id)
    assert allows(scoped, "close", a_ticket("awaiting_review", team="ops"))
    assert not allows(scoped, "close", a_ticket("awaiting_review", team="dev"))


def test_whoever_has_left_may_nothing(cast):
    ticket = a_ticket("awaiting_review")
    accounts.deactivate_person(cast.chen, actor=cast.admin, successor=cast.wu)
    assert not any(allows(cast.chen, action, ticket) for action in MAY)


def test_a_dead_link_opens_nothing(cast):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    link = living_link(ticket)
    assert allows(link, "confirm", ticket)
    assert not allows(link, "confirm", a_ticket("awaiting_customer", contact=cast.contact)), "one ticket only"
    customer_verification.revoke_link(ticket, actor=cast.wang)
    assert not any(allows(link, action, ticket) for action in ("confirm", "supply", "view", "dispute"))


def test_lists_show_exactly_what_pages_show(cast):
    """visible() is can_see() as a query: for every person, every ticket of every kind."""
    tickets = [
        a_ticket(state, category=category, assignee=cast.zhao)
        for state, category in product(("awaiting_triage", "awaiting_plan", "archived"), ("function", "security"))
    ]
    tickets.append(a_ticket("awaiting_engineer", category="security", assignee=cast.li))
    tickets.append(a_ticket("awaiting_approval", category="security", risk="major", contact=cast.contact))
    comment.follow_ticket(tickets[1], actor=cast.feng)
    for login in (
        "zhang",
        "wang",
        "li",
        "zhao",
        "chen",
        "liu",
        "sun",
        "zhou",
        "wu",
        "he",
        "yang",
        "feng",
        "qian",
        "admin",
    ):
        who = person(login)
        listed = set(db.session.scalars(select(Ticket.id).where(visible(who))))
        assert listed == {ticket.id for ticket in tickets if can_see(who, ticket)}, login


def test_security_is_for_those_who_work_on_it(cast):
    """P2.11"""
    ticket = a_ticket("awaiting_plan", category="security")
    see = {login for login in ("wang", "li", "zhao", "chen", "liu", "sun", "he", "feng", "admin", "yang", "qian")
           if can_see(person(login), ticket)}  # fmt: skip
    assert see == {"zhao", "chen", "liu", "sun"}
    assert can_see(cast.zhang, ticket), "the reporter"


@pytest.mark.parametrize("action", [a for a, deed in DEEDS.items() if deed.actor and a not in NOBODY_WRONG])
def test_the_command_refuses_the_wrong_person_by_itself(cast, action):
    state = "awaiting_fix" if action == "withdraw" else STEPS[action].come_from[0]
    ticket = DEEDS[action].made(state)
    DEEDS[action].prepare(ticket)
    before = everything(but=("attachment",))
    with pytest.raises(Refused):
        DEEDS[action].do(ticket, cast.yang)
    assert difference(before, everything(but=("attachment",))) == {}


def test_commands_beside_the_road_refuse_too(cast):
    ticket = a_ticket("awaiting_customer")
    plan = newest_plan(ticket)
    article = archiving.draft_article(ticket, actor=cast.zhao)
    tries = [
        lambda who: intake.register_call(actor=who, description="x", reporter=cast.zhang),
        lambda who: customer_verification.record_spoken(
            ticket, actor=who, said_by="x", how="电话", verdict=Verdict.YES
        ),
        lambda who: plans.keep_standard_change(plan, actor=who, title="x"),
        lambda who: archiving.draft_article(ticket, actor=who),
        lambda who: archiving.edit_article(article, actor=who, title="x", symptom="x", solution="x"),
        lambda who: archiving.publish_article(article, actor=who),
        lambda who: accounts.create_person(actor=who, login="x", name="x", password="12345678", roles=[]),
        lambda who: accounts.edit_person(cast.zhang, actor=who, roles=[("admin", None)]),
        lambda who: accounts.reset_password(cast.zhang, actor=who, password="12345678"),
        lambda who: accounts.deactivate_person(cast.zhao, actor=who, successor=cast.li),
        lambda who: accounts.reactivate_person(cast.zhang, actor=who),
        lambda who: repair.roll_back(a_ticket("awaiting_fix"), actor=who, reason="x"),
        lambda who: escalation.report_up(ticket, actor=who, reason="x"),
    ]
    for attempt in tries:
        with pytest.raises(Refused):
            attempt(cast.yang)
