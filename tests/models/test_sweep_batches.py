"""A sweep writes hundreds of marks together: as much as one by one, in few statements."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from models.clockwork import escalation
from models.ground.db import db
from models.insight.dossier import events_of
from models.record.deadline import BREACH, Deadline, Firing
from models.record.message import Message
from models.rules import journal
from tests.factories import a_ticket, deadline
from tests.models.test_deadlines import at
from tests.models.test_escalation import told


@contextmanager
def statements():
    """What is said to the database inside."""
    found: list[str] = []

    def note(_connection, _cursor, words, *_):
        found.append(words)

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def sweep_all():
    while escalation.sweep():
        pass
    db.session.rollback()


def marks_of(ticket):
    fired = select(Deadline.kind, Firing.mark).join(Deadline).where(Firing.ticket_id == ticket.id).order_by(Firing.id)
    return [tuple(row) for row in db.session.execute(fired)]


@pytest.mark.parametrize("count", [3, 30])
def test_many_marks_take_as_few_statements_as_three(cast, time, count):
    for _ in range(count):
        a_ticket(severity="P2")
    time(at("10:08"))
    with statements() as said:
        assert escalation.sweep() == count
    assert len(said) < 30
    assert len([words for words in said if words.startswith("INSERT INTO event")]) == 1


def test_a_ticket_with_several_marks_in_one_batch_keeps_its_chain(cast, time):
    ticket = a_ticket(severity="P1")
    time(at("10:30"))
    assert escalation.sweep() == 2, "the warnings of triage and respond have been overtaken"
    assert escalation.sweep() == 2, "both are breached by now"
    db.session.rollback()
    db.session.refresh(ticket)
    events = events_of(ticket)
    assert [e.name for e in events][-2:] == ["escalated", "escalated"]
    assert journal.verify(ticket, events) is None
    assert ticket.escalation == 1
    assert deadline(ticket, "triage").breached_at == at("10:10")
    assert deadline(ticket, "respond").breached_at == at("10:30")


def test_housekeeping_and_security_keep_their_place_among_the_others(cast, time):
    """In the order of time: what ends a ticket's clock before it is due spares it."""
    waiting, plain = a_ticket("awaiting_customer", severity="P2"), a_ticket("awaiting_plan", severity="P1")
    secret = a_ticket("awaiting_plan", severity="P1", category="security")
    time(at("30.T10:00"))
    sweep_all()
    for ticket in (waiting, plain, secret):
        db.session.refresh(ticket)
        assert journal.verify(ticket, events_of(ticket)) is None
        assert len(set(marks_of(ticket))) == len(marks_of(ticket)), "each once"
    assert ("follow_up", BREACH) in marks_of(waiting)
    assert waiting.state == "awaiting_review", "five working days of silence"
    assert ("resolve", BREACH) in marks_of(plain)
    assert told(secret, "escalated") == {"liu"}


def test_what_is_owed_names_the_events_that_it_came_from(cast, time):
    tickets = [a_ticket(severity="P2") for _ in range(4)]
    time(at("10:10") + timedelta(seconds=1))
    sweep_all()
    for ticket in tickets:
        climbed = [e for e in events_of(ticket) if e.name == "escalated"]
        owed = db.session.scalars(
            select(Message).where(Message.ticket_id == ticket.id, Message.template == "escalated")
        )
        assert {message.event_id for message in owed} == {climbed[0].id}
        assert climbed[0].told == sorted([cast.chen.id, cast.wu.id])
    keys = db.session.scalar(select(func.count(Message.key.distinct())).where(Message.template == "escalated"))
    assert keys == len(tickets) * 2 * 2, "two supervisors, inbox and mail"
