"""Consent (P7.4): whoever a plan touches agrees before it is carried out, once, to exactly the text they read."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Gone, Invalid, Refused
from models.insight.customer_view import customer_view, dead_view, question_view
from models.insight.dossier import dossier, events_of
from models.record.consent import Consent
from models.record.deadline import PAUSED, open_deadlines
from models.record.link import CONSENT, DIRECTION, PROGRESS, Link, find_link, living_link
from models.record.message import Message
from models.rules import journal
from models.rules.permissions import allows
from models.steps import approval, consent, customer_verification, plans
from tests.database import difference, everything
from tests.factories import TOUCHING, a_plan, a_request, a_ticket, carry_out, person


@pytest.fixture
def asked(cast):
    """A customer's ticket whose plan waits for their consent."""
    return a_ticket("awaiting_consent", contact=cast.contact)


@command
def change(row, **values) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def letters(template):
    return list(db.session.scalars(select(Message).where(Message.template == template, Message.channel == "mail")))


def test_the_last_approval_asks_the_customer_by_a_link_of_its_own(asked, cast):
    link = living_link(asked, purpose=CONSENT)
    assert (asked.state, link.round) == ("awaiting_consent", 1)
    assert [letter.contact_id for letter in letters("consent_asked")] == [cast.contact.id]
    assert link.token != living_link(asked).token
    shown = question_view(asked, CONSENT)
    assert (shown["text"], shown["when"], shown["is_open"]) == (TOUCHING["explanation"], TOUCHING["window"], True)


def test_a_plan_that_touches_nobody_asks_nobody(cast):
    ticket = a_ticket("awaiting_fix", contact=cast.contact)
    assert living_link(ticket, purpose=CONSENT) is None
    assert letters("consent_asked") == []


def test_while_the_customer_thinks_the_clocks_stand_still(asked):
    held = {deadline.kind: deadline.state for deadline in open_deadlines(asked)}
    assert held["resolve"] == PAUSED
    assert held["follow_up"] != PAUSED
    assert held["update"] != PAUSED


def test_agreed_by_link(asked):
    link = living_link(asked, purpose=CONSENT)
    consent.give_consent(asked, actor=link, digest=asked.plans[-1].digest, comment="请在十点以后。")
    kept = db.session.scalars(select(Consent)).one()
    assert asked.state == "awaiting_fix"
    assert (kept.agreed, kept.means, kept.said_by, kept.link_id) == (True, "link", "张经理", link.id)
    assert kept.digest == asked.plans[-1].digest
    assert events_of(asked)[-1].link_id == link.id
    assert journal.verify(asked, events_of(asked)) is None
    assert "follow_up" not in {deadline.kind for deadline in open_deadlines(asked)}
    assert dossier(asked)["consents"][0]["comment"] == "请在十点以后。"
    assert question_view(asked, CONSENT)["said"]["agreed"] is True, "shown on the link afterwards"
    assert not link.death


def test_refused_it_goes_back_to_the_engineer_with_the_reason(asked, cast):
    link = living_link(asked, purpose=CONSENT)
    with pytest.raises(Invalid):
        consent.refuse_consent(asked, actor=link, reason=" ")
    consent.refuse_consent(asked, actor=link, reason="那晚要月结。")
    assert (asked.state, asked.plans[-1].outcome) == ("awaiting_plan", "refused")
    assert [letter.person_id for letter in letters("consent_refused")] == [cast.zhao.id]
    with pytest.raises(Conflict):
        carry_out(asked)


def test_the_reporter_agrees_on_the_page(cast):
    ticket = a_ticket("awaiting_consent")
    consent.give_consent(ticket, actor=cast.zhang)
    assert (ticket.state, db.session.scalars(select(Consent)).one().means) == ("awaiting_fix", "portal")


@pytest.mark.parametrize(("agreed", "goal"), [(True, "awaiting_fix"), (False, "awaiting_plan")])
def test_spoken_and_taken_down(asked, cast, agreed, goal):
    consent.record_spoken_consent(
        asked, actor=cast.wang, agreed=agreed, said_by="张经理", how="电话", comment="换个时间。"
    )
    kept = db.session.scalars(select(Consent)).one()
    assert asked.state == goal
    assert (kept.means, kept.said_by, kept.how, kept.taken_by_id) == ("spoken", "张经理", "电话", cast.wang.id)
    assert "follow_up" not in {deadline.kind for deadline in open_deadlines(asked) if deadline.state == "running"}


def test_what_is_spoken_says_by_whom_and_how(asked, cast):
    for missing in ({"said_by": "", "how": "电话"}, {"said_by": "张经理", "how": " "}):
        with pytest.raises(Invalid):
            consent.record_spoken_consent(asked, actor=cast.wang, agreed=True, **missing)
    with pytest.raises(Refused):
        consent.record_spoken_consent(asked, actor=cast.he, agreed=True, said_by="张经理", how="电话")


def test_an_answer_counts_once(asked):
    link = living_link(asked, purpose=CONSENT)
    consent.give_consent(asked, actor=link)
    before = everything()
    for again in (
        lambda: consent.give_consent(asked, actor=link),
        lambda: consent.refuse_consent(asked, actor=link, reason="算了。"),
    ):
        with pytest.raises(Conflict):
            again()
    assert difference(before, everything()) == {}


def test_the_database_keeps_the_answer_as_it_was_given(asked):
    consent.give_consent(asked, actor=living_link(asked, purpose=CONSENT))
    with pytest.raises(DBAPIError):
        change(db.session.scalars(select(Consent)).one(), agreed=False)


def test_another_plan_is_another_question(asked, cast):
    """A stale revision: the link is dead and says so, its answer counts for nothing; the newer question has its own."""
    old = living_link(asked, purpose=CONSENT)
    digest = asked.plans[-1].digest
    plans.withdraw_plan(asked.plans[-1], actor=cast.zhao)
    assert asked.state == "awaiting_plan"
    assert not question_view(asked, CONSENT)["is_open"]
    with pytest.raises(Conflict):
        consent.give_consent(asked, actor=old)
    a_plan(asked, **(TOUCHING | {"window": "周四 23:00"}))
    approval.approve_plan(asked.plans[-1], actor=cast.chen)
    assert old.death == "superseded"
    assert dead_view(old)["is_asked_anew"]
    before = everything()
    with pytest.raises(Refused):
        consent.give_consent(asked, actor=old)
    with pytest.raises(Conflict, match="changed"):
        consent.give_consent(asked, actor=living_link(asked, purpose=CONSENT), digest=digest)
    assert difference(before, everything()) == {}
    fresh = customer_verification.renew_link(old)
    assert (fresh.purpose, fresh.round, fresh.death) == (CONSENT, 2, "")


def test_each_link_opens_its_own_question_only(cast):
    ticket = a_ticket("awaiting_consent", contact=cast.contact)
    progress, question = living_link(ticket), living_link(ticket, purpose=CONSENT)
    for action in ("consent", "refuse"):
        assert allows(question, action, ticket)
        assert not allows(progress, action, ticket)
    for action in ("confirm", "supply", "dispute", "reopen"):
        assert allows(progress, action, ticket)
        assert not allows(question, action, ticket)
    assert not any(allows(link, "agree", ticket) for link in (progress, question))
    other = a_ticket("awaiting_consent", contact=cast.contact)
    assert not allows(question, "consent", other), "one ticket only"
    assert allows(question, "view", ticket)


def test_a_direction_has_a_link_of_its_own(cast):
    ticket = a_request("awaiting_direction", contact=cast.contact)
    link = living_link(ticket, purpose=DIRECTION)
    assert link.round == 1
    assert allows(link, "agree", ticket)
    assert not allows(link, "consent", ticket)
    assert not allows(living_link(ticket), "agree", ticket)
    assert [letter.contact_id for letter in letters("direction_asked")] == [cast.contact.id]
    assert question_view(ticket, DIRECTION)["is_open"]


def test_whoever_follows_the_progress_asks_for_the_question_again(asked, cast, time):
    """It goes to the address on record, at most once in ten minutes; the progress link itself answers nothing."""
    progress = living_link(asked)
    assert customer_view(asked)["asked_elsewhere"] == CONSENT
    again = customer_verification.ask_again(progress)
    customer_verification.ask_again(progress)
    assert again.id == living_link(asked, purpose=CONSENT).id
    assert len(letters("consent_asked")) == 2
    assert letters("link") == []
    with pytest.raises(Conflict):
        customer_verification.ask_again(again)


def test_sent_again_by_the_desk_with_the_question(asked, cast):
    link = customer_verification.send_link(asked, actor=cast.wang)
    assert link.purpose == CONSENT
    assert len(letters("consent_asked")) == 2


def test_taken_back_every_link_is_dead_and_only_the_desk_sends_another(asked, cast):
    progress, question = living_link(asked), living_link(asked, purpose=CONSENT)
    change(progress, expires_at=clock.real_now() - timedelta(days=1))
    customer_verification.revoke_link(asked, actor=cast.wang)
    assert (find_link(question.token).death, find_link(progress.token).death) == ("revoked", "expired")
    with pytest.raises(Gone):
        customer_verification.renew_link(progress)
    fresh = customer_verification.send_link(asked, actor=cast.wang)
    assert (fresh.purpose, fresh.death) == (CONSENT, "")


def test_every_purpose_and_round_has_one_living_link(asked, cast):
    for _ in range(3):
        customer_verification.send_link(asked, actor=cast.wang)
    links = db.session.scalars(select(Link).where(Link.ticket_id == asked.id)).all()
    assert sorted((link.purpose, link.round) for link in links) == [(CONSENT, 1), (PROGRESS, 1)]


def test_nothing_is_carried_out_before_the_customer_agrees(asked, cast):
    with pytest.raises(Conflict):
        carry_out(asked)


def test_only_the_explanation_is_shown(asked):
    """P6.6: steps, risk, rollback and options of the plan stay in the house."""
    said = str(question_view(asked, CONSENT)) + str(customer_view(asked))
    for secret in ("清理缓存\n", "上限调高", "恢复原配置", "已备份", "提交一张测试单", "缓存写满"):
        assert secret not in said
    assert person("zhao").name not in said
