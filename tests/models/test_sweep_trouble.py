"""One ticket in trouble does not stop everybody's clocks."""

from datetime import timedelta

from sqlalchemy import update

from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import db
from models.record.deadline import BREACH, Deadline, Firing
from models.rules import workflow
from tests.factories import a_ticket


def test_a_mark_that_cannot_be_fired_leaves_the_others_alone(app, time, monkeypatch):
    sick, well = a_ticket("awaiting_triage"), a_ticket("awaiting_triage")
    advance = workflow.advance

    def advance_or_break(ticket, *args, **kwargs):
        if ticket.id == sick.id:
            raise KeyError("broken on purpose")
        return advance(ticket, *args, **kwargs)

    monkeypatch.setattr(workflow, "advance", advance_or_break)
    time(timedelta(minutes=11))
    while escalation.sweep():
        pass
    db.session.expire_all()
    assert {firing.ticket_id for firing in db.session.query(Firing).filter_by(mark=BREACH)} == {well.id}
    stuck = db.session.query(Deadline).filter_by(ticket_id=sick.id, kind="triage").one()
    assert (stuck.breached_at, stuck.ring_at) == (None, stuck.due_at)
    assert auditor.audit().missing == 1, "it stays missing until it has been told"
    assert (escalation.oldest_unfired(), escalation.is_due()) == (0, False), "but nothing waits for the sweep"

    monkeypatch.undo()
    time(timedelta(minutes=2))
    while escalation.sweep():
        pass
    db.session.expire_all()
    assert sick.id in {firing.ticket_id for firing in db.session.query(Firing).filter_by(mark=BREACH)}


def test_a_mark_that_moved_meanwhile_is_not_fired_with_the_others(app, time, monkeypatch):
    """Compare and set: what has been given another time since it was read is looked at once more, by itself."""
    a_ticket("awaiting_triage")
    outlines, fire, alone = escalation.outlines, escalation._fire_alone, []

    def read_and_moved(ids):
        read = outlines(ids)
        later = update(Deadline).where(Deadline.id.in_(ids)).values(ring_at=clock.now() + timedelta(hours=1))
        db.session.execute(later.execution_options(synchronize_session=False))
        return read

    monkeypatch.setattr(escalation, "outlines", read_and_moved)
    monkeypatch.setattr(escalation, "_fire_alone", lambda id_: alone.append(id_) or fire(id_))
    time(timedelta(minutes=11))
    assert escalation.sweep()
    assert alone
