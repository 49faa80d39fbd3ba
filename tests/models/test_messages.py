"""Messages: who is told what and who is not, once each; and the outbox with its lease and growing pauses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from models.ground import clock
from models.ground.db import command, db
from models.insight import inbox
from models.insight.dossier import events_of
from models.people.person import Person
from models.record import message
from models.record.event import Event
from models.record.link import living_link
from models.record.message import APP, FAILED, LEASE, MAIL, PAUSES, QUEUED, SENT, Message
from models.rules import notices, registration
from models.rules.notices import TOLD
from models.rules.workflow import STEPS
from models.steps import accounts, approval, comment, customer_verification, intake, triage
from tests.factories import a_ticket, further, newest_plan, person
from tests.models.test_journal import plainly


@pytest.fixture
def real(monkeypatch):
    """Real time, which the outbox keeps, moved by hand: `real(seconds)`."""
    began = clock.real_now()
    passed = [0.0]
    monkeypatch.setattr(clock, "real_now", lambda: began + timedelta(seconds=passed[0]))

    def move(seconds: float) -> None:
        passed[0] += seconds

    return move


def told_of(ticket, event: str) -> set[tuple[str, str, str]]:
    """(reader, template, channel) of the newest event of this name."""
    event_id = max(e.id for e in events_of(ticket) if e.name == event)
    rows = db.session.scalars(select(Message).where(Message.event_id == event_id))
    return {(row.person.login if row.person else "contact", row.template, row.channel) for row in rows}


def both(*people: str, template: str) -> set[tuple[str, str, str]]:
    return {(login, template, channel) for login in people for channel in (APP, MAIL)}


def one_mail(cast) -> int:
    """The id of a new mail that is ready to be sent."""
    intake.register_call(actor=cast.wang, contact=cast.contact, description="x")
    return max(message.due())


# --- who is told (P6.6, P10.1, P11.2)


def test_along_the_road(cast):
    ticket = a_ticket("closed")
    assert told_of(ticket, "reported") == {("wang", "new_report", APP)}, "the receipt of one's own report is the page"
    assert told_of(ticket, "triaged") == both("zhao", template="assigned") | both("zhang", template="accepted")
    assert told_of(ticket, "plan_submitted") == both("chen", "wu", template="to_approve")
    assert told_of(ticket, "approved") == both("zhao", template="plan_approved")
    assert told_of(ticket, "fixed") == both("he", template="to_test")
    assert told_of(ticket, "test_passed") == both("zhang", template="result")
    assert told_of(ticket, "confirmed") == both("chen", "wu", template="to_review") | {("zhao", "confirmed", APP)}
    assert told_of(ticket, "closed") == both("zhang", template="closed") | {("zhao", "closed", APP)}


def test_a_customer_is_told_by_mail(cast):
    ticket = a_ticket("closed", contact=cast.contact)
    for event, template in (
        ("reported", "receipt"),
        ("triaged", "accepted"),
        ("test_passed", "result"),
        ("closed", "closed"),
    ):
        assert ("contact", template, MAIL) in told_of(ticket, event), event


def test_nobody_is_told_of_their_own_action(cast):
    ticket = a_ticket("awaiting_plan", reporter=cast.zhao)
    comment.follow_ticket(ticket, actor=cast.chen)
    comment.post_update(ticket, actor=cast.zhao, text="我自己的单。")
    assert told_of(ticket, "updated") == {("chen", "update", APP)}
    a_ticket("closed")
    own = db.session.execute(
        select(Event.name, Message.template).join(Event, Event.id == Message.event_id)
        .where(Event.actor_id == Message.person_id)
    ).all()  # fmt: skip
    assert own == []


def test_what_comes_through_the_link_is_not_told_back(cast):
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    customer_verification.confirm_result(ticket, actor=living_link(ticket), verdict="no", comment="还是不行。")
    assert told_of(ticket, "disputed") == both("zhao", "chen", "wu", template="disputed")


def test_a_p0_calls_the_duty_lead_and_the_second_line_at_once(cast):
    """P3.4"""
    ticket = a_ticket(severity="P0")
    assert both("chen", "zhao", template="p0") <= told_of(ticket, "reported")
    later = a_ticket("awaiting_engineer", severity="P2", assignee=cast.li)
    triage.regrade_ticket(later, actor=cast.wang, severity="P0", reason="全停")
    assert both("chen", "zhao", template="p0") <= told_of(later, "regraded")
    comment.post_update(ticket, actor=cast.wang, text="在看。")
    assert ("chen", "update", APP) in told_of(ticket, "updated"), "its reports go to the duty lead (P4.2)"


def test_an_update_reaches_everybody_who_follows(cast):
    ticket = a_ticket("awaiting_plan")
    comment.follow_ticket(ticket, actor=cast.feng)
    comment.post_update(ticket, actor=cast.zhao, text="在看。")
    assert told_of(ticket, "updated") == both("zhang", template="update") | {("feng", "update", APP)}
    comment.unfollow_ticket(ticket, actor=cast.feng)
    comment.post_update(ticket, actor=cast.zhao, text="还在看。")
    assert told_of(ticket, "updated") == both("zhang", template="update")


@pytest.mark.parametrize("say", [comment.add_note, comment.record_call])
def test_internal_text_is_told_to_nobody(cast, say):
    ticket = a_ticket("awaiting_plan", contact=cast.contact)
    before = db.session.scalar(select(func.count(Message.id)))
    say(ticket, actor=cast.zhao, text="仅内部。")
    assert db.session.scalar(select(func.count(Message.id))) == before


def test_only_the_last_decision_is_told(cast):
    ticket = a_ticket("awaiting_approval", risk="major")
    plan = newest_plan(ticket)
    approval.approve_plan(plan, actor=cast.chen)
    assert told_of(ticket, "approved") == set()
    approval.approve_plan(plan, actor=cast.wu)
    assert told_of(ticket, "approved") == both("zhao", template="plan_approved")


def test_security_is_told_only_to_those_who_see_it(cast):
    """P2.11"""
    ticket = a_ticket("awaiting_test", category="security")
    assert told_of(ticket, "fixed") == set()


def test_whoever_has_left_is_not_told(cast):
    accounts.deactivate_person(cast.wu, actor=cast.admin, successor=cast.chen)
    ticket = a_ticket("awaiting_review")
    assert told_of(ticket, "confirmed") == both("chen", template="to_review") | {("zhao", "confirmed", APP)}


def test_somebody_without_an_address_gets_no_mail(cast):
    accounts.edit_person(cast.zhang, actor=cast.admin, roles=[], email="")
    ticket = a_ticket("awaiting_customer")
    assert told_of(ticket, "test_passed") == {("zhang", "result", APP)}


def test_every_event_that_tells_is_one_that_happens():
    assert set(TOLD) <= {step.event for step in STEPS.values()} | {"reminded", "absorbed"}


def test_the_same_is_never_owed_twice(cast):
    a_ticket("awaiting_engineer")
    known = db.session.scalars(select(Message)).first()

    @command
    def again() -> None:
        db.session.add(Message(key=known.key, template="x", channel=MAIL, person_id=known.person_id, state=QUEUED,
                               created_at=clock.now()))  # fmt: skip

    with pytest.raises(IntegrityError):
        again()


def test_a_message_id_is_the_same_each_time(cast):
    mail = one_mail(cast)
    first = db.session.get(Message, mail).message_id
    db.session.expire_all()
    assert db.session.get(Message, mail).message_id == first
    other = db.session.get(Message, one_mail(cast))
    assert other.message_id != first


# --- the outbox


def test_owed_in_the_same_transaction(cast):
    before = db.session.scalar(select(func.count(Message.id)))

    @command
    def fails() -> None:
        registration.open_ticket(actor=person("zhang"), description="x", reporter=person("zhang"))
        raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert db.session.scalar(select(func.count(Message.id))) == before


def test_claimed_by_one_until_the_lease_ends(cast, real):
    mail = one_mail(cast)
    assert message.claim(mail).attempts == 1
    assert message.claim(mail) is None
    assert message.due() == []
    real(LEASE.total_seconds() - 1)
    message.renew(mail)
    real(LEASE.total_seconds() - 1)
    assert message.claim(mail) is None, "still being sent"
    real(1)
    assert message.due() == [mail], "the sender is gone"
    assert message.claim(mail).attempts == 2
    message.sent(mail)
    assert (db.session.get(Message, mail).state, message.due(), message.claim(mail)) == (SENT, [], None)
    message.renew(mail)
    assert db.session.get(Message, mail).next_try_at is None, "whoever still renews the claim comes too late"


def test_what_another_version_sends_by_other_ways_is_left_to_it(cast):
    mail = one_mail(cast)
    plainly(f"UPDATE message SET channel = 'sms' WHERE id = {mail}")
    assert (message.claim(mail), message.due()) == (None, [])


def test_pauses_grow_and_then_people_see_it(cast, real):
    mail = one_mail(cast)
    for pause in PAUSES:
        assert message.claim(mail) is not None
        message.failed(mail, error="451 try later")
        real(pause - 1)
        assert message.due() == [], pause
        real(1)
        assert message.due() == [mail], pause
    message.claim(mail)
    message.failed(mail, error="451 try later")
    given_up = db.session.get(Message, mail)
    assert (given_up.state, given_up.next_try_at, given_up.error) == (FAILED, None, "451 try later")
    message.try_again(mail)
    assert message.due() == [mail]


def test_a_refusal_for_good_is_not_retried(cast, real):
    mail = one_mail(cast)
    message.claim(mail)
    message.failed(mail, error="550 no such user", permanent=True)
    assert db.session.get(Message, mail).state == FAILED
    real(10_000)
    assert message.due() == []


def test_two_senders_one_letter(app, cast):
    mail = one_mail(cast)
    together = Barrier(4)

    def claim() -> bool:
        with app.app_context():
            together.wait()
            return message.claim(mail) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: claim(), range(4))) == 1


def test_how_long_the_oldest_waits(cast, real):
    assert message.oldest_wait() == 0
    one_mail(cast)
    real(90)
    assert message.oldest_wait() == pytest.approx(90, abs=1)


# --- the inbox


def test_the_inbox_counts_what_is_unread(cast):
    assert message.unread_count(cast.zhao) == 0
    a_ticket("awaiting_fix")
    newest, oldest = told_in_app(cast.zhao)
    assert [m.template for m in (newest, oldest)] == ["plan_approved", "assigned"]
    assert message.unread_count(cast.zhao) == 2
    message.mark_read(cast.zhao, upto=oldest.id)
    assert message.unread_count(cast.zhao) == 1
    message.mark_read(cast.zhao, upto=newest.id)
    assert message.unread_count(cast.zhao) == 0
    assert message.unread_count(db.session.scalars(select(Person).where(Person.login == "chen")).one()) == 1


def test_what_was_seen_stays_seen_when_it_was(cast, monkeypatch):
    a_ticket("awaiting_fix")
    newest, oldest = told_in_app(cast.zhao)
    message.mark_read(cast.zhao, upto=oldest.id)
    first = oldest.read_at
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    message.mark_read(cast.zhao, upto=newest.id)
    db.session.expire_all()
    assert (oldest.read_at, newest.read_at) == (first, later)


def test_a_restore_holds_back_what_waits_and_nothing_else(cast):
    one_mail(cast)
    waiting = message.due()
    assert waiting
    gone = waiting[0]
    command(message._write)(gone, state=message.SENT, next_try_at=None)
    assert command(message.hold_back)() == len(waiting) - 1


def test_the_inbox_has_one_thread_a_ticket_the_newest_first(cast):
    first, second = a_ticket("awaiting_engineer"), a_ticket("awaiting_engineer")
    further(first, "awaiting_engineer")
    further(first, "awaiting_plan")
    further(first, "awaiting_approval")
    message.mark_read(cast.zhao, upto=told_in_app(cast.zhao)[-1].id)
    found = inbox.threads(cast.zhao)
    assert [(t.newest.ticket, t.newest.template, t.count, t.unread) for t in found] == [
        (first, "plan_approved", 2, 1), (second, "assigned", 1, 1)
    ]  # fmt: skip
    assert [m.template for m in found[0].earlier] == ["assigned"]
    assert sum(thread.unread for thread in found) == message.unread_count(cast.zhao) == 2
    assert inbox.threads(cast.zhao, before=found[0].newest.id) == [found[1]]
    assert inbox.threads(cast.zhao, limit=1) == [found[0]]


def test_what_has_no_ticket_is_never_joined(cast):
    for number in (1, 2):
        tell(cast.zhao, number)
    assert [(t.count, t.unread, t.earlier) for t in inbox.threads(cast.zhao)] == [(1, 1, []), (1, 1, [])]


def test_a_long_thread_shows_its_newest_and_counts_the_rest(cast, monkeypatch):
    monkeypatch.setattr(inbox, "EARLIER", 2)
    ticket = a_ticket("awaiting_engineer", assignee=cast.zhao)
    for number in range(4):
        comment.follow_ticket(ticket, actor=cast.he)
        comment.post_update(ticket, actor=cast.wang, text=f"进展 {number}")
    (thread,) = inbox.threads(cast.he)
    assert (thread.count, len(thread.earlier), thread.more) == (4, 2, 1)
    ids = [thread.newest.id, *(m.id for m in thread.earlier)]
    assert ids == sorted(ids, reverse=True)


@command
def tell(person, number):
    notices.tell_person(person, "drill", key=f"drill:{number}", params={"drill": number})


def told_in_app(person):
    """Newest first."""
    mine = select(Message).where(Message.person_id == person.id, Message.channel == "app")
    return list(db.session.scalars(mine.order_by(Message.id.desc())))


def test_only_what_has_failed_is_put_back(app):
    a_ticket("awaiting_customer")
    letter = db.session.scalars(select(Message).where(Message.channel == MAIL)).first()
    for state, waits in ((SENT, SENT), (FAILED, QUEUED)):
        plainly(f"UPDATE message SET state = '{state}' WHERE id = {letter.id}")
        message.try_again(letter.id)
        db.session.expire_all()
        assert db.session.get_one(Message, letter.id).state == waits
