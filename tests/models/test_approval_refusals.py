"""What a round refuses (P7.3, P7.6): with the reason, and with nothing written."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, DomainError, Invalid, Refused
from models.record import attachment
from models.record.attachment import Attachment
from models.record.plan import Choice, Task
from models.rules import rounds
from models.steps import accounts, approval, intake, plans, repair, triage
from models.steps.absences import announce_absence, end_absence
from tests.database import difference, everything
from tests.factories import a_plan, a_reviewer, a_ticket, carry_out, newest_plan, person
from tests.models.test_journal import by_force, plainly

HOUR = timedelta(hours=1)


@pytest.fixture
def ticket(cast):
    return a_ticket("awaiting_plan")


@pytest.fixture
def plan(cast, ticket):
    """Of zhao's, for chen and wu to decide, with a file that zhao sent."""
    kept = intake.keep_file(actor=cast.zhao, name="补丁.zip", content=b"patch 1")
    return a_plan(ticket, risk="major", files=[kept.key])


def refuses(wanted, deed, says=None):
    """It is refused, with this sentence, and nothing is written."""
    before = everything()
    with pytest.raises(wanted, match=says):
        deed()
    assert difference(before, everything()) == {}


def revise(plan, **more):
    texts = {
        "steps": "1. 换个办法",
        "kind": "fix",
        "backup": "有",
        "rollback": "有",
        "approvers": [person("chen"), person("wu")],
    }
    return plans.revise_plan(plan, actor=person("zhao"), **({"risk": "major"} | texts | more))


# --- a decision counts for one text


def test_a_stale_round(cast, plan):
    """Any edit opens a new round, and blocks what the old one was deciding."""
    approval.approve_plan(plan, actor=cast.chen)
    fresh = revise(plan)
    assert (plan.outcome, fresh.revision, fresh.ticket.state) == ("superseded", 2, "awaiting_approval")
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.wu), "newer revision")
    refuses(Conflict, lambda: approval.return_plan(plan, actor=cast.wu, comment="x"), "newer revision")
    refuses(Conflict, lambda: plans.withdraw_plan(plan, actor=cast.zhao), "newer revision")
    refuses(Conflict, lambda: revise(plan), "newer revision")
    approval.approve_plan(fresh, actor=cast.wu)
    assert fresh.outcome == "", "what chen said of the old text does not count for the new one"
    approval.approve_plan(fresh, actor=cast.chen)
    assert rounds.valid_plan(fresh.ticket) is fresh


def test_an_edit_of_an_approved_plan_blocks_carrying_out(cast, plan):
    approval.approve_plan(plan, actor=cast.chen)
    approval.approve_plan(plan, actor=cast.wu)
    fresh = revise(plan)
    refuses(Conflict, lambda: repair.log_work(fresh.ticket, actor=cast.zhao, body="x"))
    refuses(Conflict, lambda: repair.finish_fix(fresh.ticket, actor=cast.zhao))


def test_a_plan_that_is_being_carried_out_cannot_be_edited(cast):
    ticket = a_ticket("awaiting_fix")
    carry_out(ticket)
    refuses(Conflict, lambda: revise(newest_plan(ticket)), "roll it back")


def test_another_text_than_the_one_that_was_read(cast, plan):
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen, digest="0" * 64), "read it again")
    approval.approve_plan(plan, actor=cast.chen, digest=plan.digest)


def test_a_foreign_round(cast, plan):
    mei = a_reviewer()
    refuses(Refused, lambda: approval.approve_plan(plan, actor=mei))
    refuses(Refused, lambda: approval.return_plan(plan, actor=mei, comment="x"))
    refuses(Refused, lambda: approval.add_approver(plan, actor=mei, person=mei, first=True))
    refuses(Refused, lambda: approval.hand_over_seat(plan, actor=mei, to=cast.chen, reason="x"))
    refuses(Refused, lambda: approval.hand_over_seat(plan, actor=mei, to=cast.chen, reason="x", seat=plan.approvals[0]))
    refuses(Refused, lambda: approval.copy_plan(plan, actor=mei, people=[cast.liu]))
    refuses(Refused, lambda: approval.urge_approvers(plan, actor=mei))
    refuses(Refused, lambda: plans.withdraw_plan(plan, actor=mei))
    refuses(Refused, lambda: approval.read_copy(plan, actor=mei))


def test_twice(cast, plan):
    approval.approve_plan(plan, actor=cast.chen)
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen), "already decided")
    refuses(Conflict, lambda: approval.return_plan(plan, actor=cast.chen, comment="x"), "already decided")


def test_after_the_round(cast, plan):
    approval.return_plan(plan, actor=cast.chen, comment="缺步骤")
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.wu), "decided already")
    withdrawn = a_plan(plan.ticket, risk="major")
    plans.withdraw_plan(withdrawn, actor=cast.zhao)
    refuses(Conflict, lambda: approval.approve_plan(withdrawn, actor=cast.wu), "decided already")
    cancelled = a_plan(plan.ticket, risk="major")
    triage.cancel_ticket(cancelled.ticket, actor=cast.wang, reason="不用了")
    refuses(Conflict, lambda: approval.approve_plan(cancelled, actor=cast.wu), "moved on")


def test_after_a_demotion(cast, plan):
    accounts.edit_person(cast.wu, actor=cast.admin, roles=[("reporter", None), ("engineer", None)])
    refuses(Refused, lambda: approval.approve_plan(plan, actor=cast.wu), "no longer holds")
    accounts.edit_person(cast.wu, actor=cast.admin, roles=[("reporter", None), ("approver", None)])
    approval.approve_plan(plan, actor=cast.wu)


def test_a_role_lost_in_the_team_of_the_seat(cast, ticket):
    """A supervisor of another team does not sit here any more."""
    plan = a_plan(ticket)
    accounts.edit_person(cast.wu, actor=cast.admin, roles=[("supervisor", cast.team("ops").id)])
    refuses(Refused, lambda: approval.approve_plan(plan, actor=cast.wu), "no longer holds")


def test_whoever_has_left(cast, plan):
    accounts.deactivate_person(cast.wu, actor=cast.admin, successor=cast.chen)
    refuses(Refused, lambda: approval.approve_plan(plan, actor=cast.wu))


@pytest.mark.parametrize(
    "swap",
    [
        "UPDATE attachment SET sha256 = '{other}' WHERE plan_id IS NOT NULL",
        "UPDATE attachment SET name = 'other.zip' WHERE plan_id IS NOT NULL",
        "UPDATE attachment SET plan_id = NULL WHERE plan_id IS NOT NULL",
        "UPDATE plan_step SET body = 'rm -rf /'",
        "UPDATE plan_step SET owner_id = 1",
        "UPDATE plan SET rollback = '不用回滚'",
        "UPDATE plan SET \"window\" = 'now'",
        "UPDATE plan SET risk = 'normal'",
        "UPDATE plan_option SET chosen = NOT chosen",
        "DELETE FROM plan_option",
    ],
)
def test_what_is_swapped_under_an_approval_is_noticed(cast, ticket, swap):
    """Whoever gets at the database itself: neither a decision nor carrying out goes on with another text."""
    kept = intake.keep_file(actor=cast.zhao, name="补丁.zip", content=b"patch 1")
    plan = a_plan(ticket, risk="major", files=[kept.key], options=[Choice("打补丁", chosen=True), Choice("换机器")])
    approval.approve_plan(plan, actor=cast.chen)
    by_force(swap.format(other="f" * 64))
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.wu), "exchanged")
    by_force("UPDATE plan SET outcome = 'approved'")
    with pytest.raises(Conflict, match="no longer the one"):
        rounds.valid_plan(db.session.merge(ticket))


def test_bytes_exchanged_on_the_disk(cast, plan):
    (file,) = plan.files
    held = file.path.read_bytes()
    file.path.write_bytes(b"patch 2")
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen), "exchanged")
    file.path.unlink()
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen), "exchanged")
    file.path.write_bytes(held)
    approval.approve_plan(plan, actor=cast.chen)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE plan SET effect = 'x'",
        "UPDATE plan SET touches_customer = NOT touches_customer",
        "UPDATE plan SET explanation = 'x'",
        "UPDATE plan_step SET body = 'x'",
        "DELETE FROM plan_step",
        "DELETE FROM plan_option",
        "INSERT INTO plan_step (plan_id, position, body, planned) SELECT plan_id, 99, 'x', '' FROM plan_step",
    ],
)
def test_the_database_itself_keeps_a_submitted_plan(cast, ticket, change):
    a_plan(ticket, options="打补丁")
    with pytest.raises(Exception, match="never changed"):
        plainly(change)
    db.session.rollback()


def test_every_part_of_the_text_is_in_the_digest(cast, ticket):
    """Whatever one changes, it is another text; said again, it is the same."""
    said = {
        "risk": "normal",
        "steps": [Task("清理缓存", owner=cast.zhao, planned="20:00")],
        "kind": "fix",
        "effect": "a",
    }
    said |= {"options": [Choice("清理", "高", "低", "一小时", "无", chosen=True)], "window": "w", "rollback": "r"}
    said |= {"backup": "b", "verification": "v", "touches_customer": True, "explanation": "会断开一分钟"}
    plan = plans.submit_plan(ticket, actor=cast.zhao, **said)
    seen = {plan.digest}
    changes = [
        {"risk": "major", "approvers": [cast.chen, cast.wu]}, {"kind": "workaround"}, {"effect": "x"}, {"window": "x"},
        {"rollback": "x"}, {"backup": "x"}, {"verification": "x"}, {"explanation": "x"}, {"touches_customer": False},
        {"steps": [Task("清理缓存", owner=cast.li, planned="20:00")]},
        {"steps": [Task("清理缓存", owner=cast.zhao, planned="21:00")]},
        {"steps": [Task("清理磁盘", owner=cast.zhao, planned="20:00")]},
        {"options": []}, {"options": [Choice("清理", "高", "低", "一小时", "无")]},
        {"options": [Choice("清理", "高", "高", "一小时", "无", chosen=True)]},
        {"files": [intake.keep_file(actor=cast.zhao, name="a.txt", content=b"a").key]},
        {"files": [intake.keep_file(actor=cast.zhao, name="a.txt", content=b"b").key]},
        {"files": [intake.keep_file(actor=cast.zhao, name="b.txt", content=b"a").key]},
    ]  # fmt: skip
    for change in changes:
        plan = plans.revise_plan(plan, actor=cast.zhao, **(said | change))
        assert plan.digest not in seen, change
        assert rounds.digest_of_plan(plan) == plan.digest
        seen.add(plan.digest)
    again = plans.revise_plan(plan, actor=cast.zhao, **said)
    assert again.digest in seen


def test_a_revision_keeps_the_files_it_names_as_its_own(cast, plan):
    (held,) = plan.files
    fresh = revise(plan, files=[held.key])
    (own,) = fresh.files
    assert (own.name, own.sha256, own.key != held.key) == (held.name, held.sha256, True)
    assert attachment.is_intact(own)
    assert rounds.digest_of_plan(plan) == plan.digest, "the old text still has its file"
    assert db.session.scalars(select(Attachment.plan_id).order_by(Attachment.id)).all() == [plan.id, fresh.id]


# --- one human, one voice


def second_account(of, *roles):
    made = accounts.create_person(
        actor=person("admin"),
        login=f"{of.login}2",
        name=of.name,
        password="demo-demo",
        roles=[(r, None) for r in roles],
    )
    return accounts.edit_person(made, actor=person("admin"), roles=[(r, None) for r in roles], same_as_id=of.id)


def test_nobody_decides_on_their_own_plan_by_another_account(cast, ticket):
    mine = second_account(cast.zhao, "supervisor", "approver")
    plan = a_plan(ticket)
    assert mine not in [seat.person for seat in plan.approvals]
    refuses(Refused, lambda: approval.approve_plan(plan, actor=mine))
    refuses(Invalid, lambda: revise(plan, approvers=[mine, cast.chen]))
    refuses(Invalid, lambda: approval.add_approver(plan, actor=cast.chen, person=mine, first=True), "wrote the plan")


def test_an_account_that_turns_out_to_be_the_authors(cast, plan):
    """What is found out during the round counts at once."""
    accounts.edit_person(cast.wu, actor=cast.admin, roles=[("supervisor", None)], same_as_id=cast.zhao.id)
    refuses(Refused, lambda: approval.approve_plan(plan, actor=cast.wu))


def test_nobody_decides_on_what_they_carry_out_by_another_account(cast, ticket):
    mine = second_account(cast.li, "supervisor")
    plan = a_plan(ticket)
    triage.hand_over_ticket(ticket, actor=cast.chen, reason="换人", assignee=cast.li)
    refuses(Refused, lambda: approval.approve_plan(plan, actor=mine))


def test_two_accounts_are_one_voice(cast, ticket):
    second = second_account(cast.chen, "approver")
    with pytest.raises(Invalid, match="at least"):
        a_plan(ticket, risk="major", approvers=[cast.chen, second])
    plan = a_plan(ticket, risk="major", approvers=[cast.chen, cast.wu, a_reviewer()])
    accounts.edit_person(a_reviewer(), actor=cast.admin, roles=[("approver", None)], same_as_id=cast.chen.id)
    approval.approve_plan(plan, actor=cast.chen)
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=a_reviewer()), "already decided")


def test_accounts_of_one_human_name_the_same_first_one(cast):
    roles = [("engineer", None)]
    accounts.edit_person(cast.li, actor=cast.admin, roles=roles, same_as_id=cast.zhao.id)
    accounts.edit_person(cast.zhao, actor=cast.admin, roles=roles, same_as_id=cast.he.id)
    assert {cast.li.human_id, cast.zhao.human_id, cast.he.human_id} == {cast.he.id}
    with pytest.raises(Invalid):
        accounts.edit_person(cast.he, actor=cast.admin, roles=[("verifier", None)], same_as_id=cast.li.id)


# --- standing in


@pytest.fixture
def away(cast, plan):
    """wu is away from 11 to 12; mei stands in."""
    now = clock.now()
    return announce_absence(
        cast.wu, actor=cast.wu, starts_at=now + HOUR, ends_at=now + 2 * HOUR, delegate=a_reviewer("mei")
    )


def test_a_delegate_decides_from_the_first_to_before_the_last_moment(cast, plan, away, time):
    refuses(Refused, lambda: approval.approve_plan(plan, actor=a_reviewer("mei")))
    time(away.ends_at)
    refuses(Refused, lambda: approval.approve_plan(plan, actor=a_reviewer("mei")), "has ended")
    time(away.ends_at - timedelta(seconds=1))
    approval.approve_plan(plan, actor=a_reviewer("mei"), comment="代吴工")
    seat = next(seat for seat in plan.approvals if seat.person is cast.wu)
    assert (seat.decision, seat.decided_by) == ("approved", a_reviewer("mei"))
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=a_reviewer("mei")), "already decided")
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.wu), "already decided")
    approval.approve_plan(plan, actor=cast.chen)
    assert plan.ticket.state == "awaiting_fix"


def test_at_the_very_start_it_counts(cast, plan, away, time):
    time(away.starts_at)
    approval.return_plan(plan, actor=a_reviewer("mei"), comment="缺步骤")
    assert plan.outcome == "returned"


def test_whoever_is_away_can_still_decide(cast, plan, away, time):
    time(away.starts_at)
    approval.approve_plan(plan, actor=cast.wu)
    refuses(DomainError, lambda: approval.approve_plan(plan, actor=a_reviewer("mei")))


def test_an_absence_ended_early_ends_the_standing_in(cast, plan, away, time):
    time(away.starts_at + HOUR / 2)
    end_absence(away, actor=cast.wu)
    refuses(Refused, lambda: approval.approve_plan(plan, actor=a_reviewer("mei")), "has ended")


def test_the_author_cannot_stand_in(cast, plan):
    accounts.edit_person(cast.zhao, actor=cast.admin, roles=[("engineer", None), ("approver", None)])
    announce_absence(cast.wu, actor=cast.wu, starts_at=clock.now(), ends_at=clock.now() + HOUR, delegate=cast.zhao)
    refuses(Refused, lambda: approval.approve_plan(plan, actor=cast.zhao))


def test_whoever_has_a_seat_keeps_to_it(cast, plan):
    """Who stands in and sits in the same round speaks once, for themselves."""
    announce_absence(cast.wu, actor=cast.wu, starts_at=clock.now(), ends_at=clock.now() + HOUR, delegate=cast.chen)
    approval.approve_plan(plan, actor=cast.chen)
    refuses(Conflict, lambda: approval.approve_plan(plan, actor=cast.chen), "already decided")
    assert [(seat.person.login, seat.decision, seat.decided_by) for seat in plan.approvals] == [
        ("chen", "approved", None), ("wu", "", None),
    ]  # fmt: skip


def test_a_delegate_of_a_delegate(cast, plan, time):
    now = clock.now()
    announce_absence(cast.wu, actor=cast.wu, starts_at=now, ends_at=now + HOUR, delegate=a_reviewer("mei"))
    announce_absence(
        a_reviewer("mei"), actor=a_reviewer("mei"), starts_at=now, ends_at=now + HOUR, delegate=a_reviewer("lan")
    )
    refuses(Refused, lambda: approval.approve_plan(plan, actor=a_reviewer("mei")))
    approval.approve_plan(plan, actor=a_reviewer("lan"))


def test_nobody_stands_in_for_whoever_lost_the_role(cast, plan, away, time):
    time(away.starts_at)
    accounts.edit_person(cast.wu, actor=cast.admin, roles=[("reporter", None)])
    refuses(Refused, lambda: approval.approve_plan(plan, actor=a_reviewer("mei")))
