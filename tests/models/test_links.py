"""Links (P10.3): only a digest is kept, an answer counts once, and a link can die in three ways."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock, tokens
from models.ground.db import db
from models.ground.errors import Conflict, DomainError, Gone, Refused
from models.record.link import Link, find_link, living_link
from models.record.message import Message
from models.record.resolution import Confirmation
from models.record.ticket import Ticket
from models.steps import closing, customer_verification, intake
from tests.database import difference, everything
from tests.factories import a_ticket, archive


@pytest.fixture
def asked(cast):
    """A customer's ticket that waits for their answer."""
    return a_ticket("awaiting_customer", contact=cast.contact)


def test_the_token_is_nowhere_in_the_database(asked):
    link = living_link(asked)
    assert len(link.token) >= 43, "256 bits"
    assert link.token_hash == tokens.digest(link.token)
    assert not any(link.token in row for rows in everything().values() for row in rows)


def test_only_the_exact_token_opens(asked):
    token = living_link(asked).token
    assert find_link(token).ticket_id == asked.id
    for wrong in ("", "x", token[:-1], token + "a", token.swapcase(), token[::-1], tokens.digest(token)):
        assert find_link(wrong) is None, wrong


def test_one_link_a_round(asked, cast):
    before = living_link(asked)
    assert customer_verification.send_link(asked, actor=cast.wang).id == before.id
    assert len(db.session.scalars(select(Link).where(Link.ticket_id == asked.id)).all()) == 1


def test_an_expired_link(asked, cast, monkeypatch):
    link = living_link(asked)
    later = clock.real_now() + timedelta(days=31)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert link.death == "expired"
    with pytest.raises(Refused):
        customer_verification.confirm_result(asked, actor=link, verdict="yes")
    fresh = customer_verification.renew_link(link)
    assert (fresh.death, fresh.id == link.id) == ("", False)
    mail = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert (mail.template, mail.contact_id) == ("link", cast.contact.id), (
        "to the contact on record, not to whoever asks"
    )


def test_a_revoked_link(asked, cast):
    link = living_link(asked)
    customer_verification.revoke_link(asked, actor=cast.wang)
    assert link.death == "revoked"
    with pytest.raises(Gone):
        customer_verification.renew_link(link)
    fresh = customer_verification.send_link(asked, actor=cast.wang)
    assert (find_link(fresh.token).death, find_link(link.token).death) == ("", "revoked")


def test_a_revoked_link_is_not_replaced_by_way_of_an_older_one(asked, cast, monkeypatch):
    """Only the desk sends another."""
    older = living_link(asked)
    customer_verification.confirm_result(asked, actor=older, verdict="no", comment="还是不行。")
    customer_verification.send_link(asked, actor=cast.wang)
    customer_verification.revoke_link(asked, actor=cast.wang)
    assert older.death == "superseded"
    with pytest.raises(Gone):
        customer_verification.renew_link(older)
    sent = customer_verification.send_link(asked, actor=cast.wang)
    assert customer_verification.renew_link(older).id == sent.id
    later = clock.real_now() + timedelta(days=31)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert customer_verification.renew_link(sent).id > sent.id, "that one has only expired"


def test_a_link_of_an_earlier_round(asked, cast):
    link = living_link(asked)
    customer_verification.confirm_result(asked, actor=link, verdict="no", comment="还是不行。")
    assert find_link(link.token).death == "superseded"
    with pytest.raises(Conflict):
        customer_verification.confirm_result(asked, actor=find_link(link.token), verdict="yes")


@pytest.mark.parametrize("second", ["yes", "no"])
def test_an_answer_counts_once(asked, second):
    link = living_link(asked)
    customer_verification.confirm_result(asked, actor=link, verdict="yes", satisfaction="satisfied")
    before = everything()
    with pytest.raises(Conflict):
        customer_verification.confirm_result(asked, actor=link, verdict=second, comment="x")
    assert difference(before, everything()) == {}
    said = db.session.scalars(select(Confirmation)).one()
    assert (said.verdict, said.satisfaction, said.means, said.said_by) == ("yes", "satisfied", "link", "张经理")
    assert said.scale == "satisfied/mostly_satisfied/dissatisfied", "the raw answer with its scale (P10.5)"


def test_the_customer_can_add_information(asked):
    link = living_link(asked)
    kept = intake.keep_file(actor=link, name="截图.png", content=b"x")
    intake.supply_information(asked, actor=link, text="补充一张截图。", files=[kept.key])
    assert asked.state == "awaiting_customer"


def test_a_change_of_mind_until_the_archive(asked, cast):
    """P10.4: back to work before closing, reopened after it, a linked follow-up after archiving."""
    link = living_link(asked)
    customer_verification.confirm_result(asked, actor=link, verdict="yes")
    customer_verification.dispute_result(asked, actor=link, reason="又出现了。")
    assert (asked.state, asked.round) == ("awaiting_plan", 2)

    closed = a_ticket("closed", contact=cast.contact)
    customer_verification.dispute_result(closed, actor=living_link(closed), reason="又出现了。")
    assert (closed.state, closed.round) == ("awaiting_plan", 2)

    gone = a_ticket("closed", contact=cast.contact)
    holder = living_link(gone)
    archive(gone)
    with pytest.raises(DomainError):
        customer_verification.dispute_result(gone, actor=holder, reason="又出现了。")
    follow_up = customer_verification.follow_up_archived(gone, actor=holder, reason="又出现了。")
    assert (follow_up.parent_id, follow_up.contact_id, follow_up.state) == (gone.id, cast.contact.id, "awaiting_triage")
    assert gone.state == "archived"


def test_partly_solved_splits_the_rest_off(asked):
    """P10.2"""
    customer_verification.confirm_result(asked, actor=living_link(asked), verdict="partly", comment="导出仍然很慢。")
    rest = db.session.scalars(select(Ticket).where(Ticket.parent_id == asked.id)).one()
    assert (rest.description, rest.state, rest.contact_id) == ("导出仍然很慢。", "awaiting_triage", asked.contact_id)
    assert asked.state == "awaiting_review"


def test_a_spoken_answer_says_who_and_how(asked, cast):
    """P10.7"""
    customer_verification.record_spoken(
        asked, actor=cast.wang, said_by="张经理", how="电话", verdict="yes", satisfaction="satisfied"
    )
    said = db.session.scalars(select(Confirmation)).one()
    assert (said.means, said.said_by, said.how, said.taken_by_id) == ("spoken", "张经理", "电话", cast.wang.id)


def test_a_spoken_no_goes_back_to_work(asked, cast):
    customer_verification.record_spoken(
        asked, actor=cast.wang, said_by="张经理", how="电话", verdict="no", comment="还是不行。"
    )
    assert asked.state == "awaiting_plan"


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "no"}, "comment"),
        ({"verdict": "partly", "comment": "  "}, "comment"),
        ({"verdict": "yes", "satisfaction": "great"}, "satisfaction"),
    ],
)
def test_an_answer_that_makes_no_sense(asked, answer, field):
    before = everything()
    with pytest.raises(DomainError) as refusal:
        customer_verification.confirm_result(asked, actor=living_link(asked), **answer)
    assert (refusal.value.status, refusal.value.field) == (422, field)
    assert difference(before, everything()) == {}


def test_a_closed_ticket_is_reopened_by_the_desk_too(asked, cast):
    ticket = a_ticket("closed", contact=cast.contact)
    closing.reopen_ticket(ticket, actor=cast.chen, reason="客户来电。")
    assert ticket.state == "awaiting_plan"
