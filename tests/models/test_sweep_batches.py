"""A sweep writes hundreds of marks together: as much as one by one, in few statements."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import bindparam, event, func, insert, select, update
from sqlalchemy.exc import DataError

from models.clockwork import escalation
from models.ground import clock
from models.ground.bulk import write_many
from models.ground.db import WRITE, command, db, is_sqlite
from models.insight.dossier import events_of
from models.record.deadline import BREACH, OVERTAKEN, Deadline, Firing
from models.record.event import Event, newest
from models.record.message import Message
from models.record.ticket import Ticket
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


def test_two_sweepers_share_what_is_due(cast, time):
    """On PostgreSQL; in SQLite there is one writer, and the second sweeper waits for the first one."""
    held, free = a_ticket(severity="P2"), a_ticket(severity="P2")
    time(at("10:08"))
    if not is_sqlite():
        with db.engine.connect().execution_options(**WRITE) as somebody:
            somebody.execute(select(Ticket.id).where(Ticket.id == held.id).with_for_update())
            assert escalation.sweep(limit=1) == 1, "past what is held, not empty-handed"
            assert (marks_of(held), len(marks_of(free))) == ([], 1)
            assert escalation.sweep(limit=1) == 0
    sweep_all()
    assert len(marks_of(held)) == len(marks_of(free)) == 1


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


def test_no_number_of_an_event_stays_unused(cast, time):
    """Whoever follows the events waits for a number that is missing; an overtaken warning has no event."""
    for _ in range(3):
        a_ticket(severity="P1")
    before = newest()
    time(at("10:30"))
    sweep_all()
    numbers = list(db.session.scalars(select(Event.id).where(Event.id > before).order_by(Event.id)))
    overtaken = select(func.count()).select_from(Firing).where(Firing.role == OVERTAKEN)
    assert db.session.scalar(overtaken) == 6
    assert numbers == list(range(before + 1, before + 1 + len(numbers)))


def test_a_mark_that_somebody_else_has_fired_meanwhile_is_not_fired_again(cast, time, monkeypatch):
    """Compare and set: what was read is no longer so when it is written."""
    tickets = [a_ticket(severity="P2") for _ in range(3)]
    clocks = [deadline(ticket, "triage").id for ticket in tickets]
    time(at("10:10"))
    together = journal.written_together

    @contextmanager
    def overtaken_by_somebody(count):
        db.session.execute(update(Deadline).where(Deadline.id == clocks[1]).values(state="met", ring_at=None))
        with together(count):
            yield

    monkeypatch.setattr(journal, "written_together", overtaken_by_somebody)
    sweep_all()
    monkeypatch.undo()
    fired = select(Firing.deadline_id).where(Firing.mark == BREACH).order_by(Firing.id)
    assert list(db.session.scalars(fired)) == clocks, "the batch was taken back, and each fired alone, once"
    for ticket in tickets:
        db.session.refresh(ticket)
        assert journal.verify(ticket, events_of(ticket)) is None
        assert deadline(ticket, "triage").breached_at == at("10:10")
    assert db.session.scalar(select(func.count()).where(Message.template == "escalated")) == len(tickets) * 2 * 2


def test_many_rows_are_written_as_they_would_be_one_by_one(cast):
    """Instants, texts, JSON and nothing; and how many rows were touched."""
    ticket, odd = a_ticket(), '甲, "{\\}" \\" NULL\n\t\'%s :x '
    row = {
        "ticket_id": ticket.id, "seq": 2, "name": "noted", "at": clock.now(), "actor_id": None, "link_id": None,
        "version": 1, "state": ticket.state, "details": {"单": [odd, None, 1.5]}, "told": [cast.li.id], "chain": "x",
    }  # fmt: skip
    table = Event.__table__
    too_long = row | {"seq": 5, "name": "x" * 200}
    rename = update(Ticket.__table__).where(Ticket.__table__.c.id == bindparam("which")).values(title=bindparam("said"))

    @command
    def write() -> tuple[int, int]:
        db.session.execute(insert(table), [row])
        written = write_many(insert(table), [row | {"seq": 3}, row | {"seq": 4, "actor_id": cast.li.id}])
        return written, write_many(rename, [{"which": ticket.id, "said": odd}, {"which": 0, "said": "乙"}])

    assert write() == (2, 1)
    one, two, three = db.session.execute(select(*table.c).where(table.c.seq > 1).order_by(table.c.seq)).all()
    assert [two[n] for n in range(3, len(two))] == [one[n] for n in range(3, len(one))]
    assert (two.seq, three.seq, three.actor_id, three.at) == (3, 4, cast.li.id, row["at"])
    db.session.refresh(ticket)
    assert ticket.title == odd
    for said in ("", "NULL", "{}", "\\", '"'):
        command(lambda said=said: write_many(rename, [{"which": ticket.id, "said": said}]))()
        db.session.refresh(ticket)
        assert ticket.title == said
    if not is_sqlite():  # SQLite knows no length
        with pytest.raises(DataError):
            command(lambda: write_many(insert(table), [row | {"seq": 5}, too_long]))()
