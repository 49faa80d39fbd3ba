"""What the desk owes itself: reminders, confirmation by silence, archiving (P10.4, P11.3)."""

from datetime import timedelta

from sqlalchemy import select

from models.clockwork import escalation as clockwork
from models.ground.db import db
from models.insight.dossier import events_of
from models.record.archive import ArchiveRecord
from models.record.message import Message
from models.record.resolution import Confirmation
from models.rules import journal
from models.steps import closing, customer_verification
from tests.factories import a_ticket, deadline
from tests.models.test_deadlines import at
from tests.models.test_escalation import fired, sweep_until


def test_reminders_and_then_silence(cast, time):
    """Three reminders, one a working day, and review after five."""
    ticket = a_ticket("awaiting_customer", contact=cast.contact)
    sweep_until(time, at("25.T09:59"))
    assert [(m, r) for k, m, r, _ in fired(ticket) if k == "silence"] == [(n, "customer") for n in (1, 2, 3)]
    reminders = [e.at for e in events_of(ticket) if e.name == "reminded"]
    assert reminders == [at("19.T10:00"), at("20.T10:00"), at("23.T10:00")], "not at the weekend"
    mails = db.session.scalars(select(Message).where(Message.template == "reminder")).all()
    assert [mail.contact_id for mail in mails] == [cast.contact.id] * 3
    assert ticket.state == "awaiting_customer"

    sweep_until(time, at("25.T10:00"))
    db.session.refresh(ticket)
    assert ticket.state == "awaiting_review"
    said = db.session.scalars(select(Confirmation).where(Confirmation.ticket_id == ticket.id)).one()
    assert (said.means, said.satisfaction, said.link_id) == ("silence", "", None), "silence is never satisfaction"
    assert "silently_confirmed" in [e.name for e in events_of(ticket)]
    assert journal.verify(ticket, events_of(ticket)) is None
    assert deadline(ticket, "close").started_at == at("25.T10:00")


def test_an_answer_ends_the_reminding(cast, time):
    ticket = a_ticket("awaiting_customer")
    sweep_until(time, at("19.T11:00"))
    customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="yes")
    sweep_until(time, at("19.T11:05"))
    assert deadline(ticket, "silence").ring_at is None
    assert deadline(ticket, "silence").state == "met"


def test_archived_seven_days_after_closing(cast, time):
    ticket = a_ticket("closed")
    sweep_until(time, at("25.T10:00") - timedelta(seconds=1))
    db.session.refresh(ticket)
    assert ticket.state == "closed"
    sweep_until(time, at("25.T10:00"))
    db.session.refresh(ticket)
    assert ticket.state == "archived"
    record = db.session.get(ArchiveRecord, ticket.id)
    assert record.is_sound
    assert record.archived_at == at("25.T10:00")
    assert not clockwork.is_due()


def test_a_cancelled_ticket_is_archived_too(cast, time):
    ticket = a_ticket("cancelled")
    sweep_until(time, at("25.T10:00"))
    db.session.refresh(ticket)
    assert ticket.state == "archived"


def test_reopened_in_time_is_not_archived(cast, time):
    ticket = a_ticket("closed")
    time(at("24.T10:00"))
    closing.reopen_ticket(ticket, actor=cast.chen, reason="又出现了。")
    sweep_until(time, at("25.T10:30"))
    db.session.refresh(ticket)
    assert ticket.state == "awaiting_plan"
    assert deadline(ticket, "archive").state == "cancelled"
