"""What can happen in a life (bench/lives.py): in which state, how often, and after how many minutes or so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from models.ground import clock
from models.ground.errors import Conflict
from models.ground.vocabulary import Category, Cause, Party, PlanKind, Risk, Severity, State, Verdict
from models.insight.progress import progress_of, work_of
from models.record.extension import pending_extension
from models.record.plan import Plan
from models.rules.rounds import newest_plan
from models.steps import (
    approval,
    assessment,
    closing,
    comment,
    customer_verification,
    diagnosis,
    direction,
    extension,
    intake,
    plans,
    repair,
    triage,
    wish,
)

if TYPE_CHECKING:
    from bench.lives import Life

LEVELS = tuple(Severity)
ANSWERS = ("satisfied", "mostly_satisfied", "dissatisfied"), (80, 15, 5)
BY_TELEPHONE = "电话"


class Turn(NamedTuple):
    """One thing that can happen."""

    weight: int
    deed: Callable[[Life], object]
    minutes: int


# --- sorted and taken


def _triage(life: Life) -> None:
    """Mostly as it was reported."""
    ticket, team = life.ticket, life.random.choice(life.crew.services).team
    if ticket.is_request:
        wish.triage_request(
            ticket, actor=life.crew.wang, priority="P2", category="new_feature", team=team,
            product_manager=life.crew.zhou,
        )  # fmt: skip
        return
    level = ticket.severity if life.often(0.85) else life.random.choice(LEVELS)
    category = life.random.choice((Category.FUNCTION, Category.NETWORK, Category.PERFORMANCE))
    triage.triage_ticket(
        ticket, actor=life.crew.wang, severity=level, category=category, team=team,
        assignee=life.random.choice(life.crew.engineers), reason=life.says(),
    )  # fmt: skip


def _answer(life: Life) -> None:
    triage.answer_ticket(life.ticket, actor=life.crew.wang, result=life.says())


def _cancel(life: Life) -> None:
    triage.cancel_ticket(life.ticket, actor=life.crew.wang, reason=life.says())


def _regrade(life: Life) -> None:
    triage.regrade_ticket(
        life.ticket, actor=life.crew.wang, severity=life.random.choice(LEVELS), reason=life.says()
    )  # fmt: skip


def _take(life: Life) -> None:
    diagnosis.take_ticket(life.ticket, actor=life.holder)


def _hand_over(life: Life) -> None:
    other = next(person for person in life.crew.engineers if person is not life.ticket.assignee)
    triage.hand_over_ticket(life.ticket, actor=life.crew.chen, assignee=other, reason=life.says())


def _assess(life: Life) -> None:
    assessment.assess_request(
        life.ticket, actor=life.crew.zhou, verdict="feasible", report=life.says(),
        development_opinion=life.says(), development_by="赵磊", test_opinion=life.says(), test_by="何雪",
        product_opinion=life.says(), deliver_at=clock.now() + timedelta(days=20), engineer=life.crew.engineers[1],
    )  # fmt: skip


def _agree(life: Life) -> None:
    if life.ticket.reporter:
        direction.agree_direction(life.ticket, actor=life.ticket.reporter)
    else:
        said_by = life.crew.contact.name
        direction.record_direction(
            life.ticket, actor=life.crew.wang, said_by=said_by, how=BY_TELEPHONE, answer="agreed"
        )  # fmt: skip


# --- talked about and waited for


def _update(life: Life) -> None:
    comment.post_update(life.ticket, actor=life.holder, text=life.says())


def _ask(life: Life) -> None:
    """A question, and after a while the answer."""
    triage.ask_reporter(life.ticket, actor=life.crew.wang, question=life.says())
    life.wait(200)
    intake.supply_information(life.ticket, actor=life.ticket.reporter or life.crew.wang, text=life.says())


def _wait_for(life: Life, party: Party) -> None:
    comment.wait_for(life.ticket, actor=life.holder, party=party, reason=life.says())
    life.wait(300)
    comment.resume_work(life.ticket, actor=life.holder)


def _wait_for_window(life: Life) -> None:
    """This waiting ends by itself."""
    until = clock.now() + timedelta(hours=life.random.randint(2, 30))
    comment.wait_for(life.ticket, actor=life.holder, party=Party.WINDOW, reason=life.says(), until=until)


def _extend(life: Life) -> None:
    """More time is asked for, and granted, refused, or neither."""
    until = extension.extensible(life.ticket).due_at + timedelta(hours=life.random.randint(4, 72))
    asked = extension.ask_for_extension(life.ticket, actor=life.holder, reason=life.says(), until=until)
    life.wait(60)
    if asked is pending_extension(life.ticket) and life.often(0.7):
        extension.grant_extension(asked, actor=life.crew.chen)
    elif life.often(0.5):
        extension.refuse_extension(asked, actor=life.crew.chen, comment=life.says())


# --- planned and mended


def _plan(life: Life) -> None:
    ticket, text = life.ticket, life.says()
    diagnosis.record_diagnosis(ticket, actor=life.holder, root_cause=text, cause=Cause.CODE)
    plans.submit_plan(
        ticket, actor=life.holder, risk=Risk.NORMAL, kind=PlanKind.FIX, steps=f"1. {text}", effect=text,
        verification=text, backup=text, rollback=text,
    )  # fmt: skip


def _approve(life: Life) -> None:
    approval.approve_plan(_plan_of(life), actor=life.crew.chen)


def _return(life: Life) -> None:
    approval.return_plan(_plan_of(life), actor=life.crew.chen, comment=life.says())


def _fix(life: Life) -> None:
    plan = _plan_of(life)
    for step in progress_of(plan, work_of(plan)):
        if not step.is_settled:
            repair.log_work(life.ticket, actor=life.holder, task=step.task, body=step.task.body, result=life.says())
    repair.finish_fix(life.ticket, actor=life.holder)


def _roll_back(life: Life) -> None:
    repair.roll_back(life.ticket, actor=life.holder, reason=life.says())


def _pass_test(life: Life) -> None:
    tester, text = life.crew.zhou if life.ticket.is_request else life.crew.he, life.says()
    repair.pass_test(life.ticket, actor=tester, findings=text, result=text, cause=text, measures=text, prevention=text)


def _fail_test(life: Life) -> None:
    repair.fail_test(life.ticket, actor=life.crew.he, findings=life.says(), new_plan=life.often(0.3))


def _plan_of(life: Life) -> Plan:
    plan = newest_plan(life.ticket)
    assert plan
    return plan


# --- answered and closed


def _confirm(life: Life, verdict: Verdict) -> None:
    """By the reporter, or taken down for the customer."""
    answer, shares = ANSWERS
    satisfaction = life.random.choices(answer, shares)[0]
    said: dict[str, Any] = {
        "verdict": verdict, "satisfaction": satisfaction, "asked": satisfaction, "comment": life.says(),
    }  # fmt: skip
    if life.ticket.reporter:
        customer_verification.confirm_result(life.ticket, actor=life.ticket.reporter, **said)
    else:
        customer_verification.record_spoken(
            life.ticket, actor=life.crew.wang, said_by=life.crew.contact.name, how=BY_TELEPHONE, **said
        )


def _close(life: Life) -> None:
    """Who was not satisfied is called before."""
    with suppress(Conflict):
        closing.record_call_back(life.ticket, actor=life.crew.chen, text=life.says())
    closing.close_ticket(life.ticket, actor=life.crew.chen)


def _send_back(life: Life) -> None:
    closing.send_back(life.ticket, actor=life.crew.chen, reason=life.says())


def _reopen(life: Life) -> None:
    closing.reopen_ticket(life.ticket, actor=life.crew.chen, reason=life.says())


def _nothing(_life: Life) -> None:
    """The desk goes on by itself: reminders, the confirmation by silence, the archive."""


ROAD: dict[State, tuple[Turn, ...]] = {
    State.AWAITING_TRIAGE: (Turn(82, _triage, 6), Turn(8, _answer, 12), Turn(8, _ask, 12), Turn(2, _cancel, 30)),
    State.AWAITING_ENGINEER: (
        Turn(80, _take, 35), Turn(10, _update, 40), Turn(5, _regrade, 20), Turn(5, _hand_over, 60),
    ),
    State.AWAITING_ASSESSMENT: (Turn(80, _assess, 900), Turn(20, _update, 400)),
    State.AWAITING_DIRECTION: (Turn(1, _agree, 700),),
    State.AWAITING_PLAN: (
        Turn(45, _plan, 80), Turn(25, _update, 90), Turn(8, _ask, 60),
        Turn(6, partial(_wait_for, party=Party.VENDOR), 60), Turn(4, partial(_wait_for, party=Party.DEPARTMENT), 60),
        Turn(6, _extend, 30), Turn(4, _regrade, 30), Turn(2, _hand_over, 60),
    ),
    State.AWAITING_APPROVAL: (Turn(80, _approve, 70), Turn(10, _return, 60), Turn(10, _update, 60)),
    State.AWAITING_FIX: (
        Turn(55, _fix, 150), Turn(25, _update, 120), Turn(6, _wait_for_window, 60), Turn(6, _extend, 60),
        Turn(4, _roll_back, 100), Turn(4, _regrade, 60),
    ),
    State.AWAITING_TEST: (Turn(88, _pass_test, 100), Turn(12, _fail_test, 80)),
    State.AWAITING_CUSTOMER: (
        Turn(73, partial(_confirm, verdict=Verdict.YES), 240), Turn(9, partial(_confirm, verdict=Verdict.NO), 300),
        Turn(18, _nothing, 6_000),
    ),
    State.AWAITING_REVIEW: (Turn(94, _close, 20), Turn(6, _send_back, 30)),
    State.CLOSED: (Turn(96, _nothing, 6_000), Turn(4, _reopen, 900)),
    State.CANCELLED: (Turn(1, _nothing, 6_000),),
}  # fmt: skip
