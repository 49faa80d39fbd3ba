"""Two accounts of one human are one human wherever two are needed: nobody grants or judges what is their own."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Invalid, Refused
from models.insight.requests import requests_for_time
from models.people.person import Person
from models.policy.draft import draft_of
from models.policy.pack import load_pack
from models.rules.permissions import allows
from models.steps import accounts, extension, plans, policies, repair
from models.steps.absences import announce_absence
from tests.factories import a_ticket, deadline, newest_plan, person
from tests.models.test_approval_refusals import refuses


def another_account(login: str, *roles: str) -> Person:
    """A second account of somebody of the cast."""
    made = accounts.create_person(
        actor=person("admin"), login=f"{login}-2", name=f"{login} (2)", password="demo-demo",
        roles=[(r, None) for r in roles],
    )  # fmt: skip
    return accounts.edit_person(
        made, actor=person("admin"), roles=[(r, None) for r in roles], same_as_id=person(login).id
    )


def test_nobody_grants_their_own_request_for_time(cast):
    ticket, again = a_ticket("awaiting_plan"), another_account("zhao", "supervisor")
    until = deadline(ticket, "resolve").due_at + timedelta(hours=5)
    asked = extension.ask_for_extension(ticket, actor=cast.zhao, reason="等补丁", until=until)
    refuses(Refused, lambda: extension.grant_extension(asked, actor=again))
    refuses(Refused, lambda: extension.refuse_extension(asked, actor=again, comment="不行"))
    assert (requests_for_time(again, "todo"), requests_for_time(cast.chen, "todo")) == ([], [asked])
    extension.grant_extension(asked, actor=cast.chen)


@pytest.mark.parametrize(("first", "roles"), [("admin", ("tech_manager",)), ("liu", ("admin",))])
def test_nobody_publishes_a_policy_alone(cast, first, roles):
    again = another_account(first, *roles)
    policies.start_draft(load_pack("unified"), actor=person(first), name="ours")
    draft = draft_of("ours")
    policies.propose_edition(draft, actor=person(first), is_default=True)
    refuses(Refused, lambda: policies.confirm_edition(draft, actor=again))
    assert not policies.can_confirm(again, draft)
    policies.confirm_edition(draft, actor=person("liu" if first == "admin" else "admin"))


def test_nobody_stands_in_for_themselves(cast):
    now, again = clock.now(), another_account("wu", "approver")

    def announce():
        announce_absence(cast.wu, actor=cast.wu, starts_at=now, ends_at=now + timedelta(hours=2), delegate=again)

    refuses(Invalid, announce, "somebody else")


def test_nobody_makes_their_own_plan_a_standard_change(cast):
    ticket = a_ticket("awaiting_customer", assignee=cast.zhao)
    again = another_account("zhao", "supervisor")
    plan = newest_plan(ticket)
    refuses(Refused, lambda: plans.keep_standard_change(plan, actor=again, title="清缓存"), "their own plan")
    assert plans.keep_standard_change(plan, actor=cast.chen, title="清缓存").approved_by is cast.chen


def test_nobody_verifies_their_own_work_alone(cast):
    """P8.2: with the reporter, or a verifier does."""
    ticket, again = a_ticket("awaiting_test"), another_account("zhao", "verifier")
    for who in (cast.zhao, again):
        assert allows(who, "pass_test", ticket)
        with pytest.raises(Invalid) as refusal:
            repair.pass_test(ticket, actor=who, findings="好", result="好")
        assert refusal.value.field == "confirmed_by"
        db.session.rollback()
    repair.pass_test(ticket, actor=again, findings="一起测过。", result="好", confirmed_by="张敏")
    assert ticket.state == "awaiting_review"
    alone = a_ticket("awaiting_test")
    repair.fail_test(alone, actor=cast.zhao, findings="仍然报错。", new_plan=False)
    assert alone.state == "awaiting_fix", "that it does not hold, they may say themselves"
