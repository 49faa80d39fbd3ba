"""The ticker lets tickets follow their calendar, also while Redis is away."""

from datetime import date

from models.clockwork import calendars as clockwork
from models.ground.db import db
from models.policy.calendar import newest_calendars
from models.steps import calendars
from tests.factories import a_ticket, person
from workers.ticker import Ticker


def test_tickets_follow_at_the_next_look(app, tmp_path, monkeypatch):
    monkeypatch.setattr(clockwork, "BATCH", 2)
    tickets, admin = [a_ticket() for _ in range(3)], person("admin")
    ticker = Ticker(app, f"unix://{tmp_path}/nobody.sock")
    ticker.tick()
    assert [ticket.policy_version.calendar_row.edition for ticket in tickets] == [1, 1, 1]
    draft = calendars.start_draft(newest_calendars()[0], actor=admin)
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 1), kind="closed")
    calendars.publish_calendar(draft, actor=admin, running=True)
    looks = [ticker.tick() for _ in range(3)]
    db.session.rollback()
    db.session.expire_all()
    assert [ticket.policy_version.calendar_row.edition for ticket in tickets] == [2, 2, 2]
    assert looks == [True, True, False], "the next batch does not wait for the next look"
    db.session.remove()


def test_a_batch_in_trouble_does_not_keep_those_behind_it(app, monkeypatch):
    monkeypatch.setattr(clockwork, "BATCH", 2)
    tickets, admin, move = [a_ticket() for _ in range(5)], person("admin"), clockwork._move
    sick = {ticket.id for ticket in tickets[:3]}

    def move_or_break(ticket, calendar):
        if ticket.id in sick:
            raise KeyError("broken on purpose")
        move(ticket, calendar)

    monkeypatch.setattr(clockwork, "_move", move_or_break)
    draft = calendars.start_draft(newest_calendars()[0], actor=admin)
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 1), kind="closed")
    calendars.publish_calendar(draft, actor=admin, running=True)
    assert [clockwork.move_tickets() for _ in range(3)] == [1, 1, 0]
    assert not clockwork.is_moving()
    db.session.expire_all()
    assert [ticket.policy_version.calendar_row.edition for ticket in tickets] == [1, 1, 1, 2, 2]
