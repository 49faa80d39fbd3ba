"""Letters that left before a restore: the same matter is the same letter, whatever numbers its rows have by then."""

from datetime import timedelta

import pytest
from pyotp import TOTP
from sqlalchemy import select, update

from models.clockwork import escalation
from models.ground import clock
from models.ground.db import command, db
from models.people.factor import authenticator_of, codes_left
from models.people.feed import find_feed
from models.record import known_letter
from models.record import message as outbox
from models.record.deed import Deed
from models.record.event import Event
from models.record.link import find_link, living_link, open_link
from models.record.message import KNOWN, MAIL, QUEUED, SENT, Message
from models.record.ticket import Ticket
from models.steps import factors, feeds, intake
from models.steps import outbox as steps
from models.steps.restoring import take_up_again
from tests.factories import MATRIX, a_ticket, person
from tests.models.test_deadlines import at
from tests.models.test_messages import real as real


@pytest.fixture
def warned(app, time, real):
    """Letters to chen about three P1 that nobody has triaged; they go out as one."""
    impact, urgency = MATRIX["P1"]
    for n in range(3):
        intake.report_fault(actor=person("zhang"), description=f"第 {n} 张单", impact=impact, urgency=urgency)
    time(at("10:10"))
    while escalation.sweep():
        pass
    real(61)
    waits = select(Message).where(
        Message.person_id == person("chen").id, Message.channel == MAIL, Message.state == QUEUED
    )
    return list(db.session.scalars(waits.where(Message.template == "escalated").order_by(Message.id)))


def know(*messages):
    command(known_letter.remember)([message.message_id for message in messages])


def states(messages):
    db.session.rollback()
    return [db.session.get(Message, message.id, populate_existing=True).state for message in messages]


def test_a_letter_that_has_left_is_not_sent_again(warned):
    know(*warned)
    assert outbox.claim(warned[0].id) is None
    assert states(warned) == [SENT] * 3
    assert {db.session.get(Message, m.id).answer for m in warned} == {KNOWN}


def test_what_has_not_left_goes_out_without_what_has(warned):
    know(warned[0])
    assert outbox.claim(warned[0].id) is None
    claimed = outbox.claim(warned[1].id)
    assert [m.id for m in outbox.together(claimed)] == [warned[1].id, warned[2].id]
    assert states(warned) == [SENT, QUEUED, QUEUED]


def test_a_letter_that_had_been_put_together_is_known_as_a_whole(warned):
    first = outbox.claim(warned[0].id)
    know(first)
    command(lambda: db.session.execute(update(Message).values(next_try_at=clock.real_now())))()
    assert outbox.claim(first.id) is None
    assert states(warned) == [SENT] * 3


def test_the_same_mark_is_the_same_letter_and_nothing_else_is(warned):
    """After a restore the same mark fires again as another event; what people do again is another letter."""
    one, other = warned[:2]
    assert one.message_id != other.message_id
    again = Message(key=one.key.replace(str(one.event_id), "999", 1), ticket=one.ticket, person=one.person)
    again.event = Event(name="escalated", details=dict(one.event.details), chain="another")
    assert again.message_id == one.message_id
    again.event.details["round"] += 1
    assert again.message_id != one.message_id
    again.event = Event(name="triaged", details=dict(one.event.details), chain="a")
    first = again.message_id
    again.event.chain = "b"
    assert again.message_id != first
    db.session.expunge_all()


def test_another_ticket_with_the_number_of_a_lost_one_is_another_matter(warned):
    message = warned[0]
    before = message.message_id
    with db.session.no_autoflush:
        message.ticket.created_at += timedelta(microseconds=1)
        assert message.message_id != before
    db.session.rollback()


def test_after_a_restore(warned, sign_in, cast):
    """Held back unless the journal knows; everybody is signed out, no feed and no recovery code opens; a deed says so.
    Customers' links stay."""
    zhang, chen, link = (
        sign_in("zhang"),
        person("chen"),
        living_link(a_ticket("awaiting_customer", contact=cast.contact)),
    )
    feed = feeds.open_feed(chen, kind="due")
    factors.begin_authenticator(chen)
    factors.confirm_authenticator(chen, code=TOTP(authenticator_of(chen).secret).at(clock.real_now()))
    assert len(codes_left(chen)) == 10
    assert take_up_again("20261123-000000", sent=["<a@bihuan>", "<a@bihuan>"], is_known=False)[0] == 1
    assert outbox.due() == []
    assert outbox.count_held() >= 3
    assert zhang.open("/my").status == 303
    assert (find_feed(feed.token, "due").ended_at is None, codes_left(chen), link.death) == (False, [], "")
    said = db.session.scalars(select(Deed).order_by(Deed.id.desc())).first()
    assert (said.name, said.after["feeds"], said.after["codes"]) == ("restored", 1, 10)
    assert steps.let_go(actor=chen) >= 3
    assert outbox.due()
    assert take_up_again("20261123-000000", sent=["<a@bihuan>"], is_known=True) == (0, 0, 0, 0)
    assert outbox.due()


def test_a_link_with_the_number_of_a_lost_one_has_another_token(app):
    ticket = a_ticket()
    made = []

    @command
    def make_and_lose():
        link = open_link(db.session.get_one(Ticket, ticket.id), days=3)
        made.append((link.id, link.token))
        assert find_link(link.token) is link
        db.session.delete(link)

    make_and_lose()
    make_and_lose()
    assert made[0][1] != made[1][1]
