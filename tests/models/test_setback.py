"""Why a plan is written again: what sent the ticket back, who said so and when, and which step failed (P7.3, P8.1)."""

import pytest

from models.ground import clock
from models.ground.db import db
from models.insight.setback import setback_of
from models.record.entry import Entry
from models.steps import approval, comment, consent, plans, repair
from models.steps.closing import send_back
from tests.factories import a_plan, a_ticket, newest_plan, next_task


def after(ticket):
    found = setback_of(ticket)
    return (found.event, found.who, found.reason) if found else None


def test_a_first_plan_has_no_before(cast):
    assert setback_of(a_ticket("awaiting_plan")) is None
    assert setback_of(a_ticket("awaiting_approval")) is None


def test_returned_it_says_why_and_who(cast):
    ticket = a_ticket("awaiting_approval")
    approval.return_plan(newest_plan(ticket), actor=cast.chen, comment="缺回滚步骤。")
    assert after(ticket) == ("returned", cast.chen.name, "缺回滚步骤。")
    assert setback_of(ticket).at == clock.now()
    fresh = a_plan(ticket)
    assert setback_of(ticket) is None, "there is a newer plan"
    plans.withdraw_plan(fresh, actor=cast.zhao)
    assert setback_of(ticket) is None, "the author knows why they took it back"


def test_rolled_back_it_names_the_step_that_failed(cast):
    ticket = a_ticket("awaiting_fix")
    step = next_task(ticket)
    repair.log_work(ticket, actor=cast.zhao, task=step, body="清理缓存", outcome="failed", result="磁盘报错")
    repair.roll_back(ticket, actor=cast.zhao, reason="磁盘坏块\n已恢复")
    found = setback_of(ticket)
    assert (found.event, found.who, found.step.position, found.result) == ("rolled_back", cast.zhao.name, 1, "磁盘报错")
    assert found.reason == "磁盘坏块\n已恢复"


def test_what_was_redacted_is_not_repeated(cast):
    ticket = a_ticket("awaiting_fix")
    repair.roll_back(ticket, actor=cast.zhao, reason="密码 hunter2 不对")
    entry = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="reason").one()
    comment.redact_entry(entry, actor=cast.chen, reason="含密码")
    assert "hunter2" not in setback_of(ticket).reason


@pytest.mark.parametrize(
    ("state", "deed", "expected"),
    [
        ("awaiting_consent", lambda t, c: consent.refuse_consent(t, actor=c.zhang, reason="那晚要月结"),
         ("consent_refused", "zhang", "那晚要月结")),
        ("awaiting_test",
         lambda t, c: repair.fail_test(t, actor=c.he, findings="仍报错", new_plan=True, new_problems="变慢"),
         ("test_failed", "he", "仍报错\n变慢")),
        ("awaiting_review", lambda t, c: send_back(t, actor=c.chen, reason="缺根因"), ("sent_back", "chen", "缺根因")),
    ],
)  # fmt: skip
def test_every_other_way_back(cast, state, deed, expected):
    ticket = a_ticket(state)
    deed(ticket, cast)
    event, login, reason = expected
    assert after(ticket) == (event, getattr(cast, login).name, reason)


def test_a_long_reason_shows_its_first_lines(cast):
    ticket = a_ticket("awaiting_approval")
    approval.return_plan(newest_plan(ticket), actor=cast.chen, comment="一\n二\n三\n四")
    assert (setback_of(ticket).head, setback_of(ticket).is_long) == ("一\n二\n三", True)
