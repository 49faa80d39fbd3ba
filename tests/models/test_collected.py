"""News as one letter a day: what waits until five, what never waits, and what lets it go earlier."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.people.quiet import next_collection
from models.record.message import APP, JOINED, MAIL, Message, hasten
from models.rules.subjects import CALLS, NEWS, SUBJECTS
from models.steps import accounts, comment, triage
from tests.factories import a_ticket

TEN = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
FIVE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # 17:00 there


@pytest.fixture(autouse=True)
def ten(monkeypatch):
    """It is ten in the morning, for letters, too."""
    monkeypatch.setattr(clock, "real_now", lambda: TEN)


def told(person, template: str) -> dict[str, Message]:
    rows = db.session.scalars(
        select(Message).where(Message.person_id == person.id, Message.template == template).order_by(Message.id)
    )
    return {row.channel: row for row in rows}


@pytest.mark.once
@pytest.mark.parametrize(
    ("at", "zone", "five"),
    [
        ("2026-11-25T10:00+08:00", "Asia/Shanghai", "2026-11-25T17:00+08:00"),
        ("2026-11-25T16:59:59+08:00", "Asia/Shanghai", "2026-11-25T17:00+08:00"),
        ("2026-11-25T17:00+08:00", "Asia/Shanghai", "2026-11-26T17:00+08:00"),
        ("2026-11-25T17:30+08:00", "Europe/Berlin", "2026-11-25T17:00+01:00"),
        ("2026-10-24T18:00+02:00", "Europe/Berlin", "2026-10-25T17:00+01:00"),  # the clocks are set back that night
    ],
)
def test_five_is_that_of_the_place(at, zone, five):
    assert next_collection(datetime.fromisoformat(at), zone=zone) == datetime.fromisoformat(five)


@pytest.mark.once
def test_nothing_that_calls_warns_or_escalates_is_news():
    assert not set(NEWS) & {*CALLS, *JOINED, *SUBJECTS["warnings"]}
    assert {template for templates in SUBJECTS.values() for template in templates} > set(NEWS)


def test_news_waits_until_five_and_the_inbox_does_not(cast):
    accounts.set_own_settings(cast.zhang, collects=True)
    a_ticket("awaiting_engineer")
    accepted = told(cast.zhang, "accepted")
    assert (accepted[MAIL].collected, accepted[MAIL].next_try_at) == (True, FIVE)
    assert (accepted[APP].collected, accepted[APP].sent_at) == (False, TEN)


def test_who_did_not_choose_it_gets_each_at_once(cast):
    a_ticket("awaiting_engineer")
    accepted = told(cast.zhang, "accepted")[MAIL]
    assert (accepted.collected, accepted.next_try_at) == (False, TEN)


def test_what_asks_somebody_to_act_comes_at_once(cast):
    for person in (cast.zhang, cast.zhao, cast.wu, cast.chen):
        accounts.set_own_settings(person, collects=True)
    a_ticket("awaiting_customer")
    asks = {"assigned", "to_approve", "plan_approved", "result"}
    rows = db.session.scalars(select(Message).where(Message.template.in_(asks), Message.channel == MAIL)).all()
    assert {row.template for row in rows} == asks
    assert {(row.collected, row.next_try_at) for row in rows} == {(False, TEN)}


def test_nothing_about_a_p0_waits(cast):
    accounts.set_own_settings(cast.zhang, collects=True)
    comment.post_update(a_ticket("awaiting_engineer", severity="P0"), actor=cast.wang, text="正在查。")
    update = told(cast.zhang, "update")[MAIL]
    assert (update.collected, update.next_try_at) == (False, TEN)


def test_what_waits_about_a_ticket_leaves_when_it_becomes_a_p0(cast):
    accounts.set_own_settings(cast.zhang, collects=True)
    ticket, other = a_ticket("awaiting_engineer"), a_ticket("awaiting_engineer")
    triage.regrade_ticket(ticket, actor=cast.wang, severity="P0", reason="影响扩大。")
    rows = db.session.scalars(select(Message).where(Message.template == "accepted", Message.channel == MAIL))
    assert {row.ticket_id: row.next_try_at for row in rows} == {ticket.id: TEN, other.id: FIVE}


def test_quiet_hours_hold_at_five_too(cast):
    accounts.set_own_settings(cast.zhang, collects=True, quiet_from="16:00", quiet_until="18:30")
    a_ticket("awaiting_engineer")
    assert told(cast.zhang, "accepted")[MAIL].next_try_at == datetime(2026, 11, 25, 10, 30, tzinfo=UTC)


def test_switching_back_lets_go_what_waits_and_nobody_elses(cast):
    for person in (cast.zhang, cast.li):
        accounts.set_own_settings(person, collects=True)
    a_ticket("awaiting_engineer")
    a_ticket("awaiting_engineer", reporter=cast.li)
    accounts.set_own_settings(cast.zhang, collects=False)
    assert told(cast.zhang, "accepted")[MAIL].next_try_at == TEN
    a_ticket("awaiting_engineer")
    assert not told(cast.zhang, "accepted")[MAIL].collected
    assert told(cast.li, "accepted")[MAIL].next_try_at == FIVE


def test_switching_back_in_quiet_hours_lets_go_when_they_end(cast):
    accounts.set_own_settings(cast.zhang, collects=True)
    a_ticket("awaiting_engineer")
    accounts.set_own_settings(cast.zhang, collects=False, quiet_from="09:00", quiet_until="11:00")
    assert told(cast.zhang, "accepted")[MAIL].next_try_at == datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def test_what_belongs_to_no_ticket_is_never_collected(cast):
    accounts.set_own_settings(cast.zhang, collects=True)
    accounts.request_reset(cast.zhang)
    password = told(cast.zhang, "password")[MAIL]
    assert (password.collected, password.next_try_at) == (False, TEN)


def test_what_goes_out_sooner_anyhow_is_not_put_off(cast):
    accounts.set_own_settings(cast.zhang, collects=True)
    a_ticket("awaiting_engineer")
    command(hasten)(FIVE.replace(hour=12), Message.person_id == cast.zhang.id)
    assert told(cast.zhang, "accepted")[MAIL].next_try_at == FIVE
    command(hasten)(TEN, Message.person_id == cast.zhang.id)
    assert told(cast.zhang, "accepted")[MAIL].next_try_at == TEN
